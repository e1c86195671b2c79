"""Rows as frozen records, a field for each column that the code reads.

Three tables have none, since they are only read column by column: `identities`, `showings`, `reader_keys`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FeedState(StrEnum):
    ACTIVE = "active"  #: fetched on its schedule
    PAUSED = "paused"  #: not fetched until an operator resumes it
    GONE = "gone"  #: answered 410: stopped, and the operator told


class LeaseState(StrEnum):
    ASKED = "asked"  #: requested; the hub has not verified it yet
    RUNNING = "running"  #: verified: the hub pushes until `until`
    LEAVING = "leaving"  #: its end was requested; the hub has not verified that yet
    DENIED = "denied"  #: the hub refused


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
    """The last alarm about a channel that operators were sent."""

    NONE = ""  #: none, or its end
    LOST = "lost"  #: it cannot be written to
    WAITING = "waiting"  #: rate limited for long


class PostKind(StrEnum):
    ARTICLE = "article"
    DIGEST = "digest"
    CATCH_UP = "catch-up"  #: one post that lists the articles of an outage
    NOTICE = "notice"  #: to operators


class Lane(StrEnum):
    """The order of sending; answers to readers come before all lanes and are never stored."""

    BREAKING = "breaking"
    ROUTINE = "routine"
    DIGEST = "digest"


class DeliveryState(StrEnum):
    OWED = "owed"  #: the chat does not yet show what it should
    CLAIMED = "claimed"  #: its request is about to be made or under way, or was when the process ended
    UNCLEAR = "unclear"  #: the request may have succeeded; to be looked up
    SETTLED = "settled"  #: the chat shows what it should
    SKIPPED = "skipped"  #: no longer wanted before it was surely sent: too old, withdrawn
    REFUSED = "refused"  #: Telegram will not accept it; `error` says why
    REMOVED = "removed"  #: deleted by hand in the chat; not sent again


class Verdict(StrEnum):
    """What an edition decided about an article."""

    PLANNED = "planned"  #: owed to the edition's chats
    HELD = "held"  #: waits for its hour, or for an editor
    BACKFILL = "backfill"  #: from the first update of its feed; stored, not posted
    TOO_OLD = "too old"
    CATCH_UP = "catch-up"  #: listed in one post with others after an outage
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
    """A URL that is fetched on a schedule."""

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
    ttl: int  #: in seconds, as the feed states it; 0 if it states none
    skip_hours: tuple[str, ...]  #: of the day in UTC, "0" to "23", in which it asks not to be fetched
    skip_days: tuple[str, ...]  #: of the week in UTC, "0" for Monday
    push_looked_at: datetime | None = None  #: when a push last caused an update


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A WebSub hub's promise to push a feed to one callback until a time."""

    callback: str  #: the unguessable part of the callback's address
    feed_id: int
    hub: str
    topic: str
    secret: str  #: "" if the hub was given none: its pushes then only cause an update
    state: LeaseState
    asked_at: datetime
    until: datetime | None
    error: str  #: what the hub answered, or why it refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One article's presence in one feed."""

    feed_id: int
    article_id: int
    content_hash: bytes
    seen_at: datetime
    last_seen_at: datetime  #: the last feed update that had it; `entries.NO_UPDATE` if none had
    position: int  #: in that update, from 0
    changes: int  #: corrections taken from this entry
    backlog: bool = False  #: it was in the feed's first update: not news as far as this feed is concerned
    published_at: datetime | None = None  #: as this feed stated when it first showed it
    updated_at: datetime | None = None  #: the item's own date when its content last changed
    planned: bool = False  #: the editions have decided since this feed showed it


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The news itself, as plain text."""

    id: int
    url: str  #: canonical, as readers open it; "" if the item has none
    title: str
    summary: str  #: the standfirst
    text: str
    author: str
    sections: tuple[str, ...]
    language: str  #: a BCP 47 tag, "" if unknown
    image_url: str
    image_width: int  #: in pixels, 0 if the feed does not state it
    published_at: datetime  #: clamped to `seen_at`
    revised_at: datetime | None
    seen_at: datetime  #: first, or as the news that is posted
    revision: int  #: 1 at first
    duplicate_of: int | None
    story_id: int | None
    state: ArticleState
    backfill: bool  #: stored at a feed's first update, not to be posted
    planned_at: datetime | None
    page_read_at: datetime | None  #: when its page was read, or found to be unreadable
    withdrawn_because: str = ""  #: an editor's reason, "" if none was given
    feed_id: int | None = None  #: the feed that its content is from


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """The vector that a model computes from an article's text, close to those of similar articles."""

    article_id: int
    model: str  #: the model, and what part of the article it was given
    article_change: int  #: `articles.changed` when the article was last compared with it
    digest: bytes  #: of the text that it was computed from
    language: str  #: of that text: the first part of a BCP 47 tag, "" if unknown
    vector: bytes  #: a signed byte for each dimension; empty if the model gave none


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
    """A channel, a group or a reader; nothing more is stored of a reader."""

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
    last_message_id: int  #: the highest known
    moved_to: int | None = None  #: the supergroup that it became
    flooded_until: datetime | None = None  #: Telegram wants nothing sent there before
    named: bool = False  #: CHANNELS named it at the last start
    tries: int = (
        0  #: sends in a row that were refused because of the chat; the pause ends with one that succeeds
    )
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
    chat_id: int  #: the channel that it stands for, permanently
    leads_to: int  #: the chat that has the name on Telegram now; 0 if none has


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a chat asked to be sent."""

    chat_id: int
    what: str  #: "all", "section:world" or "word:rangoon"
    rhythm: str  #: "at once", "daily", "weekly"
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What is posted; its recipients are in `deliveries`."""

    id: int
    kind: PostKind
    lane: Lane
    edition: str
    article_id: int | None
    feed_id: int = 0  #: whose turn it takes: that of the feed that the content is from; 0 if none
    text: str  #: of a notice its text, of a digest or catch-up its articles' ids
    silent: bool
    revision: int = 1  #: of the article, that chats should show; 0 if it was withdrawn
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
    public: bool  #: to a channel or group: sent before private ones
    feed_id: int = 0  #: whose turn it takes in a channel or group
    state: DeliveryState
    wanted_revision: int  #: 0 if the article was withdrawn
    shown_revision: int  #: 0 for nothing yet
    message_id: int | None
    content: str  #: of the current or last request, as JSON; kept if it can be looked up
    content_revision: int  #: the revision in `content`
    after_message_id: int  #: the chat's last known message when that request was made
    reply_to: int = 0  #: the message that it replies to, its story's last post; 0 if none
    picture: bool  #: False once Telegram refused it
    not_before: datetime
    attempts: int
    unclear: int  #: how many sends had an unknown outcome
    died: int = 0  #: of these, because the process ended
    found: int  #: of these, later found in the chat
    repeats: int  #: unclear sends that were repeated without a lookup
    claimed_at: datetime | None
    look_at: datetime | None  #: when an unclear send may be looked up
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
