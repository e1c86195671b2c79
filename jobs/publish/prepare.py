"""What is due becomes requests ready to go, worded as the articles are now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from jobs.config import Pictures, PublishPolicy
from jobs.publish.actions import Delete, Edit, NoAction, Send, next_action
from jobs.publish.content_cache import ContentCache, post_article_ids
from jobs.publish.context import PublishContext
from jobs.publish.result_writer import ResultWriter
from jobs.publish.settlement import MAX_ERROR_LENGTH, Settlement, with_state
from storage import articles, stories
from storage.database import Connection
from storage.delivery import claims
from storage.delivery.claims import DueBatch, DueDelivery, RequestIntent
from storage.records import Article, ArticleState, DeliveryState, Lane

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A delivery that is due, with its request."""

    due: DueDelivery
    action: Send | Edit | Delete
    content: str
    articles: tuple[Article, ...]
    read_at: float  #: when it was read
    reply_to: int = 0  #: the message that it answers: the story's last post in the chat

    @property
    def delivery_id(self) -> int:
        """The delivery's."""
        return self.due.delivery.id

    @property
    def chat_id(self) -> int:
        return self.due.delivery.chat_id

    @property
    def is_unpaid(self) -> bool:
        """Edits and deletes cannot be paid for."""
        return not isinstance(self.action, Send)

    @property
    def rank(self) -> int:
        """Lanes in order, many readers before one."""
        lane = self.due.lane or self.due.delivery.lane
        return 2 * list(Lane).index(lane) + (not self.due.delivery.public)


@dataclass(frozen=True, slots=True)
class CurrentArticle:
    """An article as it is now, and since which revision it has its picture."""

    article: Article
    picture_since: int


@dataclass(frozen=True, slots=True)
class DueWithContext:
    """What is due, with what its requests are made of."""

    claimable: DueBatch
    current_articles: dict[int, CurrentArticle]  #: by article
    replies: dict[int, int]  #: by delivery, the message that it continues


class RequestPreparer:
    """Reads what is due and makes parcels of it; what needs no request is settled at once."""

    def __init__(self, publish: PublishContext, result_writer: ResultWriter) -> None:
        self._publish, self._result_writer = publish, result_writer
        self._content_cache = ContentCache(publish.render, publish.policy)

    async def prepare_due(
        self, count: int, in_hand: Mapping[int, int]
    ) -> tuple[list[PreparedRequest], Collection[int]]:
        """Parcels, but for the deliveries and chats `in_hand`; and the chats that were passed over."""
        publish, since = self._publish, self._publish.clock.monotonic()
        hands = in_hand.keys() | self._result_writer.pending_ids
        shut = publish.rate_limiter.blocked_chats(since) | frozenset(in_hand.values())
        due = await publish.db.read(_read_due, publish.policy, publish.clock.now(), count, shut, hands)
        prepared = [
            prepared
            for debt in due.claimable.deliveries
            if (prepared := self._prepare_request(debt, due, since))
        ]
        return prepared, due.claimable.skipped_chats

    def withdrawal_note(self, prepared: PreparedRequest) -> tuple[Edit, str]:
        """What stands where a message cannot be deleted: that its article is gone."""
        assert isinstance(prepared.action, Delete)
        step = Edit(prepared.action.message_id, 0, withdrawn=True)
        return step, self._render_content(prepared.due, step, prepared.articles)

    def _prepare_request(
        self, debt: DueDelivery, due: DueWithContext, since: float
    ) -> PreparedRequest | None:
        about = [
            due.current_articles[number]
            for number in post_article_ids(debt)
            if number in due.current_articles
        ]
        told = tuple(each.article for each in about)
        own = about[0] if about and debt.post.article_id is not None else None
        picture_since = own.picture_since if own else 0
        step = next_action(
            debt.delivery, debt.post, own.article if own else None, self._publish.policy, picture_since
        )
        if own is None and post_article_ids(debt):
            told = tuple(article for article in told if article.state is ArticleState.LIVE)
            step = step if told else NoAction(DeliveryState.SKIPPED, "its articles were withdrawn")
        if isinstance(step, NoAction):
            self._settle_unsent(debt, step.state, step.reason)
            return None
        try:
            content = "" if isinstance(step, Delete) else self._render_content(debt, step, told)
        except Exception as surprise:  # a mistake of ours, met by one post; the others go on
            log.exception("a post cannot be worded", post=debt.post.id)
            self._settle_unsent(debt, DeliveryState.REFUSED, f"cannot be worded: {type(surprise).__name__}")
            return None
        return PreparedRequest(debt, step, content, told, since, due.replies.get(debt.delivery.id, 0))

    def _render_content(self, due: DueDelivery, step: Send | Edit, about: tuple[Article, ...]) -> str:
        return self._content_cache.get_content(due, step, about, self._publish.clock.now())

    def _settle_unsent(self, due: DueDelivery, state: DeliveryState, why: str) -> None:
        settled = replace(with_state(due, state), error=why[:MAX_ERROR_LENGTH], before=DeliveryState.OWED)
        self._result_writer.add_result(Settlement(settled, due.delivery.chat_id), urgent=due.delivery.public)


def build_intent(prepared: PreparedRequest) -> RequestIntent:
    """What is to be known of the request after a crash; where nobody can look, nothing is kept."""
    number, chat = prepared.due.delivery.id, prepared.due.chat
    if not prepared.due.delivery.public or isinstance(prepared.action, Delete):
        return RequestIntent(number)
    last_message = chat.last_message_id if chat else 0
    return RequestIntent(number, prepared.content, prepared.action.revision, last_message, prepared.reply_to)


def _read_due(
    connection: Connection,
    policy: PublishPolicy,
    now: datetime,
    count: int,
    shut: Collection[int],
    in_hand: Collection[int],
) -> DueWithContext:
    """Deliveries, the articles that they are about as they are now, and what they continue."""
    dues = claims.select_due(connection, now, count, shut, in_hand)
    numbers = {number for due in dues.deliveries for number in post_article_ids(due)}
    found = articles.get_many(connection, list(numbers)) if numbers else []
    pictures = policy.pictures is Pictures.PHOTO
    known = {
        each.id: CurrentArticle(each, _last_picture_revision(connection, each) if pictures else 0)
        for each in found
    }
    replies = {debt.delivery.id: _find_reply_to(connection, debt, known, policy) for debt in dues.deliveries}
    return DueWithContext(dues, known, replies)


def _find_reply_to(
    connection: Connection, due: DueDelivery, known: dict[int, CurrentArticle], policy: PublishPolicy
) -> int:
    """The message that a new post is a reply to, where many read both; 0 for none. An edit keeps its own."""
    delivery, article_id = due.delivery, due.post.article_id
    if delivery.message_id is not None:
        return delivery.reply_to
    if not (policy.threads and delivery.public) or article_id not in known:
        return 0
    return stories.previous_message_id(connection, known[article_id].article, delivery.chat_id)


def _last_picture_revision(connection: Connection, article: Article) -> int:
    if article.revision == 1:
        return 1
    trail = articles.list_revisions(connection, article.id)
    return max((each.number for each in trail if "image" in each.changed), default=1)
