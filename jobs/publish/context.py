"""What the stages of publishing share: their parts, what a post is rendered from, and one request."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from jobs.clock import Clock, Notifier
from jobs.config import Edition, PublishPolicy, Rate
from jobs.publish.rate_limiter import RateLimiter
from jobs.publish.send_result import ChatAccess, Outcome, Sender
from storage.database import Database
from storage.index import Index
from storage.records import Article, Chat, Post


@dataclass(frozen=True, slots=True, kw_only=True)
class PostContext:
    """A post for one chat: what `bot.render` needs."""

    post: Post
    articles: tuple[Article, ...]  #: the article; of a catch-up or digest, those it lists
    edition: Edition
    language: str  #: the chat's, or the edition's
    chat: Chat | None  #: the channel or group; None for private chats, which all get the same
    now: datetime
    corrected_at: datetime | None = None  #: if the post is marked as corrected
    withdrawn: bool = False  #: a note that the article is gone
    picture: bool = True  #: False after Telegram refused the post with its picture in this chat


#: What Telegram allows without payment; edits and deletes cannot be paid for (`allow_paid_broadcast`).
UNPAID_RATE = Rate(30, 1.0)

#: Renders the content: JSON that `bot.telegram` reads, and that jobs only keep and compare.
RenderPost = Callable[[PostContext], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishContext:
    """The parts. `planning_due` is notified when articles were stored, corrected or withdrawn."""

    db: Database
    sender: Sender
    clock: Clock
    policy: PublishPolicy
    planning_due: Notifier
    render: RenderPost
    rate_limiter: RateLimiter
    on_forgotten: Callable[[int], None] = lambda _chat_id: None  #: called with each reader who was erased
    index: Index | None = None  #: tells which articles are alike; without it there are no stories


def create_rate_limiter(policy: PublishPolicy) -> RateLimiter:
    """The rate limiter for the rates of the settings."""
    paid = (
        policy.paid_broadcast and policy.rate_overall.count > UNPAID_RATE.count * policy.rate_overall.seconds
    )
    return RateLimiter(
        policy.rate_overall, policy.rate_chat, policy.rate_group, UNPAID_RATE if paid else None
    )


async def fetch_chat_access(publish: PublishContext, chat: int | str) -> ChatAccess | Outcome:
    """What Telegram says of a chat. To be called only while the circuit breaker lets requests through."""
    rate_limiter, clock = publish.rate_limiter, publish.clock
    rate_limiter.circuit_breaker.start_request(clock.monotonic())
    access = await publish.sender.fetch_chat_access(chat)
    rate_limiter.record_outcome(("chat access", chat), access, clock.monotonic())
    return access
