"""The outbox: what is owed to chats, claimed in order, made known before it is sent, and settled.

A delivery is owed, claimed (a request is under way), and settled; where it is not known what became of the
request it is unclear until somebody has looked. `docs/delivery.md` draws all of it.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, literal, select, text, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from storage import chats as chats_by_id
from storage.database import record
from storage.lives import Backlog, Life, article_of_message, backlog, life
from storage.records import Chat, ChatState, Delivery, DeliveryState, Lane, Post
from storage.schema import deliveries, posts, showings

#: The most rows looked at in one query while claiming.
PAGE = 500

#: Written as the indexes are, so that both engines use them.
_OWED = text("deliveries.state = 'owed'")
_OPEN = text("deliveries.state IN ('claimed', 'unclear')")
_PUBLIC = text("deliveries.public")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery with its post, and its chat where that is known."""

    delivery: Delivery
    post: Post
    chat: Chat | None


@dataclass(frozen=True, slots=True)
class Intent:
    """What a request is about to say."""

    delivery_id: int
    content: str
    content_revision: int
    after_message_id: int  #: the highest message id known in the chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What came of a request: a delivery's new facts."""

    delivery_id: int
    state: DeliveryState  #: SETTLED becomes OWED where by now something else is wanted
    shown_revision: int
    message_id: int | None
    not_before: datetime
    picture: bool = True
    unclear: int = 0  #: one more time unclear
    found: int = 0  #: one more time found in the chat
    repeats: int = 0  #: one more repetition without knowing
    error: str = ""
    shown: bool = False  #: for the audit trail: many saw a new revision


def claim(
    connection: Connection, now: datetime, count: int, shut: Collection[int] = frozenset()
) -> list[Claimed]:
    """Take up to `count` deliveries that are due: by lane, channels and groups first, then in order of owing.

    At most one for each chat, none for chats that are `shut` or not active, and none for a channel or group
    while a request to it is under way or a send unclear.
    """
    taken: list[Delivery] = []
    closed = set(shut) | _busy(connection)
    known: dict[int, Chat] = {}
    for lane in Lane:
        for public in (True, False):
            due = _owed(lane, public, now)
            for page in _pages(connection, due, count - len(taken)) if len(taken) < count else ():
                known |= chats_by_id.many(connection, {delivery.chat_id for delivery in page})
                _take(page, known, closed, taken, count)
                if len(taken) >= count:
                    break
    _mark_claimed(connection, taken, now)
    return _with_posts(connection, taken, known)


def _busy(connection: Connection) -> set[int]:
    """The channels and groups in which something is not yet known."""
    waiting = (deliveries.c.state == DeliveryState.CLAIMED) | deliveries.c.message_id.is_(None)
    query = select(deliveries.c.chat_id).where(_OPEN, deliveries.c.public, waiting)
    return set(connection.execute(query).scalars())


def _owed(lane: Lane, public: bool, now: datetime) -> Select[Any]:
    there = (deliveries.c.lane == lane) & (deliveries.c.public == public)
    query = select(deliveries).where(_OWED, there, deliveries.c.not_before <= now)
    return query.order_by(deliveries.c.not_before, deliveries.c.id)


def _pages(connection: Connection, query: Select[Any], size: int) -> Iterator[list[Delivery]]:
    """First what would do if every row could be taken, then larger pages."""
    size = min(size, PAGE)
    page = [record(Delivery, row) for row in connection.execute(query.limit(size))]
    while page:
        yield page
        if len(page) < size:
            return
        last = tuple_(literal(page[-1].not_before, deliveries.c.not_before.type), literal(page[-1].id))
        behind = query.where(tuple_(deliveries.c.not_before, deliveries.c.id) > last)
        size = PAGE
        page = [record(Delivery, row) for row in connection.execute(behind.limit(size))]


def _take(
    page: list[Delivery], known: dict[int, Chat], closed: set[int], taken: list[Delivery], count: int
) -> None:
    for delivery in page:
        chat = known.get(delivery.chat_id)
        active = chat is None or chat.state is ChatState.ACTIVE
        if active and delivery.chat_id not in closed and len(taken) < count:
            closed.add(delivery.chat_id)
            taken.append(delivery)


def _mark_claimed(connection: Connection, taken: list[Delivery], now: datetime) -> None:
    if taken:
        mine = deliveries.c.id.in_([delivery.id for delivery in taken])
        claimed = update(deliveries).where(mine).values(state=DeliveryState.CLAIMED, claimed_at=now)
        connection.execute(claimed.values(content=""))


def _with_posts(connection: Connection, found: Sequence[Delivery], known: dict[int, Chat]) -> list[Claimed]:
    query = select(posts).where(posts.c.id.in_({delivery.post_id for delivery in found}))
    said = {row.id: record(Post, row) for row in connection.execute(query)} if found else {}
    return [Claimed(each, said[each.post_id], known.get(each.chat_id)) for each in found]


def release(connection: Connection, delivery_ids: Collection[int]) -> None:
    """Owe again what was claimed and surely not sent."""
    mine = deliveries.c.id.in_(list(delivery_ids)) & (deliveries.c.state == DeliveryState.CLAIMED)
    connection.execute(update(deliveries).where(mine).values(state=DeliveryState.OWED))


def intend(connection: Connection, intents: Sequence[Intent], now: datetime) -> None:
    """Note what requests are about to say, so that whoever comes after a crash can look for it."""
    facts: dict[str, Any] = {
        name: bindparam(name) for name in ("content", "content_revision", "after_message_id")
    }
    query = update(deliveries).where(deliveries.c.id == bindparam("delivery_id"))
    connection.execute(query.values(**facts, claimed_at=now), [asdict(intent) for intent in intents])


def settle(connection: Connection, settled: Sequence[Settled], now: datetime) -> None:
    """Write what came of requests. A row that wants something else by now is owed again."""
    if not settled:
        return
    rows = [{parameter: getattr(each, name) for parameter, name in _NEW} for each in settled]
    connection.execute(_SETTLE, [{**row, "new_settled_at": now} for row in rows])
    seen = [
        {"delivery_id": each.delivery_id, "revision": each.shown_revision, "shown_at": now}
        for each in settled
        if each.shown
    ]
    if seen:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(showings).on_conflict_do_nothing(), seen)


def _settling() -> Any:
    new = {name: bindparam(f"new_{name}", type_=deliveries.c[name].type) for name in _FACTS}
    wanted, shown = deliveries.c.wanted_revision, new["shown_revision"]
    as_wanted = (wanted == shown) | ((wanted > 0) & (wanted < shown))
    outdated = (new["state"] == literal(DeliveryState.SETTLED, deliveries.c.state.type)) & ~as_wanted
    owed = literal(DeliveryState.OWED, deliveries.c.state.type)
    more = {
        name: deliveries.c[name] + bindparam(f"new_{name}", type_=deliveries.c[name].type)
        for name in ("unclear", "found", "repeats")
    }
    state = case((outdated, owed), else_=new.pop("state"))
    facts = {**new, **more, "state": state, "attempts": deliveries.c.attempts + 1}
    mine = (deliveries.c.id == bindparam("new_delivery_id")) & _OPEN
    return update(deliveries).where(mine).values(**facts)


_FACTS = ("state", "shown_revision", "message_id", "not_before", "picture", "error", "settled_at")
_SETTLE = _settling()
_NEW = [(f"new_{name}", name) for name in Settled.__dataclass_fields__]


def recover(connection: Connection, wait: timedelta) -> int:
    """After a crash: what was claimed is unclear, to be looked at `wait` after its request; how many.

    A send to a channel or group whose intent was never noted was never made: it is owed.
    """
    claimed = deliveries.c.state == DeliveryState.CLAIMED
    unsaid = claimed & deliveries.c.public & (deliveries.c.content == "") & deliveries.c.message_id.is_(None)
    connection.execute(update(deliveries).where(unsaid).values(state=DeliveryState.OWED))
    query = select(deliveries.c.id, deliveries.c.claimed_at, deliveries.c.not_before).where(_OPEN, claimed)
    rows = [
        {"mine": row.id, "when": (row.claimed_at or row.not_before) + wait}
        for row in connection.execute(query)
    ]
    if rows:
        facts = {"state": DeliveryState.UNCLEAR, "unclear": deliveries.c.unclear + 1}
        doubtful = update(deliveries).where(deliveries.c.id == bindparam("mine"))
        when = bindparam("when", type_=deliveries.c.not_before.type)
        connection.execute(doubtful.values(**facts, not_before=when), rows)
    return len(rows)


def unclear(connection: Connection, now: datetime, count: int) -> list[Claimed]:
    """Up to `count` unclear deliveries that may be looked at, the longest waiting first."""
    mine = (deliveries.c.state == DeliveryState.UNCLEAR) & (deliveries.c.not_before <= now)
    query = select(deliveries).where(_OPEN, mine).order_by(deliveries.c.not_before).limit(count)
    found = [record(Delivery, row) for row in connection.execute(query)]
    known = chats_by_id.many(connection, {delivery.chat_id for delivery in found})
    paused = {number for number, chat in known.items() if chat.state is ChatState.PAUSED}
    return _with_posts(connection, [each for each in found if each.chat_id not in paused], known)


def next_due(connection: Connection, after: datetime) -> datetime | None:
    """When something that waits for its hour, or to be looked up, comes next."""
    hours: list[datetime] = []
    for lane in Lane:
        for public in (True, False):
            there = (deliveries.c.lane == lane) & (deliveries.c.public == public)
            query = select(deliveries.c.not_before).where(_OWED, there, deliveries.c.not_before > after)
            hours += connection.execute(query.order_by(deliveries.c.not_before).limit(1)).scalars()
    waiting = select(deliveries.c.not_before).where(_OPEN, deliveries.c.state == DeliveryState.UNCLEAR)
    hours += connection.execute(waiting.order_by(deliveries.c.not_before).limit(1)).scalars()
    return min(hours, default=None)


def sent_since(connection: Connection, since: datetime) -> Iterable[tuple[int, datetime]]:
    """Chat and time of the requests to channels and groups made since then, in order: the pace's memory."""
    recent = deliveries.c.claimed_at > since
    query = select(deliveries.c.chat_id, deliveries.c.claimed_at).where(_PUBLIC, recent)
    return [
        (row.chat_id, row.claimed_at) for row in connection.execute(query.order_by(deliveries.c.claimed_at))
    ]


__all__ = [
    "Backlog",
    "Claimed",
    "Intent",
    "Life",
    "Settled",
    "article_of_message",
    "backlog",
    "claim",
    "intend",
    "life",
    "next_due",
    "recover",
    "release",
    "sent_since",
    "settle",
    "unclear",
]
