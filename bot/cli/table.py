"""Answers for people and for scripts: the same rows as tables or as JSON."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

Row = dict[str, Any]

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")


def show(tables: Mapping[str, Sequence[Row]], *, as_json: bool) -> None:
    """Print named lists of rows, the rows of a list with the same keys: one JSON object, or a table each."""
    if as_json:
        click.echo(json.dumps(tables, ensure_ascii=False, indent=2, default=_plain))
        return
    console = Console(highlight=False)
    for title, rows in tables.items():
        if rows:
            console.print(_table(title, rows), "")


def _table(title: str, rows: Sequence[Row]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False
    )
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(escape(_written(value)) for value in row.values()))
    return table


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _written(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_written, value))
    return str(value)
