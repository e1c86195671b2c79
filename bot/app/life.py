"""How a house lives: everything runs beside everything else until somebody says stop."""

import asyncio
import signal
from datetime import timedelta

from aiohttp import web
from telegram.error import InvalidToken

from bot.app.house import House
from bot.app.listening import Listening
from bot.web.health import health_routes
from bot.web.server import serve
from bot.web.websub import Callbacks
from jobs import cleanup, watch
from jobs.ingest import pipeline as ingesting
from jobs.ingest.websub import TEND_EVERY, tend
from jobs.publish import pipeline as publishing
from jobs.timetable import Timetable

#: Feeds have their own times, stored; so often we ask which have come.
LOOK_EVERY = timedelta(seconds=1)
#: Pages that no post could wait for are read a few at a time: a new feed's backlog is many.
PAGES_EVERY = timedelta(seconds=20)
SAVE_INDEX_EVERY = timedelta(minutes=10)
#: Seconds that whatever is in flight gets after a stop.
LAST_CALL = 10.0


class CannotLive(Exception):
    """The house cannot do its work; the message is one sentence for the operator."""


async def live(house: House, stop: asyncio.Event, look_every: timedelta = LOOK_EVERY) -> None:
    """Run everything until `stop` is set, then settle what is in flight.

    Raises:
        CannotLive: the token or the web address is not to be used.
    """
    listening = Listening(house)
    warming = asyncio.create_task(_warm(house))
    loops = {
        "delivery": asyncio.create_task(publishing.run(house.publish, stop)),
        "listening": asyncio.create_task(listening.listen(stop)),
        "indexing": asyncio.create_task(_keep_indexed(house, stop)),
    }
    callbacks = Callbacks(house.websub, lambda push: ingesting.take(house.ingest, push))
    runner = await _serve(house, listening, callbacks, loops)
    timetable = _timetable(house, look_every)
    timetable.start()
    asked = asyncio.create_task(_told(stop))
    try:
        done, _ = await asyncio.wait({asked, *loops.values()}, return_when=asyncio.FIRST_COMPLETED)
        broken = [task for task in done if task is not asked]
    finally:
        stop.set()
        house.stored.ring()
        await timetable.stop(LAST_CALL)
        asked.cancel()
        warming.cancel()
        if runner:
            await runner.cleanup()
            await callbacks.close()
        _, late = await asyncio.wait(loops.values(), timeout=LAST_CALL)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    for task in broken:
        _raise_sentence(task)


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and SIGINT ask for a stop; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def ask(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask, number)


def _timetable(house: House, look_every: timedelta) -> Timetable:
    timetable = Timetable(house.settings.timezone)
    timetable.add("fetch", lambda: ingesting.look_at_due(house.ingest), look_every, at_once=True)
    timetable.add("pages", lambda: ingesting.read_late_pages(house.ingest), PAGES_EVERY)
    timetable.add("hubs", lambda: tend(house.websub), TEND_EVERY, at_once=True)
    timetable.add("watch", lambda: watch.watch(house.db, house.clock, house.settings.operators), watch.EVERY)
    timetable.add(
        "clean up",
        lambda: cleanup.clean_up(house.db, house.clock, house.settings.retention),
        cleanup.EVERY,
    )
    timetable.add("index", lambda: asyncio.to_thread(house.index.save), SAVE_INDEX_EVERY)
    return timetable


async def _warm(house: House) -> None:
    """Load what the first feed and the first question would otherwise wait for."""
    await house.parser.warm()
    await asyncio.to_thread(house.index.related_to_text, "warm", 1, 0, house.clock.now())


async def _told(stop: asyncio.Event) -> None:
    await stop.wait()


async def _keep_indexed(house: House, stop: asyncio.Event) -> None:
    """Articles are found as soon as they are stored; what a crash left out is caught up at the next start."""
    while not stop.is_set():
        await house.stored.wait(house.clock, 60.0)
        await house.db.read(house.index.catch_up)


async def _serve(
    house: House, listening: Listening, callbacks: Callbacks, loops: dict[str, asyncio.Task[None]]
) -> web.AppRunner | None:
    address = house.settings.http_address
    if address is None:
        return None

    def stopped() -> list[str]:
        return [f"The {name} loop has stopped." for name, task in loops.items() if task.done()]

    routes = [health_routes(house.db, house.clock, stopped), listening.routes()]
    if house.settings.public_url:
        routes.append(callbacks.routes())
    try:
        return await serve(address, routes)
    except OSError as error:
        host, port = address
        raise CannotLive(f"HTTP_ADDRESS: cannot listen on {host}:{port}: {error.strerror}.") from None


def _raise_sentence(task: asyncio.Task[None]) -> None:
    error = task.exception()
    if isinstance(error, InvalidToken):
        raise CannotLive(
            "TELEGRAM_BOT_TOKEN: Telegram does not know this token; one from @BotFather is wanted."
        )
    if error is not None:
        raise error
