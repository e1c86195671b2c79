"""Builds the parts of a running bot from the settings. Makes no decisions of its own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from telegram import Bot
from telegram.request import BaseRequest

from bot.app.ingest import build_ingest
from bot.app.post_renderer import PostRenderer
from bot.app.semantic import SemanticExtra, open_semantic_extra
from bot.commands.chat_memory import ChatMemory
from bot.config import Settings
from bot.config.policies import fetch_policy, index_path, list_feed_urls, publish_policy
from bot.config.proxies import telegram_route
from bot.config.readers_key import load_readers_key
from bot.telegram import use_timedeltas
from bot.telegram.paced_answers import RateLimitedSender
from bot.telegram.sender import TelegramSender
from bot.telegram.transport import AiohttpRequest
from jobs.clock import Clock, Notifier, SystemClock
from jobs.embed.pipeline import Embedder
from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.parse.parser import Parser
from jobs.ingest.update_feed import IngestContext
from jobs.ingest.websub.client import WebSubContext
from jobs.ingest.worker_pool import WorkerPool
from jobs.publish.context import PublishContext, create_rate_limiter
from storage import feeds, job_runs
from storage.database import Database, open_database
from storage.index import Index
from storage.migrations import migrate
from storage.readers_key import use_key

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """The parts of a running bot, and what they share."""

    settings: Settings
    clock: Clock
    db: Database
    index: Index
    planning_due: Notifier  #: notified when there is something to plan or send
    articles_stored: Notifier  #: notified when articles were stored, so that they are indexed
    post_renderer: PostRenderer
    parser: Parser
    ingest: IngestContext
    websub: WebSubContext
    publish: PublishContext
    sender: TelegramSender
    answers: RateLimitedSender
    bot: Bot
    request: BaseRequest  #: the transport of the bot and the sender
    chat_memory: ChatMemory  #: what each chat was shown last
    embedder: Embedder | None  #: None unless newswire[semantic] is installed


@asynccontextmanager
async def open_container(
    settings: Settings, *, clock: Clock | None = None, request: BaseRequest | None = None
) -> AsyncIterator[Container]:
    """Open every part, and close them in reverse order at the end.

    `request` is the transport to Telegram, by default HTTP to TELEGRAM_API_URL. Raises StorageError.
    """
    use_timedeltas()
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        db = open_database(settings.database_url, readers_key=load_readers_key(settings))
        stack.callback(db.close)
        _prepare_database(db, settings, clock)
        extra = await stack.enter_async_context(open_semantic_extra(clock))
        index = Index.open(index_path(settings), dense=extra.dense if extra else None)
        db.read_sync(index.catch_up)
        stack.callback(save_index, index)
        request = request or AiohttpRequest(proxy=telegram_route(settings).proxy)
        await request.initialize()
        stack.push_async_callback(request.shutdown)
        fetcher = await stack.enter_async_context(Fetcher(fetch_policy(settings), clock))
        workers = WorkerPool(clock)
        stack.push_async_callback(workers.close)
        yield _build_container(settings, clock, db, index, request, fetcher, workers, extra)


def _prepare_database(db: Database, settings: Settings, clock: Clock) -> None:
    db.acquire_lock()
    db.run_sync(migrate)
    use_key(db, encrypt=True)
    if not db.erasure.erase_at_start():
        log.warning("erasing deleted data from the disk failed, retrying")
        db.erasure.is_needed = True
    db.run_sync(job_runs.mark_interrupted, clock.now())
    db.run_sync(feeds.register_urls, list_feed_urls(settings), clock.now())


def _build_container(
    settings: Settings,
    clock: Clock,
    db: Database,
    index: Index,
    request: BaseRequest,
    fetcher: Fetcher,
    workers: WorkerPool,
    extra: SemanticExtra | None,
) -> Container:
    token, api_url = settings.telegram_bot_token, settings.telegram_api_url
    sender = TelegramSender(request, token, api_url, paid=settings.allow_paid_broadcast)
    parser, chat_memory, articles_stored = Parser(workers), ChatMemory(), Notifier()
    publish, renderer = _build_publish(settings, clock, db, index, sender, chat_memory)

    def notify_stored() -> None:
        publish.planning_due.notify()
        articles_stored.notify()

    ingest = build_ingest(settings, clock, db, fetcher, parser, notify_stored)
    return Container(
        settings=settings,
        clock=clock,
        db=db,
        index=index,
        planning_due=publish.planning_due,
        articles_stored=articles_stored,
        post_renderer=renderer,
        parser=parser,
        ingest=ingest,
        websub=WebSubContext(db, fetcher, clock, ingest.policy),
        publish=publish,
        sender=sender,
        answers=RateLimitedSender(sender, publish.rate_limiter, clock),
        bot=Bot(token, base_url=f"{api_url}/bot", request=request, get_updates_request=request),
        request=request,
        chat_memory=chat_memory,
        embedder=Embedder(db, extra.worker_pool, clock, articles_stored.notify) if extra else None,
    )


def _build_publish(
    settings: Settings,
    clock: Clock,
    db: Database,
    index: Index,
    sender: TelegramSender,
    chat_memory: ChatMemory,
) -> tuple[PublishContext, PostRenderer]:
    policy = publish_policy(settings)
    renderer = PostRenderer(policy)
    publish = PublishContext(
        db=db,
        sender=sender,
        clock=clock,
        policy=policy,
        planning_due=Notifier(),
        render=renderer,
        rate_limiter=create_rate_limiter(policy),
        on_forgotten=chat_memory.forget_chat,
        index=index,
    )
    return publish, renderer


def save_index(index: Index) -> None:
    """Save the text index. It is only a copy: without it the next start takes longer."""
    try:
        index.save()
    except OSError as error:
        log.warning("saving the text index failed; the next start rebuilds it", reason=str(error))
