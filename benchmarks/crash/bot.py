"""The bot as a process that is killed and restarted, and its database, read from outside."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from benchmarks.crash.site import Site, Story
from storage import articles, feeds, subscriptions
from storage.database import Connection, Database, open_database
from storage.migrations import migrate
from storage.records import ChatKind
from storage.schema import chats as chats_table
from storage.schema import entries
from storage.schema import subscriptions as subscriptions_table

#: The whole bot, or only the parts that deliver, which start faster.
REAL, SMALL = ("-m", "bot", "run"), ("-m", "benchmarks.crash.small")
#: The process runs the code of this working tree.
ROOT = Path(__file__).parents[2]
#: Readers per INSERT.
AT_ONCE = 5000
_STATES = "SELECT state, count(*) FROM deliveries GROUP BY state"


class LeftByItself(Exception):
    """The process ended without being killed; the message is the end of its log."""


@dataclass
class Bot:
    """A bot process that can be killed and restarted on the same database."""

    folder: Path
    small: bool
    settings: dict[str, str]
    process: asyncio.subprocess.Process | None = None

    def prepare(self, readers: range) -> None:
        """Create a database in which these readers follow everything."""
        self._database = self._open()
        self._database.run_sync(migrate)
        self._database.run_sync(follow, readers)

    def close(self) -> None:
        self.kill()
        self._database.close()

    async def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                *(SMALL if self.small else REAL),
                cwd=self.folder,
                env=os.environ | self.settings | {"PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    def kill(self) -> None:
        if self.process and self.alive:
            self.process.kill()

    async def dead(self) -> None:
        """Wait until the process ends. Raises LeftByItself if it was not killed."""
        assert self.process
        if await self.process.wait() != -signal.SIGKILL:
            raise LeftByItself((self.folder / "log").read_text(errors="replace")[-3000:])

    async def stop(self) -> int:
        """Stop the process with SIGTERM; returns its exit code."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()

    def tell(self, site: Site, story: Story) -> None:
        """Store a story or its correction as ingest does, if the process is a small one without ingest."""
        if self.small:
            self._database.run_sync(_keep, site, story)

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """Query the database while the process runs."""
        connection = sqlite3.connect(f"file:{self.folder}/newswire.db?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    async def until(self, query: str, patience: float) -> bool:
        """Wait until the query returns a row; False if it does not within `patience` seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + patience
        while not await asyncio.to_thread(self.ask, query):
            if loop.time() > end:
                return False
            if not self.alive:
                await self.dead()
            await asyncio.sleep(0.05)
        return True

    def states(self) -> Counter[str]:
        return Counter({str(row[0]): int(str(row[1])) for row in self.ask(_STATES)})

    def _open(self) -> Database:
        return open_database(f"sqlite:///{self.folder}/newswire.db")


def follow(connection: Connection, readers: range) -> None:
    """Subscribe these readers to everything, to be notified at once."""
    now = datetime.now(UTC)
    for first in range(readers.start, readers.stop, AT_ONCE):
        some = range(first, min(first + AT_ONCE, readers.stop))
        chat = {"kind": ChatKind.PRIVATE, "created_at": now}
        connection.execute(insert(chats_table), [{"id": reader, **chat} for reader in some])
        wish = {"what": subscriptions.EVERYTHING, "rhythm": subscriptions.AT_ONCE, "created_at": now}
        connection.execute(insert(subscriptions_table), [{"chat_id": reader, **wish} for reader in some])


def _keep(connection: Connection, site: Site, story: Story) -> None:
    now = datetime.now(UTC)
    link = site.link(story)
    draft = articles.ArticleDraft(
        url=link, title=story.title, summary="Passengers may board from noon.", published_at=story.at
    )
    number = next((row.id for row in articles.list_latest(connection, 200) if row.url == link), None)
    if number is not None:
        articles.revise(connection, number, draft, ["title"], now)
        return
    [number] = articles.add(connection, [draft], now)
    feeds.register_urls(connection, [site.feed], now)
    [feed] = feeds.list_all(connection)
    row = {"feed_id": feed.id, "article_id": number, "content_hash": b"", "seen_at": now}
    connection.execute(insert(entries), [{**row, "last_seen_at": now}])
