"""The queue of updates, which getUpdates and the webhook empty.

Updates are kept for a day, an offset confirms all updates below it, and the newer of two polls wins, as in
the Bot API server (github tdlib/telegram-bot-api, Client.cpp; TDLib's TQueue.cpp).
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.api_error import ApiError
from jobs.clock import Clock

Json = dict[str, Any]
RETENTION = timedelta(hours=24)
QUERY_RETENTION = timedelta(seconds=150)
FIRST_ID = 1000
LONGEST_POLL = 50
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
QUERIES = frozenset({"callback_query", "inline_query"})

_CONFLICT = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
_WEBHOOK_TAKEOVER = "Conflict: terminated by setWebhook request"
_WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)


@dataclass(frozen=True, slots=True)
class Webhook:
    """The URL that updates are delivered to."""

    url: str
    secret: str = ""
    max_connections: int = 40


class UpdateQueue:
    """The updates that the bot has not confirmed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: deque[tuple[datetime, Json]] = deque()
        self._last = FIRST_ID - 1
        self._poll: asyncio.Future[bool] | None = None
        self.allowed: tuple[str, ...] = ()
        self.webhook: Webhook | None = None
        self.is_local = False  #: a Bot API server with `--local`: webhooks over plain http on any port
        self.webhook_error: tuple[datetime, str] | None = None  #: time and reason of the last failure
        self.arrived = asyncio.Event()  #: set by each new update
        self.polling = asyncio.Event()  #: set while a long poll waits

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, kind: str, content: Json) -> int:
        """Queue an update and return its id; 0 if its kind is not among `allowed`."""
        wanted = kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT
        return self.put_raw({kind: content}) if wanted else 0

    def put_raw(self, update: Json) -> int:
        """Queue an update unchecked and return its id: its own `update_id`, or the next one."""
        self._last = int(update.get("update_id", self._last + 1))
        self._queue.append((self._clock.now(), {"update_id": self._last, **update}))
        self.arrived.set()
        if self._poll and not self._poll.done():
            self._poll.set_result(True)
        return self._last

    def pending(self, limit: int) -> list[Json]:
        """The oldest `limit` updates that have not expired."""
        self._forget_old()
        return [update for _, update in list(self._queue)[:limit]]

    def confirm(self, offset: int) -> None:
        """Drop the updates below `offset`; a negative offset keeps only that many of the last."""
        if offset < 0:
            while len(self._queue) > -offset:
                self._queue.popleft()
        elif offset <= self._last + 10:
            while self._queue and self._queue[0][1]["update_id"] < offset:
                self._queue.popleft()

    async def poll(self, offset: int, limit: int, timeout: int) -> list[Json]:
        """getUpdates. Raises ApiError with 409 if a webhook is set or a newer poll takes over."""
        if self.webhook:
            raise ApiError(409, _WEBHOOK_ACTIVE)
        self.confirm(offset)
        found = self.pending(limit)
        if not found and timeout > 0:
            await self._wait_for_update(min(timeout, LONGEST_POLL))
            found = self.pending(limit)
        return found

    async def _wait_for_update(self, seconds: float) -> None:
        self._end_poll()
        mine = self._poll = asyncio.get_running_loop().create_future()
        self.polling.set()
        nap = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({mine, nap}, return_when=asyncio.FIRST_COMPLETED)
            if mine.done() and not mine.result():
                raise ApiError(409, _WEBHOOK_TAKEOVER if self.webhook else _CONFLICT)
        finally:
            nap.cancel()
            if self._poll is mine:
                self._poll = None
                self.polling.clear()

    def use_webhook(self, webhook: Webhook | None) -> None:
        """Set or remove the webhook; setting it ends a running poll with 409."""
        self.webhook = webhook
        self.webhook_error = None
        if webhook:
            self._end_poll()
        self.arrived.set()

    def _end_poll(self) -> None:
        if self._poll and not self._poll.done():
            self._poll.set_result(False)

    def release_poll(self) -> None:
        """Answer a running poll at once, so that the server can stop."""
        if self._poll and not self._poll.done():
            self._poll.set_result(True)

    def clear(self) -> None:
        self._queue.clear()

    def _forget_old(self) -> None:
        now = self._clock.now()
        while self._queue and now - self._queue[0][0] > RETENTION:
            self._queue.popleft()
        old = [
            (at, update)
            for at, update in self._queue
            if now - at > QUERY_RETENTION and not QUERIES.isdisjoint(update)
        ]
        for entry in old:
            self._queue.remove(entry)
