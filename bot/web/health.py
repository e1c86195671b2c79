"""/healthz: are we alive? /readyz: do we do our work, and if not, why? /metrics: how much of everything.

They are for the moment when things are wrong: whatever fails while they look is a sentence.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from aiohttp import web

from bot.web.metrics import exposition
from jobs.clock import Clock, within
from storage.database import Database, words_of
from storage.records import Alarm, Chat
from storage.reports import Figures, figures

#: A delivery that is due and not sent for so long means that we do not do our work.
LATE = timedelta(minutes=10)
#: Seconds without a beat after which the event loop counts as dead.
SILENCE = 30.0
#: Seconds that the database has to answer.
PATIENCE = 2.0

log = structlog.get_logger()


def health_routes(
    db: Database,
    clock: Clock,
    running: Callable[[], list[str]],
    silent_for: Callable[[], float] = lambda: 0.0,
) -> web.RouteTableDef:
    """The three addresses.

    `running` says which of our loops do not run, a sentence each; `silent_for` for how many seconds the event
    loop that they run on has not turned.
    """
    routes, asking = web.RouteTableDef(), _Asking(db, clock)

    @routes.get("/healthz")
    async def healthz(_request: web.Request) -> web.Response:
        if held_up := _held_up(silent_for()):
            return web.Response(text=f"{held_up}\n", status=503)
        return web.Response(text="alive\n")

    @routes.get("/readyz")
    async def readyz(_request: web.Request) -> web.Response:
        found = await asking.figures()
        wrong = [*_held_up(silent_for()).splitlines(), *running()]
        wrong += [found] if isinstance(found, str) else troubles(found, clock.now())
        return web.json_response({"ready": not wrong, "wrong": wrong}, status=503 if wrong else 200)

    @routes.get("/metrics")
    async def metrics(_request: web.Request) -> web.Response:
        found = await asking.figures()
        if isinstance(found, str):
            return web.Response(text=f"{found}\n", status=503)
        text = exposition(found, clock.now())
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    return routes


class _Asking:
    """Asks the database, once for all who ask meanwhile: one that hangs holds up one thread, not each."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._under_way: asyncio.Task[Figures] | None = None
        self._wrong = ""

    async def figures(self) -> Figures | str:
        """The figures, or a sentence that says why there are none."""
        try:
            found = await within(self._clock, PATIENCE, self._ask())
        except TimeoutError:
            return self._told(f"The database has not answered for {PATIENCE:g} s.")
        except Exception as error:  # whatever it is: this is asked when things are wrong
            return self._told(f"The database cannot be read: {words_of(error)}.")
        self._told("")
        return found

    async def _ask(self) -> Figures:
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._db.read(figures, self._clock.now()))
            self._under_way.add_done_callback(_heed)
        return await asyncio.shield(self._under_way)

    def _told(self, wrong: str) -> str:
        """The sentence, logged where trouble begins and where it ends."""
        if wrong and not self._wrong:
            log.error("not ready", why=wrong)
        elif self._wrong and not wrong:
            log.info("the database can be read again")
        self._wrong = wrong
        return wrong


def _heed(task: asyncio.Task[Figures]) -> None:
    """What fails when nobody waits any more is no news: asyncio would log it as an error of its own."""
    if not task.cancelled():
        task.exception()


def _held_up(seconds: float) -> str:
    return f"The event loop has not turned for {seconds:.0f} s." if seconds > SILENCE else ""


def troubles(seen: Figures, now: datetime) -> list[str]:
    """What an operator should know of at once, a sentence each."""
    found = []
    active = sum(seen.feeds.values())
    if active and seen.failing_feeds == active:
        found.append("The last look at every feed failed.")
    if seen.oldest_due_at and now - seen.oldest_due_at > LATE:
        found.append(f"Deliveries are due since {seen.oldest_due_at:%Y-%m-%d %H:%M} UTC and not sent.")
    return found + [_trouble(chat) for chat in seen.troubled if _troubles_now(chat, now)]


def _troubles_now(chat: Chat, now: datetime) -> bool:
    return chat.alarm is Alarm.LOST or (chat.flooded_until is not None and chat.flooded_until > now)


def _trouble(chat: Chat) -> str:
    if chat.alarm is Alarm.WAITING:
        return (
            f"Telegram lets nothing be sent to {chat.called} until {chat.flooded_until:%Y-%m-%d %H:%M} UTC."
        )
    return f"{chat.called} cannot be written to: {chat.reason}."
