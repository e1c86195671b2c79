"""Takes what is owed to the chats: read what is due | word it | claim | wait for its turn | request | settle.

Little is read ahead, what the pace lets out in a moment, and less is claimed, so that a breaking story
overtakes a running fan-out and a crash leaves little unclear.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable
from heapq import heappop, heappush

from jobs.clock import Bell
from jobs.publish.context import Publish
from jobs.publish.prepare import Parcel, Parcels, intent_of
from jobs.publish.requests import Requests
from jobs.publish.result_writer import Ledger
from jobs.publish.settlement import after
from storage.delivery import claims, deliveries

#: What is due is read for so many seconds ahead, and at most so much at once.
AHEAD, MOST = 0.5, 500
#: It is claimed for so many seconds ahead, or for as many claims as go into this, where the disk is slow.
CLAIMED_AHEAD, CLAIMS_AHEAD = 0.1, 3
#: Requests that may be under way at once.
IN_FLIGHT = 1000
#: What was claimed and has waited so long for its turn is handed back, in seconds.
PATIENCE = 2.0
#: So much longer than for the turn of all may be waited for one chat, in seconds.
BESIDE = 0.05
#: Without anything else to wake us, we look after so many seconds.
IDLE = 30.0
#: While nothing may go to anybody, we look whether that is over after so many seconds.
LULL = 1.0
#: Shorter sleeps cost more than they bring: the pace lets us catch up.
GRAIN = 0.005
#: Requests under way are waited for so long when we stop.
FAREWELL = 8.0


class Courier:
    """Ring `bell` when something may be owed."""

    def __init__(self, publish: Publish, ledger: Ledger) -> None:
        self._publish, self._ledger = publish, ledger
        self._clock, self._pace = publish.clock, publish.pace
        self._parcels = Parcels(publish, ledger)
        self._requests = Requests(publish, self._parcels)
        self._read: list[tuple[int, int, Parcel]] = []  # a heap: rank, number
        self._number = 0
        self._claimed: deque[Parcel] = deque()
        self._back: list[Parcel] = []  # perhaps claimed, and surely not sent: to be handed back
        self._in_hand: dict[int, int] = {}  # deliveries that are read or claimed, each with its chat
        self._passed: Collection[int] = ()
        self._low = False  # more has been asked for and not yet been read
        self._claiming = 0.0  # seconds that a claim takes, lately
        self._flying: set[asyncio.Task[None]] = set()
        self._some_read, self._some_claimed = Bell(), Bell()
        self.bell = Bell()

    @property
    def idle(self) -> bool:
        """Nothing is at hand."""
        return not self._in_hand

    def wake(self) -> None:
        """Let every stage look whether to stop."""
        for bell in (self.bell, self._some_read, self._some_claimed):
            bell.ring()

    async def read(self, stop: asyncio.Event) -> None:
        """Keep as much at hand as the pace lets out in a moment, until `stop`."""
        rang = True
        while not stop.is_set():
            taken = await self._read_some(rang)
            rang = False if taken else await self.bell.wait(self._clock, await self._rest())

    async def claim(self, stop: asyncio.Event) -> None:
        """Claim what is about to be sent, until `stop`; then hand back what was not sent."""
        while not stop.is_set():
            await self._hand_back()
            ahead = min(AHEAD / 2, max(CLAIMED_AHEAD, CLAIMS_AHEAD * self._claiming))
            room = ahead - self._pace.opens_in(self._clock.monotonic()) - self._cost(self._claimed)
            if self._read and (room >= ahead / 2 or self._read[0][2].debt.delivery.public):
                await self._claim_some(room)
            else:
                pause = self._pause(CLAIMED_AHEAD / 2) if self._read else IDLE
                await self._some_read.wait(self._clock, pause)
        self._back += self._claimed
        self._claimed.clear()
        await self._hand_back()

    async def dispatch(self, stop: asyncio.Event) -> None:
        """Make the requests, each in its turn, until `stop`; then wait for those under way."""
        while not stop.is_set():
            wait = self._dispatch_due()
            await self._some_claimed.wait(self._clock, max(wait, GRAIN))
        if self._flying:
            await _all_done(self._flying, self._publish, FAREWELL)

    async def _read_some(self, rang: bool) -> int:
        """Read when half is gone; after a ring at once, and at least one, since it may be breaking."""
        now = self._clock.monotonic()
        most = self._pace.room(now, AHEAD)
        cost = self._cost(parcel for _, _, parcel in self._read) + self._cost(self._claimed)
        room = most - int(cost / self._pace.cost())
        if not rang and room <= most // 2:
            return 0
        if self._pace.opens_in(now) <= AHEAD:
            room = max(room, 1)
        count = min(MOST, room, IN_FLIGHT - len(self._flying))
        if count <= 0:
            return 0
        parcels, self._passed = await self._parcels.take(count, self._in_hand)
        self._pace.owe(self._passed)
        self._low = False
        for parcel in parcels:
            self._number += 1
            self._in_hand[parcel.number] = parcel.chat_id
            heappush(self._read, (parcel.rank, self._number, parcel))
        if parcels:
            self._some_read.ring()
        return len(parcels)

    async def _rest(self) -> float:
        """How long nothing can be read, if nobody rings."""
        if self._in_hand:
            return self._pause(AHEAD / 2)
        now = self._clock.monotonic()
        due = await self._publish.db.read(deliveries.next_due, self._clock.now())
        hour = (due - self._clock.now()).total_seconds() if due else IDLE
        soonest = min(hour, self._pace.next_opening(self._passed, now))
        return min(IDLE, max(GRAIN, soonest, self._pace.opens_in(now) - AHEAD))

    def _pause(self, least: float) -> float:
        """`least`, or longer while nothing may go to anybody."""
        return max(least, min(LULL, self._pace.opens_in(self._clock.monotonic()) - AHEAD))

    def _cost(self, parcels: Iterable[Parcel]) -> float:
        """The seconds that these take."""
        return sum(self._pace.cost(unpaid=parcel.unpaid) for parcel in parcels)

    async def _claim_some(self, room: float) -> None:
        """Write down what the requests of the next `room` seconds, or at least one, say.

        What is no longer owed, or not soon open, is let go.
        """
        now = self._clock.monotonic()
        parcels: list[Parcel] = []
        while self._read and (not parcels or room > 0):
            parcel = heappop(self._read)[2]
            room -= self._pace.cost(unpaid=parcel.unpaid)
            if not self._soon(parcel, self._wait(parcel, now), now):
                del self._in_hand[parcel.number]
            else:
                parcels.append(parcel)
        if not parcels:
            return
        intents, began = [intent_of(parcel) for parcel in parcels], self._clock.monotonic()
        try:
            mine = await self._publish.db.run(claims.claim, intents, self._clock.now())
        except Exception:
            self._back += parcels
            raise
        self._claiming += (self._clock.monotonic() - began - self._claiming) / 4
        for parcel in parcels:
            if parcel.number in mine:
                self._claimed.append(parcel)
            else:
                del self._in_hand[parcel.number]
        self._some_claimed.ring()

    def _wait(self, parcel: Parcel, now: float) -> float:
        return self._pace.wait(parcel.chat_id, now, unpaid=parcel.unpaid)

    def _soon(self, parcel: Parcel, wait: float, now: float) -> bool:
        """Whether it goes when its turn comes: others must not wait for one chat that rests."""
        if now - parcel.since > PATIENCE:
            return False
        return wait <= BESIDE or wait <= min(self._pace.opens_in(now, unpaid=parcel.unpaid) + BESIDE, AHEAD)

    async def _hand_back(self) -> None:
        if self._back:
            back = [parcel.number for parcel in self._back]
            await self._publish.db.run(deliveries.release, back)
            self._back = [parcel for parcel in self._back if parcel.number not in back]
            for number in back:
                del self._in_hand[number]

    def _dispatch_due(self) -> float:
        """Start what may go now; the seconds until the next may."""
        wait = IDLE
        while self._claimed:
            parcel, now = self._claimed[0], self._clock.monotonic()
            wait = self._wait(parcel, now)
            soon = self._soon(parcel, wait, now)
            if soon and wait > 0:
                break
            self._claimed.popleft()
            if not soon:
                self._back.append(parcel)
                continue
            del self._in_hand[parcel.number]
            ticket = self._pace.start(parcel.chat_id, now, unpaid=parcel.unpaid)
            task = asyncio.create_task(self._carry(parcel, ticket))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)
        self._some_read.ring()
        if not self._low and len(self._in_hand) * self._pace.cost() <= AHEAD / 2:
            self._low = True
            self.bell.ring()
        return wait if self._claimed else IDLE

    async def _carry(self, parcel: Parcel, ticket: int) -> None:
        """One request, and what follows from it."""
        step, outcome = await self._requests.make(parcel, ticket)
        aftermath = after(parcel.debt, step, outcome, self._clock.now(), self._publish.policy.unclear_wait)
        self._ledger.note(aftermath, urgent=parcel.debt.delivery.public)


async def _all_done(tasks: Collection[asyncio.Task[None]], publish: Publish, seconds: float) -> None:
    """Wait for the tasks, at most so long; what is then not over stays claimed, and is unclear later."""
    pause = asyncio.ensure_future(publish.clock.sleep(seconds))
    over = asyncio.ensure_future(asyncio.wait(set(tasks)))
    await asyncio.wait({pause, over}, return_when=asyncio.FIRST_COMPLETED)
    pause.cancel()
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, over, pause, return_exceptions=True)
