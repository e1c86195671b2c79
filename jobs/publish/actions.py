"""What is the next request of a delivery? What it shows and what it should show decide; pure."""

from dataclasses import dataclass
from datetime import datetime

from jobs.config import Corrections, PublishPolicy, Withdrawals
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
    new_picture: bool = False  #: another picture than the one shown


@dataclass(frozen=True, slots=True)
class Delete:
    """The message shall go."""

    message_id: int


@dataclass(frozen=True, slots=True)
class NoAction:
    """No request: the delivery ends as it is."""

    state: DeliveryState
    reason: str = ""


Action = Send | Edit | Delete | NoAction


def next_action(
    delivery: Delivery, post: Post, article: Article | None, policy: PublishPolicy, picture_since: int = 0
) -> Action:
    """The request that brings the chat nearer to what it should show.

    The article as it is now counts, so that a correction that came before the send takes its place; its
    picture is that of revision `picture_since` and later.
    """
    if post.kind is not PostKind.ARTICLE:
        return Send(1) if delivery.message_id is None else NoAction(DeliveryState.SETTLED)
    if article is None:
        return NoAction(DeliveryState.SKIPPED, "the article is no longer kept")
    if delivery.message_id is None:
        unwanted = delivery.wanted_revision == 0 or article.state is ArticleState.WITHDRAWN
        return (
            NoAction(DeliveryState.SKIPPED, "the article was withdrawn")
            if unwanted
            else Send(article.revision)
        )
    if delivery.wanted_revision == 0:
        return _withdrawal_action(delivery.message_id, policy)
    if delivery.shown_revision >= delivery.wanted_revision:
        return NoAction(DeliveryState.SETTLED)
    return Edit(
        delivery.message_id,
        article.revision,
        article.revised_at if policy.corrections is Corrections.MARK else None,
        new_picture=delivery.shown_revision < picture_since,
    )


def _withdrawal_action(message_id: int, policy: PublishPolicy) -> Action:
    match policy.withdrawals:
        case Withdrawals.OFF:
            return NoAction(DeliveryState.SKIPPED, "withdrawn articles stay")
        case Withdrawals.NOTE:
            return Edit(message_id, 0, withdrawn=True)
        case Withdrawals.DELETE:
            return Delete(message_id)
