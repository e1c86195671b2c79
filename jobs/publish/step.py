"""What is the next request of a delivery? What it shows and what it should show decide; pure."""

from dataclasses import dataclass
from datetime import datetime

from jobs.policy import Corrections, Publishing, Withdrawals
from storage.records import Article, ArticleState, Delivery, DeliveryState, Post, PostKind


@dataclass(frozen=True, slots=True)
class Send:
    """A new message."""

    revision: int


@dataclass(frozen=True, slots=True)
class Edit:
    """The message shall say something else; `withdrawn`: a note that the article is gone."""

    message_id: int
    revision: int
    corrected_at: datetime | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """The message shall go."""

    message_id: int


@dataclass(frozen=True, slots=True)
class Nothing:
    """No request: the delivery ends as it is."""

    state: DeliveryState
    why: str = ""


Step = Send | Edit | Delete | Nothing


def next_step(delivery: Delivery, post: Post, article: Article | None, policy: Publishing) -> Step:
    """The request that brings the chat nearer to what it should show.

    The article as it is now counts, so that a correction that came before the send takes its place.
    """
    if post.kind is not PostKind.ARTICLE:
        return Send(1) if delivery.message_id is None else Nothing(DeliveryState.SETTLED)
    if article is None:
        return Nothing(DeliveryState.SKIPPED, "the article is no longer kept")
    stays = policy.withdrawals is Withdrawals.OFF and delivery.message_id is not None
    if delivery.wanted_revision == 0 or (article.state is ArticleState.WITHDRAWN and not stays):
        return _withdrawal(delivery, policy)
    if delivery.message_id is None:
        return Send(article.revision)
    if delivery.shown_revision >= delivery.wanted_revision:
        return Nothing(DeliveryState.SETTLED)
    marked = policy.corrections is Corrections.MARK
    return Edit(delivery.message_id, article.revision, article.revised_at if marked else None)


def _withdrawal(delivery: Delivery, policy: Publishing) -> Step:
    if delivery.message_id is None:
        return Nothing(DeliveryState.SKIPPED, "the article was withdrawn")
    match policy.withdrawals:
        case Withdrawals.OFF:
            return Nothing(DeliveryState.SKIPPED, "withdrawn articles stay")
        case Withdrawals.NOTE:
            return Edit(delivery.message_id, 0, withdrawn=True)
        case Withdrawals.DELETE:
            return Delete(delivery.message_id)
