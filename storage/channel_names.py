"""Channel names: the channel that a @name in the settings stands for, permanently the first that had it.

On Telegram a @name can be given up and taken by somebody else; posts still go to the channel that was
meant. A later channel of the same name is configured by its id.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, insert, select, update

from storage.records import ChannelName
from storage.rows import to_record, to_records
from storage.schema import channel_names


def normalize_name(name: str) -> str:
    """The @name as it is stored: in lower case, without the @."""
    return name.lstrip("@").lower()


def get(connection: Connection, name: str) -> ChannelName | None:
    """The binding of the @name (in any case, with or without the @), or None."""
    row = connection.execute(
        select(channel_names).where(channel_names.c.name == normalize_name(name))
    ).first()
    return to_record(ChannelName, row) if row else None


def get_many(connection: Connection, named: Iterable[str]) -> list[ChannelName]:
    """The bindings of these names, ordered by name; unbound ones are left out."""
    keys = {normalize_name(name) for name in named}
    query = select(channel_names).where(channel_names.c.name.in_(keys)).order_by(channel_names.c.name)
    return to_records(ChannelName, connection.execute(query))


def bind_name(connection: Connection, name: str, chat_id: int) -> None:
    """Bind the @name to this channel, unless it is bound already."""
    if get(connection, name) is None:
        row = {"name": normalize_name(name), "chat_id": chat_id, "leads_to": chat_id}
        connection.execute(insert(channel_names), [row])


def record_target(connection: Connection, name: str, leads_to: int) -> None:
    """Record the chat that has the @name on Telegram now; 0 if none has."""
    mine = channel_names.c.name == normalize_name(name)
    connection.execute(update(channel_names).where(mine).values(leads_to=leads_to))
