"""Run by Alembic: migrates over the connection that `migrate` hands in."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import TypeDecorator

from storage.schema import metadata


def _plain_type(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """A version stands for itself: it names SQLAlchemy's own types, not ours, which may change."""
    if kind == "type" and isinstance(value, TypeDecorator):
        return f"sa.{value.impl!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,  # SQLite alters a table by copying it
    render_item=_plain_type,
)
with context.begin_transaction():
    context.run_migrations()
