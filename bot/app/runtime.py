"""How a house lives: everything runs beside everything else until somebody says stop."""

import asyncio
import signal
from datetime import timedelta
from functools import partial

import structlog
from aiohttp import web
from telegram.error import InvalidToken

from bot import __version__
from bot.app.container import Container, save_index
from bot.app.interpreter import tune_interpreter
from bot.app.job_log import FETCH_JOB, log_round, logged_job
from bot.app.update_receiver import UpdateReceiver, WebhookRefused
from bot.config.policies import list_editions, list_feed_urls
from bot.config.proxies import feeds_route, telegram_route
from bot.web.health import health_routes
from bot.web.server import CannotListen, start_server
from bot.web.thread import Heartbeat, WebThread, bind_to_loop
from bot.web.websub import WebSubEndpoint
from jobs import alerts, cleanup
from jobs.embed import pipeline as embedding_pipeline
from jobs.ingest import pipeline as ingesting
from jobs.ingest.feed_updates import UpdateRunner
from jobs.ingest.page import fetch
from jobs.ingest.websub.client import SYNC_INTERVAL, sync_leases
from jobs.publish import pipeline as publishing
from jobs.scheduler import Scheduler

#: Feeds have their own times, stored; so often we ask which have come.
FEED_UPDATE_EVERY = timedelta(seconds=1)
#: Pages that no post could wait for are read a few at a time: a new feed's backlog is many.
PAGES_EVERY = timedelta(seconds=20)
#: How soon the disk follows when a reader was erased who does not wait for it.
ERASE_EVERY = timedelta(seconds=2)
SAVE_INDEX_EVERY = timedelta(minutes=10)
#: Seconds that whatever is in flight gets after a stop: less than the ten after which others kill.
SHUTDOWN_TIMEOUT = 9.0
#: Of those, what a look at a feed gets: it is done again at the next start.
JOBS_SHUTDOWN_TIMEOUT = 2.0

log = structlog.get_logger()


class CannotRun(Exception):
    """The house cannot do its work; the message is one sentence for the operator."""


async def run_bot(
    container: Container, stop: asyncio.Event, update_every: timedelta = FEED_UPDATE_EVERY
) -> None:
    """Run everything until `stop` is set, then settle what is in flight.

    Raises:
        CannotLive: the token or the web address is not to be used.
    """
    receiver = UpdateReceiver(container)
    here, heartbeat = asyncio.get_running_loop(), Heartbeat(container.clock)
    callbacks = WebSubEndpoint(
        container.websub, bind_to_loop(here, partial(ingesting.receive_push, container.ingest))
    )
    loops: dict[str, asyncio.Task[None]] = {}
    served = await _start_web(container, receiver, callbacks, loops, heartbeat)
    beating = asyncio.create_task(heartbeat.beat())
    loops["delivery"] = asyncio.create_task(publishing.run(container.publish, stop), name="delivery")
    loops["listening"] = asyncio.create_task(receiver.receive_updates(stop), name="listening")
    loops["indexing"] = asyncio.create_task(_index_new_articles(container, stop), name="indexing")
    warming = asyncio.create_task(_warm_up(container))
    updater = UpdateRunner(container.ingest, log_round)
    timetable = _build_scheduler(container, updater, update_every)
    timetable.start()
    _log_startup(container)
    asked = asyncio.create_task(_wait_for_stop(stop))
    try:
        await asyncio.wait({asked, *loops.values()}, return_when=asyncio.FIRST_COMPLETED)
        broken = [] if asked.done() else [task for task in loops.values() if task.done()]
    finally:
        stop.set()
        container.articles_stored.notify()
        asked.cancel()
        warming.cancel()
        beating.cancel()
        web_ends = asyncio.create_task(_stop_web(served, callbacks), name="web")
        jobs_end = asyncio.create_task(_stop_jobs(timetable, updater), name="jobs")
        await _wait_for_tasks({warming, beating, web_ends, jobs_end, *loops.values()})
    for task in broken:
        _raise_failure(task)


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and SIGINT ask for a stop; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def request_stop(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)  # not Python's own, which would print where it was

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, request_stop, number)


def _build_scheduler(container: Container, updater: UpdateRunner, update_every: timedelta) -> Scheduler:
    settings, ingest = container.settings, container.ingest
    watching = partial(alerts.check_feeds, container.db, container.clock, settings.operators)
    cleaning = partial(cleanup.drop_old_texts, container.db, container.clock, settings.retention)
    timetable = Scheduler(settings.timezone)
    timetable.add_job(FETCH_JOB, logged_job(FETCH_JOB, updater.start_due), update_every, at_once=True)
    timetable.add_job("pages", logged_job("pages", partial(ingesting.read_late_pages, ingest)), PAGES_EVERY)
    timetable.add_job(
        "hubs", logged_job("hubs", partial(sync_leases, container.websub)), SYNC_INTERVAL, at_once=True
    )
    timetable.add_job("watch", logged_job("watch", watching), alerts.CHECK_INTERVAL)
    timetable.add_job("clean up", logged_job("clean up", cleaning), cleanup.CLEANUP_INTERVAL)
    dropping = partial(cleanup.drop_old_alerts, container.db, container.clock, settings.alert_retention)
    hours = cleanup.alert_cleanup_interval(settings.alert_retention)
    timetable.add_job("drop alerts", logged_job("drop alerts", dropping), hours, at_once=True)
    timetable.add_job(
        "erase traces", logged_job("erase traces", container.db.erasure.erase_pending), ERASE_EVERY
    )
    if container.embedder is not None:
        embedding = logged_job("embed", container.embedder.embed_unread)
        timetable.add_job("embed", embedding, embedding_pipeline.EMBED_INTERVAL, at_once=True)
    timetable.add_job("index", lambda: asyncio.to_thread(save_index, container.index), SAVE_INDEX_EVERY)
    return timetable


async def _stop_jobs(timetable: Scheduler, updater: UpdateRunner) -> None:
    await timetable.stop(JOBS_SHUTDOWN_TIMEOUT)
    await updater.stop(JOBS_SHUTDOWN_TIMEOUT)


def _log_startup(container: Container) -> None:
    settings = container.settings
    channels = sum(len(edition.channels) for edition in list_editions(settings))
    address = ":".join(map(str, settings.http_address)) if settings.http_address else "none"
    feeds = len(list_feed_urls(settings))
    ways = {"way_to_telegram": str(telegram_route(settings)), "way_to_feeds": str(feeds_route(settings))}
    log.info(
        "Newswire runs", version=__version__, feeds=feeds, channels=channels, http_address=address, **ways
    )


async def _warm_up(container: Container) -> None:
    """Load what the first feed and the first question would otherwise wait for."""
    await container.parser.warm_up()
    await container.parser.workers.warm_up(fetch.PARSE_FUNCTION, fetch.SAMPLE_PAGE)
    await asyncio.to_thread(container.index.find_related_to_text, "warm", 1, 0, container.clock.now())
    tune_interpreter()


async def _wait_for_stop(stop: asyncio.Event) -> None:
    await stop.wait()


async def _index_new_articles(container: Container, stop: asyncio.Event) -> None:
    """Articles are found as soon as they are stored; what a crash left out is caught up at the next start."""
    catch_up = logged_job("indexing", lambda: container.db.read(container.index.catch_up))
    while not stop.is_set():
        await container.articles_stored.wait(container.clock, 60.0)
        await catch_up()


async def _start_web(
    container: Container,
    receiver: UpdateReceiver,
    callbacks: WebSubEndpoint,
    loops: dict[str, asyncio.Task[None]],
    heartbeat: Heartbeat,
) -> tuple[WebThread, web.AppRunner] | None:
    address = container.settings.http_address
    if address is None:
        return None

    def list_problems() -> list[str]:
        stopped = [f"The {name} loop has stopped." for name, task in loops.items() if task.done()]
        return stopped + receiver.list_problems() + _telegram_problems(container)

    routes = [
        health_routes(container.db, container.clock, list_problems, heartbeat.seconds_since_beat),
        receiver.webhook_routes(),
    ]
    if container.settings.public_url:
        routes.append(callbacks.callback_routes())
    thread = WebThread()
    try:
        return thread, await thread.run(start_server(address, routes))
    except CannotListen as error:
        await thread.stop()
        host, port = address
        raise CannotRun(f"HTTP_ADDRESS: cannot listen on {host}:{port}: {error}.") from None


def _telegram_problems(container: Container) -> list[str]:
    """A sentence where nothing that we send is answered."""
    lasts = container.publish.rate_limiter.circuit_breaker.open_seconds(container.clock.monotonic())
    return [f"Telegram has answered nothing that we send for {lasts:.0f} s."] if lasts else []


async def _stop_web(served: tuple[WebThread, web.AppRunner] | None, callbacks: WebSubEndpoint) -> None:
    if served:
        thread, runner = served
        await thread.run(runner.cleanup())
        await thread.run(callbacks.close())
        await thread.stop()


async def _wait_for_tasks(tasks: set[asyncio.Task[None]]) -> None:
    """Wait for all, `LAST_CALL` at most; what is not over then is given up, and found again in the rows."""
    _, late = await asyncio.wait(tasks, timeout=SHUTDOWN_TIMEOUT)
    for task in late:
        log.warning("gave up waiting", task=task.get_name())
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _raise_failure(task: asyncio.Task[None]) -> None:
    error = task.exception()
    match error:
        case None:
            return
        case InvalidToken():
            raise CannotRun(
                "TELEGRAM_BOT_TOKEN: Telegram does not know this token; one from @BotFather is wanted."
            )
        case WebhookRefused():
            raise CannotRun(f"PUBLIC_URL: Telegram does not take it for its webhook: {error}.")
        case _:
            raise error
