"""What publishing is made of: its parts, and what is to be told in which chat."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from jobs.clock import Clock, Notifier
from jobs.config import Edition, PublishPolicy, Rate
from jobs.publish.rate_limiter import RateLimiter
from jobs.publish.send_result import Sender
from storage.database import Database
from storage.index import Index
from storage.records import Article, Chat, Post


@dataclass(frozen=True, slots=True, kw_only=True)
class PostContext:
    """One post as one chat is to see it: what `bot.render` needs."""

    post: Post
    articles: tuple[Article, ...]  #: of an article's post the article; of a catch-up or digest those it lists
    edition: Edition
    language: str  #: the chat's, or the edition's
    chat: Chat | None  #: the channel or group; None for private chats, which are all told the same
    now: datetime
    corrected_at: datetime | None = None  #: the mark of a correction; None for none
    withdrawn: bool = False  #: the note that stands where the article was
    picture: bool = True  #: False once Telegram refused the post with it here


#: What Telegram allows without payment; edits and deletes cannot be paid for (`allow_paid_broadcast`).
UNPAID_RATE = Rate(30, 1.0)

#: Makes the content: JSON that `bot.telegram` reads, and jobs only keep and compare.
RenderPost = Callable[[PostContext], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishContext:
    """The parts. `bell` is rung when articles were stored, corrected or withdrawn."""

    db: Database
    sender: Sender
    clock: Clock
    policy: PublishPolicy
    planning_due: Notifier
    render: RenderPost
    rate_limiter: RateLimiter
    on_forgotten: Callable[[int], None] = lambda _chat_id: None  #: called when a reader was erased
    index: Index | None = None  #: which articles are alike: without it there are no stories


def create_rate_limiter(policy: PublishPolicy) -> RateLimiter:
    """The pace that the operator allows."""
    paid = (
        policy.paid_broadcast and policy.rate_overall.count > UNPAID_RATE.count * policy.rate_overall.seconds
    )
    return RateLimiter(
        policy.rate_overall, policy.rate_chat, policy.rate_group, UNPAID_RATE if paid else None
    )
