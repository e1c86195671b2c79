"""/healthz: are we alive? /readyz: do we do our work, and if not, why? /metrics: how much of everything.

They are for the moment when things are wrong: whatever fails while they look is a sentence.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from aiohttp import web

from bot.web.metrics import render_metrics
from jobs.clock import Clock, with_timeout
from storage.database import Database, first_error_line
from storage.records import Alarm, Chat
from storage.reports import Statistics, collect_statistics

#: A delivery that is due and not sent for so long means that we do not do our work.
LATE_AFTER = timedelta(minutes=10)
#: Seconds without a beat after which the event loop counts as dead.
LOOP_STALLED_AFTER = 30.0
#: Seconds that the database has to answer.
DATABASE_TIMEOUT = 2.0

log = structlog.get_logger()


def health_routes(
    db: Database,
    clock: Clock,
    list_problems: Callable[[], list[str]],
    silent_for: Callable[[], float] = lambda: 0.0,
) -> web.RouteTableDef:
    """The three addresses.

    `running` says which of our loops do not run, a sentence each; `silent_for` for how many seconds the event
    loop that they run on has not turned.
    """
    routes, asking = web.RouteTableDef(), _FiguresReader(db, clock)

    @routes.get("/healthz")
    async def get_healthz(_request: web.Request) -> web.Response:
        if held_up := _loop_problem(silent_for()):
            return web.Response(text=f"{held_up}\n", status=503)
        return web.Response(text="alive\n")

    @routes.get("/readyz")
    async def get_readyz(_request: web.Request) -> web.Response:
        found = await asking.read_figures()
        wrong = [*_loop_problem(silent_for()).splitlines(), *list_problems()]
        wrong += [found] if isinstance(found, str) else find_problems(found, clock.now())
        return web.json_response({"ready": not wrong, "wrong": wrong}, status=503 if wrong else 200)

    @routes.get("/metrics")
    async def get_metrics(_request: web.Request) -> web.Response:
        found = await asking.read_figures()
        if isinstance(found, str):
            return web.Response(text=f"{found}\n", status=503)
        text = render_metrics(found, clock.now())
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    return routes


class _FiguresReader:
    """Asks the database, once for all who ask meanwhile: one that hangs holds up one thread, not each."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._query: asyncio.Task[Statistics] | None = None
        self._problem = ""

    async def read_figures(self) -> Statistics | str:
        """The figures, or a sentence that says why there are none."""
        try:
            found = await with_timeout(self._clock, DATABASE_TIMEOUT, self._query_once())
        except TimeoutError:
            return self._log_change(f"The database has not answered for {DATABASE_TIMEOUT:g} s.")
        except Exception as error:  # whatever it is: this is asked when things are wrong
            return self._log_change(f"The database cannot be read: {first_error_line(error)}.")
        self._log_change("")
        return found

    async def _query_once(self) -> Statistics:
        if self._query is None or self._query.done():
            self._query = asyncio.create_task(self._db.read(collect_statistics, self._clock.now()))
            self._query.add_done_callback(_consume_exception)
        return await asyncio.shield(self._query)

    def _log_change(self, wrong: str) -> str:
        """The sentence, logged where trouble begins and where it ends."""
        if wrong and not self._problem:
            log.error("not ready", why=wrong)
        elif self._problem and not wrong:
            log.info("the database can be read again")
        self._problem = wrong
        return wrong


def _consume_exception(task: asyncio.Task[Statistics]) -> None:
    """What fails when nobody waits any more is no news: asyncio would log it as an error of its own."""
    if not task.cancelled():
        task.exception()


def _loop_problem(seconds: float) -> str:
    return f"The event loop has not turned for {seconds:.0f} s." if seconds > LOOP_STALLED_AFTER else ""


def find_problems(seen: Statistics, now: datetime) -> list[str]:
    """What an operator should know of at once, a sentence each."""
    found = []
    active = sum(seen.feeds.values())
    if active and seen.failing_feeds == active:
        found.append("The last look at every feed failed.")
    if seen.oldest_due_at and now - seen.oldest_due_at > LATE_AFTER:
        found.append(f"Deliveries are due since {seen.oldest_due_at:%Y-%m-%d %H:%M} UTC and not sent.")
    return found + [_chat_problem(chat) for chat in seen.troubled if _is_troubled(chat, now)]


def _is_troubled(chat: Chat, now: datetime) -> bool:
    return chat.alarm is Alarm.LOST or (chat.flooded_until is not None and chat.flooded_until > now)


def _chat_problem(chat: Chat) -> str:
    if chat.alarm is Alarm.WAITING:
        until = f"{chat.flooded_until:%Y-%m-%d %H:%M} UTC"
        return f"Telegram lets nothing be sent to {chat.display_name} until {until}."
    return f"{chat.display_name} cannot be written to: {chat.reason}."
