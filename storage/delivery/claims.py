"""Claims: who is next? By lane, many readers before one, then in order of owing, one a chat at a time.

In a channel or group feeds take turns (`turns`): none has two posts in a row while another has something.

What is due is read ahead of its time; it is claimed, with what the request will say, when the request is
about to be made. So a crash leaves in doubt only what was really under way.
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
from storage.rows import records
from storage.schema import deliveries, posts

#: The most rows looked at in one query while claiming.
PAGE = 500

#: Of a delivery: its id, its chat, and from when it is due.
Row = tuple[int, int, datetime] | Any

#: Written as the indexes are, so that both engines use them.
OWED = text("deliveries.state = 'owed'")
OPEN = text("deliveries.state IN ('claimed', 'unclear')")


@dataclass(frozen=True, slots=True)
class Debt:
    """A delivery with its post, and its chat where that is known."""

    delivery: Delivery
    post: Post
    chat: Chat | None
    lane: Lane | None = None  #: in which it goes out, where another's turn made it more urgent than its own


@dataclass(frozen=True, slots=True)
class Dues:
    """What may be sent next, and the chats that were passed over although something is due to them."""

    debts: list[Debt]
    passed: frozenset[int]


@dataclass(frozen=True, slots=True)
class Intent:
    """What a request is about to say; kept where it can be looked up, in channels and groups."""

    delivery_id: int
    content: str = ""
    content_revision: int = 0
    after_message_id: int = 0  #: the highest message id known in the chat
    reply_to: int = 0  #: the message that it answers


def due(
    connection: Connection,
    now: datetime,
    count: int,
    shut: Collection[int] = frozenset(),
    in_hand: Collection[int] = frozenset(),
) -> Dues:
    """Up to `count` deliveries that are due, without those `in_hand`; nothing is written.

    By lane, channels and groups first, then in order of owing; in a channel or group feeds take turns. At
    most one for each chat, none for chats that are `shut` or not open, and none for a channel or group while
    a request to it is under way or a send unclear.
    """
    chosen, held = _Chosen(count, set(shut) | _busy(connection)), set(in_hand)
    public = _public(connection, now, held)
    for lane in Lane:
        chosen.take(connection, [row for place, row in public if place is lane])
        for page in _pages(connection, lane, now, count + len(in_hand)) if chosen.room else ():
            chosen.take(connection, [row for row in page if row[0] not in held])
            if not chosen.room:
                break
    found = select(deliveries).where(deliveries.c.id.in_(chosen.numbers))
    said = records(Delivery, connection.execute(found)) if chosen.numbers else []
    rows = {delivery.id: delivery for delivery in said}
    debts = with_posts(connection, [rows[number] for number in chosen.numbers], chosen.known)
    lanes = {row[0]: lane for lane, row in public}
    return Dues([_hurried(debt, lanes) for debt in debts], frozenset(chosen.passed))


def _hurried(debt: Debt, lanes: dict[int, Lane]) -> Debt:
    return replace(debt, lane=lanes[debt.delivery.id]) if debt.delivery.public else debt


def _public(connection: Connection, now: datetime, held: set[int]) -> list[tuple[Lane, Row]]:
    """What is next in each channel and group, in order of owing, each with its lane."""
    due = [head for head in turns.heads(connection, now) if head.delivery_id not in held]
    found = sorted(turns.next_of_each(due), key=lambda each: (each[1].not_before, each[1].delivery_id))
    return [(lane, (head.delivery_id, head.chat_id, head.not_before)) for lane, head in found]


class _Chosen:
    """What is chosen of the rows (delivery id, chat id, not_before) that are due, in their order."""

    def __init__(self, count: int, closed: set[int]) -> None:
        self.numbers: list[int] = []
        self.known: dict[int, Chat] = {}
        self.passed: set[int] = set()
        self._count, self._closed = count, closed

    @property
    def room(self) -> bool:
        return len(self.numbers) < self._count

    def take(self, connection: Connection, rows: Sequence[Row]) -> None:
        """One for each open, active chat, while there is room."""
        self.passed |= {row[1] for row in rows if row[1] in self._closed}
        first = {row[1]: row[0] for row in reversed(rows) if row[1] not in self._closed}
        self.known |= chats_by_id.many(connection, first)
        inactive = {number for number in first if not is_open(self.known.get(number))}
        self.passed -= inactive
        for number, chat_id, _ in rows:
            if self.room and first.get(chat_id) == number and chat_id not in inactive:
                self._closed.add(chat_id)
                self.numbers.append(number)


def is_open(chat: Chat | None) -> bool:
    """Whether a request about the chat may be made now.

    In a paused one if a send is to be tried (`chats.allow_retries`). In a group that is no more, or became
    another chat, what stands there may still be changed; what cannot be done ends with Telegram's answer.
    """
    if chat is not None and chat.state is ChatState.PAUSED:
        return chat.tries > 0 and chat.retry_at is None
    return chat is None or chat.state is not ChatState.BLOCKED


def claim(connection: Connection, intents: Sequence[Intent], now: datetime) -> set[int]:
    """Their requests are about to be made: note what these will say; the deliveries that are still owed."""
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


def _busy(connection: Connection) -> set[int]:
    """The channels and groups in which something is not yet known."""
    return set(connection.execute(_BUSY).scalars())


_BUSY = select(deliveries.c.chat_id).where(
    OPEN,
    deliveries.c.public,
    (deliveries.c.state == DeliveryState.CLAIMED) | deliveries.c.message_id.is_(None),
)


@cache
def _owed(lane: Lane, *, behind: bool) -> Select[Any]:
    """What is due to readers, in its order, from the first on or `behind` a row; made once: asked often."""
    hour, number = deliveries.c.not_before, deliveries.c.id
    there = (deliveries.c.lane == lane) & deliveries.c.public.is_(False)
    query = select(number, deliveries.c.chat_id, hour).where(
        OWED, there, hour <= bindparam("now", type_=hour.type)
    )
    last = tuple_(bindparam("hour", type_=hour.type), bindparam("number", type_=number.type))
    if behind:
        query = query.where(tuple_(hour, number) > last)
    return query.order_by(hour, number).limit(bindparam("size", type_=number.type))


def _pages(connection: Connection, lane: Lane, now: datetime, size: int) -> Iterator[Sequence[Any]]:
    """First what would do if every row could be taken, then larger pages."""
    asked: dict[str, Any] = {"now": now, "size": min(size, PAGE)}
    page = connection.execute(_owed(lane, behind=False), asked).all()
    while page:
        yield page
        if len(page) < asked["size"]:
            return
        asked |= {"size": PAGE, "hour": page[-1].not_before, "number": page[-1].id}
        page = connection.execute(_owed(lane, behind=True), asked).all()


def with_posts(connection: Connection, found: Sequence[Delivery], known: dict[int, Chat]) -> list[Debt]:
    """Deliveries with their posts and chats."""
    query = select(posts).where(posts.c.id.in_({delivery.post_id for delivery in found}))
    said = {post.id: post for post in records(Post, connection.execute(query))} if found else {}
    return [Debt(each, said[each.post_id], known.get(each.chat_id)) for each in found]
