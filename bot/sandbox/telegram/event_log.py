"""A bounded log of events, to be followed live or from an earlier event number."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MAX_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class Event:
    """An event.

    `kind` is one of `message`, `edited`, `deleted`, `callback_answered`, `reaction`, `typing`, `commands`,
    `update` (queued for the bot), `refused`, `fault`, `webhook_failed`, `site` (the sample site changed),
    `gap` (the reader was too slow and missed some).
    """

    number: int  #: from 1, without gaps
    at: datetime
    kind: str
    chat_id: int = 0
    message_id: int = 0
    details: dict[str, Any] = field(default_factory=dict)


class EventLog:
    """The last `kept` events; older ones are dropped."""

    def __init__(self, kept: int = MAX_EVENTS) -> None:
        self._events: deque[Event] = deque(maxlen=kept)
        self._waiting: set[asyncio.Future[None]] = set()
        self.last_number = 0

    def append(self, at: datetime, kind: str, chat_id: int = 0, message_id: int = 0, **details: Any) -> None:
        self.last_number += 1
        self._events.append(Event(self.last_number, at, kind, chat_id, message_id, details))
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    def events_since(self, number: int) -> list[Event]:
        """The events after `number` that are still kept."""
        missing = self.last_number - number
        if missing <= 0:
            return []
        return list(self._events)[-missing:]

    async def follow(self, number: int | None = None) -> AsyncIterator[Event]:
        """Every event after `number`, or from now on if None, without end."""
        seen = self.last_number if number is None else number
        while True:
            for event in self.events_since(seen):
                if event.number > seen + 1:
                    yield Event(event.number - 1, event.at, "gap")
                seen = event.number
                yield event
            if seen >= self.last_number:
                await self._wait_for_event()

    async def _wait_for_event(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)
