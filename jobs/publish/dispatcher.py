"""Takes what is owed to the chats: read what is due | word it | claim | wait for its turn | request | settle.

Little is read ahead, what the pace lets out in a moment, and less is claimed, so that a breaking story
overtakes a running fan-out and a crash leaves little unclear.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable
from heapq import heappop, heappush

from jobs.clock import Notifier
from jobs.publish.context import PublishContext
from jobs.publish.prepare import PreparedRequest, RequestPreparer, build_intent
from jobs.publish.requests import RequestExecutor
from jobs.publish.result_writer import ResultWriter
from jobs.publish.settlement import settle_outcome
from storage.delivery import claims, deliveries

#: What is due is read for so many seconds ahead, and at most so much at once.
READ_AHEAD, MAX_READ = 0.5, 500
#: It is claimed for so many seconds ahead, or for as many claims as go into this, where the disk is slow.
CLAIM_AHEAD, MIN_CLAIMS_AHEAD = 0.1, 3
#: Requests that may be under way at once.
MAX_IN_FLIGHT = 1000
#: What was claimed and has waited so long for its turn is handed back, in seconds.
CLAIM_TIMEOUT = 2.0
#: So much longer than for the turn of all may be waited for one chat, in seconds.
MAX_CHAT_WAIT = 0.05
#: Without anything else to wake us, we look after so many seconds.
IDLE_DELAY = 30.0
#: While nothing may go to anybody, we look whether that is over after so many seconds.
BLOCKED_DELAY = 1.0
#: Shorter sleeps cost more than they bring: the pace lets us catch up.
MIN_SLEEP = 0.005
#: Requests under way are waited for so long when we stop.
SHUTDOWN_TIMEOUT = 8.0


class Dispatcher:
    """Ring `bell` when something may be owed."""

    def __init__(self, publish: PublishContext, result_writer: ResultWriter) -> None:
        self._publish, self._result_writer = publish, result_writer
        self._clock, self._rate_limiter = publish.clock, publish.rate_limiter
        self._preparer = RequestPreparer(publish, result_writer)
        self._executor = RequestExecutor(publish, self._preparer)
        self._prepared: list[tuple[int, int, PreparedRequest]] = []  # a heap: rank, number
        self._sequence = 0
        self._claimed: deque[PreparedRequest] = deque()
        self._to_release: list[
            PreparedRequest
        ] = []  # perhaps claimed, and surely not sent: to be handed back
        self._in_progress: dict[int, int] = {}  # deliveries that are read or claimed, each with its chat
        self._skipped_chats: Collection[int] = ()
        self._refill_requested = False  # more has been asked for and not yet been read
        self._claim_seconds = 0.0  # seconds that a claim takes, lately
        self._in_flight: set[asyncio.Task[None]] = set()
        self._prepared_notifier, self._claimed_notifier = Notifier(), Notifier()
        self.notifier = Notifier()

    @property
    def is_idle(self) -> bool:
        """Nothing is at hand."""
        return not self._in_progress

    def wake_stages(self) -> None:
        """Let every stage look whether to stop."""
        for bell in (self.notifier, self._prepared_notifier, self._claimed_notifier):
            bell.notify()

    async def read_due(self, stop: asyncio.Event) -> None:
        """Keep as much at hand as the pace lets out in a moment, until `stop`."""
        rang = True
        while not stop.is_set():
            taken = await self._read_batch(rang)
            rang = False if taken else await self.notifier.wait(self._clock, await self._read_delay())

    async def claim_prepared(self, stop: asyncio.Event) -> None:
        """Claim what is about to be sent, until `stop`; then hand back what was not sent."""
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
        """Make the requests, each in its turn, until `stop`; then wait for those under way."""
        while not stop.is_set():
            wait = self._start_requests()
            await self._claimed_notifier.wait(self._clock, max(wait, MIN_SLEEP))
        if self._in_flight:
            await _finish_tasks(self._in_flight, self._publish, SHUTDOWN_TIMEOUT)

    async def _read_batch(self, rang: bool) -> int:
        """Read when half is gone; after a ring at once, and at least one, since it may be breaking."""
        now = self._clock.monotonic()
        most = self._rate_limiter.capacity_within(now, READ_AHEAD)
        cost = self._total_cost(prepared for _, _, prepared in self._prepared) + self._total_cost(
            self._claimed
        )
        room = most - int(cost / self._rate_limiter.request_seconds())
        if not rang and room <= most // 2:
            return 0
        if self._rate_limiter.opens_in(now) <= READ_AHEAD:
            room = max(room, 1)
        count = min(MAX_READ, room, MAX_IN_FLIGHT - len(self._in_flight))
        if count <= 0:
            return 0
        prepared, self._skipped_chats = await self._preparer.prepare_due(count, self._in_progress)
        self._rate_limiter.set_pending_chats(self._skipped_chats)
        self._refill_requested = False
        for parcel in prepared:
            self._sequence += 1
            self._in_progress[parcel.delivery_id] = parcel.chat_id
            heappush(self._prepared, (parcel.rank, self._sequence, parcel))
        if prepared:
            self._prepared_notifier.notify()
        return len(prepared)

    async def _read_delay(self) -> float:
        """How long nothing can be read, if nobody rings."""
        if self._in_progress:
            return self._blocked_delay(READ_AHEAD / 2)
        now = self._clock.monotonic()
        due = await self._publish.db.read(deliveries.next_due_at, self._clock.now())
        hour = (due - self._clock.now()).total_seconds() if due else IDLE_DELAY
        soonest = min(hour, self._rate_limiter.next_opening(self._skipped_chats, now))
        return min(IDLE_DELAY, max(MIN_SLEEP, soonest, self._rate_limiter.opens_in(now) - READ_AHEAD))

    def _blocked_delay(self, least: float) -> float:
        """`least`, or longer while nothing may go to anybody."""
        return max(
            least, min(BLOCKED_DELAY, self._rate_limiter.opens_in(self._clock.monotonic()) - READ_AHEAD)
        )

    def _total_cost(self, batch: Iterable[PreparedRequest]) -> float:
        """The seconds that these take."""
        return sum(self._rate_limiter.request_seconds(unpaid=prepared.is_unpaid) for prepared in batch)

    async def _claim_batch(self, room: float) -> None:
        """Write down what the requests of the next `room` seconds, or at least one, say.

        What is no longer owed, or not soon open, is let go.
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
        """Whether it goes when its turn comes: others must not wait for one chat that rests."""
        if now - prepared.read_at > CLAIM_TIMEOUT:
            return False
        return wait <= MAX_CHAT_WAIT or wait <= min(
            self._rate_limiter.opens_in(now, unpaid=prepared.is_unpaid) + MAX_CHAT_WAIT, READ_AHEAD
        )

    async def _release_unsent(self) -> None:
        if self._to_release:
            back = [prepared.delivery_id for prepared in self._to_release]
            await self._publish.db.run(deliveries.release_claims, back)
            self._to_release = [parcel for parcel in self._to_release if parcel.delivery_id not in back]
            for number in back:
                del self._in_progress[number]

    def _start_requests(self) -> float:
        """Start what may go now; the seconds until the next may."""
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
        """One request, and what follows from it."""
        step, outcome = await self._executor.execute(prepared, ticket)
        settlement = settle_outcome(
            prepared.due, step, outcome, self._clock.now(), self._publish.policy.unclear_wait
        )
        self._result_writer.add_result(settlement, urgent=prepared.due.delivery.public)


async def _finish_tasks(
    tasks: Collection[asyncio.Task[None]], publish: PublishContext, seconds: float
) -> None:
    """Wait for the tasks, at most so long; what is then not over stays claimed, and is unclear later."""
    pause = asyncio.ensure_future(publish.clock.sleep(seconds))
    over = asyncio.ensure_future(asyncio.wait(set(tasks)))
    await asyncio.wait({pause, over}, return_when=asyncio.FIRST_COMPLETED)
    pause.cancel()
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, over, pause, return_exceptions=True)
