"""What became of an unclear request? Look, where looking can tell; elsewhere repeat it, and count it.

A reader rather sees an alert twice than never: it is repeated until it is answered, or too old
(`expiry.skip_repeated`), each time after a longer wait (`settling`).

In a channel where the bot may not edit others' posts, an edit with the same content tells our post from
every other and changes nothing. Elsewhere a forward to an operator is compared. See TELEGRAM facts in
`docs/delivery.md`.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

import structlog

from jobs.clock import Bell
from jobs.publish.context import Publish
from jobs.publish.message_search import Search
from jobs.publish.result_writer import Ledger
from jobs.publish.send_result import (
    ChatGone,
    ChatMoved,
    Missing,
    Outcome,
    Refused,
    Sent,
    Standing,
    TryLater,
    Unclear,
    Untouchable,
)
from jobs.publish.settlement import WORDS, Aftermath, as_it_is
from storage.delivery import deliveries
from storage.delivery.claims import Debt
from storage.delivery.deliveries import Settled
from storage.records import ChatKind, ChatState, DeliveryState

#: Unclear deliveries looked at in one go.
AT_ONCE = 500
#: Without anything to wake us, we look after so many seconds.
IDLE = 30.0
#: While what is due is being looked at, we look for more after this.
NO_SOONER = 1.0
#: A probe that is not answered is made so often, each time a second later.
TRIES = 5
#: Shorter sleeps bring nothing.
GRAIN = 0.005
#: What cannot be looked up now is tried again after this.
SOON = timedelta(seconds=10)

log = structlog.get_logger(__name__)


class Way(StrEnum):
    """How an unclear send can be looked up."""

    EDIT = "edit"  #: an edit with the same content: nothing of others can be touched
    FORWARD = "forward"  #: forwarded to an operator and compared
    REPEAT = "repeat"  #: not at all


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not now: Telegram or the chat cannot be asked."""

    reason: str
    chat: ChatGone | ChatMoved | None = None


Found = Sent | Missing | Postponed | None


def way(standing: Standing, known: int, operators: tuple[int, ...]) -> Way:
    """The way for a chat; `known` is the last message id known there before the send, 0 for none.

    An edit could overwrite a colleague's post where the bot has that right, a message of our own where we
    say other things (groups), or something older where we do not know where the chat stood.
    """
    if standing.kind is ChatKind.CHANNEL and not standing.may_edit and known > 0:
        return Way.EDIT
    alike = standing.kind in (ChatKind.CHANNEL, ChatKind.SUPERGROUP)
    return Way.FORWARD if alike and operators else Way.REPEAT


class Lookups:
    """Settles what is unclear, chat by chat, while everything else goes on."""

    def __init__(self, publish: Publish, ledger: Ledger) -> None:
        self._publish, self._ledger = publish, ledger
        self._clock, self._pace = publish.clock, publish.pace
        self._running: dict[int, asyncio.Task[None]] = {}
        self.bell = Bell()

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop`; what is then not settled stays unclear."""
        while not stop.is_set():
            for debt in await self._due():
                self._begin(debt)
            await self.bell.wait(self._clock, await self._rest())
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _rest(self) -> float:
        due = await self._publish.db.read(deliveries.next_look)
        wait = (due - self._clock.now()).total_seconds() if due else IDLE
        return min(IDLE, max(wait, NO_SOONER))

    async def _due(self) -> list[Debt]:
        found = await self._publish.db.read(deliveries.unclear, self._clock.now(), AT_ONCE)
        known = self._running.keys() | self._ledger.pending
        return [debt for debt in found if debt.delivery.id not in known]

    def _begin(self, debt: Debt) -> None:
        number = debt.delivery.id
        if debt.delivery.message_id is not None:
            self._note(debt, _unclear(debt, DeliveryState.OWED))  # an edit is simply done again
        elif not debt.delivery.public:
            self._conclude(debt, None)
        else:
            task = asyncio.create_task(self._look(debt))
            self._running[number] = task
            task.add_done_callback(lambda _: self._running.pop(number, None))

    async def _look(self, debt: Debt) -> None:
        try:
            self._conclude(debt, await self._find(debt))
        except Exception as surprise:  # a mistake of ours, met by one chat; the others go on
            log.exception("a look-up broke")
            self._conclude(debt, Postponed(type(surprise).__name__))

    async def _find(self, debt: Debt) -> Found:
        """Sent with its number, Missing, not now, or None where it cannot be told."""
        standing = await self._standing(debt.delivery.chat_id)
        if isinstance(standing, ChatGone | ChatMoved):
            return Postponed("the chat is not there", standing)
        if not isinstance(standing, Standing):
            return Postponed(f"the chat cannot be asked: {standing}")
        if not standing.may_post:
            return Postponed(standing.reason, ChatGone(ChatState.PAUSED, standing.reason))
        operators = self._publish.policy.operators
        match way(standing, debt.delivery.after_message_id, operators):
            case Way.REPEAT:
                return None
            case Way.EDIT:
                return await self._search(debt, None)
            case Way.FORWARD:
                return await self._through(debt, operators)

    async def _standing(self, chat_id: int) -> Standing | Outcome:
        """What Telegram says of a chat, as soon as it answers anybody."""
        silence = self._pace.silence
        while (wait := silence.opens_in(self._clock.monotonic())) > 0:
            await self._clock.sleep(min(wait, 1.0))
        silence.begin(self._clock.monotonic())
        standing = await self._publish.sender.standing(chat_id)
        self._pace.heard(("standing", chat_id), standing, self._clock.monotonic())
        return standing

    async def _through(self, debt: Debt, operators: tuple[int, ...]) -> Found:
        """By the first of the operators to whom the bot may forward."""
        for operator in operators:
            found = await self._search(debt, operator)
            if found is not None:
                return found
        return None

    async def _search(self, debt: Debt, through: int | None) -> Found:
        search, tries = Search(debt.delivery.after_message_id), 0
        while not search.over:
            seen = await self._ask(debt, search.number, through)
            tries = tries + 1 if isinstance(seen, TryLater | Unclear) else 0
            match seen:
                case Sent():
                    return seen
                case Missing() | Untouchable():
                    search.tell(there=isinstance(seen, Untouchable))
                case Refused():
                    return None
                case ChatGone() | ChatMoved():
                    return Postponed("the chat is gone", seen)
                case TryLater(reason=reason) | Unclear(reason):
                    if tries >= TRIES:
                        return Postponed(reason)
                    await self._clock.sleep(tries)
        return Missing() if search.sure else None

    async def _ask(self, debt: Debt, number: int, through: int | None) -> Outcome:
        """One probe, in its turn. Asking twice does no harm: it says what is there already."""
        asked = through or debt.delivery.chat_id
        while (wait := self._pace.wait(asked, self._clock.monotonic(), unpaid=True)) > 0:
            await self._clock.sleep(max(GRAIN, min(wait, 1.0)))
        ticket = self._pace.start(asked, self._clock.monotonic(), unpaid=True)
        delivery = debt.delivery
        try:
            seen = await self._publish.sender.find(
                delivery.chat_id, number, delivery.content, through=through
            )
        finally:
            self._pace.answered(ticket, self._clock.monotonic())
        now = self._clock.monotonic()
        self._pace.heard(("find", delivery.chat_id), seen, now)
        if isinstance(seen, TryLater) and seen.flood:
            self._pace.flooded(asked, seen.seconds, now)
        return seen

    def _conclude(self, debt: Debt, found: Found) -> None:
        """What the look means for the delivery."""
        delivery = debt.delivery
        match found:
            case Sent(message_id):
                settled = replace(
                    _unclear(debt, DeliveryState.SETTLED),
                    message_id=message_id,
                    shown_revision=delivery.content_revision,
                    found=1,
                    shown=True,
                )
                self._note(debt, settled, seen=message_id)
            case Missing():
                self._note(debt, _unclear(debt, DeliveryState.OWED))
            case Postponed(reason, chat):
                soon = self._clock.now() + min(self._publish.policy.unclear_wait, SOON)
                gone = isinstance(chat, ChatGone) and chat.state is not ChatState.PAUSED
                state = DeliveryState.SKIPPED if gone else DeliveryState.UNCLEAR
                waiting = replace(_unclear(debt, state), look_at=soon, error=reason[:WORDS])
                self._note(debt, waiting, chat=chat)
            case None:
                self._note(debt, replace(_unclear(debt, DeliveryState.OWED), repeats=1))

    def _note(
        self, debt: Debt, settled: Settled, *, seen: int = 0, chat: ChatGone | ChatMoved | None = None
    ) -> None:
        aftermath = Aftermath(settled, debt.delivery.chat_id, chat=chat, seen=seen)
        self._ledger.note(aftermath, urgent=debt.delivery.public)


def _unclear(debt: Debt, state: DeliveryState) -> Settled:
    return replace(as_it_is(debt, state), before=DeliveryState.UNCLEAR)
