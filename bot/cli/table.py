"""Prints the same rows as tables for people or as JSON for scripts."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

Row = dict[str, Any]

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")


def print_tables(tables: Mapping[str, Sequence[Row]], *, as_json: bool) -> None:
    """Print each named list of rows as a table, or all of them as one JSON object.

    All rows of a list have the same keys. In JSON, keys are in snake_case, times are ISO 8601 in UTC, and
    empty lists are included.
    """
    if as_json:
        keyed = {_json_key(title): [_json_row(row) for row in rows] for title, rows in tables.items()}
        click.echo(json.dumps(keyed, ensure_ascii=False, indent=2, default=_json_value))
        return
    from rich.console import Console  # takes a tenth of a second, which --json does not need

    console = Console(highlight=False)
    for title, rows in tables.items():
        if rows:
            console.print(_build_table(title, rows), "")


def _json_key(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_").lower()


def _json_row(row: Row) -> Row:
    return {_json_key(name): value for name, value in row.items()}


def _build_table(title: str, rows: Sequence[Row]) -> Any:
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False
    )
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(escape(_format_value(value)) for value in row.values()))
    return table


def _json_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _format_value(value: Any) -> str:
    """Format a value for people: times in the local zone, and of counts only those that are not 0."""
    match value:
        case None:
            return "-"
        case datetime():
            return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
        case dict():
            return ", ".join(f"{name} {count}" for name, count in value.items() if count)
        case list() | tuple():
            return ", ".join(map(_format_value, value))
        case float():
            return f"{value:.1f}"
        case _:
            return str(value)
