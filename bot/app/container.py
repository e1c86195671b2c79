"""All the parts of a running Newswire, put together from the settings; nothing here decides anything."""

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
    """Everything that runs, and what it shares."""

    settings: Settings
    clock: Clock
    db: Database
    index: Index
    planning_due: Notifier  #: rung when something is to be planned or sent
    articles_stored: Notifier  #: rung when articles were stored: the index reads them
    post_renderer: PostRenderer
    parser: Parser
    ingest: IngestContext
    websub: WebSubContext
    publish: PublishContext
    sender: TelegramSender
    answers: RateLimitedSender
    bot: Bot
    request: BaseRequest  #: what the bot and the sender speak through
    chat_memory: ChatMemory  #: what was just said in which chat
    embedder: Embedder | None  #: where newswire[semantic] is installed


@asynccontextmanager
async def open_container(
    settings: Settings, *, clock: Clock | None = None, request: BaseRequest | None = None
) -> AsyncIterator[Container]:
    """Every part, ready to run, and closed in the opposite order.

    `request` speaks to Telegram; by default over HTTP to TELEGRAM_API_URL. Raises StorageError.
    """
    use_timedeltas()
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        db = open_database(settings.database_url, readers_key=load_readers_key(settings))
        stack.callback(db.close)
        db.acquire_lock()
        db.run_sync(migrate)
        use_key(db, encrypt=True)
        if not db.erasure.erase_at_start():
            log.warning("what was deleted before could not be erased from the disk; it is tried again")
            db.erasure.is_needed = True
        db.run_sync(job_runs.mark_interrupted, clock.now())
        db.run_sync(feeds.register_urls, list_feed_urls(settings), clock.now())
        extra = await stack.enter_async_context(open_semantic_extra(clock))
        index = Index.open(index_path(settings), dense=extra.dense if extra else None)
        db.read_sync(index.catch_up)
        stack.callback(save_index, index)
        request = request or AiohttpRequest(proxy=telegram_route(settings).proxy)
        await request.initialize()
        stack.push_async_callback(request.shutdown)
        policy = fetch_policy(settings)
        fetcher = await stack.enter_async_context(Fetcher(policy, clock))
        children = WorkerPool(clock)
        stack.push_async_callback(children.close)
        yield _build_container(settings, clock, db, index, request, fetcher, children, extra)


def _build_container(
    settings: Settings,
    clock: Clock,
    db: Database,
    index: Index,
    request: BaseRequest,
    fetcher: Fetcher,
    children: WorkerPool,
    extra: SemanticExtra | None,
) -> Container:
    policy, bell, on_stored = publish_policy(settings), Notifier(), Notifier()
    token, api = settings.telegram_bot_token, settings.telegram_api_url
    sender = TelegramSender(request, token, api, paid=settings.allow_paid_broadcast)
    pace, renderer, recent = create_rate_limiter(policy), PostRenderer(policy), ChatMemory()

    def notify_stored() -> None:
        bell.notify()
        on_stored.notify()

    parser = Parser(children)
    ingest = build_ingest(settings, clock, db, fetcher, parser, notify_stored)
    return Container(
        settings=settings,
        clock=clock,
        db=db,
        index=index,
        planning_due=bell,
        articles_stored=on_stored,
        post_renderer=renderer,
        parser=parser,
        ingest=ingest,
        websub=WebSubContext(db, fetcher, clock, ingest.policy),
        publish=PublishContext(
            db=db,
            sender=sender,
            clock=clock,
            policy=policy,
            planning_due=bell,
            render=renderer,
            rate_limiter=pace,
            on_forgotten=recent.forget_chat,
            index=index,
        ),
        chat_memory=recent,
        sender=sender,
        answers=RateLimitedSender(sender, pace, clock),
        bot=Bot(token, base_url=f"{api}/bot", request=request, get_updates_request=request),
        request=request,
        embedder=Embedder(db, extra.worker_pool, clock, on_stored.notify) if extra else None,
    )


def save_index(index: Index) -> None:
    """Save the index; it is only a copy, so that a full disk costs the next start some time."""
    try:
        index.save()
    except OSError as error:
        log.warning("the text index cannot be saved; the next start makes it anew", why=str(error))
