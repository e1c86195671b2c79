"""The endpoints for monitoring: /healthz (is the process alive?), /readyz (does it work?) and /metrics.

They matter most when things are wrong: any failure becomes a sentence in the response, never a 500.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import aiohttp
import structlog
from aiohttp import web

from bot.web.metrics import render_metrics
from jobs.clock import Clock, with_timeout
from storage.database import Database, first_error_line
from storage.records import Alarm, Chat
from storage.reports import Statistics, collect_statistics

#: A delivery that is due for longer than this makes the bot unready.
LATE_AFTER = timedelta(minutes=10)
#: Seconds without a heartbeat after which the event loop counts as dead.
LOOP_STALLED_AFTER = 30.0
#: Seconds that the database has to answer.
DATABASE_TIMEOUT = 2.0

#: Seconds that a Newswire has to answer when it is probed.
PROBE_TIMEOUT = 2.0
#: The body of /healthz.
ALIVE = "alive\n"

log = structlog.get_logger()


async def is_newswire_alive(url: str) -> bool:
    """Return whether a Newswire answers at the base address `url`."""
    timeout = aiohttp.ClientTimeout(total=PROBE_TIMEOUT)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{url}/healthz", allow_redirects=False) as response,
        ):
            return response.status == 200 and await response.text() == ALIVE
    except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError):
        return False


def health_routes(
    db: Database,
    clock: Clock,
    list_problems: Callable[[], list[str]],
    silent_for: Callable[[], float] = lambda: 0.0,
) -> web.RouteTableDef:
    """Build the routes of /healthz, /readyz and /metrics.

    `list_problems` returns a sentence for each problem of the running bot; `silent_for` the seconds since the
    last heartbeat of its event loop.
    """
    routes, reader = web.RouteTableDef(), _StatisticsReader(db, clock)

    @routes.get("/healthz")
    async def get_healthz(_request: web.Request) -> web.Response:
        if problem := _loop_problem(silent_for()):
            return web.Response(text=f"{problem}\n", status=503)
        return web.Response(text=ALIVE)

    @routes.get("/readyz")
    async def get_readyz(_request: web.Request) -> web.Response:
        found = await reader.read_statistics()
        problems = [*_loop_problem(silent_for()).splitlines(), *list_problems()]
        problems += [found] if isinstance(found, str) else find_problems(found, clock.now())
        return web.json_response({"ready": not problems, "wrong": problems}, status=503 if problems else 200)

    @routes.get("/metrics")
    async def get_metrics(_request: web.Request) -> web.Response:
        found = await reader.read_statistics()
        if isinstance(found, str):
            return web.Response(text=f"{found}\n", status=503)
        text = render_metrics(found, clock.now())
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    return routes


class _StatisticsReader:
    """Reads the statistics. Concurrent requests share a query, so that a hung database blocks one thread."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._query: asyncio.Task[Statistics] | None = None
        self._problem = ""

    async def read_statistics(self) -> Statistics | str:
        """Return the statistics, or a sentence that says why there are none."""
        try:
            found = await with_timeout(self._clock, DATABASE_TIMEOUT, self._query_once())
        except TimeoutError:
            return self._log_change(f"The database has not answered for {DATABASE_TIMEOUT:g} s.")
        except Exception as error:  # any failure makes the bot unready
            return self._log_change(f"The database cannot be read: {first_error_line(error)}.")
        self._log_change("")
        return found

    async def _query_once(self) -> Statistics:
        if self._query is None or self._query.done():
            self._query = asyncio.create_task(self._db.read(collect_statistics, self._clock.now()))
            self._query.add_done_callback(_consume_exception)
        return await asyncio.shield(self._query)

    def _log_change(self, problem: str) -> str:
        """Log when a problem begins or ends. Return the problem."""
        if problem and not self._problem:
            log.error("database read failed, not ready", reason=problem)
        elif self._problem and not problem:
            log.info("database read again")
        self._problem = problem
        return problem


def _consume_exception(task: asyncio.Task[Statistics]) -> None:
    """Keep asyncio from logging an exception that was raised after every request had timed out."""
    if not task.cancelled():
        task.exception()


def _loop_problem(seconds: float) -> str:
    return f"The event loop has been blocked for {seconds:.0f} s." if seconds > LOOP_STALLED_AFTER else ""


def find_problems(statistics: Statistics, now: datetime) -> list[str]:
    """Return a sentence for each problem that an operator should know of at once."""
    problems = []
    active = sum(statistics.feeds.values())
    if active and statistics.failing_feeds == active:
        problems.append("The last update of every feed failed.")
    if statistics.oldest_due_at and now - statistics.oldest_due_at > LATE_AFTER:
        problems.append(f"Deliveries have been due since {statistics.oldest_due_at:%Y-%m-%d %H:%M} UTC.")
    return problems + [_chat_problem(chat) for chat in statistics.troubled if _is_troubled(chat, now)]


def _is_troubled(chat: Chat, now: datetime) -> bool:
    return chat.alarm is Alarm.LOST or (chat.flooded_until is not None and chat.flooded_until > now)


def _chat_problem(chat: Chat) -> str:
    if chat.alarm is Alarm.WAITING:
        until = f"{chat.flooded_until:%Y-%m-%d %H:%M} UTC"
        return f"Telegram allows no messages to {chat.display_name} until {until}."
    return f"{chat.display_name} cannot be sent messages: {chat.reason}."
