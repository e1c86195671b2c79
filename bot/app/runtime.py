"""How a house lives: everything runs beside everything else until somebody says stop."""

import asyncio
import signal
from datetime import timedelta
from functools import partial

import structlog
from aiohttp import web
from telegram.error import InvalidToken

from bot import __version__
from bot.app.container import House, keep_index
from bot.app.interpreter import give_way
from bot.app.job_log import LOOKS, tell_round, told
from bot.app.update_receiver import Listening, WebhookRefused
from bot.config.policies import editions, feed_urls
from bot.config.proxies import feeds_way, telegram_way
from bot.web.health import health_routes
from bot.web.server import CannotListen, serve
from bot.web.thread import Heartbeat, WebThread, handing_over
from bot.web.websub import Callbacks
from jobs import alerts, cleanup
from jobs.embed import pipeline as embedding_pipeline
from jobs.ingest import pipeline as ingesting
from jobs.ingest.feed_updates import Looks
from jobs.ingest.page import fetch
from jobs.ingest.websub.client import TEND_EVERY, tend
from jobs.publish import pipeline as publishing
from jobs.scheduler import Timetable

#: Feeds have their own times, stored; so often we ask which have come.
LOOK_EVERY = timedelta(seconds=1)
#: Pages that no post could wait for are read a few at a time: a new feed's backlog is many.
PAGES_EVERY = timedelta(seconds=20)
#: How soon the disk follows when a reader was erased who does not wait for it.
ERASE_EVERY = timedelta(seconds=2)
SAVE_INDEX_EVERY = timedelta(minutes=10)
#: Seconds that whatever is in flight gets after a stop: less than the ten after which others kill.
LAST_CALL = 9.0
#: Of those, what a look at a feed gets: it is done again at the next start.
LAST_LOOK = 2.0

log = structlog.get_logger()


class CannotLive(Exception):
    """The house cannot do its work; the message is one sentence for the operator."""


async def live(house: House, stop: asyncio.Event, look_every: timedelta = LOOK_EVERY) -> None:
    """Run everything until `stop` is set, then settle what is in flight.

    Raises:
        CannotLive: the token or the web address is not to be used.
    """
    listening = Listening(house)
    here, heart = asyncio.get_running_loop(), Heartbeat(house.clock)
    callbacks = Callbacks(house.websub, handing_over(here, partial(ingesting.take, house.ingest)))
    loops: dict[str, asyncio.Task[None]] = {}
    served = await _serve(house, listening, callbacks, loops, heart)
    beating = asyncio.create_task(heart.beat())
    loops["delivery"] = asyncio.create_task(publishing.run(house.publish, stop), name="delivery")
    loops["listening"] = asyncio.create_task(listening.listen(stop), name="listening")
    loops["indexing"] = asyncio.create_task(_keep_indexed(house, stop), name="indexing")
    warming = asyncio.create_task(_warm(house))
    looks = Looks(house.ingest, tell_round)
    timetable = _timetable(house, looks, look_every)
    timetable.start()
    _hello(house)
    asked = asyncio.create_task(_asked(stop))
    try:
        await asyncio.wait({asked, *loops.values()}, return_when=asyncio.FIRST_COMPLETED)
        broken = [] if asked.done() else [task for task in loops.values() if task.done()]
    finally:
        stop.set()
        house.stored.ring()
        asked.cancel()
        warming.cancel()
        beating.cancel()
        web_ends = asyncio.create_task(_close(served, callbacks), name="web")
        jobs_end = asyncio.create_task(_end_jobs(timetable, looks), name="jobs")
        await _all_end({warming, beating, web_ends, jobs_end, *loops.values()})
    for task in broken:
        _raise_sentence(task)


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and SIGINT ask for a stop; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def ask(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)  # not Python's own, which would print where it was

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask, number)


def _timetable(house: House, looks: Looks, look_every: timedelta) -> Timetable:
    settings, ingest = house.settings, house.ingest
    watching = partial(alerts.watch, house.db, house.clock, settings.operators)
    cleaning = partial(cleanup.clean_up, house.db, house.clock, settings.retention)
    timetable = Timetable(settings.timezone)
    timetable.add(LOOKS, told(LOOKS, looks.tick), look_every, at_once=True)
    timetable.add("pages", told("pages", partial(ingesting.read_late_pages, ingest)), PAGES_EVERY)
    timetable.add("hubs", told("hubs", partial(tend, house.websub)), TEND_EVERY, at_once=True)
    timetable.add("watch", told("watch", watching), alerts.EVERY)
    timetable.add("clean up", told("clean up", cleaning), cleanup.EVERY)
    dropping = partial(cleanup.drop_alerts, house.db, house.clock, settings.alert_retention)
    hours = cleanup.alerts_every(settings.alert_retention)
    timetable.add("drop alerts", told("drop alerts", dropping), hours, at_once=True)
    timetable.add("erase traces", told("erase traces", house.db.traces.erase_left), ERASE_EVERY)
    if house.embedder is not None:
        embedding = told("embed", house.embedder.catch_up)
        timetable.add("embed", embedding, embedding_pipeline.EVERY, at_once=True)
    timetable.add("index", lambda: asyncio.to_thread(keep_index, house.index), SAVE_INDEX_EVERY)
    return timetable


async def _end_jobs(timetable: Timetable, looks: Looks) -> None:
    await timetable.stop(LAST_LOOK)
    await looks.stop(LAST_LOOK)


def _hello(house: House) -> None:
    settings = house.settings
    channels = sum(len(edition.channels) for edition in editions(settings))
    address = ":".join(map(str, settings.http_address)) if settings.http_address else "none"
    feeds = len(feed_urls(settings))
    ways = {"way_to_telegram": str(telegram_way(settings)), "way_to_feeds": str(feeds_way(settings))}
    log.info(
        "Newswire runs", version=__version__, feeds=feeds, channels=channels, http_address=address, **ways
    )


async def _warm(house: House) -> None:
    """Load what the first feed and the first question would otherwise wait for."""
    await house.parser.warm()
    await house.parser.children.warm(fetch.READ, fetch.SAMPLE)
    await asyncio.to_thread(house.index.related_to_text, "warm", 1, 0, house.clock.now())
    give_way()


async def _asked(stop: asyncio.Event) -> None:
    await stop.wait()


async def _keep_indexed(house: House, stop: asyncio.Event) -> None:
    """Articles are found as soon as they are stored; what a crash left out is caught up at the next start."""
    catch_up = told("indexing", lambda: house.db.read(house.index.catch_up))
    while not stop.is_set():
        await house.stored.wait(house.clock, 60.0)
        await catch_up()


async def _serve(
    house: House,
    listening: Listening,
    callbacks: Callbacks,
    loops: dict[str, asyncio.Task[None]],
    heart: Heartbeat,
) -> tuple[WebThread, web.AppRunner] | None:
    address = house.settings.http_address
    if address is None:
        return None

    def wrong() -> list[str]:
        stopped = [f"The {name} loop has stopped." for name, task in loops.items() if task.done()]
        return stopped + listening.trouble() + _silence(house)

    routes = [health_routes(house.db, house.clock, wrong, heart.silent_for), listening.routes()]
    if house.settings.public_url:
        routes.append(callbacks.routes())
    thread = WebThread()
    try:
        return thread, await thread.run(serve(address, routes))
    except CannotListen as error:
        await thread.stop()
        host, port = address
        raise CannotLive(f"HTTP_ADDRESS: cannot listen on {host}:{port}: {error}.") from None


def _silence(house: House) -> list[str]:
    """A sentence where nothing that we send is answered."""
    lasts = house.publish.pace.silence.lasts(house.clock.monotonic())
    return [f"Telegram has answered nothing that we send for {lasts:.0f} s."] if lasts else []


async def _close(served: tuple[WebThread, web.AppRunner] | None, callbacks: Callbacks) -> None:
    if served:
        thread, runner = served
        await thread.run(runner.cleanup())
        await thread.run(callbacks.close())
        await thread.stop()


async def _all_end(tasks: set[asyncio.Task[None]]) -> None:
    """Wait for all, `LAST_CALL` at most; what is not over then is given up, and found again in the rows."""
    _, late = await asyncio.wait(tasks, timeout=LAST_CALL)
    for task in late:
        log.warning("gave up waiting", task=task.get_name())
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _raise_sentence(task: asyncio.Task[None]) -> None:
    error = task.exception()
    match error:
        case None:
            return
        case InvalidToken():
            raise CannotLive(
                "TELEGRAM_BOT_TOKEN: Telegram does not know this token; one from @BotFather is wanted."
            )
        case WebhookRefused():
            raise CannotLive(f"PUBLIC_URL: Telegram does not take it for its webhook: {error}.")
        case _:
            raise error
