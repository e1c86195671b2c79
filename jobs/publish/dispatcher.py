"""Sends what is owed: read what is due | prepare | claim | wait for the rate limiter | request | settle.

Only as much is read ahead as the rate limiter lets through in half a second, and less is claimed, so that a
breaking story overtakes a running fan-out and a crash leaves little unclear.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable
from contextlib import suppress
from heapq import heappop, heappush

import structlog

from jobs.clock import Notifier, with_timeout
from jobs.publish.context import PublishContext
from jobs.publish.prepare import PreparedRequest, RequestPreparer, build_intent
from jobs.publish.result_writer import ResultWriter
from jobs.publish.send_result import Outcome, TryLater, Unclear
from jobs.publish.settlement import Delete, Edit, Send, chat_label, needs_note, settle_outcome
from storage.delivery import claims, deliveries

#: Deliveries are read for so many seconds ahead, and at most so many at once.
READ_AHEAD, MAX_READ = 0.5, 500
#: They are claimed for so many seconds ahead, or, if the disk is slow, for as long as so many claims take.
CLAIM_AHEAD, MIN_CLAIMS_AHEAD = 0.1, 3
#: Requests that may be in flight at once.
MAX_IN_FLIGHT = 1000
#: Seconds after which a claim that was not sent is released.
CLAIM_TIMEOUT = 2.0
#: Seconds that one chat's limit may delay a request beyond the overall limit.
MAX_CHAT_WAIT = 0.05
#: Seconds between two reads if nobody notifies us.
IDLE_DELAY = 30.0
#: Seconds between two checks while nothing may be sent to anybody.
BLOCKED_DELAY = 1.0
#: Seconds; a shorter sleep costs more than it brings, since the rate limiter lets us catch up.
MIN_SLEEP = 0.005
#: Seconds between two checks of whether a request may begin.
MAX_SLEEP = 1.0
#: Seconds that a stop waits for requests in flight.
SHUTDOWN_TIMEOUT = 8.0

log = structlog.get_logger(__name__)


class Dispatcher:
    """Three stages over one set of deliveries. Call `notifier.notify` when something may be due."""

    def __init__(self, publish: PublishContext, result_writer: ResultWriter) -> None:
        self._publish, self._result_writer = publish, result_writer
        self._clock, self._rate_limiter = publish.clock, publish.rate_limiter
        self._preparer = RequestPreparer(publish, result_writer)
        self._prepared: list[tuple[int, int, PreparedRequest]] = []  # a heap: rank, number
        self._sequence = 0
        self._claimed: deque[PreparedRequest] = deque()
        self._to_release: list[PreparedRequest] = []  # perhaps claimed, surely not sent
        self._in_progress: dict[int, int] = {}  # deliveries that are prepared or claimed, each with its chat
        self._skipped_chats: Collection[int] = ()
        self._refill_requested = False  # the next read was requested and has not begun
        self._claim_seconds = 0.0  # a moving average of the seconds that a claim takes
        self._in_flight: set[asyncio.Task[None]] = set()
        self._prepared_notifier, self._claimed_notifier = Notifier(), Notifier()
        self.notifier = Notifier()

    @property
    def is_idle(self) -> bool:
        """Whether no delivery is prepared or claimed."""
        return not self._in_progress

    def wake_stages(self) -> None:
        """Let every stage check whether to stop."""
        for notifier in (self.notifier, self._prepared_notifier, self._claimed_notifier):
            notifier.notify()

    async def read_due(self, stop: asyncio.Event) -> None:
        """Keep as much prepared as the rate limiter lets through in `READ_AHEAD` seconds, until `stop`."""
        notified = True
        while not stop.is_set():
            count = await self._read_batch(notified)
            notified = False if count else await self.notifier.wait(self._clock, await self._read_delay())

    async def claim_prepared(self, stop: asyncio.Event) -> None:
        """Claim what is about to be sent, until `stop`; then release what was not sent."""
        while not stop.is_set():
            await self._release_unsent()
            ahead = min(READ_AHEAD / 2, max(CLAIM_AHEAD, MIN_CLAIMS_AHEAD * self._claim_seconds))
            room = (
                ahead - self._rate_limiter.opens_in(self._clock.monotonic()) - self._total_cost(self._claimed)
            )
            if self._prepared and (room >= ahead / 2 or self._prepared[0][2].due.delivery.public):
                await self._claim_batch(room)
            else:
                pause = self._blocked_delay(CLAIM_AHEAD / 2) if self._prepared else IDLE_DELAY
                await self._prepared_notifier.wait(self._clock, pause)
        self._to_release += self._claimed
        self._claimed.clear()
        await self._release_unsent()

    async def send_claimed(self, stop: asyncio.Event) -> None:
        """Make the requests as the rate limiter allows, until `stop`; then wait for those in flight."""
        while not stop.is_set():
            wait = self._start_requests()
            await self._claimed_notifier.wait(self._clock, max(wait, MIN_SLEEP))
        if self._in_flight:
            await _finish_tasks(self._in_flight, self._publish, SHUTDOWN_TIMEOUT)

    async def _read_batch(self, notified: bool) -> int:
        """Read when half is sent; if notified at once, and at least one, since it may be breaking news."""
        now = self._clock.monotonic()
        most = self._rate_limiter.capacity_within(now, READ_AHEAD)
        cost = self._total_cost(prepared for _, _, prepared in self._prepared) + self._total_cost(
            self._claimed
        )
        room = most - int(cost / self._rate_limiter.request_seconds())
        if not notified and room <= most // 2:
            return 0
        if self._rate_limiter.opens_in(now) <= READ_AHEAD:
            room = max(room, 1)
        count = min(MAX_READ, room, MAX_IN_FLIGHT - len(self._in_flight))
        if count <= 0:
            return 0
        prepared, self._skipped_chats = await self._preparer.prepare_due(count, self._in_progress)
        self._rate_limiter.set_pending_chats(self._skipped_chats)
        self._refill_requested = False
        for request in prepared:
            self._sequence += 1
            self._in_progress[request.delivery_id] = request.chat_id
            heappush(self._prepared, (request.rank, self._sequence, request))
        if prepared:
            self._prepared_notifier.notify()
        return len(prepared)

    async def _read_delay(self) -> float:
        """The seconds until something can be read, if nobody notifies us."""
        if self._in_progress:
            return self._blocked_delay(READ_AHEAD / 2)
        now = self._clock.monotonic()
        due = await self._publish.db.read(deliveries.next_due_at, self._clock.now())
        wait = (due - self._clock.now()).total_seconds() if due else IDLE_DELAY
        soonest = min(wait, self._rate_limiter.next_opening(self._skipped_chats, now))
        return min(IDLE_DELAY, max(MIN_SLEEP, soonest, self._rate_limiter.opens_in(now) - READ_AHEAD))

    def _blocked_delay(self, least: float) -> float:
        """`least`, or longer while nothing may be sent to anybody."""
        return max(
            least, min(BLOCKED_DELAY, self._rate_limiter.opens_in(self._clock.monotonic()) - READ_AHEAD)
        )

    def _total_cost(self, batch: Iterable[PreparedRequest]) -> float:
        """The seconds of the overall rate that these take."""
        return sum(self._rate_limiter.request_seconds(unpaid=prepared.is_unpaid) for prepared in batch)

    async def _claim_batch(self, room: float) -> None:
        """Claim the requests of the next `room` seconds, at least one.

        Dropped is what is no longer owed, and what the rate limiter does not let through soon.
        """
        now = self._clock.monotonic()
        batch: list[PreparedRequest] = []
        while self._prepared and (not batch or room > 0):
            prepared = heappop(self._prepared)[2]
            room -= self._rate_limiter.request_seconds(unpaid=prepared.is_unpaid)
            if not self._can_send_soon(prepared, self._wait_seconds(prepared, now), now):
                del self._in_progress[prepared.delivery_id]
            else:
                batch.append(prepared)
        if not batch:
            return
        intents, began = [build_intent(prepared) for prepared in batch], self._clock.monotonic()
        try:
            mine = await self._publish.db.run(claims.claim_deliveries, intents, self._clock.now())
        except Exception:
            self._to_release += batch
            raise
        self._claim_seconds += (self._clock.monotonic() - began - self._claim_seconds) / 4
        for prepared in batch:
            if prepared.delivery_id in mine:
                self._claimed.append(prepared)
            else:
                del self._in_progress[prepared.delivery_id]
        self._claimed_notifier.notify()

    def _wait_seconds(self, prepared: PreparedRequest, now: float) -> float:
        return self._rate_limiter.wait_seconds(prepared.chat_id, now, unpaid=prepared.is_unpaid)

    def _can_send_soon(self, prepared: PreparedRequest, wait: float, now: float) -> bool:
        """Whether only the overall rate delays it: nobody else waits for a chat that has reached its own."""
        if now - prepared.read_at > CLAIM_TIMEOUT:
            return False
        return wait <= MAX_CHAT_WAIT or wait <= min(
            self._rate_limiter.opens_in(now, unpaid=prepared.is_unpaid) + MAX_CHAT_WAIT, READ_AHEAD
        )

    async def _release_unsent(self) -> None:
        if self._to_release:
            unsent = [prepared.delivery_id for prepared in self._to_release]
            await self._publish.db.run(deliveries.release_claims, unsent)
            self._to_release = [each for each in self._to_release if each.delivery_id not in unsent]
            for delivery_id in unsent:
                del self._in_progress[delivery_id]

    def _start_requests(self) -> float:
        """Start the requests that may be made now; the seconds until the next may be."""
        wait = IDLE_DELAY
        while self._claimed:
            prepared, now = self._claimed[0], self._clock.monotonic()
            wait = self._wait_seconds(prepared, now)
            soon = self._can_send_soon(prepared, wait, now)
            if soon and wait > 0:
                break
            self._claimed.popleft()
            if not soon:
                self._to_release.append(prepared)
                continue
            del self._in_progress[prepared.delivery_id]
            ticket = self._rate_limiter.start_request(prepared.chat_id, now, unpaid=prepared.is_unpaid)
            task = asyncio.create_task(self._send_request(prepared, ticket))
            self._in_flight.add(task)
            task.add_done_callback(self._in_flight.discard)
        self._prepared_notifier.notify()
        if (
            not self._refill_requested
            and len(self._in_progress) * self._rate_limiter.request_seconds() <= READ_AHEAD / 2
        ):
            self._refill_requested = True
            self.notifier.notify()
        return wait if self._claimed else IDLE_DELAY

    async def _send_request(self, prepared: PreparedRequest, ticket: int) -> None:
        """Make the request, or two if a message cannot be deleted, and hand on what follows."""
        step = prepared.action
        outcome = await self._execute(prepared, step, prepared.content, ticket)
        if isinstance(step, Delete) and needs_note(prepared.due, outcome):
            step, note = self._preparer.withdrawal_note(prepared)
            ticket = await wait_turn(self._publish, prepared.chat_id)
            outcome = await self._execute(prepared, step, note, ticket)
        now, wait = self._clock.now(), self._publish.policy.unclear_wait
        settlement = settle_outcome(prepared.due, step, outcome, now, wait)
        self._result_writer.add_result(settlement, urgent=prepared.due.delivery.public)

    async def _execute(
        self, prepared: PreparedRequest, step: Send | Edit | Delete, content: str, ticket: int
    ) -> Outcome:
        """The outcome of one request, of which the rate limiter has learned; never raises."""
        try:
            outcome = await self._call_sender(prepared, step, content)
        except Exception as surprise:  # a mistake of ours: nobody knows what became of the request
            log.exception("request raised", chat=chat_label(prepared.due))
            outcome = Unclear(type(surprise).__name__)
        finally:
            self._rate_limiter.finish_request(ticket, self._clock.monotonic())
        now = self._clock.monotonic()
        self._rate_limiter.record_outcome((type(step), prepared.chat_id), outcome, now)
        if isinstance(outcome, TryLater) and outcome.flood:
            self._rate_limiter.record_flood(prepared.chat_id, outcome.seconds, now)
        return outcome

    async def _call_sender(
        self, prepared: PreparedRequest, step: Send | Edit | Delete, content: str
    ) -> Outcome:
        sender, chat_id = self._publish.sender, prepared.chat_id
        match step:
            case Send():
                return await sender.send(chat_id, content, reply_to=prepared.reply_to)
            case Edit(message_id):
                return await sender.edit(chat_id, message_id, content, new_picture=step.new_picture)
            case Delete(message_id):
                return await sender.delete(chat_id, message_id)


async def wait_turn(publish: PublishContext, chat_id: int) -> int:
    """Wait until a message in the chat may be edited, and begin that request; its ticket."""
    rate_limiter, clock = publish.rate_limiter, publish.clock
    while (wait := rate_limiter.wait_seconds(chat_id, clock.monotonic(), unpaid=True)) > 0:
        await clock.sleep(max(MIN_SLEEP, min(wait, MAX_SLEEP)))
    return rate_limiter.start_request(chat_id, clock.monotonic(), unpaid=True)


async def _finish_tasks(
    tasks: Collection[asyncio.Task[None]], publish: PublishContext, seconds: float
) -> None:
    """Wait for the tasks, then cancel them: a delivery that stays claimed is unclear after the next start."""
    with suppress(TimeoutError):
        await with_timeout(publish.clock, seconds, asyncio.wait(set(tasks)))
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
