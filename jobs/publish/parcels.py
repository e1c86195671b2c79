"""What was claimed becomes requests ready to go: worded, and written down before channels are told."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from jobs.policy import Pictures
from jobs.publish.ledger import Ledger
from jobs.publish.parts import Publish
from jobs.publish.settling import WORDS, Aftermath, as_it_is
from jobs.publish.step import Delete, Edit, Nothing, Send, next_step
from jobs.publish.wording import Wording, articles_of
from storage import articles, outbox
from storage.database import Connection
from storage.outbox import Claimed, Claims, Intent
from storage.records import Article, ArticleState, DeliveryState, Lane

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed delivery with its request."""

    claimed: Claimed
    step: Send | Edit | Delete
    content: str
    articles: tuple[Article, ...]
    since: float  #: when it was claimed

    @property
    def chat_id(self) -> int:
        return self.claimed.delivery.chat_id

    @property
    def rank(self) -> int:
        """Lanes in order, many readers before one."""
        return 2 * list(Lane).index(self.claimed.delivery.lane) + (not self.claimed.delivery.public)


@dataclass(frozen=True, slots=True)
class Known:
    """An article as it is now, and since which revision it has its picture."""

    article: Article
    picture_since: int


class Parcels:
    """Claims deliveries and makes parcels of them; what needs no request is settled at once."""

    def __init__(self, publish: Publish, ledger: Ledger) -> None:
        self._publish, self._ledger = publish, ledger
        self._wording = Wording(publish.render, publish.policy)

    async def take(self, count: int) -> tuple[list[Parcel], int, Collection[int]]:
        """Parcels; how many deliveries were claimed for them; the chats that were passed over."""
        publish, since = self._publish, self._publish.clock.monotonic()
        pictures = publish.policy.pictures is Pictures.PHOTO
        shut = publish.pace.shut(since)
        claims, known = await publish.db.run(_claim, publish.clock.now(), count, shut, pictures)
        parcels = [parcel for claimed in claims.taken if (parcel := self._parcel(claimed, known, since))]
        intents = [_intent(parcel) for parcel in parcels if parcel.claimed.delivery.public]
        if intents:
            await publish.db.run(outbox.intend, intents, publish.clock.now())
        return parcels, len(claims.taken), claims.passed

    def note(self, parcel: Parcel) -> tuple[Edit, str]:
        """What stands where a message cannot be deleted: that its article is gone."""
        assert isinstance(parcel.step, Delete)
        step = Edit(parcel.step.message_id, 0, withdrawn=True)
        return step, self._content(parcel.claimed, step, parcel.articles)

    def _parcel(self, claimed: Claimed, known: dict[int, Known], since: float) -> Parcel | None:
        about = [known[number] for number in articles_of(claimed) if number in known]
        told = tuple(each.article for each in about)
        own = about[0] if about and claimed.post.article_id is not None else None
        picture_since = own.picture_since if own else 0
        step = next_step(
            claimed.delivery, claimed.post, own.article if own else None, self._publish.policy, picture_since
        )
        if own is None and articles_of(claimed):
            told = tuple(article for article in told if article.state is ArticleState.LIVE)
            step = step if told else Nothing(DeliveryState.SKIPPED, "its articles were withdrawn")
        if isinstance(step, Nothing):
            self._settle(claimed, step.state, step.why)
            return None
        try:
            content = "" if isinstance(step, Delete) else self._content(claimed, step, told)
        except Exception as surprise:  # a mistake of ours, met by one post; the others go on
            log.exception("a post cannot be worded", post=claimed.post.id)
            self._settle(claimed, DeliveryState.REFUSED, f"cannot be worded: {surprise!r}")
            return None
        return Parcel(claimed, step, content, told, since)

    def _content(self, claimed: Claimed, step: Send | Edit, about: tuple[Article, ...]) -> str:
        return self._wording.content(claimed, step, about, self._publish.clock.now())

    def _settle(self, claimed: Claimed, state: DeliveryState, why: str) -> None:
        settled = replace(as_it_is(claimed, state), error=why[:WORDS])
        self._ledger.note(Aftermath(settled, claimed.delivery.chat_id), urgent=claimed.delivery.public)


def _claim(
    connection: Connection, now: datetime, count: int, shut: Collection[int], pictures: bool
) -> tuple[Claims, dict[int, Known]]:
    """Deliveries, and the articles that they are about as they are now."""
    claims = outbox.claim(connection, now, count, shut)
    numbers = {number for claimed in claims.taken for number in articles_of(claimed)}
    found = articles.many(connection, list(numbers)) if numbers else []
    since = {article.id: _picture_since(connection, article) if pictures else 0 for article in found}
    return claims, {article.id: Known(article, since[article.id]) for article in found}


def _picture_since(connection: Connection, article: Article) -> int:
    if article.revision == 1:
        return 1
    trail = articles.revisions(connection, article.id)
    return max((each.number for each in trail if "image" in each.changed), default=1)


def _intent(parcel: Parcel) -> Intent:
    chat = parcel.claimed.chat
    revision = 0 if isinstance(parcel.step, Delete) else parcel.step.revision
    known = chat.last_message_id if chat else 0
    return Intent(parcel.claimed.delivery.id, parcel.content, revision, known)
