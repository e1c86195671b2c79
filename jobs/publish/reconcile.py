"""Reconciles unclear requests: finds out whether a send was applied, or, if that cannot be known, repeats it.

An alert that a reader sees twice is better than one that is lost: it is retried with exponential backoff
(`settlement`) until it is answered or too old (`retention.skip_repeated`), and each retry is counted.

In a channel where the bot may not edit others' posts, an edit with the same content tells our post from
every other and changes nothing. Elsewhere a forward to an operator is compared. `docs/delivery.md` says why
each is safe.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

import structlog

from jobs.clock import Notifier
from jobs.publish.context import PublishContext, fetch_chat_access
from jobs.publish.dispatcher import MAX_SLEEP, wait_turn
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

#: Unclear deliveries read at once.
BATCH_SIZE = 500
#: Seconds between two reads if nobody notifies us.
IDLE_DELAY = 30.0
#: Seconds between two reads while look-ups are running.
MIN_DELAY = 1.0
#: Attempts at one probe while it is not answered; each waits a second longer than the one before.
MAX_TRIES = 5
#: Time until a look-up that was postponed is retried.
POSTPONE_DELAY = timedelta(seconds=10)
#: Message ids in a row without a message: the end of the chat.
MAX_MISSES = 10
#: Message ids that are probed at most.
MAX_CHECKED = 200

log = structlog.get_logger(__name__)


class LookupMethod(StrEnum):
    """How an unclear send can be looked up."""

    EDIT = "edit"  #: by an edit with the same content, which cannot touch others' messages
    FORWARD = "forward"  #: by forwarding to an operator and comparing
    REPEAT = "repeat"  #: not at all: it is sent again


@dataclass(frozen=True, slots=True)
class Postponed:
    """The look-up cannot be done now; `chat`: because of what became of the chat."""

    reason: str
    chat: ChatGone | ChatMoved | None = None


#: None: it cannot be known.
LookupResult = Sent | Missing | Postponed | None


def choose_method(access: ChatAccess, known: int, operators: tuple[int, ...]) -> LookupMethod:
    """The look-up for a chat; `known` is the last message id known there before the send, 0 for none.

    An edit could overwrite a colleague's post if the bot has that right, another message of ours in a group,
    where the bot also answers, or an older post if no message id is known.
    """
    if access.kind is ChatKind.CHANNEL and not access.may_edit and known > 0:
        return LookupMethod.EDIT
    numbered = access.kind in (ChatKind.CHANNEL, ChatKind.SUPERGROUP)
    return LookupMethod.FORWARD if numbered and operators else LookupMethod.REPEAT


@dataclass(slots=True)
class MessageSearch:
    """Which message ids to probe for a send that is unclear; pure.

    A channel or supergroup numbers its messages one by one, ours and others', so ours has one of the ids
    behind `after`, the last known before the send. Deleted messages leave gaps (Telethon #1308, TD #2419), so
    only several misses in a row end the search.
    """

    after: int
    checked: int = 0
    misses: int = 0

    @property
    def next_message_id(self) -> int:
        return self.after + self.checked + 1

    def record_probe(self, *, there: bool) -> None:
        """Whether there was a message, not ours, with `next_message_id`."""
        self.checked += 1
        self.misses = 0 if there else self.misses + 1

    @property
    def is_finished(self) -> bool:
        return self.misses >= MAX_MISSES or self.checked >= MAX_CHECKED

    @property
    def reached_end(self) -> bool:
        """Whether the end of the chat was reached, so that the message surely is not there."""
        return self.misses >= MAX_MISSES


class Reconciler:
    """Settles unclear deliveries, each in a task of its own."""

    def __init__(self, publish: PublishContext, result_writer: ResultWriter) -> None:
        self._publish, self._result_writer = publish, result_writer
        self._clock, self._rate_limiter = publish.clock, publish.rate_limiter
        self._running: dict[int, asyncio.Task[None]] = {}
        self.notifier = Notifier()

    async def run(self, stop: asyncio.Event) -> None:
        """Reconcile until `stop`; what is not settled by then stays unclear."""
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
        delivery_id = due.delivery.id
        if due.delivery.message_id is not None:
            self._record_result(
                due, _settle_unclear(due, DeliveryState.OWED)
            )  # an edit or delete is simply repeated
        elif not due.delivery.public:
            self._apply_result(due, None)
        else:
            task = asyncio.create_task(self._run_lookup(due))
            self._running[delivery_id] = task
            task.add_done_callback(lambda _: self._running.pop(delivery_id, None))

    async def _run_lookup(self, due: DueDelivery) -> None:
        try:
            self._apply_result(due, await self._find_message(due))
        except Exception as surprise:  # a mistake of ours, met by one chat; the others go on
            log.exception("look-up failed")
            self._apply_result(due, Postponed(type(surprise).__name__))

    async def _find_message(self, due: DueDelivery) -> LookupResult:
        """Where the message of an unclear send is."""
        access = await self._fetch_chat_access(due.delivery.chat_id)
        if isinstance(access, ChatGone | ChatMoved):
            return Postponed("the chat is gone", access)
        if not isinstance(access, ChatAccess):
            return Postponed(f"the chat's rights are unknown: {access}")
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
        """What Telegram says of a chat, once the circuit breaker lets a request through."""
        circuit_breaker = self._rate_limiter.circuit_breaker
        while (wait := circuit_breaker.retry_in(self._clock.monotonic())) > 0:
            await self._clock.sleep(min(wait, MAX_SLEEP))
        return await fetch_chat_access(self._publish, chat_id)

    async def _search_by_forward(self, due: DueDelivery, operators: tuple[int, ...]) -> LookupResult:
        """Search through the first operator to whom the bot may forward."""
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

    async def _probe_message(self, due: DueDelivery, message_id: int, through: int | None) -> Outcome:
        """One probe, as the rate limiter allows; it changes nothing, so it may be repeated."""
        target = through or due.delivery.chat_id
        ticket = await wait_turn(self._publish, target)
        delivery = due.delivery
        try:
            seen = await self._publish.sender.find_message(
                delivery.chat_id, message_id, delivery.content, through=through
            )
        finally:
            self._rate_limiter.finish_request(ticket, self._clock.monotonic())
        now = self._clock.monotonic()
        self._rate_limiter.record_outcome(("find", delivery.chat_id), seen, now)
        if isinstance(seen, TryLater) and seen.flood:
            self._rate_limiter.record_flood(target, seen.seconds, now)
        return seen

    def _apply_result(self, due: DueDelivery, found: LookupResult) -> None:
        """Record what the look-up means for the delivery."""
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
