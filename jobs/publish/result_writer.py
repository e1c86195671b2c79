"""Writes the results of requests, many in one transaction, since each commit waits for the disk."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from jobs.clock import Clock, Notifier
from jobs.publish import chat_status
from jobs.publish.chat_status import StatusSource
from jobs.publish.send_result import ChatGone, ChatMoved
from jobs.publish.settlement import Settlement
from storage import chats
from storage.database import Connection, Database, SQLAlchemyError
from storage.delivery import deliveries
from storage.delivery.planning import add_notice
from storage.records import ChatState

#: Seconds for which results in private chats are gathered; a channel's is written at once.
GATHER_SECONDS = 0.05
#: Seconds until a failed write is retried.
RETRY_DELAY = 1.0
#: Every result wakes us; with none we check after so many seconds all the same.
IDLE_DELAY = 30.0

log = structlog.get_logger(__name__)


class ResultWriter:
    """A queue of results. `on_written` is called with each batch, `on_forgotten` with each erased reader."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        operators: Sequence[int],
        on_written: Callable[[Sequence[Settlement]], None],
        on_forgotten: Callable[[int], None] = lambda _chat_id: None,
    ) -> None:
        self._db, self._clock, self._operators = db, clock, operators
        self._on_written, self._on_forgotten = on_written, on_forgotten
        self._waiting: list[Settlement] = []
        self._writing: list[Settlement] = []
        self._notifier = Notifier()
        self._urgent_notifier = Notifier()

    @property
    def pending_ids(self) -> set[int]:
        """The deliveries whose result is not written yet."""
        return {each.settled.delivery_id for each in (*self._waiting, *self._writing)}

    def add_result(self, settlement: Settlement, *, urgent: bool = False) -> None:
        """Queue a result; `urgent`: write it at once, since the chat's next post waits for it."""
        self._waiting.append(settlement)
        self._notifier.notify()
        if urgent:
            self._urgent_notifier.notify()

    def wake_up(self) -> None:
        """Write at once, and check whether to stop."""
        self._notifier.notify()
        self._urgent_notifier.notify()

    async def run(self, stop: asyncio.Event) -> None:
        """Write until `stop` is set and nothing is left."""
        while not (stop.is_set() and not self._waiting):
            delay = RETRY_DELAY if self._waiting else IDLE_DELAY
            if await self._notifier.wait(self._clock, delay):
                await self._urgent_notifier.wait(self._clock, GATHER_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what is queued; if the database fails, it stays queued and is retried."""
        self._writing, self._waiting = self._waiting, []
        if not self._writing:
            return
        try:
            erased = await self._db.run(write_results, self._writing, self._operators, self._clock.now())
        except SQLAlchemyError as error:
            self._waiting = self._writing + self._waiting
            self._writing = []
            log.error("writing results failed, retrying", error=type(error).__name__)
            await self._clock.sleep(RETRY_DELAY)
            self._notifier.notify()
            return
        for chat_id in erased:
            self._on_forgotten(chat_id)
            self._db.erasure.is_needed = True
        batch, self._writing = self._writing, []
        self._on_written(batch)


def write_results(
    connection: Connection, batch: Sequence[Settlement], operators: Sequence[int], now: datetime
) -> set[int]:
    """Write the results of a few requests; the readers who were erased."""
    deliveries.settle(
        connection, sorted((each.settled for each in batch), key=lambda each: each.delivery_id), now
    )
    seen: dict[int, int] = {}
    erased = set()
    for each in batch:
        if each.seen:
            seen[each.chat_id] = max(each.seen, seen.get(each.chat_id, 0))
        if each.flooded_until:
            chat_status.record_flood_wait(connection, each.chat_id, each.flooded_until, operators, now)
        if each.taken:
            chat_status.record_status(connection, each.chat_id, StatusSource.SENT, operators, now)
        if each.notice:
            add_notice(connection, operators, each.notice, now)
        if each.chat_id > 0 and isinstance(each.chat, ChatGone) and each.chat.state is not ChatState.PAUSED:
            if chats.erase_chat(connection, each.chat_id):
                erased.add(each.chat_id)
        elif each.chat:
            _change_chat(connection, each, operators, now)
    for chat_id, message_id in seen.items():
        chats.record_message_id(connection, chat_id, message_id)
    return erased


def _change_chat(connection: Connection, each: Settlement, operators: Sequence[int], now: datetime) -> None:
    match each.chat:
        case ChatMoved(new):
            chats.move(connection, each.chat_id, new)
        case ChatGone(state, reason):
            gone = state is ChatState.LEFT
            about = (connection, each.chat_id, StatusSource.ERROR, operators, now)
            chat_status.record_status(*about, why_not=reason, gone=gone)
        case None:
            return
