"""Readers who left are erased, and a delivery's number is never given again.

Rows of readers are deleted while requests to them are under way.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"


def upgrade() -> None:
    chats = sa.table("chats", *(sa.column(name) for name in ("id", "kind", "state")))
    gone = (chats.c.kind == "private") & chats.c.state.in_(["blocked", "left"])
    for name in ("subscriptions", "deliveries"):
        table = sa.table(name, sa.column("chat_id"))
        op.execute(sa.delete(table).where(table.c.chat_id.in_(sa.select(chats.c.id).where(gone))))
    op.execute(sa.delete(chats).where(gone))
    if op.get_bind().dialect.name == "sqlite":  # PostgreSQL's sequences do so anyhow
        _count_on_in_sqlite()


def _count_on_in_sqlite() -> None:
    """Copy `deliveries` into a table that has AUTOINCREMENT; meanwhile no row may refer to it."""
    op.execute("CREATE TEMP TABLE kept_showings AS SELECT * FROM showings")
    op.execute("DELETE FROM showings")
    autoincrement = {"sqlite_autoincrement": True}
    with op.batch_alter_table("deliveries", recreate="always", table_kwargs=autoincrement) as batch:
        batch.alter_column("id", existing_type=sa.Integer(), existing_nullable=False, nullable=False)
    op.execute("INSERT INTO showings SELECT * FROM kept_showings")
    op.execute("DROP TABLE kept_showings")
