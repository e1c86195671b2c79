"""/healthz: are we alive? /readyz: do we do our work, and if not, why? /metrics: how much of everything."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from aiohttp import web

from bot.web.metrics import exposition
from jobs.clock import Clock
from storage.database import Database, StorageError
from storage.records import Alarm, Chat
from storage.stats import Figures, figures

#: A delivery that is due and not sent for so long means that we do not do our work.
LATE = timedelta(minutes=10)

Troubles = Callable[[], Awaitable[list[str]]]


def health_routes(db: Database, clock: Clock, running: Callable[[], list[str]]) -> web.RouteTableDef:
    """The three addresses. `running` says which of our loops do not run, a sentence each."""
    routes = web.RouteTableDef()

    @routes.get("/healthz")
    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    @routes.get("/readyz")
    async def readyz(_request: web.Request) -> web.Response:
        wrong = running()
        try:
            wrong += troubles(await db.read(figures, clock.now()), clock.now())
        except StorageError as error:
            wrong.append(str(error))
        return web.json_response({"ready": not wrong, "wrong": wrong}, status=503 if wrong else 200)

    @routes.get("/metrics")
    async def metrics(_request: web.Request) -> web.Response:
        now = clock.now()
        text = exposition(await db.read(figures, now), now)
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    return routes


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
