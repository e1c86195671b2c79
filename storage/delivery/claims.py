"""Claims: which deliveries are sent next.

They are ordered by lane, public chats first, then by due time; one for each chat. In a channel or group feeds
take turns (`turns`): none has two posts in a row while another has one due.

Due deliveries are read ahead; they are claimed, with the content of the request, just before the request is
made. So a crash makes only those unclear that were really under way.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, text, tuple_, update

from storage import chats as chats_by_id
from storage.delivery import turns
from storage.records import Chat, ChatState, Delivery, DeliveryState, Lane, Post
from storage.rows import to_records
from storage.schema import deliveries, posts

#: Rows read by one query at most.
PAGE_SIZE = 500

#: A delivery's id, its chat's id, and when it is due.
DueRow = tuple[int, int, datetime] | Any

#: Written as in the partial indexes, so that both engines use these.
OWED = text("deliveries.state = 'owed'")
OPEN = text("deliveries.state IN ('claimed', 'unclear')")


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery with its post, and its chat if that is known."""

    delivery: Delivery
    post: Post
    chat: Chat | None
    lane: Lane | None = None  #: in which it is sent, if that is a more urgent one than its own


@dataclass(frozen=True, slots=True)
class DueBatch:
    """The deliveries to be sent next, and the chats that were skipped although something is due."""

    deliveries: list[DueDelivery]
    skipped_chats: frozenset[int]


@dataclass(frozen=True, slots=True)
class RequestIntent:
    """The content of a request about to be made; stored if it can be looked up: in channels and groups."""

    delivery_id: int
    content: str = ""
    content_revision: int = 0
    after_message_id: int = 0  #: the highest message id known in the chat
    reply_to: int = 0  #: the message that it answers


def select_due(
    connection: Connection,
    now: datetime,
    count: int,
    shut: Collection[int] = frozenset(),
    in_hand: Collection[int] = frozenset(),
) -> DueBatch:
    """Up to `count` deliveries that are due, except those `in_hand`; writes nothing.

    By lane, channels and groups first, then by due time; in a channel or group feeds take turns. At most one
    for each chat, none for chats that are `shut` or not open, and none for a channel or group while a
    request to it is under way or unclear.
    """
    chosen, held = _Selection(count, set(shut) | _busy_chats(connection)), set(in_hand)
    public = _next_public(connection, now, held)
    for lane in Lane:
        chosen.add_rows(connection, [row for place, row in public if place is lane])
        for page in _due_pages(connection, lane, now, count + len(in_hand)) if chosen.has_room else ():
            chosen.add_rows(connection, [row for row in page if row[0] not in held])
            if not chosen.has_room:
                break
    found = select(deliveries).where(deliveries.c.id.in_(chosen.delivery_ids))
    said = to_records(Delivery, connection.execute(found)) if chosen.delivery_ids else []
    rows = {delivery.id: delivery for delivery in said}
    batch = attach_posts(connection, [rows[number] for number in chosen.delivery_ids], chosen.chats)
    lanes = {row[0]: lane for lane, row in public}
    return DueBatch([_with_lane(due, lanes) for due in batch], frozenset(chosen.skipped_chats))


def _with_lane(due: DueDelivery, lanes: dict[int, Lane]) -> DueDelivery:
    return replace(due, lane=lanes[due.delivery.id]) if due.delivery.public else due


def _next_public(connection: Connection, now: datetime, held: set[int]) -> list[tuple[Lane, DueRow]]:
    """The next delivery of each channel and group by due time, each with its lane."""
    due = [head for head in turns.queue_heads(connection, now) if head.delivery_id not in held]
    found = sorted(turns.next_of_each_chat(due), key=lambda each: (each[1].not_before, each[1].delivery_id))
    return [(lane, (head.delivery_id, head.chat_id, head.not_before)) for lane, head in found]


class _Selection:
    """The deliveries chosen from the due rows, in their order."""

    def __init__(self, count: int, closed: set[int]) -> None:
        self.delivery_ids: list[int] = []
        self.chats: dict[int, Chat] = {}
        self.skipped_chats: set[int] = set()
        self._count, self._closed = count, closed

    @property
    def has_room(self) -> bool:
        return len(self.delivery_ids) < self._count

    def add_rows(self, connection: Connection, rows: Sequence[DueRow]) -> None:
        """One for each open, active chat, while there is room."""
        self.skipped_chats |= {row[1] for row in rows if row[1] in self._closed}
        first = {row[1]: row[0] for row in reversed(rows) if row[1] not in self._closed}
        self.chats |= chats_by_id.get_many(connection, first)
        inactive = {number for number in first if not is_open(self.chats.get(number))}
        self.skipped_chats -= inactive
        for number, chat_id, _ in rows:
            if self.has_room and first.get(chat_id) == number and chat_id not in inactive:
                self._closed.add(chat_id)
                self.delivery_ids.append(number)


def is_open(chat: Chat | None) -> bool:
    """Whether a request to the chat may be made now.

    In a paused one if its retry is due (`chats.allow_retries`). In a group that was deleted or became another
    chat, messages may still be edited; what is impossible ends with Telegram's answer.
    """
    if chat is not None and chat.state is ChatState.PAUSED:
        return chat.tries > 0 and chat.retry_at is None
    return chat is None or chat.state is not ChatState.BLOCKED


def claim_deliveries(connection: Connection, intents: Sequence[RequestIntent], now: datetime) -> set[int]:
    """Claim deliveries before their requests, and store the contents; the ids that were still owed."""
    numbers = [intent.delivery_id for intent in intents]
    owed = update(deliveries).where(deliveries.c.id.in_(numbers), OWED)
    claimed = owed.values(state=DeliveryState.CLAIMED, claimed_at=now).returning(deliveries.c.id)
    mine = set(connection.execute(claimed).scalars())
    words = [asdict(intent) for intent in intents if intent.content and intent.delivery_id in mine]
    if words:
        facts: dict[str, Any] = {name: bindparam(name) for name in words[0] if name != "delivery_id"}
        said = update(deliveries).where(deliveries.c.id == bindparam("delivery_id")).values(**facts)
        connection.execute(said, words)
    return mine


def _busy_chats(connection: Connection) -> set[int]:
    """The channels and groups with a request under way or an unclear send."""
    return set(connection.execute(_BUSY_QUERY).scalars())


_BUSY_QUERY = select(deliveries.c.chat_id).where(
    OPEN,
    deliveries.c.public,
    (deliveries.c.state == DeliveryState.CLAIMED) | deliveries.c.message_id.is_(None),
)


@cache
def _due_query(lane: Lane, *, behind: bool) -> Select[Any]:
    """The query for readers' due deliveries, from the first or from `behind` a row; built once, run often."""
    hour, number = deliveries.c.not_before, deliveries.c.id
    there = (deliveries.c.lane == lane) & deliveries.c.public.is_(False)
    query = select(number, deliveries.c.chat_id, hour).where(
        OWED, there, hour <= bindparam("now", type_=hour.type)
    )
    last = tuple_(bindparam("hour", type_=hour.type), bindparam("number", type_=number.type))
    if behind:
        query = query.where(tuple_(hour, number) > last)
    return query.order_by(hour, number).limit(bindparam("size", type_=number.type))


def _due_pages(connection: Connection, lane: Lane, now: datetime, size: int) -> Iterator[Sequence[Any]]:
    """First a page that is enough if every row can be taken, then larger ones."""
    asked: dict[str, Any] = {"now": now, "size": min(size, PAGE_SIZE)}
    page = connection.execute(_due_query(lane, behind=False), asked).all()
    while page:
        yield page
        if len(page) < asked["size"]:
            return
        asked |= {"size": PAGE_SIZE, "hour": page[-1].not_before, "number": page[-1].id}
        page = connection.execute(_due_query(lane, behind=True), asked).all()


def attach_posts(
    connection: Connection, found: Sequence[Delivery], known: dict[int, Chat]
) -> list[DueDelivery]:
    """Deliveries with their posts and chats."""
    query = select(posts).where(posts.c.id.in_({delivery.post_id for delivery in found}))
    said = {post.id: post for post in to_records(Post, connection.execute(query))} if found else {}
    return [DueDelivery(each, said[each.post_id], known.get(each.chat_id)) for each in found]
