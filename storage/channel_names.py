"""Names: which channel a @name means. The first of ours that was known by it keeps it, for ever.

On Telegram a @name may be given up, and taken by somebody else; posts go to the channel that the operator
meant. Only its id leads to another channel of the same name.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, insert, select, update

from storage.records import ChannelName
from storage.rows import to_record, to_records
from storage.schema import channel_names


def normalize_name(name: str) -> str:
    """The @name as it is kept."""
    return name.lstrip("@").lower()


def get(connection: Connection, name: str) -> ChannelName | None:
    """What the @name (the @ may be missing, in whatever case) means, or None."""
    row = connection.execute(
        select(channel_names).where(channel_names.c.name == normalize_name(name))
    ).first()
    return to_record(ChannelName, row) if row else None


def get_many(connection: Connection, named: Iterable[str]) -> list[ChannelName]:
    """What these mean, by name; those that mean nothing yet are left out."""
    keys = {normalize_name(name) for name in named}
    query = select(channel_names).where(channel_names.c.name.in_(keys)).order_by(channel_names.c.name)
    return to_records(ChannelName, connection.execute(query))


def bind_name(connection: Connection, name: str, chat_id: int) -> None:
    """The @name means this channel from now on, unless it means another one already."""
    if get(connection, name) is None:
        row = {"name": normalize_name(name), "chat_id": chat_id, "leads_to": chat_id}
        connection.execute(insert(channel_names), [row])


def record_target(connection: Connection, name: str, leads_to: int) -> None:
    """Telegram says that the @name leads to this chat now; 0 for none."""
    mine = channel_names.c.name == normalize_name(name)
    connection.execute(update(channel_names).where(mine).values(leads_to=leads_to))
