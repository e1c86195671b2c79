"""A newsroom whose bot is killed, the fake Telegram that outlives it, and the final comparison."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from benchmarks.crash.bot import Bot
from benchmarks.crash.points import Point, Trap
from benchmarks.crash.report import Report
from benchmarks.crash.site import Site, Story
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.faults import Applied, Fault, FaultEffect
from bot.sandbox.telegram.limits import Limits
from bot.sandbox.transport.http_server import add_bot_api_route
from jobs.clock import SystemClock
from jobs.config import Rate

#: The limits of the fake Telegram, and the bot's settings for them.
FAST, EACH = Rate(60, 1.0), Rate(20, 1.0)
LIMITS = Limits(overall=FAST, paid=FAST, chat=EACH, group=EACH, burst=20, grace=0.2)
RATES = {
    "RATE_OVERALL": "60/s",
    "RATE_CHAT": "20/s",
    "RATE_GROUP": "20/s",
    "ALLOW_PAID_BROADCAST": "yes",
}
UNCLEAR_SEND_WAIT = 2
FAULTS = (
    Fault(FaultEffect.FLOOD, Applied.NO, 1),
    Fault(FaultEffect.ERROR, Applied.NO),
    Fault(FaultEffect.ERROR),
    Fault(FaultEffect.GATEWAY, Applied.NO),
    Fault(FaultEffect.GATEWAY),
    Fault(FaultEffect.CLOSED, Applied.NO),
    Fault(FaultEffect.CLOSED),
    Fault(FaultEffect.RESET, Applied.NO),
    Fault(FaultEffect.RESET),
    Fault(FaultEffect.TRUNCATED),
    Fault(FaultEffect.CLOSED, Applied.LATE, 1.0),
    Fault(seconds=0.3),
)
FIRST_READER = 100_000
#: Seconds that a process lives at most after its first request, and until that request.
LIFE, LONGEST_START = 4.0, 30.0

_PLANNED = "SELECT 1 FROM articles WHERE planned_at IS NOT NULL"
_MET = "SELECT 1 FROM (SELECT count(*) AS met FROM chats WHERE title <> '') WHERE met = {}"
_CLAIMED = "SELECT 1 FROM deliveries WHERE state = 'claimed' AND claimed_at > '{:%Y-%m-%d %H:%M:%S.%f}'"
_DONE = (
    "SELECT 1 FROM (SELECT count(*) AS rows_, "
    "sum(deliveries.state IN ('owed', 'claimed', 'unclear')) AS open_ "
    "FROM deliveries JOIN posts ON posts.id = post_id WHERE posts.kind = 'article') "
    "WHERE rows_ = {} AND open_ = 0"
)
_REPEATED = (
    "SELECT chat_id, articles.url FROM deliveries JOIN posts ON posts.id = post_id "
    "JOIN articles ON articles.id = article_id WHERE repeats > 0"
)
_COUNTS = "SELECT sum(unclear), sum(found), sum(repeats), sum(state <> 'settled') FROM deliveries"


class Laboratory:
    """One newsroom whose bot is killed."""

    def __init__(self, folder: Path, *, small: bool, channels: int, readers: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.telegram = FakeTelegram(SystemClock(), self.chance, limits=LIMITS)
        self.trap, self.site = Trap(self.telegram, self.chance), Site()
        self.channels = [self.telegram.add_channel(f"Channel {number}").id for number in range(channels)]
        self.readers = self.telegram.add_people(readers, first_id=FIRST_READER)
        self.operator = self.telegram.add_person("Operator").id
        self.bot = Bot(folder, small, {"DATABASE_URL": f"sqlite:///{folder}/newswire.db"})
        self.report = Report(channels=channels, readers=readers)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serve the fake Telegram and the site, and prepare the database."""
        application = web.Application(middlewares=[self.trap.middleware])
        add_bot_api_route(application, self.telegram)
        application.add_routes(self.site.routes())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.site.address = "http://{}:{}".format(*runner.addresses[0][:2])
        self.bot.settings |= self._settings()
        self.bot.prepare(self.readers)
        try:
            yield
        finally:
            self.bot.close()
            await self.telegram.close()
            await runner.cleanup()

    def _settings(self) -> dict[str, str]:
        return {
            "TELEGRAM_BOT_TOKEN": self.telegram.token,
            "TELEGRAM_API_URL": self.site.address,
            "FEED_URLS": self.site.feed,
            "CHANNELS": ",".join(map(str, self.channels)),
            "OPERATORS": str(self.operator),
            "PRIVATE_NETWORKS": "127.0.0.1/32",
            "FETCH_SCHEDULE": "1s",
            "UNCLEAR_SEND_WAIT": f"{UNCLEAR_SEND_WAIT}s",
            "HTTP_ADDRESS": "",
            "LOG_LEVEL": "warning",
            **RATES,
        }

    async def begin(self, faults: float) -> None:
        """Start the bot and wait for the first feed update, which posts nothing; later stories are news."""
        first = self.site.publish()
        await self.bot.start()
        if not self.bot.small:
            assert await self.bot.until(_PLANNED, 60), f"{first.title} was never stored"
        assert await self.bot.until(_MET.format(len(self.channels)), 60), (
            "the bot never looked up its channels"
        )
        self.telegram.faults.add_random(faults, FAULTS)

    async def correct_one(self, faults: float, patience: float) -> None:
        """Publish one story, wait until everybody has it, and correct it."""
        self.telegram.faults.clear()
        self._tell(self.site.publish())
        assert await self.bot.until(self._done(), patience), "the story did not reach everybody in time"
        self.telegram.faults.add_random(faults, FAULTS)
        self._correct(self.site.stories[-1])

    async def kill_once(self, point: Point) -> None:
        """Kill the bot at the point, or at the end of its lifetime if it does not reach it."""
        if not self.bot.alive:
            self.trap.called.clear()
            await self.bot.start()
        if point not in (Point.CLAIMED, Point.RANDOM):
            self.trap.arm(point, self.bot.kill)
        watch = asyncio.create_task(self._watch(point))
        try:
            await self.bot.dead()
        finally:
            watch.cancel()
            self.trap.disarm()
        self.report.kills[point] += 1

    def publish(self) -> None:
        """Publish up to two stories, and sometimes a correction."""
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            self._tell(self.site.publish())
        if len(self.site.stories) > 1 and self.chance.random() < 0.3:
            self._correct(self.chance.choice(self.site.stories[1:][-20:]))

    def _tell(self, story: Story) -> None:
        self.bot.tell(self.site, story)
        self.report.stories += 1

    def _correct(self, story: Story) -> None:
        self.site.correct(story)
        self.bot.tell(self.site, story)
        self.report.corrections += 1

    def _done(self) -> str:
        """A query that returns a row once nothing is left to deliver."""
        chats = len(self.channels) + len(self.readers)
        return _DONE.format((len(self.site.stories) - 1) * chats)

    async def _watch(self, point: Point) -> None:
        """Kill the process if it does not reach the trap."""
        since, life = datetime.now(UTC), LIFE
        if point is Point.RANDOM:
            life *= self.chance.random()
        if point is not Point.RANDOM or self.chance.random() < 0.7:  # else possibly while it starts
            with suppress(TimeoutError):
                await asyncio.wait_for(self.trap.called.wait(), LONGEST_START)
        if point is Point.CLAIMED:
            await self._some_claimed(since, life)
        else:
            await asyncio.sleep(life)
        self.bot.kill()

    async def _some_claimed(self, since: datetime, seconds: float) -> None:
        loop, query = asyncio.get_running_loop(), _CLAIMED.format(since)
        end, skip = loop.time() + seconds, self.chance.choice((0, 0, 1, 3))
        while loop.time() < end:
            if await asyncio.to_thread(self.bot.ask, query):
                if skip == 0:
                    return
                skip -= 1
            await asyncio.sleep(0.002)  # nothing notifies us of changes by another process

    async def finish(self, patience: float) -> Report:
        """Let the bot finish without faults and kills, stop it, and compare."""
        self.telegram.faults.clear()
        if not self.bot.alive:
            await self.bot.start()
        done = self._done()
        await self.bot.until(done, patience)
        await asyncio.sleep(0.5 if self.bot.small else 2.5)  # for a correction in the last feed update
        await self.bot.until(done, patience)
        self.report.exit_code = await self.bot.stop()
        return self._compare()

    def _outdated(self, chat_id: int) -> int:
        """How many stories are not shown in the chat in their present version."""
        shown = "\n".join(
            message.content.text.plain for message in self.telegram.visible_messages(chat_id)
        ).splitlines()
        return len({story.title for story in self.site.stories[1:]} - set(shown))

    def _compare(self) -> Report:
        """Compare what was published with what everybody saw."""
        report, links = self.report, {self.site.link(story): story for story in self.site.stories[1:]}
        public = self.telegram.visibility.count_marks(links, self.channels)
        private = self.telegram.visibility.count_marks(links, self.readers)
        report.lost, report.doubled = len(public.missing), len(public.duplicated)
        report.reader_lost, report.reader_doubled = len(private.missing), len(private.duplicated)
        counted = {(row[0], str(row[1])) for row in self.bot.ask(_REPEATED)}
        report.uncounted = len(set(private.duplicated) - counted)
        report.outdated = sum(self._outdated(chat_id) for chat_id in self.channels)
        report.reader_outdated = sum(self._outdated(chat_id) for chat_id in self.readers) - report.reader_lost
        report.edits = sum(len(message.versions) for message in self.telegram.visibility.messages())
        counts = (int(str(value or 0)) for value in self.bot.ask(_COUNTS)[0])
        report.unclear, report.found, report.repeated, report.undone = counts
        report.faults = self.telegram.faults.injected_count
        return report
