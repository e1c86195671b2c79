"""The database schema: all tables. Times are aware and in UTC; states are stored as words."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    literal_column,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from storage.privacy.encryption import cipher_of, from_stored, to_stored
from storage.records import (
    Alarm,
    ArticleState,
    ChatKind,
    ChatState,
    DeliveryState,
    FeedState,
    Lane,
    LeaseState,
    PostKind,
    RunOutcome,
    Verdict,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC, also if the engine stores it without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Parse SQLite's text directly: this runs several times for each message of a fan-out."""
        return _parse_utc if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _parse_utc(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


class EnumText(TypeDecorator[StrEnum]):
    """A member of a `StrEnum`."""

    impl = String(32)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.enum = words

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.enum(value)


class TextList(TypeDecorator[tuple[str, ...]]):
    """A short list of words, in order, as JSON."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> list[str]:
        return list(value or ())

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...]:
        return tuple(value or ())


class ChatId(TypeDecorator[int]):
    """Telegram's number of a chat; a private chat's is encrypted if there is a key (`storage.privacy`).

    A column is ordered by the stored values: for encrypted ids the order says nothing about the number.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """SQLite stores blobs in a column of numbers; in PostgreSQL only NUMERIC holds 192 bits."""
        wide: TypeEngine[Any] = Numeric(60, 0) if dialect.name == "postgresql" else BigInteger()
        return dialect.type_descriptor(wide)

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        if value is None or value <= 0:
            return value
        return to_stored(cipher_of(dialect), value, dialect.name)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        if value is None or type(value) is int:  # the usual case on SQLite, many times for each message
            return value
        return from_stored(cipher_of(dialect), value)


class NextChange(FunctionElement[int]):
    """A number that grows with every write to a table: the value of its column `changed`.

    SQLite has one writer at a time, so the highest number plus one is in the order of commits; it is at least
    the time in milliseconds, so that after a restore no number stands for another row. PostgreSQL's number is
    the transaction's; a reader goes back to the oldest one still open (`storage.changes.change_horizon`).
    """

    type = BigInteger()
    inherit_cache = True

    def __init__(self, table: str) -> None:
        super().__init__(literal_column(table))


@compiles(NextChange)
def _next_change(element: NextChange, compiler: Any, **options: Any) -> str:
    table = compiler.process(element.clauses, **options)  # the name given above, nothing from outside
    return (
        "(SELECT max(coalesce(max(changed), 0) + 1,"  # noqa: S608
        f" CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) FROM {table})"
    )


@compiles(NextChange, "postgresql")
def _next_change_postgresql(_element: NextChange, _compiler: Any, **_options: Any) -> str:
    return "txid_current()"


#: Articles whose posts have not been brought up to date with a correction or withdrawal.
REVISION_PENDING = "planned_at IS NOT NULL AND told <> CASE state WHEN 'withdrawn' THEN 0 ELSE revision END"

#: Deliveries owed to channels and groups.
OWED_IN_PUBLIC = "state = 'owed' AND public"
#: Posts whose fan-out to followers, or to a new revision, is not complete.
FANOUT_PENDING = "(posts.followers_after IS NOT NULL OR posts.raised_after IS NOT NULL)"

#: SQLite numbers only an INTEGER PRIMARY KEY; PostgreSQL needs BIGINT for 64 bits.
Key = BigInteger().with_variant(Integer, "sqlite")

feeds = Table(
    "feeds",
    metadata,
    Column("id", Key, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("fetch_url", Text, nullable=False),
    Column("title", Text, nullable=False, default=""),
    Column("language", String(35), nullable=False, default=""),
    Column("etag", Text, nullable=False, default=""),
    Column("last_modified", Text, nullable=False, default=""),
    Column("body_hash", LargeBinary, nullable=False, default=b""),
    Column("state", EnumText(FeedState), nullable=False, default=FeedState.ACTIVE),
    Column("next_fetch_at", UtcDateTime, nullable=False, index=True),
    Column("fetched_at", UtcDateTime),
    Column("succeeded_at", UtcDateTime),
    Column("last_new_at", UtcDateTime),
    Column("failures", Integer, nullable=False, default=0),
    Column("last_error", Text, nullable=False, default=""),
    Column("alarm", String(16), nullable=False, default=""),
    Column("moved_to", Text, nullable=False, default=""),
    Column("moved_times", Integer, nullable=False, default=0),
    Column("hub", Text, nullable=False, default=""),
    Column("topic", Text, nullable=False, default=""),
    Column("lease_until", UtcDateTime),
    Column("push_looked_at", UtcDateTime),
    Column("ttl", Integer, nullable=False, default=0),
    Column("skip_hours", TextList, nullable=False, default=()),
    Column("skip_days", TextList, nullable=False, default=()),
)

leases = Table(
    "leases",
    metadata,
    Column("callback", Text, primary_key=True),
    Column("feed_id", Key, ForeignKey("feeds.id"), nullable=False, index=True),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("secret", Text, nullable=False, default=""),
    Column("state", EnumText(LeaseState), nullable=False, default=LeaseState.ASKED),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Column("error", Text, nullable=False, default=""),
)

#: Every guid and normalized link ever seen, as a hash, kept permanently.
identities = Table(
    "identities",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("article_id", Key, nullable=False, index=True),
    Column("feed_id", Key),
    Column("seen_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

articles = Table(
    "articles",
    metadata,
    Column("id", Key, primary_key=True),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("text", Text, nullable=False, default=""),
    Column("author", Text, nullable=False, default=""),
    Column("sections", TextList, nullable=False, default=()),
    Column("language", String(35), nullable=False, default=""),
    Column("image_url", Text, nullable=False, default=""),
    Column("image_width", Integer, nullable=False, default=0),
    Column("published_at", UtcDateTime, nullable=False, index=True),
    Column("revised_at", UtcDateTime),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("revision", Integer, nullable=False, default=1),
    Column("duplicate_of", Key, ForeignKey("articles.id")),
    Column("story_id", Key),
    Column("state", EnumText(ArticleState), nullable=False, default=ArticleState.LIVE),
    Column("backfill", Boolean, nullable=False, default=False),
    Column("planned_at", UtcDateTime),
    Column("told", Integer, nullable=False, default=0),
    Column("page_read_at", UtcDateTime),
    Column("withdrawn_because", Text, nullable=False, default=""),
    Column("feed_id", Key),
    Column(
        "changed",
        BigInteger,
        nullable=False,
        index=True,
        default=NextChange("articles"),
        onupdate=NextChange("articles"),
    ),
)
#: A link may exceed the 2,704 bytes that a B-tree entry holds in PostgreSQL.
Index("ix_articles_url", articles.c.url, postgresql_using="hash")
Index(
    "ix_articles_unplanned",
    articles.c.id,
    sqlite_where=text("planned_at IS NULL"),
    postgresql_where=text("planned_at IS NULL"),
)
#: Corrected or withdrawn since the posts were last updated, to the revision in `told`.
Index(
    "ix_articles_untold",
    articles.c.id,
    sqlite_where=text(REVISION_PENDING),
    postgresql_where=text(REVISION_PENDING),
)

Index(
    "ix_articles_story_id",
    articles.c.story_id,
    sqlite_where=text("story_id IS NOT NULL"),
    postgresql_where=text("story_id IS NOT NULL"),
)
#: In no story: the backlog of story assignment.
Index(
    "ix_articles_in_no_story",
    articles.c.published_at,
    sqlite_where=text("story_id IS NULL"),
    postgresql_where=text("story_id IS NULL"),
)
#: Duplicates.
Index(
    "ix_articles_duplicate_of",
    articles.c.duplicate_of,
    sqlite_where=text("duplicate_of IS NOT NULL"),
    postgresql_where=text("duplicate_of IS NOT NULL"),
)

#: Computed by a model, to find similar articles across wordings and languages; recomputed when lost.
embeddings = Table(
    "embeddings",
    metadata,
    Column(
        "article_id",
        Key,
        ForeignKey("articles.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("model", String(64), nullable=False),
    Column("article_change", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("language", String(35), nullable=False, default=""),
    Column("vector", LargeBinary, nullable=False),
    Column("changed", BigInteger, nullable=False, index=True, default=NextChange("embeddings")),
)

entries = Table(
    "entries",
    metadata,
    Column("feed_id", Key, ForeignKey("feeds.id"), nullable=False),
    Column("article_id", Key, ForeignKey("articles.id"), nullable=False, index=True),
    Column("content_hash", LargeBinary, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("position", Integer, nullable=False, default=0),
    Column("changes", Integer, nullable=False, default=0),
    Column("backlog", Boolean, nullable=False, default=False),
    Column("published_at", UtcDateTime),
    Column("updated_at", UtcDateTime),
    Column("planned", Boolean, nullable=False, default=False),
    PrimaryKeyConstraint("feed_id", "article_id"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("article_id", Key, ForeignKey("articles.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("image_url", Text, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("changed", TextList, nullable=False, default=()),
    PrimaryKeyConstraint("article_id", "number"),
)

stories = Table(
    "stories",
    metadata,
    Column("id", Key, primary_key=True),
    Column("title", Text, nullable=False),
    Column("first_article_id", Key, ForeignKey("articles.id"), nullable=False),
    Column("last_article_id", Key, ForeignKey("articles.id"), nullable=False),
    Column("updated_at", UtcDateTime, nullable=False, index=True),
)

chats = Table(
    "chats",
    metadata,
    Column("id", ChatId, primary_key=True, autoincrement=False),
    Column("kind", EnumText(ChatKind), nullable=False),
    Column("title", Text, nullable=False, default=""),
    Column("username", Text, nullable=False, default=""),
    Column("edition", String(64), nullable=False, default=""),
    Column("language", String(35), nullable=False, default=""),
    Column("timezone", String(64), nullable=False, default=""),
    Column("quiet_hours", String(16), nullable=False, default=""),
    Column("digest_at", String(8), nullable=False, default=""),
    Column("state", EnumText(ChatState), nullable=False, default=ChatState.ACTIVE),
    Column("reason", Text, nullable=False, default=""),
    Column("can_edit", Boolean, nullable=False, default=False),
    Column("last_message_id", BigInteger, nullable=False, default=0),
    Column("moved_to", ChatId),
    Column("flooded_until", UtcDateTime),
    Column("named", Boolean, nullable=False, default=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("retry_at", UtcDateTime),
    Column("alarm", EnumText(Alarm), nullable=False, default=Alarm.NONE),
    Column("created_at", UtcDateTime, nullable=False),
)

#: The first of our channels that had a name, even if another one has it now.
channel_names = Table(
    "channel_names",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("leads_to", BigInteger, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("chat_id", ChatId, ForeignKey("chats.id", ondelete="CASCADE"), nullable=False),
    Column("what", Text, nullable=False),
    Column("rhythm", String(16), nullable=False, default="at once"),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("chat_id", "what"),
)
Index("ix_subscriptions_what_chat_id", subscriptions.c.what, subscriptions.c.chat_id)

posts = Table(
    "posts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", EnumText(PostKind), nullable=False),
    Column("lane", EnumText(Lane), nullable=False),
    Column("edition", String(64), nullable=False, default=""),
    Column("article_id", Key, ForeignKey("articles.id"), index=True),
    Column("feed_id", Key, nullable=False, default=0, server_default="0"),
    Column("text", Text, nullable=False, default=""),
    Column("silent", Boolean, nullable=False, default=False),
    Column("revision", Integer, nullable=False, default=1),
    Column("not_before", UtcDateTime, nullable=False),
    Column("followers_after", ChatId),
    Column("raised_after", ChatId),
    Column("created_at", UtcDateTime, nullable=False),
)
Index(
    "ix_posts_unspread",
    posts.c.id,
    sqlite_where=text("followers_after IS NOT NULL OR raised_after IS NOT NULL"),
    postgresql_where=text("followers_after IS NOT NULL OR raised_after IS NOT NULL"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Key, primary_key=True),
    Column("post_id", Key, ForeignKey("posts.id"), nullable=False),
    Column("chat_id", ChatId, nullable=False),
    Column("lane", EnumText(Lane), nullable=False),
    Column("public", Boolean, nullable=False, default=False),
    Column("feed_id", Key, nullable=False, default=0, server_default="0"),
    Column("state", EnumText(DeliveryState), nullable=False, default=DeliveryState.OWED),
    Column("wanted_revision", Integer, nullable=False, default=1),
    Column("shown_revision", Integer, nullable=False, default=0),
    Column("message_id", BigInteger),
    Column("content", Text, nullable=False, default=""),
    Column("content_revision", Integer, nullable=False, default=0),
    Column("after_message_id", BigInteger, nullable=False, default=0),
    Column("reply_to", BigInteger, nullable=False, default=0),
    Column("picture", Boolean, nullable=False, default=True),
    Column("not_before", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("unclear", Integer, nullable=False, default=0),
    Column("died", Integer, nullable=False, default=0),
    Column("found", Integer, nullable=False, default=0),
    Column("repeats", Integer, nullable=False, default=0),
    Column("claimed_at", UtcDateTime),
    Column("look_at", UtcDateTime),
    Column("error", Text, nullable=False, default=""),
    Column("settled_at", UtcDateTime),
    # deliveries in memory are known by id: the id of an erased row must never be given to another
    sqlite_autoincrement=True,
)
Index("uq_deliveries_post_id_chat_id", deliveries.c.post_id, deliveries.c.chat_id, unique=True)
Index("ix_deliveries_chat_id_message_id", deliveries.c.chat_id, deliveries.c.message_id)


def _partial_index(words: str) -> dict[str, Any]:
    """The arguments of an index over the few rows that meet a condition, for both engines."""
    return {"sqlite_where": text(words), "postgresql_where": text(words)}


#: What is to be sent, in its order.
Index(
    "ix_deliveries_owed",
    deliveries.c.lane,
    deliveries.c.public,
    deliveries.c.not_before,
    deliveries.c.id,
    **_partial_index("state = 'owed'"),
)
#: The same for channels and groups, where feeds take turns.
Index(
    "ix_deliveries_owed_in_turn",
    deliveries.c.lane,
    deliveries.c.chat_id,
    deliveries.c.feed_id,
    deliveries.c.not_before,
    deliveries.c.id,
    **_partial_index(OWED_IN_PUBLIC),
)
Index(
    "ix_deliveries_last_turn",
    deliveries.c.chat_id,
    deliveries.c.feed_id,
    deliveries.c.claimed_at,
    **_partial_index("public"),
)
#: What is under way or unclear.
Index("ix_deliveries_open", deliveries.c.chat_id, **_partial_index("state IN ('claimed', 'unclear')"))
Index("ix_deliveries_public_claimed_at", deliveries.c.claimed_at, **_partial_index("public"))
#: What may have been sent twice.
Index("ix_deliveries_repeats", deliveries.c.repeats, **_partial_index("repeats > 0"))

#: When each revision was shown in a channel or group: the audit trail.
showings = Table(
    "showings",
    metadata,
    Column("delivery_id", Key, ForeignKey("deliveries.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("shown_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("delivery_id", "revision"),
)

#: A check value of the key that readers' ids are encrypted with; empty if they are plain.
reader_keys = Table("reader_keys", metadata, Column("check_value", LargeBinary, primary_key=True))

decisions = Table(
    "decisions",
    metadata,
    Column("article_id", Key, ForeignKey("articles.id"), nullable=False),
    Column("edition", String(64), nullable=False),
    Column("verdict", EnumText(Verdict), nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("decided_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("article_id", "edition"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Key, primary_key=True),
    Column("job", String(64), nullable=False),
    Column("started_at", UtcDateTime, nullable=False, index=True),
    Column("finished_at", UtcDateTime),
    Column("outcome", EnumText(RunOutcome)),
    Column("counts", JSON, nullable=False, default=dict),
    Column("error", Text, nullable=False, default=""),
)
