"""Rows of the database as the records of `storage.records`."""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

from sqlalchemy import Result, Row

T = TypeVar("T")


def to_record(kind: type[T], row: Row[Any]) -> T:
    """The row as the frozen record `kind`, whose fields are among the row's columns."""
    return kind(**dict(zip(_field_names(kind), _field_getter(kind)(row), strict=True)))  # type: ignore[arg-type]


def to_records(kind: type[T], found: Result[Any]) -> list[T]:
    """All the rows as records; faster than `to_record` for many."""
    names: tuple[str, ...] = _field_names(kind)  # type: ignore[arg-type]
    keys = list(found.keys())
    fields_of = itemgetter(*map(keys.index, names))
    return [kind(**dict(zip(names, fields_of(row), strict=True))) for row in found.all()]


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _field_getter(kind: type) -> Callable[[Row[Any]], tuple[Any, ...]]:
    return attrgetter(*_field_names(kind))
