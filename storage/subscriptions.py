"""Subscriptions: what chats asked to be sent, and how often."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from storage.records import Subscription
from storage.rows import to_records
from storage.schema import subscriptions

EVERYTHING = "all"  #: what a plain /subscribe asks for
AT_ONCE = "at once"


def subscribe(connection: Connection, chat_id: int, what: str, rhythm: str, now: datetime) -> bool:
    """Add a subscription of a known chat; False if the chat had it already with this rhythm."""
    mine = (subscriptions.c.chat_id == chat_id) & (subscriptions.c.what == what)
    present = connection.execute(select(subscriptions.c.rhythm).where(mine)).scalar()
    if present is None:
        row = {"chat_id": chat_id, "what": what, "rhythm": rhythm, "created_at": now}
        connection.execute(insert(subscriptions), [row])
    elif present != rhythm:
        connection.execute(update(subscriptions).where(mine).values(rhythm=rhythm))
    return present != rhythm


def unsubscribe(connection: Connection, chat_id: int, what: str | None = None) -> int:
    """Delete one subscription of a chat, or all of them; how many there were."""
    mine = subscriptions.c.chat_id == chat_id
    wanted = mine if what is None else mine & (subscriptions.c.what == what)
    return connection.execute(delete(subscriptions).where(wanted)).rowcount


def list_subscriptions(connection: Connection, chat_id: int) -> list[Subscription]:
    """The subscriptions of the chat, the oldest first."""
    query = select(subscriptions).where(subscriptions.c.chat_id == chat_id)
    ordered = query.order_by(subscriptions.c.created_at, subscriptions.c.what)
    return to_records(Subscription, connection.execute(ordered))


def move_subscriptions(connection: Connection, old: int, new: int) -> None:
    """Give one chat's subscriptions to another; what the other has of its own stays as it is."""
    mine = subscriptions.c.chat_id == old
    present = select(subscriptions.c.what).where(subscriptions.c.chat_id == new)
    taken = list(connection.execute(present).scalars())
    keep = mine & subscriptions.c.what.not_in(taken)
    connection.execute(update(subscriptions).where(keep).values(chat_id=new))
    connection.execute(delete(subscriptions).where(mine))
