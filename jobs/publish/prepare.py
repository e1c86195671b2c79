"""Turns what is due into requests, rendered as the articles are now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from cachetools import LRUCache

from jobs.config import Edition, Pictures, PublishPolicy
from jobs.publish.context import PostContext, PublishContext, RenderPost
from jobs.publish.result_writer import ResultWriter
from jobs.publish.settlement import (
    MAX_ERROR_LENGTH,
    Delete,
    Edit,
    NoAction,
    Send,
    Settlement,
    next_action,
    with_state,
)
from storage import articles, stories
from storage.database import Connection
from storage.delivery import claims
from storage.delivery.claims import DueBatch, DueDelivery, RequestIntent
from storage.records import Article, ArticleState, DeliveryState, Lane, PostKind

#: Rendered contents kept for the next chat.
CACHE_SIZE = 64

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A delivery that is due, and the request that it needs."""

    due: DueDelivery
    action: Send | Edit | Delete
    content: str
    articles: tuple[Article, ...]
    read_at: float  #: monotonic seconds
    reply_to: int = 0  #: the story's last post in the chat; 0 for none

    @property
    def delivery_id(self) -> int:
        return self.due.delivery.id

    @property
    def chat_id(self) -> int:
        return self.due.delivery.chat_id

    @property
    def is_unpaid(self) -> bool:
        """Whether it is an edit or a delete, which cannot be paid for."""
        return not isinstance(self.action, Send)

    @property
    def rank(self) -> int:
        """The order of sending: by lane, then channels and groups before private chats."""
        lane = self.due.lane or self.due.delivery.lane
        return 2 * list(Lane).index(lane) + (not self.due.delivery.public)


@dataclass(frozen=True, slots=True)
class CurrentArticle:
    """An article as it is now, and the revision that brought its picture."""

    article: Article
    picture_since: int


@dataclass(frozen=True, slots=True)
class DueWithContext:
    """Due deliveries, and what their requests are made of."""

    claimable: DueBatch
    current_articles: dict[int, CurrentArticle]  #: by article id
    replies: dict[int, int]  #: by delivery id, the message to reply to


class ContentCache:
    """The contents of posts, each rendered once for all chats that get the same."""

    def __init__(self, render: RenderPost, policy: PublishPolicy) -> None:
        self._render = render
        self._editions = {edition.name: edition for edition in policy.editions}
        self._cache: LRUCache[object, str] = LRUCache(CACHE_SIZE)

    def get_content(
        self, due: DueDelivery, step: Send | Edit, articles: tuple[Article, ...], now: datetime
    ) -> str:
        """The content, as JSON. Raises what `render` raises."""
        post_context = self._build_context(due, step, articles, now)
        key = _cache_key(post_context)
        content = self._cache.get(key)
        if content is None:
            content = self._cache[key] = self._render(post_context)
        return content

    def _build_context(
        self, due: DueDelivery, step: Send | Edit, articles: tuple[Article, ...], now: datetime
    ) -> PostContext:
        edition = self._find_edition(due.post.edition)
        chat = due.chat if due.delivery.public else None
        return PostContext(
            post=due.post,
            articles=articles,
            edition=edition,
            language=(due.chat.language if due.chat else "") or edition.language,
            chat=chat,
            now=now,
            corrected_at=step.corrected_at if isinstance(step, Edit) else None,
            withdrawn=isinstance(step, Edit) and step.withdrawn,
            picture=due.delivery.picture,
        )

    def _find_edition(self, name: str) -> Edition:
        first = next(iter(self._editions.values()), Edition(name="", channels=(), feed_urls=()))
        return self._editions.get(name, first)


def _cache_key(post_context: PostContext) -> object:
    """What the content depends on: the time only by the hour, the chat only if it is a channel or group."""
    chat = post_context.chat
    return (
        post_context.post.id,
        post_context.post.lane,
        tuple((article.id, article.revision, article.page_read_at) for article in post_context.articles),
        post_context.language,
        (chat.id, chat.title) if chat else None,
        post_context.corrected_at,
        post_context.withdrawn,
        post_context.picture,
        post_context.now.replace(minute=0, second=0, microsecond=0),
    )


def post_article_ids(due: DueDelivery) -> list[int]:
    """The ids of the articles that a post is about."""
    post = due.post
    if post.article_id is not None:
        return [post.article_id]
    if post.kind in (PostKind.CATCH_UP, PostKind.DIGEST):
        return [int(word) for word in post.text.split() if word.isdigit()]
    return []


class RequestPreparer:
    """Reads what is due and prepares its requests; what needs none is settled at once."""

    def __init__(self, publish: PublishContext, result_writer: ResultWriter) -> None:
        self._publish, self._result_writer = publish, result_writer
        self._content_cache = ContentCache(publish.render, publish.policy)

    async def prepare_due(
        self, count: int, in_hand: Mapping[int, int]
    ) -> tuple[list[PreparedRequest], Collection[int]]:
        """At most `count` requests, and the chats that were skipped because of their rate.

        `in_hand` are deliveries already prepared, each with its chat: neither is read again.
        """
        publish, read_at = self._publish, self._publish.clock.monotonic()
        known = in_hand.keys() | self._result_writer.pending_ids
        closed = publish.rate_limiter.blocked_chats(read_at) | frozenset(in_hand.values())
        batch = await publish.db.read(_read_due, publish.policy, publish.clock.now(), count, closed, known)
        prepared = [
            request
            for due in batch.claimable.deliveries
            if (request := self._prepare_request(due, batch, read_at))
        ]
        return prepared, batch.claimable.skipped_chats

    def withdrawal_note(self, prepared: PreparedRequest) -> tuple[Edit, str]:
        """The edit that says that the article is withdrawn, for a message that cannot be deleted."""
        assert isinstance(prepared.action, Delete)
        step = Edit(prepared.action.message_id, 0, withdrawn=True)
        return step, self._render_content(prepared.due, step, prepared.articles)

    def _prepare_request(
        self, due: DueDelivery, batch: DueWithContext, read_at: float
    ) -> PreparedRequest | None:
        about = [
            batch.current_articles[number]
            for number in post_article_ids(due)
            if number in batch.current_articles
        ]
        shown = tuple(each.article for each in about)
        own = about[0] if about and due.post.article_id is not None else None
        picture_since = own.picture_since if own else 0
        step = next_action(
            due.delivery, due.post, own.article if own else None, self._publish.policy, picture_since
        )
        if own is None and post_article_ids(due):
            shown = tuple(article for article in shown if article.state is ArticleState.LIVE)
            step = step if shown else NoAction(DeliveryState.SKIPPED, "its articles were withdrawn")
        if isinstance(step, NoAction):
            self._settle_unsent(due, step.state, step.reason)
            return None
        try:
            content = "" if isinstance(step, Delete) else self._render_content(due, step, shown)
        except Exception as surprise:  # a mistake of ours, met by one post; the others go on
            log.exception("rendering failed", post_id=due.post.id)
            self._settle_unsent(due, DeliveryState.REFUSED, f"cannot be rendered: {type(surprise).__name__}")
            return None
        return PreparedRequest(due, step, content, shown, read_at, batch.replies.get(due.delivery.id, 0))

    def _render_content(self, due: DueDelivery, step: Send | Edit, about: tuple[Article, ...]) -> str:
        return self._content_cache.get_content(due, step, about, self._publish.clock.now())

    def _settle_unsent(self, due: DueDelivery, state: DeliveryState, why: str) -> None:
        settled = replace(with_state(due, state), error=why[:MAX_ERROR_LENGTH], before=DeliveryState.OWED)
        self._result_writer.add_result(Settlement(settled, due.delivery.chat_id), urgent=due.delivery.public)


def build_intent(prepared: PreparedRequest) -> RequestIntent:
    """What a claim keeps of the request, to reconcile it after a crash; nothing if it cannot be looked up."""
    chat = prepared.due.chat
    if not prepared.due.delivery.public or isinstance(prepared.action, Delete):
        return RequestIntent(prepared.delivery_id)
    last_message = chat.last_message_id if chat else 0
    return RequestIntent(
        prepared.delivery_id, prepared.content, prepared.action.revision, last_message, prepared.reply_to
    )


def _read_due(
    connection: Connection,
    policy: PublishPolicy,
    now: datetime,
    count: int,
    closed: Collection[int],
    known: Collection[int],
) -> DueWithContext:
    """Due deliveries, their articles as they are now, and the messages that they reply to."""
    batch = claims.select_due(connection, now, count, closed, known)
    article_ids = {article_id for due in batch.deliveries for article_id in post_article_ids(due)}
    found = articles.get_many(connection, list(article_ids)) if article_ids else []
    pictures = policy.pictures is Pictures.PHOTO
    current = {
        each.id: CurrentArticle(each, _last_picture_revision(connection, each) if pictures else 0)
        for each in found
    }
    replies = {due.delivery.id: _find_reply_to(connection, due, current, policy) for due in batch.deliveries}
    return DueWithContext(batch, current, replies)


def _find_reply_to(
    connection: Connection, due: DueDelivery, current: dict[int, CurrentArticle], policy: PublishPolicy
) -> int:
    """The message that a new post in a channel or group replies to; 0 for none. An edit keeps its own."""
    delivery, article_id = due.delivery, due.post.article_id
    if delivery.message_id is not None:
        return delivery.reply_to
    if not (policy.threads and delivery.public) or article_id not in current:
        return 0
    return stories.previous_message_id(connection, current[article_id].article, delivery.chat_id)


def _last_picture_revision(connection: Connection, article: Article) -> int:
    if article.revision == 1:
        return 1
    revisions = articles.list_revisions(connection, article.id)
    return max((each.number for each in revisions if "image" in each.changed), default=1)
