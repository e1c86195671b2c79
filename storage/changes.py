"""Changes: a number that grows with every write, by which a reader of a table finds new and changed rows."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, func, literal, literal_column, select, tuple_


def change_horizon(connection: Connection, changed: Column[int]) -> int:
    """The change from which a later call must read: no new row can appear below it.

    PostgreSQL's changes are transaction numbers, and the oldest one still open may yet commit.
    """
    if connection.dialect.name == "postgresql":
        column: Any = literal_column("txid_snapshot_xmin(txid_current_snapshot())")
        return int(connection.execute(select(column)).scalar_one())
    return int(connection.execute(select(func.coalesce(func.max(changed), 0))).scalar_one()) + 1


def rows_since(
    connection: Connection, query: Select[Any], place: tuple[Column[int], Column[int]], change: int, size: int
) -> Iterator[Sequence[Row[Any]]]:
    """The rows of `query` from `change` on, in batches of `size`, oldest change first.

    `place` is a row's change and its number. They are compared as a pair: with an "or" SQLite would scan
    the whole table.
    """
    after: tuple[int, int] = (change, 0)
    while True:
        later = tuple_(*place) > tuple_(*map(literal, after))
        rows = connection.execute(query.where(later).order_by(*place).limit(size)).all()
        if rows:
            yield rows
        if len(rows) < size:
            return
        last = rows[-1]._mapping
        after = (last[place[0]], last[place[1]])
