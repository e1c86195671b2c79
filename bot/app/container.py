"""All the parts of a running Newswire, put together from the settings; nothing here decides anything."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from telegram import Bot
from telegram.request import BaseRequest

from bot.app.ingest import ingest_of
from bot.app.post_renderer import Posts
from bot.app.semantic import Semantic, semantic
from bot.commands.chat_memory import Recent
from bot.config import Settings
from bot.config.policies import feed_urls, fetching, index_path, publishing
from bot.config.proxies import telegram_way
from bot.config.readers_key import readers_key
from bot.telegram.paced_answers import PacedAnswers
from bot.telegram.sender import TelegramSender
from bot.telegram.transport import AiohttpRequest
from jobs.clock import Bell, Clock, SystemClock
from jobs.embed.pipeline import Embedder
from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.parse.parser import Parser
from jobs.ingest.update_feed import Ingest
from jobs.ingest.websub.client import WebSub
from jobs.ingest.worker_pool import Children
from jobs.publish.context import Publish, pace_of
from storage import feeds, job_runs
from storage.database import Database, open_database
from storage.index import Index
from storage.migrations import migrate
from storage.readers_key import use_key

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything that runs, and what it shares."""

    settings: Settings
    clock: Clock
    db: Database
    index: Index
    bell: Bell  #: rung when something is to be planned or sent
    stored: Bell  #: rung when articles were stored: the index reads them
    posts: Posts
    parser: Parser
    ingest: Ingest
    websub: WebSub
    publish: Publish
    sender: TelegramSender
    answers: PacedAnswers
    bot: Bot
    request: BaseRequest  #: what the bot and the sender speak through
    recent: Recent  #: what was just said in which chat
    embedder: Embedder | None  #: where newswire[semantic] is installed


@asynccontextmanager
async def open_house(
    settings: Settings, *, clock: Clock | None = None, request: BaseRequest | None = None
) -> AsyncIterator[House]:
    """Every part, ready to run, and closed in the opposite order.

    `request` speaks to Telegram; by default over HTTP to TELEGRAM_API_URL. Raises StorageError.
    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        db = open_database(settings.database_url, readers_key=readers_key(settings))
        stack.callback(db.close)
        db.lock()
        db.run_here(migrate)
        use_key(db, encrypt=True)
        if not db.traces.sweep_here():
            log.warning("what was deleted before could not be erased from the disk; it is tried again")
            db.traces.left = True
        db.run_here(job_runs.bury, clock.now())
        db.run_here(feeds.register, feed_urls(settings), clock.now())
        extra = await stack.enter_async_context(semantic(clock))
        index = Index.open(index_path(settings), dense=extra.dense if extra else None)
        db.read_here(index.catch_up)
        stack.callback(keep_index, index)
        request = request or AiohttpRequest(proxy=telegram_way(settings).proxy)
        await request.initialize()
        stack.push_async_callback(request.shutdown)
        policy = fetching(settings)
        fetcher = await stack.enter_async_context(Fetcher(policy, clock))
        children = Children(clock)
        stack.push_async_callback(children.close)
        yield _furnished(settings, clock, db, index, request, fetcher, children, extra)


def _furnished(
    settings: Settings,
    clock: Clock,
    db: Database,
    index: Index,
    request: BaseRequest,
    fetcher: Fetcher,
    children: Children,
    extra: Semantic | None,
) -> House:
    policy, bell, stored = publishing(settings), Bell(), Bell()
    token, api = settings.telegram_bot_token, settings.telegram_api_url
    sender = TelegramSender(request, token, api, paid=settings.allow_paid_broadcast)
    pace, posts, recent = pace_of(policy), Posts(policy), Recent()

    def ring() -> None:
        bell.ring()
        stored.ring()

    parser = Parser(children)
    ingest = ingest_of(settings, clock, db, fetcher, parser, ring)
    return House(
        settings=settings,
        clock=clock,
        db=db,
        index=index,
        bell=bell,
        stored=stored,
        posts=posts,
        parser=parser,
        ingest=ingest,
        websub=WebSub(db, fetcher, clock, ingest.policy),
        publish=Publish(
            db=db,
            sender=sender,
            clock=clock,
            policy=policy,
            bell=bell,
            render=posts,
            pace=pace,
            forgotten=recent.forget,
            index=index,
        ),
        recent=recent,
        sender=sender,
        answers=PacedAnswers(sender, pace, clock),
        bot=Bot(token, base_url=f"{api}/bot", request=request, get_updates_request=request),
        request=request,
        embedder=Embedder(db, extra.children, clock, stored.ring) if extra else None,
    )


def keep_index(index: Index) -> None:
    """Save the index; it is only a copy, so that a full disk costs the next start some time."""
    try:
        index.save()
    except OSError as error:
        log.warning("the text index cannot be saved; the next start makes it anew", why=str(error))
