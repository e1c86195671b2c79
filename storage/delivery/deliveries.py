"""Deliveries: their results, recovery after a crash, and lookups of unclear ones.

A delivery is owed, claimed (a request is under way), and settled; if the outcome of the request is unknown,
it is unclear until it was looked up. `docs/delivery.md` has a diagram.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, case, literal, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from storage import chats as chats_by_id
from storage.delivery.claims import OPEN, OWED, DueDelivery, attach_posts, is_open
from storage.records import Delivery, DeliveryState, Lane
from storage.rows import to_records
from storage.schema import deliveries, showings

_PUBLIC = text("deliveries.public")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """The new values of a delivery after a request."""

    delivery_id: int
    state: DeliveryState  #: SETTLED becomes OWED if another revision is wanted by now
    shown_revision: int
    message_id: int | None
    look_at: datetime | None = None  #: if it is unclear
    picture: bool = True
    unclear: int = 0  #: added to the count: 1 if the outcome is unknown
    found: int = 0  #: added: 1 if it was found in the chat
    repeats: int = 0  #: added: 1 if it is repeated without a lookup
    error: str = ""
    shown: bool = False  #: for the audit trail: a new revision in a channel or group
    before: DeliveryState = DeliveryState.CLAIMED  #: nothing is written if the state is another one by now


def release_claims(connection: Connection, delivery_ids: Collection[int]) -> None:
    """Owe again what was claimed and certainly not sent."""
    mine = deliveries.c.id.in_(list(delivery_ids)) & (deliveries.c.state == DeliveryState.CLAIMED)
    connection.execute(update(deliveries).where(mine).values(state=DeliveryState.OWED))


def settle(connection: Connection, settled: Sequence[DeliveryResult], now: datetime) -> None:
    """Store the results of requests. A delivery that wants another revision by now is owed again."""
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


def _settle_query() -> Any:
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
    before = deliveries.c.state == bindparam("new_before", type_=deliveries.c.state.type)
    mine = (deliveries.c.id == bindparam("new_delivery_id")) & before
    return update(deliveries).where(mine).values(**facts)


_FACTS = ("state", "shown_revision", "message_id", "look_at", "picture", "error", "settled_at")
_SETTLE = _settle_query()
_NEW = [(f"new_{name}", name) for name in DeliveryResult.__dataclass_fields__]


def recover_interrupted(connection: Connection, wait: timedelta) -> int:
    """After a crash: make what was claimed unclear, to be looked up `wait` after its request; how many."""
    claimed = deliveries.c.state == DeliveryState.CLAIMED
    query = select(deliveries.c.id, deliveries.c.claimed_at, deliveries.c.not_before).where(OPEN, claimed)
    rows = [
        {"mine": row.id, "when": (row.claimed_at or row.not_before) + wait}
        for row in connection.execute(query)
    ]
    if rows:
        send = case((deliveries.c.message_id.is_(None), 1), else_=0)
        facts = {
            "state": DeliveryState.UNCLEAR,
            "unclear": deliveries.c.unclear + send,
            "died": deliveries.c.died + send,
        }
        doubtful = update(deliveries).where(deliveries.c.id == bindparam("mine"))
        when = bindparam("when", type_=deliveries.c.look_at.type)
        connection.execute(doubtful.values(**facts, look_at=when), rows)
    return len(rows)


def list_unclear(connection: Connection, now: datetime, count: int) -> list[DueDelivery]:
    """Up to `count` unclear deliveries whose lookup is due, the longest waiting first."""
    found = to_records(Delivery, connection.execute(_UNCLEAR, {"now": now, "count": count}))
    if not found:
        return []
    known = chats_by_id.get_many(connection, {delivery.chat_id for delivery in found})
    shut = {number for number, chat in known.items() if not is_open(chat)}
    return attach_posts(connection, [each for each in found if each.chat_id not in shut], known)


def next_due_at(connection: Connection, after: datetime) -> datetime | None:
    """The earliest due time after `after`, or None."""
    hours: list[datetime] = []
    for query in _NEXT_DUE:
        hours += connection.execute(query, {"after": after}).scalars()
    return min(hours, default=None)


def next_lookup_at(connection: Connection) -> datetime | None:
    """When the next lookup of an unclear delivery is due, or None."""
    return connection.execute(_NEXT_LOOKUP).scalar()


# Asked often, so made once.
_LOOKUP_DUE = deliveries.c.look_at <= bindparam("now", type_=deliveries.c.look_at.type)
_AFTER = deliveries.c.not_before > bindparam("after", type_=deliveries.c.not_before.type)
_UNCLEAR = (
    select(deliveries)
    .where(OPEN, deliveries.c.state == DeliveryState.UNCLEAR, _LOOKUP_DUE)
    .order_by(deliveries.c.look_at)
    .limit(bindparam("count", type_=deliveries.c.id.type))
)
_NEXT_DUE = [
    select(deliveries.c.not_before)
    .where(OWED, deliveries.c.lane == lane, deliveries.c.public == public, _AFTER)
    .order_by(deliveries.c.not_before)
    .limit(1)
    for lane in Lane
    for public in (True, False)
]
_NEXT_LOOKUP = (
    select(deliveries.c.look_at)
    .where(OPEN, deliveries.c.state == DeliveryState.UNCLEAR)
    .order_by(deliveries.c.look_at)
    .limit(1)
)


def requests_since(connection: Connection, since: datetime) -> Iterable[tuple[int, datetime]]:
    """Chat and time of the requests to channels and groups since then, in order, for the rate limiter."""
    recent = deliveries.c.claimed_at > since
    query = select(deliveries.c.chat_id, deliveries.c.claimed_at).where(_PUBLIC, recent)
    return [
        (row.chat_id, row.claimed_at) for row in connection.execute(query.order_by(deliveries.c.claimed_at))
    ]
