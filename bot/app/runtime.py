"""Runs the bot: starts every loop and job, waits for the stop signal, and shuts them down in time."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
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
from jobs.clock import run_until_set
from jobs.embed import pipeline as embedding_pipeline
from jobs.ingest import pipeline as ingesting
from jobs.ingest.feed_updates import UpdateRunner
from jobs.ingest.page import fetch
from jobs.ingest.websub.client import SYNC_INTERVAL, sync_leases
from jobs.publish import pipeline as publishing
from jobs.scheduler import Scheduler

#: How often the scheduler starts the updates of feeds that are due.
FEED_UPDATE_EVERY = timedelta(seconds=1)
#: How often article pages are fetched that no post waits for, a few at a time.
PAGES_EVERY = timedelta(seconds=20)
#: How soon deleted rows are erased from the disk, unless a reader waits for it.
ERASE_EVERY = timedelta(seconds=2)
SAVE_INDEX_EVERY = timedelta(minutes=10)
#: Seconds after which the text index is updated although nothing was stored.
INDEX_INTERVAL = 60.0
#: Seconds that everything in flight has after a stop: less than the ten after which supervisors kill.
SHUTDOWN_TIMEOUT = 9.0
#: Seconds of those that feed updates have: they are repeated at the next start.
JOBS_SHUTDOWN_TIMEOUT = 2.0

log = structlog.get_logger()


class CannotRun(Exception):
    """The bot cannot run. The message is one sentence for the operator."""


async def run_bot(
    container: Container, stop: asyncio.Event, update_every: timedelta = FEED_UPDATE_EVERY
) -> None:
    """Run everything until `stop` is set, then settle what is in flight.

    Raises:
        CannotRun: the token, PUBLIC_URL or HTTP_ADDRESS cannot be used.
    """
    receiver = UpdateReceiver(container)
    heartbeat = Heartbeat(container.clock)
    on_push = partial(ingesting.receive_push, container.ingest)
    callbacks = WebSubEndpoint(container.websub, bind_to_loop(asyncio.get_running_loop(), on_push))
    loops: dict[str, asyncio.Task[None]] = {}
    web_server = await _start_web(container, receiver, callbacks, loops, heartbeat)
    heartbeat_task = asyncio.create_task(heartbeat.beat())
    loops["delivery"] = asyncio.create_task(publishing.run(container.publish, stop), name="delivery")
    loops["updates"] = asyncio.create_task(receiver.receive_updates(stop), name="updates")
    loops["indexing"] = asyncio.create_task(_index_new_articles(container, stop), name="indexing")
    warm_up = asyncio.create_task(_warm_up(container))
    updater = UpdateRunner(container.ingest, log_round)
    scheduler = _build_scheduler(container, updater, update_every)
    scheduler.start()
    _log_startup(container)
    try:
        await run_until_set(stop, asyncio.wait(loops.values(), return_when=asyncio.FIRST_COMPLETED))
        ended = [] if stop.is_set() else [task for task in loops.values() if task.done()]
    finally:
        stop.set()
        container.articles_stored.notify()
        warm_up.cancel()
        heartbeat_task.cancel()
        web_stop = asyncio.create_task(_stop_web(web_server, callbacks), name="web")
        jobs_stop = asyncio.create_task(_stop_jobs(scheduler, updater), name="jobs")
        await _wait_for_tasks({warm_up, heartbeat_task, web_stop, jobs_stop, *loops.values()})
    for task in ended:
        _raise_failure(task)


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set `stop` on SIGTERM or SIGINT; a second signal ends the process at once."""
    loop = asyncio.get_running_loop()

    def request_stop(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)  # Python's own handler would print a traceback

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, request_stop, number)


def _build_scheduler(container: Container, updater: UpdateRunner, update_every: timedelta) -> Scheduler:
    settings, ingest = container.settings, container.ingest
    db, clock = container.db, container.clock
    scheduler = Scheduler(settings.timezone)

    def add_job(
        name: str, work: Callable[[], Awaitable[object]], every: timedelta, *, at_once: bool = False
    ) -> None:
        scheduler.add_job(name, logged_job(name, work), every, at_once=at_once)

    add_job(FETCH_JOB, updater.start_due, update_every, at_once=True)
    add_job("pages", partial(ingesting.read_late_pages, ingest), PAGES_EVERY)
    add_job("hubs", partial(sync_leases, container.websub), SYNC_INTERVAL, at_once=True)
    add_job("watch", partial(alerts.check_feeds, db, clock, settings.operators), alerts.CHECK_INTERVAL)
    drop_texts = partial(cleanup.drop_old_texts, db, clock, settings.retention)
    add_job("clean up", drop_texts, cleanup.CLEANUP_INTERVAL)
    drop_alerts = partial(cleanup.drop_old_alerts, db, clock, settings.alert_retention)
    alert_interval = cleanup.alert_cleanup_interval(settings.alert_retention)
    add_job("drop alerts", drop_alerts, alert_interval, at_once=True)
    add_job("erase traces", db.erasure.erase_pending, ERASE_EVERY)
    if container.embedder is not None:
        add_job("embed", container.embedder.embed_unread, embedding_pipeline.EMBED_INTERVAL, at_once=True)
    scheduler.add_job("index", lambda: asyncio.to_thread(save_index, container.index), SAVE_INDEX_EVERY)
    return scheduler


async def _stop_jobs(scheduler: Scheduler, updater: UpdateRunner) -> None:
    await scheduler.stop(JOBS_SHUTDOWN_TIMEOUT)
    await updater.stop(JOBS_SHUTDOWN_TIMEOUT)


def _log_startup(container: Container) -> None:
    settings = container.settings
    channels = sum(len(edition.channels) for edition in list_editions(settings))
    address = ":".join(map(str, settings.http_address)) if settings.http_address else "none"
    log.info(
        "newswire started",
        version=__version__,
        feeds=len(list_feed_urls(settings)),
        channels=channels,
        http_address=address,
        telegram_route=str(telegram_route(settings)),
        feeds_route=str(feeds_route(settings)),
    )


async def _warm_up(container: Container) -> None:
    """Load what the first feed update and the first query would otherwise wait for."""
    await container.parser.warm_up()
    await container.parser.workers.warm_up(fetch.PARSE_FUNCTION, fetch.SAMPLE_PAGE)
    await asyncio.to_thread(container.index.find_related_to_text, "warm", 1, 0, container.clock.now())
    tune_interpreter()


async def _index_new_articles(container: Container, stop: asyncio.Event) -> None:
    """Index articles as soon as they are stored. The next start catches up after a crash."""
    catch_up = logged_job("indexing", lambda: container.db.read(container.index.catch_up))
    while not stop.is_set():
        await container.articles_stored.wait(container.clock, INDEX_INTERVAL)
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
    """Return a sentence if Telegram answers no requests."""
    seconds = container.publish.rate_limiter.circuit_breaker.open_seconds(container.clock.monotonic())
    return [f"Telegram has not answered any request for {seconds:.0f} s."] if seconds else []


async def _stop_web(web_server: tuple[WebThread, web.AppRunner] | None, callbacks: WebSubEndpoint) -> None:
    if web_server:
        thread, runner = web_server
        await thread.run(runner.cleanup())
        await thread.run(callbacks.close())
        await thread.stop()


async def _wait_for_tasks(tasks: set[asyncio.Task[None]]) -> None:
    """Wait at most SHUTDOWN_TIMEOUT, then cancel what is left; the next start finds it in the database."""
    _, late = await asyncio.wait(tasks, timeout=SHUTDOWN_TIMEOUT)
    for task in late:
        log.warning("shutdown timed out, task cancelled", task=task.get_name())
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _raise_failure(task: asyncio.Task[None]) -> None:
    error = task.exception()
    match error:
        case None:
            return
        case InvalidToken():
            raise CannotRun(
                "TELEGRAM_BOT_TOKEN: Telegram does not accept this token; get the right one from @BotFather."
            )
        case WebhookRefused():
            raise CannotRun(f"PUBLIC_URL: Telegram does not accept it as a webhook: {error}.")
        case _:
            raise error
