"""A newsroom's database as version 0001 left it: some consistent rows in every table."""

from datetime import UTC, datetime, timedelta
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, Table, func, select, text

from storage.migrations import VERSIONS

THEN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LATER = THEN + timedelta(minutes=2)

#: The first of ours that had each name; the second is known by its id alone.
DAILY, UNNAMED, WEEKLY = -1001000000001, -1001000000002, -1001000000003
PAUSED, HELD_BACK, LOST = -1001000000004, -1001000000005, -1001000000006
#: Ids under which the first version kept channels known by @name alone.
FOUND, NOT_FOUND = -(2**62), -(2**62) - 1
OLD_GROUP, SUPERGROUP, GROUP = -4001, -1001000000007, -4002
FOLLOWERS = (7345678901, 7353333222, 7360987543)
#: Blocked the bot twice, and left: one before the first follower, one between two, one behind all.
BLOCKED, LEFT, BLOCKED_LAST = 7345000001, 7357000111, 7399999999
LEAVERS = frozenset({BLOCKED, LEFT, BLOCKED_LAST})
OPERATOR = 7340000000

#: Posts: shown and half corrected, half fanned out, owed, a catch-up, a notice, of a withdrawn article.
SHOWN, HALF_FANNED_OUT, OWED, CATCH_UP, NOTICE, WITHDRAWN = range(1, 7)
FIRST_FEED, SECOND_FEED = 1, 2

Row = dict[str, Any]


def fill_first_version(connection: Connection) -> None:
    """Make the tables of version 0001 and fill them."""
    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
    tables = MetaData()
    tables.reflect(connection)
    for name, rows in _rows().items():
        table = tables.tables[name]
        connection.execute(table.insert(), [_complete(table, row) for row in rows])
        if connection.dialect.name == "postgresql" and name in ("articles", "deliveries", "feeds", "posts"):
            last = select(func.setval(func.pg_get_serial_sequence(name, "id"), func.max(table.c.id)))
            connection.execute(last.select_from(table))


def read_tables(connection: Connection) -> dict[str, list[Row]]:
    """All rows of all tables as they are stored, by the table's name."""
    tables = MetaData()
    tables.reflect(connection)
    names = sorted(set(tables.tables) - {"alembic_version"})
    return {
        name: [dict(row) for row in connection.execute(text(f"SELECT * FROM {name}")).mappings()]
        for name in names
    }


def _complete(table: Table, row: Row) -> Row:
    """The row with an empty value in every other column, None if it may be."""
    empty: dict[type, object] = {str: "", int: 0, bytes: b"", datetime: THEN, bool: False}
    filled = {
        column.name: None if column.nullable else empty.get(column.type.python_type, [])
        for column in table.columns
    }
    return filled | row


def _rows() -> dict[str, list[Row]]:
    return {
        "feeds": _feeds(),
        "leases": _leases(),
        "articles": _articles(),
        "stories": [{"id": 1, "title": "River", "first_article_id": 1, "last_article_id": 2}],
        "entries": _entries(),
        "identities": _identities(),
        "revisions": _revisions(),
        "embeddings": [_embedding(1), _embedding(2)],
        "decisions": _decisions(),
        "runs": _runs(),
        "chats": _chats(),
        "subscriptions": _subscriptions(),
        "posts": _posts(),
        "deliveries": _deliveries(),
        "showings": [
            {"delivery_id": 1, "revision": 1, "shown_at": THEN},
            {"delivery_id": 1, "revision": 2, "shown_at": LATER},
            {"delivery_id": 2, "revision": 1, "shown_at": LATER},
        ],
    }


def _feeds() -> list[Row]:
    return [
        {
            "id": FIRST_FEED,
            "url": "https://news.example/feed",
            "fetch_url": "https://news.example/feed",
            "state": "active",
            "fetched_at": LATER,
            "hub": "https://hub.example/",
            "lease_until": LATER,
            "skip_hours": ["3", "4"],
        },
        {
            "id": SECOND_FEED,
            "url": "https://news.example/burmese",
            "fetch_url": "https://news.example/burmese.xml",
            "state": "paused",
            "last_error": "No longer in FEED_URLS.",
        },
        {"id": 3, "url": "https://old.example/", "fetch_url": "https://old.example/", "state": "gone"},
    ]


def _leases() -> list[Row]:
    mine = {"feed_id": FIRST_FEED, "hub": "https://hub.example/", "topic": "https://news.example/feed"}
    return [
        {"callback": "one", "state": "running", "until": LATER, **mine},
        {"callback": "two", "state": "asked", "secret": "hidden", **mine},
    ]


def _articles() -> list[Row]:
    told = {"state": "live", "revision": 1, "planned_at": THEN, "told": 1, "sections": ["World"]}
    rows: list[Row] = [
        {"id": 1, **told, "revision": 2, "told": 2, "revised_at": LATER, "story_id": 1},
        {"id": 2, **told, "duplicate_of": 1, "story_id": 1},
        {"id": 3, **told, "state": "withdrawn", "told": 0, "withdrawn_because": "untrue"},
        {"id": 4, "state": "live", "revision": 1},
        {"id": 5, **told, "backfill": True, "text": "Long", "page_read_at": THEN},
        {"id": 6, **told, "language": "my"},
        {"id": 7, **told},
    ]
    words = {"title": "Title {id}", "summary": "Standfirst {id}", "url": "https://news.example/{id}"}
    said = [{name: form.format(**row) for name, form in words.items()} for row in rows]
    return [{**words, "changed": row["id"], **row} for words, row in zip(said, rows, strict=True)]


def _entries() -> list[Row]:
    """The second feed was the first to show article 1; no feed ever showed article 5, of the archive."""
    seen = [
        (FIRST_FEED, 1, LATER),
        (SECOND_FEED, 1, THEN),
        (FIRST_FEED, 2, THEN),
        (FIRST_FEED, 3, THEN),
        (SECOND_FEED, 4, THEN),
        (SECOND_FEED, 6, LATER),
        (FIRST_FEED, 7, LATER),
    ]
    return [
        {"feed_id": feed, "article_id": article, "content_hash": b"x", "seen_at": at, "last_seen_at": LATER}
        for feed, article, at in seen
    ]


def _identities() -> list[Row]:
    ours = [{"key": f"key {number}".encode(), "article_id": number} for number in range(1, 8)]
    return [*ours, {"key": b"shared by several", "article_id": 0}]


def _revisions() -> list[Row]:
    first = [
        {"article_id": number, "number": 1, "title": f"Title {number}", "changed": []}
        for number in range(1, 8)
    ]
    return [*first, {"article_id": 1, "number": 2, "title": "Title 1", "changed": ["summary"]}]


def _embedding(article_id: int) -> Row:
    return {"article_id": article_id, "model": "m", "vector": b"\1\2", "changed": article_id}


def _decisions() -> list[Row]:
    verdicts = {1: "planned", 2: "duplicate", 3: "withdrawn", 5: "backfill", 6: "planned", 7: "planned"}
    return [
        {"article_id": article, "edition": edition, "verdict": verdict}
        for article, verdict in verdicts.items()
        for edition in ("", "burmese")
    ]


def _runs() -> list[Row]:
    done = {"job": "fetch", "finished_at": LATER, "outcome": "done", "counts": {"new": 3}}
    return [
        {"id": 1, **done},
        {"id": 2, **done, "outcome": "failed", "error": "no network"},
        {"id": 3, "job": "publish", "counts": {}},
    ]


def _chats() -> list[Row]:
    moved = {"state": "left", "reason": "moved"}
    channel = {"kind": "channel", "state": "active", "can_edit": True}
    readers = [{"id": reader, "kind": "private", "state": "active"} for reader in (*FOLLOWERS, OPERATOR)]
    return [
        {"id": DAILY, **channel, "username": "Daily_News", "title": "Daily", "last_message_id": 90},
        {"id": UNNAMED, **channel, "title": "No name", "flooded_until": LATER},
        {"id": WEEKLY, **channel, "username": "weekly", "edition": "burmese"},
        {"id": FOUND, "kind": "channel", "username": "Weekly_Old", "moved_to": WEEKLY, **moved},
        {
            "id": NOT_FOUND,
            "kind": "channel",
            "username": "monthly",
            "state": "paused",
            "reason": "@monthly has not been found yet",
        },
        {"id": PAUSED, **channel, "state": "paused", "reason": "may not post", "username": "paused"},
        {"id": HELD_BACK, **channel, "state": "paused", "reason": "paused by an operator"},
        {"id": LOST, **channel, "state": "left", "reason": "was removed from the channel"},
        {"id": OLD_GROUP, "kind": "group", "moved_to": SUPERGROUP, **moved},
        {"id": SUPERGROUP, "kind": "supergroup", "username": "talk", "state": "active"},
        {"id": GROUP, "kind": "group", "state": "active", "language": "my"},
        *readers,
        {"id": BLOCKED, "kind": "private", "state": "blocked", "reason": "blocked the bot"},
        {"id": LEFT, "kind": "private", "state": "left", "reason": "left"},
        {"id": BLOCKED_LAST, "kind": "private", "state": "blocked", "reason": "is deactivated"},
    ]


def _subscriptions() -> list[Row]:
    everything = {"what": "all", "rhythm": "at once", "created_at": THEN}
    return [
        *({"chat_id": chat, **everything} for chat in (*FOLLOWERS, *LEAVERS, SUPERGROUP, GROUP)),
        {"chat_id": FOLLOWERS[0], "what": "section:world", "rhythm": "daily"},
    ]


def _posts() -> list[Row]:
    routine = {"kind": "article", "lane": "routine", "revision": 1, "created_at": LATER}
    return [
        {"id": SHOWN, **routine, "article_id": 1, "revision": 2, "raised_after": LEFT},
        {"id": HALF_FANNED_OUT, **routine, "article_id": 6, "followers_after": LEFT},
        {"id": OWED, **routine, "article_id": 7, "edition": "burmese"},
        {"id": CATCH_UP, **routine, "kind": "catch-up", "text": "4 5"},
        {"id": NOTICE, **routine, "kind": "notice", "lane": "breaking", "text": "A feed is gone."},
        {"id": WITHDRAWN, **routine, "article_id": 3, "revision": 0, "raised_after": BLOCKED_LAST},
    ]


def _deliveries() -> list[Row]:
    """Of each state some; to channels and groups, to readers who stayed, and to readers who left."""
    shown = {"state": "settled", "shown_revision": 1, "settled_at": THEN, "claimed_at": THEN, "attempts": 1}
    sent = {"claimed_at": LATER, "attempts": 1}
    unclear = {"state": "unclear", "unclear": 1, "look_at": LATER, "content": '{"text": "Title 6"}', **sent}
    rows: list[Row] = [
        {"post_id": SHOWN, "chat_id": DAILY, **shown, "shown_revision": 2, "message_id": 80},
        {"post_id": SHOWN, "chat_id": UNNAMED, **shown, "message_id": 81},
        {"post_id": SHOWN, "chat_id": OLD_GROUP, **shown, "message_id": 82},
        {"post_id": HALF_FANNED_OUT, "chat_id": DAILY, "state": "owed"},
        {"post_id": HALF_FANNED_OUT, "chat_id": WEEKLY, "state": "claimed", "content": "{}", **sent},
        {"post_id": HALF_FANNED_OUT, "chat_id": SUPERGROUP, **unclear},
        {"post_id": HALF_FANNED_OUT, "chat_id": PAUSED, "state": "owed"},
        {"post_id": HALF_FANNED_OUT, "chat_id": LOST, "state": "skipped", "error": "left"},
        {"post_id": HALF_FANNED_OUT, "chat_id": NOT_FOUND, "state": "owed"},
        {"post_id": OWED, "chat_id": DAILY, "state": "owed"},
        {"post_id": OWED, "chat_id": UNNAMED, "state": "unknown", "repeats": 1, "unclear": 2, **sent},
        {"post_id": OWED, "chat_id": WEEKLY, "state": "refused", "error": "too long", **sent},
        {"post_id": CATCH_UP, "chat_id": DAILY, "state": "owed"},
        {"post_id": WITHDRAWN, "chat_id": DAILY, "state": "removed", **sent},
        {"post_id": NOTICE, "chat_id": OPERATOR, "state": "owed", "lane": "breaking"},
        {"post_id": HALF_FANNED_OUT, "chat_id": FOLLOWERS[0], "state": "owed"},
        {"post_id": SHOWN, "chat_id": FOLLOWERS[0], **shown, "message_id": 12},
        {"post_id": SHOWN, "chat_id": FOLLOWERS[1], **unclear},
        {"post_id": OWED, "chat_id": FOLLOWERS[1], "state": "unknown", "repeats": 1, **sent},
        {"post_id": SHOWN, "chat_id": BLOCKED, **shown, "message_id": 13},
        {"post_id": HALF_FANNED_OUT, "chat_id": BLOCKED, "state": "skipped", "error": "blocked the bot"},
        {"post_id": SHOWN, "chat_id": LEFT, "state": "claimed", **sent},
        {"post_id": OWED, "chat_id": BLOCKED_LAST, "state": "owed"},
    ]
    common = {"lane": "routine", "wanted_revision": 1, "picture": True}
    return [
        {"id": number, **common, "public": row["chat_id"] < 0, **row} for number, row in enumerate(rows, 1)
    ]
