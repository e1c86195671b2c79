"""Takes what is owed to the chats: claim | word | wait for its turn | request | settle.

Few deliveries are claimed ahead, what the pace lets out in a moment, so that a breaking story overtakes a
running fan-out and a crash leaves little unclear.
"""

import asyncio
from collections.abc import Collection
from heapq import heappop, heappush

import structlog

from jobs.clock import Bell
from jobs.publish.ledger import Ledger
from jobs.publish.outcome import Outcome, TryLater, Unclear, Untouchable
from jobs.publish.parcels import Parcel, Parcels
from jobs.publish.parts import Publish
from jobs.publish.settling import after, name_of
from jobs.publish.step import Delete, Edit, Send
from storage import outbox
from storage.outbox import Claimed

#: Deliveries are claimed for so many seconds ahead, and at most so many at once.
AHEAD, MOST = 0.25, 500
#: Requests that may be under way at once.
IN_FLIGHT = 500
#: What was claimed and has waited so long for its turn is handed back, in seconds.
PATIENCE = 2.0
#: Without anything else to wake us, we look after so many seconds.
IDLE = 30.0
#: Shorter sleeps cost more than they bring: the pace lets us catch up.
GRAIN = 0.005
#: After a connection could not be made: twice as long each time, up to this, in seconds.
LONGEST_WAIT = 30.0
#: Requests under way are waited for so long when we stop.
FAREWELL = 10.0

log = structlog.get_logger(__name__)


class Courier:
    """Ring `bell` when something may be owed."""

    def __init__(self, publish: Publish, ledger: Ledger) -> None:
        self._publish, self._ledger = publish, ledger
        self._clock, self._pace = publish.clock, publish.pace
        self._parcels = Parcels(publish, ledger)
        self._ready: list[tuple[int, int, Parcel]] = []  # a heap: rank, number
        self._number = 0
        self._back: list[int] = []  # claimed, and to be handed back
        self._passed: Collection[int] = ()
        self._flying: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._loaded = Bell()
        self.bell = Bell()

    async def claim(self, stop: asyncio.Event) -> None:
        """Keep as much claimed as the pace lets out in a moment, until `stop`."""
        rang = True
        while not stop.is_set():
            taken = await self._claim_some(rang)
            rang = False if taken else await self.bell.wait(self._clock, await self._rest())
        self._back += [parcel.claimed.delivery.id for _, _, parcel in self._ready]
        self._ready.clear()
        await self._hand_back()

    async def dispatch(self, stop: asyncio.Event) -> None:
        """Send what is claimed, each in its turn, until `stop`; then wait for what is under way."""
        while not stop.is_set():
            wait = self._dispatch_due()
            await self._loaded.wait(self._clock, max(wait, GRAIN))
        if self._flying:
            await _all_done(self._flying, self._publish, FAREWELL)

    def wake(self) -> None:
        """Look at once whether to claim or to stop."""
        self.bell.ring()
        self._loaded.ring()

    async def _claim_some(self, rang: bool) -> int:
        """Claim what there is room for; after a ring at least one, since it may be breaking."""
        await self._hand_back()
        now = self._clock.monotonic()
        room = self._pace.room(now, AHEAD) - len(self._ready)
        if rang and self._pace.opens_in(now) <= AHEAD:
            room = max(room, 1)
        count = min(MOST, room, IN_FLIGHT - len(self._flying) - len(self._ready))
        if count <= 0:
            return 0
        parcels, taken, self._passed = await self._parcels.take(count)
        for parcel in parcels:
            self._number += 1
            heappush(self._ready, (parcel.rank, self._number, parcel))
        if parcels:
            self._loaded.ring()
        return taken

    async def _rest(self) -> float:
        """How long nothing can be claimed, if nobody rings."""
        if self._ready:
            return AHEAD / 2
        now = self._clock.monotonic()
        due = await self._publish.db.read(outbox.next_due, self._clock.now())
        hour = (due - self._clock.now()).total_seconds() if due else IDLE
        soonest = min(hour, self._pace.next_opening(self._passed, now))
        return min(IDLE, max(GRAIN, soonest, self._pace.opens_in(now) - AHEAD))

    async def _hand_back(self) -> None:
        if self._back:
            back, self._back = self._back, []
            await self._publish.db.run(outbox.release, back)

    def _dispatch_due(self) -> float:
        """Start what may go now; the seconds until the next may."""
        while self._ready:
            parcel = self._ready[0][2]
            now = self._clock.monotonic()
            wait = self._pace.wait(parcel.chat_id, now)
            late = now - parcel.since > PATIENCE
            if 0 < wait <= AHEAD and not late:
                break
            heappop(self._ready)
            if wait > AHEAD or late:
                self._back.append(parcel.claimed.delivery.id)
            else:
                ticket = self._pace.start(parcel.chat_id, now)
                task = asyncio.create_task(self._carry(parcel, ticket))
                self._flying.add(task)
                task.add_done_callback(self._flying.discard)
        if len(self._ready) <= self._pace.room(self._clock.monotonic(), AHEAD) // 2:
            self.bell.ring()
        return wait if self._ready else IDLE

    async def _carry(self, parcel: Parcel, ticket: int) -> None:
        """One request, and what follows from it."""
        step = parcel.step
        outcome = await self._request(parcel.claimed, step, parcel.content, ticket)
        if isinstance(step, Delete) and isinstance(outcome, Untouchable):
            step, note = self._parcels.note(parcel)
            ticket = await self._turn(parcel.chat_id)
            outcome = await self._request(parcel.claimed, step, note, ticket)
        wait = self._publish.policy.unclear_wait
        aftermath = after(parcel.claimed, step, outcome, self._clock.now(), wait)
        self._ledger.note(aftermath, urgent=parcel.claimed.delivery.public)

    async def _request(
        self, claimed: Claimed, step: Send | Edit | Delete, content: str, ticket: int
    ) -> Outcome:
        try:
            outcome = await self._ask(claimed.delivery.chat_id, step, content)
        except Exception as surprise:  # a mistake of ours: nobody knows what became of the request
            log.exception("a request broke", chat=name_of(claimed))
            outcome = Unclear(repr(surprise))
        finally:
            self._pace.answered(ticket, self._clock.monotonic())
        self._heed(claimed.delivery.chat_id, outcome)
        return outcome

    async def _ask(self, chat_id: int, step: Send | Edit | Delete, content: str) -> Outcome:
        sender = self._publish.sender
        match step:
            case Send():
                return await sender.send(chat_id, content)
            case Edit(message_id):
                return await sender.edit(chat_id, message_id, content, new_picture=step.new_picture)
            case Delete(message_id):
                return await sender.delete(chat_id, message_id)

    async def _turn(self, chat_id: int) -> int:
        """Wait until the chat may be spoken to; the ticket."""
        while (wait := self._pace.wait(chat_id, self._clock.monotonic())) > 0:
            await self._clock.sleep(min(wait, 1.0))
        return self._pace.start(chat_id, self._clock.monotonic())

    def _heed(self, chat_id: int, outcome: Outcome) -> None:
        """What the outcome means for the pace."""
        now = self._clock.monotonic()
        match outcome:
            case TryLater(seconds, _, True):
                self._pace.flooded(chat_id, seconds, now)
            case TryLater(seconds, reason, False):
                self._failures += 1
                wait = max(seconds, min(seconds * 2 ** min(self._failures - 1, 8), LONGEST_WAIT))
                self._pace.stop(wait, now)
                log.warning("Telegram cannot be reached", reason=reason, again_in=wait)
            case _:
                self._failures = 0


async def _all_done(tasks: Collection[asyncio.Task[None]], publish: Publish, seconds: float) -> None:
    """Wait for the tasks, at most so long; what is then not over stays claimed, and is unclear later."""
    pause = asyncio.ensure_future(publish.clock.sleep(seconds))
    over = asyncio.ensure_future(asyncio.wait(set(tasks)))
    await asyncio.wait({pause, over}, return_when=asyncio.FIRST_COMPLETED)
    pause.cancel()
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, over, pause, return_exceptions=True)
