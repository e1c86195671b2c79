"""What is due becomes requests ready to go, worded as the articles are now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from jobs.config import Pictures, Publishing
from jobs.publish.actions import Delete, Edit, Nothing, Send, next_step
from jobs.publish.content_cache import Wording, articles_of
from jobs.publish.context import Publish
from jobs.publish.result_writer import Ledger
from jobs.publish.settlement import WORDS, Aftermath, as_it_is
from storage import articles, stories
from storage.database import Connection
from storage.delivery import claims
from storage.delivery.claims import Debt, Dues, Intent
from storage.records import Article, ArticleState, DeliveryState, Lane

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery that is due, with its request."""

    debt: Debt
    step: Send | Edit | Delete
    content: str
    articles: tuple[Article, ...]
    since: float  #: when it was read
    reply_to: int = 0  #: the message that it answers: the story's last post in the chat

    @property
    def number(self) -> int:
        """The delivery's."""
        return self.debt.delivery.id

    @property
    def chat_id(self) -> int:
        return self.debt.delivery.chat_id

    @property
    def unpaid(self) -> bool:
        """Edits and deletes cannot be paid for."""
        return not isinstance(self.step, Send)

    @property
    def rank(self) -> int:
        """Lanes in order, many readers before one."""
        lane = self.debt.lane or self.debt.delivery.lane
        return 2 * list(Lane).index(lane) + (not self.debt.delivery.public)


@dataclass(frozen=True, slots=True)
class Known:
    """An article as it is now, and since which revision it has its picture."""

    article: Article
    picture_since: int


@dataclass(frozen=True, slots=True)
class Due:
    """What is due, with what its requests are made of."""

    dues: Dues
    known: dict[int, Known]  #: by article
    replies: dict[int, int]  #: by delivery, the message that it continues


class Parcels:
    """Reads what is due and makes parcels of it; what needs no request is settled at once."""

    def __init__(self, publish: Publish, ledger: Ledger) -> None:
        self._publish, self._ledger = publish, ledger
        self._wording = Wording(publish.render, publish.policy)

    async def take(self, count: int, in_hand: Mapping[int, int]) -> tuple[list[Parcel], Collection[int]]:
        """Parcels, but for the deliveries and chats `in_hand`; and the chats that were passed over."""
        publish, since = self._publish, self._publish.clock.monotonic()
        hands = in_hand.keys() | self._ledger.pending
        shut = publish.pace.shut(since) | frozenset(in_hand.values())
        due = await publish.db.read(_due, publish.policy, publish.clock.now(), count, shut, hands)
        parcels = [parcel for debt in due.dues.debts if (parcel := self._parcel(debt, due, since))]
        return parcels, due.dues.passed

    def note(self, parcel: Parcel) -> tuple[Edit, str]:
        """What stands where a message cannot be deleted: that its article is gone."""
        assert isinstance(parcel.step, Delete)
        step = Edit(parcel.step.message_id, 0, withdrawn=True)
        return step, self._content(parcel.debt, step, parcel.articles)

    def _parcel(self, debt: Debt, due: Due, since: float) -> Parcel | None:
        about = [due.known[number] for number in articles_of(debt) if number in due.known]
        told = tuple(each.article for each in about)
        own = about[0] if about and debt.post.article_id is not None else None
        picture_since = own.picture_since if own else 0
        step = next_step(
            debt.delivery, debt.post, own.article if own else None, self._publish.policy, picture_since
        )
        if own is None and articles_of(debt):
            told = tuple(article for article in told if article.state is ArticleState.LIVE)
            step = step if told else Nothing(DeliveryState.SKIPPED, "its articles were withdrawn")
        if isinstance(step, Nothing):
            self._settle(debt, step.state, step.why)
            return None
        try:
            content = "" if isinstance(step, Delete) else self._content(debt, step, told)
        except Exception as surprise:  # a mistake of ours, met by one post; the others go on
            log.exception("a post cannot be worded", post=debt.post.id)
            self._settle(debt, DeliveryState.REFUSED, f"cannot be worded: {type(surprise).__name__}")
            return None
        return Parcel(debt, step, content, told, since, due.replies.get(debt.delivery.id, 0))

    def _content(self, debt: Debt, step: Send | Edit, about: tuple[Article, ...]) -> str:
        return self._wording.content(debt, step, about, self._publish.clock.now())

    def _settle(self, debt: Debt, state: DeliveryState, why: str) -> None:
        settled = replace(as_it_is(debt, state), error=why[:WORDS], before=DeliveryState.OWED)
        self._ledger.note(Aftermath(settled, debt.delivery.chat_id), urgent=debt.delivery.public)


def intent_of(parcel: Parcel) -> Intent:
    """What is to be known of the request after a crash; where nobody can look, nothing is kept."""
    number, chat = parcel.debt.delivery.id, parcel.debt.chat
    if not parcel.debt.delivery.public or isinstance(parcel.step, Delete):
        return Intent(number)
    last_message = chat.last_message_id if chat else 0
    return Intent(number, parcel.content, parcel.step.revision, last_message, parcel.reply_to)


def _due(
    connection: Connection,
    policy: Publishing,
    now: datetime,
    count: int,
    shut: Collection[int],
    in_hand: Collection[int],
) -> Due:
    """Deliveries, the articles that they are about as they are now, and what they continue."""
    dues = claims.due(connection, now, count, shut, in_hand)
    numbers = {number for debt in dues.debts for number in articles_of(debt)}
    found = articles.many(connection, list(numbers)) if numbers else []
    pictures = policy.pictures is Pictures.PHOTO
    known = {each.id: Known(each, _picture_since(connection, each) if pictures else 0) for each in found}
    replies = {debt.delivery.id: _continues(connection, debt, known, policy) for debt in dues.debts}
    return Due(dues, known, replies)


def _continues(connection: Connection, debt: Debt, known: dict[int, Known], policy: Publishing) -> int:
    """The message that a new post is a reply to, where many read both; 0 for none. An edit keeps its own."""
    delivery, article_id = debt.delivery, debt.post.article_id
    if delivery.message_id is not None:
        return delivery.reply_to
    if not (policy.threads and delivery.public) or article_id not in known:
        return 0
    return stories.shown_before(connection, known[article_id].article, delivery.chat_id)


def _picture_since(connection: Connection, article: Article) -> int:
    if article.revision == 1:
        return 1
    trail = articles.revisions(connection, article.id)
    return max((each.number for each in trail if "image" in each.changed), default=1)
