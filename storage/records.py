"""The nouns, as frozen records: field for field one for each table of `schema`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FeedState(StrEnum):
    ACTIVE = "active"  #: looked at on its schedule
    PAUSED = "paused"  #: not looked at until an operator resumes it
    GONE = "gone"  #: answered 410: stopped, and the operator told


class LeaseState(StrEnum):
    ASKED = "asked"  #: the hub was asked, and has not come back to verify it
    RUNNING = "running"  #: verified: the hub pushes until `until`
    LEAVING = "leaving"  #: the hub was asked to stop, and has not come back to verify it
    DENIED = "denied"  #: the hub will not


class ArticleState(StrEnum):
    LIVE = "live"
    WITHDRAWN = "withdrawn"


class ChatKind(StrEnum):
    CHANNEL = "channel"
    SUPERGROUP = "supergroup"
    GROUP = "group"  #: a basic group: its message ids are the account's, not its own
    PRIVATE = "private"


class ChatState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  #: the bot may not post there for now; what is owed stays owed
    BLOCKED = "blocked"  #: the reader blocked the bot, or is deactivated
    LEFT = "left"  #: a group that was deleted, or became another chat


class Alarm(StrEnum):
    """What operators were last told of a channel."""

    NONE = ""  #: all is well
    LOST = "lost"  #: it cannot be written to
    WAITING = "waiting"  #: Telegram lets nothing be sent there for long


class PostKind(StrEnum):
    ARTICLE = "article"
    DIGEST = "digest"
    CATCH_UP = "catch-up"  #: one post for what an outage kept back
    NOTICE = "notice"  #: to operators


class Lane(StrEnum):
    """Who goes first; answers to readers go before all and are never stored."""

    BREAKING = "breaking"
    ROUTINE = "routine"
    DIGEST = "digest"


class DeliveryState(StrEnum):
    OWED = "owed"  #: the chat does not yet show what it should
    CLAIMED = "claimed"  #: its request is, or was when we died, about to be made or under way
    UNCLEAR = "unclear"  #: the request may have been applied; to be looked up
    SETTLED = "settled"  #: the chat shows what it should
    SKIPPED = "skipped"  #: no longer wanted before it was surely sent: too old, withdrawn
    REFUSED = "refused"  #: Telegram will never take it; `error` says why
    REMOVED = "removed"  #: deleted by hand in the chat; not sent again


class Verdict(StrEnum):
    """What an edition decided about an article."""

    PLANNED = "planned"  #: owed to the edition's chats
    HELD = "held"  #: waits for its hour, or for an editor
    BACKFILL = "backfill"  #: known from the first look at its feed; kept, not posted
    TOO_OLD = "too old"
    CATCH_UP = "catch-up"  #: came out in one post with others after an outage
    NOT_INCLUDED = "not included"  #: has none of INCLUDE
    EXCLUDED = "excluded"
    DUPLICATE = "duplicate"  #: another article tells the same news
    WITHDRAWN = "withdrawn"  #: taken back before it was posted


class RunOutcome(StrEnum):
    DONE = "done"
    FAILED = "failed"
    KILLED = "killed"  #: found unfinished at a later start


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A URL that we look at on a schedule."""

    id: int
    url: str  #: as the operator wrote it; unique
    fetch_url: str  #: where the feed really is: discovered, or moved to
    title: str
    language: str
    etag: str
    last_modified: str
    body_hash: bytes
    state: FeedState
    next_fetch_at: datetime
    fetched_at: datetime | None
    succeeded_at: datetime | None
    last_new_at: datetime | None
    failures: int  #: in a row
    last_error: str
    alarm: str  #: what operators were last told of it: "gone", "failing", "silent"; "" for all well
    moved_to: str  #: a permanent redirect seen, remembered once it has proved itself
    moved_times: int
    hub: str
    topic: str
    lease_until: datetime | None
    ttl: int  #: seconds that the feed asks to be kept, 0 where it does not
    skip_hours: tuple[str, ...]  #: of the day in UTC, "0" to "23", in which it asks not to be looked at
    skip_days: tuple[str, ...]  #: of the week in UTC, "0" for Monday
    push_looked_at: datetime | None = None  #: when it was last looked at because of a push


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A WebSub hub's promise to push a feed to one callback until a time."""

    callback: str  #: the unguessable part of the callback's address
    feed_id: int
    hub: str
    topic: str
    secret: str  #: "" where the hub is not told one: its pushes are then only a reason to look
    state: LeaseState
    asked_at: datetime
    until: datetime | None
    error: str  #: what the hub answered, or why it denied


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One article's presence in one feed."""

    feed_id: int
    article_id: int
    content_hash: bytes
    seen_at: datetime
    last_seen_at: datetime  #: the newest look that still had it, `entries.NO_LOOK` where none had
    position: int  #: in that look, 0 first
    changes: int  #: edits taken from this entry
    backlog: bool = False  #: it was in the feed's first look: no news by this feed's word
    published_at: datetime | None = None  #: by this feed's word, when it first showed it
    updated_at: datetime | None = None  #: the item's own date when it said what it says now
    planned: bool = False  #: the editions have decided, knowing that this feed shows it


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The news itself, as plain text."""

    id: int
    url: str  #: canonical, as readers open it; "" where the item has none
    title: str
    summary: str  #: the standfirst
    text: str
    author: str
    sections: tuple[str, ...]
    language: str  #: a BCP 47 tag, "" where unknown
    image_url: str
    image_width: int  #: pixels, 0 where the feed does not say
    published_at: datetime  #: clamped to `seen_at`
    revised_at: datetime | None
    seen_at: datetime  #: first, or as the news that is posted
    revision: int  #: 1 at first
    fingerprint: bytes
    duplicate_of: int | None
    story_id: int | None
    state: ArticleState
    backfill: bool  #: kept at a feed's first look, not to be posted
    planned_at: datetime | None
    page_read_at: datetime | None  #: when its page was read, or found not to be readable
    withdrawn_because: str = ""  #: an editor's reason, "" where none was given
    feed_id: int | None = None  #: whose words it has


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """What a model makes of an article's words: a direction, near to those of articles that say the like."""

    article_id: int
    model: str  #: which model made it, and from what
    article_change: int  #: `articles.changed` when the article was last compared with it
    digest: bytes  #: of the words that it was made from
    language: str  #: of those words: the first part of a BCP 47 tag, "" where unknown
    vector: bytes  #: signed bytes, one a dimension; empty where the model made nothing of the words


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What an article said before or after a correction: the audit trail."""

    article_id: int
    number: int  #: from 1, which is the article as first seen
    title: str
    summary: str
    url: str
    image_url: str
    seen_at: datetime
    changed: tuple[str, ...]  #: "title", "summary", "url", "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Articles on one unfolding event."""

    id: int
    title: str
    first_article_id: int
    last_article_id: int
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A channel, a group or a reader; of a reader nothing more is kept than this."""

    id: int  #: Telegram's
    kind: ChatKind
    title: str  #: "" for a private chat, always
    username: str  #: "" for a private chat, always
    edition: str
    language: str
    timezone: str
    quiet_hours: str
    digest_at: str
    state: ChatState
    reason: str  #: why it is not active
    can_edit: bool  #: the bot has can_edit_messages there
    last_message_id: int  #: the highest that we know of
    moved_to: int | None = None  #: the supergroup that it became
    flooded_until: datetime | None = None  #: Telegram wants nothing sent there before
    named: bool = False  #: CHANNELS names it, or did when we last looked
    tries: int = 0  #: refused in a row for the chat's sake; such a pause ends with a send that is taken
    retry_at: datetime | None = None  #: when the next send may be tried in such a pause; None for now
    alarm: Alarm = Alarm.NONE  #: what operators were last told of it
    created_at: datetime

    @property
    def display_name(self) -> str:
        """What operators know it by: its title, its @name, or its id; a reader is never named."""
        if self.kind is ChatKind.PRIVATE:
            return "a private chat"
        return self.title or (f"@{self.username}" if self.username else str(self.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelName:
    """A @name by which one of our channels was known."""

    name: str  #: in lower case, without "@"
    chat_id: int  #: the channel that it means for ever
    leads_to: int  #: the chat that Telegram says it leads to; 0 for none


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a chat asked for."""

    chat_id: int
    what: str  #: "all", "section:world" or "word:rangoon"
    rhythm: str  #: "at once", "daily", "weekly"
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What we say; to whom is in `deliveries`."""

    id: int
    kind: PostKind
    lane: Lane
    edition: str
    article_id: int | None
    feed_id: int = 0  #: whose turn it takes: that of the feed whose words the article has; 0 for none
    text: str  #: of a notice, digest or catch-up: the articles' ids or the words
    silent: bool
    revision: int = 1  #: of the article, that chats should show; 0 for nothing: withdrawn
    not_before: datetime
    followers_after: int | None = None  #: followers with higher chat ids are still to be given a delivery
    raised_after: int | None = None  #: deliveries to higher chat ids do not yet want `revision`
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A post owed to a chat: what the chat should show, and what it shows."""

    id: int
    post_id: int
    chat_id: int
    lane: Lane
    public: bool  #: to a channel or group: goes before private chats
    feed_id: int = 0  #: of a channel's or group's: whose turn it takes there
    state: DeliveryState
    wanted_revision: int  #: 0 for nothing: withdrawn
    shown_revision: int  #: 0 for nothing yet
    message_id: int | None
    content: str  #: what the request under way, or the last one, said: JSON; kept where it can be looked up
    content_revision: int  #: which revision that is
    after_message_id: int  #: the chat's last known message when that request was made
    reply_to: int = 0  #: the message that it was sent as a reply to: its story's last post; 0 for none
    picture: bool  #: False once Telegram refused it
    not_before: datetime
    attempts: int
    unclear: int  #: how often it was not known what became of a send
    died: int = 0  #: of these, how often because our process ended
    found: int  #: how often it was then found in the chat
    repeats: int  #: unclear sends repeated without knowing
    claimed_at: datetime | None
    look_at: datetime | None  #: when what is unclear may be looked up
    error: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why an edition posted an article, or did not."""

    article_id: int
    edition: str
    verdict: Verdict
    detail: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a job."""

    id: int
    job: str
    started_at: datetime
    finished_at: datetime | None
    outcome: RunOutcome | None
    counts: dict[str, int]
    error: str
