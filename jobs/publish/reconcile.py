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

from jobs.clock import Notifier
from jobs.publish.context import PublishContext
from jobs.publish.message_search import MessageSearch
from jobs.publish.result_writer import ResultWriter
from jobs.publish.send_result import (
    ChatAccess,
    ChatGone,
    ChatMoved,
    Missing,
    Outcome,
    Refused,
    Sent,
    TryLater,
    Unclear,
    Untouchable,
)
from jobs.publish.settlement import MAX_ERROR_LENGTH, Settlement, with_state
from storage.delivery import deliveries
from storage.delivery.claims import DueDelivery
from storage.delivery.deliveries import DeliveryResult
from storage.records import ChatKind, ChatState, DeliveryState

#: Unclear deliveries looked at in one go.
BATCH_SIZE = 500
#: Without anything to wake us, we look after so many seconds.
IDLE_DELAY = 30.0
#: While what is due is being looked at, we look for more after this.
MIN_DELAY = 1.0
#: A probe that is not answered is made so often, each time a second later.
MAX_TRIES = 5
#: Shorter sleeps bring nothing.
MIN_SLEEP = 0.005
#: What cannot be looked up now is tried again after this.
POSTPONE_DELAY = timedelta(seconds=10)

log = structlog.get_logger(__name__)


class LookupMethod(StrEnum):
    """How an unclear send can be looked up."""

    EDIT = "edit"  #: an edit with the same content: nothing of others can be touched
    FORWARD = "forward"  #: forwarded to an operator and compared
    REPEAT = "repeat"  #: not at all


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not now: Telegram or the chat cannot be asked."""

    reason: str
    chat: ChatGone | ChatMoved | None = None


LookupResult = Sent | Missing | Postponed | None


def choose_method(access: ChatAccess, known: int, operators: tuple[int, ...]) -> LookupMethod:
    """The way for a chat; `known` is the last message id known there before the send, 0 for none.

    An edit could overwrite a colleague's post where the bot has that right, a message of our own where we
    say other things (groups), or something older where we do not know where the chat stood.
    """
    if access.kind is ChatKind.CHANNEL and not access.may_edit and known > 0:
        return LookupMethod.EDIT
    alike = access.kind in (ChatKind.CHANNEL, ChatKind.SUPERGROUP)
    return LookupMethod.FORWARD if alike and operators else LookupMethod.REPEAT


class Reconciler:
    """Settles what is unclear, chat by chat, while everything else goes on."""

    def __init__(self, publish: PublishContext, result_writer: ResultWriter) -> None:
        self._publish, self._result_writer = publish, result_writer
        self._clock, self._rate_limiter = publish.clock, publish.rate_limiter
        self._running: dict[int, asyncio.Task[None]] = {}
        self.notifier = Notifier()

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop`; what is then not settled stays unclear."""
        while not stop.is_set():
            for due in await self._read_unclear():
                self._start_lookup(due)
            await self.notifier.wait(self._clock, await self._lookup_delay())
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _lookup_delay(self) -> float:
        due = await self._publish.db.read(deliveries.next_lookup_at)
        wait = (due - self._clock.now()).total_seconds() if due else IDLE_DELAY
        return min(IDLE_DELAY, max(wait, MIN_DELAY))

    async def _read_unclear(self) -> list[DueDelivery]:
        found = await self._publish.db.read(deliveries.list_unclear, self._clock.now(), BATCH_SIZE)
        known = self._running.keys() | self._result_writer.pending_ids
        return [due for due in found if due.delivery.id not in known]

    def _start_lookup(self, due: DueDelivery) -> None:
        number = due.delivery.id
        if due.delivery.message_id is not None:
            self._record_result(due, _settle_unclear(due, DeliveryState.OWED))  # an edit is simply done again
        elif not due.delivery.public:
            self._apply_result(due, None)
        else:
            task = asyncio.create_task(self._run_lookup(due))
            self._running[number] = task
            task.add_done_callback(lambda _: self._running.pop(number, None))

    async def _run_lookup(self, due: DueDelivery) -> None:
        try:
            self._apply_result(due, await self._find_message(due))
        except Exception as surprise:  # a mistake of ours, met by one chat; the others go on
            log.exception("a look-up broke")
            self._apply_result(due, Postponed(type(surprise).__name__))

    async def _find_message(self, due: DueDelivery) -> LookupResult:
        """Sent with its number, Missing, not now, or None where it cannot be told."""
        access = await self._fetch_chat_access(due.delivery.chat_id)
        if isinstance(access, ChatGone | ChatMoved):
            return Postponed("the chat is not there", access)
        if not isinstance(access, ChatAccess):
            return Postponed(f"the chat cannot be asked: {access}")
        if not access.may_post:
            return Postponed(access.reason, ChatGone(ChatState.PAUSED, access.reason))
        operators = self._publish.policy.operators
        match choose_method(access, due.delivery.after_message_id, operators):
            case LookupMethod.REPEAT:
                return None
            case LookupMethod.EDIT:
                return await self._search_chat(due, None)
            case LookupMethod.FORWARD:
                return await self._search_by_forward(due, operators)

    async def _fetch_chat_access(self, chat_id: int) -> ChatAccess | Outcome:
        """What Telegram says of a chat, as soon as it answers anybody."""
        circuit_breaker = self._rate_limiter.circuit_breaker
        while (wait := circuit_breaker.retry_in(self._clock.monotonic())) > 0:
            await self._clock.sleep(min(wait, 1.0))
        circuit_breaker.start_request(self._clock.monotonic())
        access = await self._publish.sender.fetch_chat_access(chat_id)
        self._rate_limiter.record_outcome(("standing", chat_id), access, self._clock.monotonic())
        return access

    async def _search_by_forward(self, due: DueDelivery, operators: tuple[int, ...]) -> LookupResult:
        """By the first of the operators to whom the bot may forward."""
        for operator in operators:
            found = await self._search_chat(due, operator)
            if found is not None:
                return found
        return None

    async def _search_chat(self, due: DueDelivery, through: int | None) -> LookupResult:
        search, tries = MessageSearch(due.delivery.after_message_id), 0
        while not search.is_finished:
            seen = await self._probe_message(due, search.next_message_id, through)
            tries = tries + 1 if isinstance(seen, TryLater | Unclear) else 0
            match seen:
                case Sent():
                    return seen
                case Missing() | Untouchable():
                    search.record_probe(there=isinstance(seen, Untouchable))
                case Refused():
                    return None
                case ChatGone() | ChatMoved():
                    return Postponed("the chat is gone", seen)
                case TryLater(reason=reason) | Unclear(reason):
                    if tries >= MAX_TRIES:
                        return Postponed(reason)
                    await self._clock.sleep(tries)
        return Missing() if search.reached_end else None

    async def _probe_message(self, due: DueDelivery, number: int, through: int | None) -> Outcome:
        """One probe, in its turn. Asking twice does no harm: it says what is there already."""
        asked = through or due.delivery.chat_id
        while (wait := self._rate_limiter.wait_seconds(asked, self._clock.monotonic(), unpaid=True)) > 0:
            await self._clock.sleep(max(MIN_SLEEP, min(wait, 1.0)))
        ticket = self._rate_limiter.start_request(asked, self._clock.monotonic(), unpaid=True)
        delivery = due.delivery
        try:
            seen = await self._publish.sender.find_message(
                delivery.chat_id, number, delivery.content, through=through
            )
        finally:
            self._rate_limiter.finish_request(ticket, self._clock.monotonic())
        now = self._clock.monotonic()
        self._rate_limiter.record_outcome(("find", delivery.chat_id), seen, now)
        if isinstance(seen, TryLater) and seen.flood:
            self._rate_limiter.record_flood(asked, seen.seconds, now)
        return seen

    def _apply_result(self, due: DueDelivery, found: LookupResult) -> None:
        """What the look means for the delivery."""
        delivery = due.delivery
        match found:
            case Sent(message_id):
                settled = replace(
                    _settle_unclear(due, DeliveryState.SETTLED),
                    message_id=message_id,
                    shown_revision=delivery.content_revision,
                    found=1,
                    shown=True,
                )
                self._record_result(due, settled, seen=message_id)
            case Missing():
                self._record_result(due, _settle_unclear(due, DeliveryState.OWED))
            case Postponed(reason, chat):
                soon = self._clock.now() + min(self._publish.policy.unclear_wait, POSTPONE_DELAY)
                gone = isinstance(chat, ChatGone) and chat.state is not ChatState.PAUSED
                state = DeliveryState.SKIPPED if gone else DeliveryState.UNCLEAR
                waiting = replace(_settle_unclear(due, state), look_at=soon, error=reason[:MAX_ERROR_LENGTH])
                self._record_result(due, waiting, chat=chat)
            case None:
                self._record_result(due, replace(_settle_unclear(due, DeliveryState.OWED), repeats=1))

    def _record_result(
        self,
        due: DueDelivery,
        settled: DeliveryResult,
        *,
        seen: int = 0,
        chat: ChatGone | ChatMoved | None = None,
    ) -> None:
        settlement = Settlement(settled, due.delivery.chat_id, chat=chat, seen=seen)
        self._result_writer.add_result(settlement, urgent=due.delivery.public)


def _settle_unclear(due: DueDelivery, state: DeliveryState) -> DeliveryResult:
    return replace(with_state(due, state), before=DeliveryState.UNCLEAR)
