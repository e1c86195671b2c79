"""Readers who left are erased, their ids can be sealed, and a delivery's number is never given again.

Rows of readers are deleted while requests to them are under way. A sealed id has 24 bytes; SQLite keeps them
in a column of numbers, PostgreSQL as a number of that size.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_WIDER = (
    ("chats", "id"),
    ("chats", "moved_to"),
    ("subscriptions", "chat_id"),
    ("deliveries", "chat_id"),
    ("posts", "followers_after"),
    ("posts", "raised_after"),
)
#: Before every chat id: a fan-out begins there again, and gives nobody a second delivery.
_BEFORE_ALL_IDS = -(2**63)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _count_on_in_sqlite()
    else:  # its sequences count on anyhow
        _widen_in_postgresql()
    _erase_readers_who_left()
    op.create_table(
        "reader_keys",
        sa.Column("check_value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("check_value", name=op.f("pk_reader_keys")),
    )


def _erase_readers_who_left() -> None:
    chats = sa.table("chats", *(sa.column(name) for name in ("id", "kind", "state")))
    gone = (chats.c.kind == "private") & chats.c.state.in_(["blocked", "left"])
    ids = sa.select(chats.c.id).where(gone)
    for name in ("subscriptions", "deliveries"):
        table = sa.table(name, sa.column("chat_id"))
        op.execute(sa.delete(table).where(table.c.chat_id.in_(ids)))
    marks = [sa.column(name, sa.BigInteger()) for name in ("followers_after", "raised_after")]
    posts = sa.table("posts", *marks)
    for mark in marks:
        op.execute(sa.update(posts).where(mark.in_(ids)).values({mark.name: _BEFORE_ALL_IDS}))
    op.execute(sa.delete(chats).where(gone))


def _widen_in_postgresql() -> None:
    op.drop_constraint("fk_subscriptions_chat_id", "subscriptions")
    for table, name in _WIDER:
        op.alter_column(table, name, type_=sa.Numeric(60, 0))
    op.create_foreign_key(
        "fk_subscriptions_chat_id", "subscriptions", "chats", ["chat_id"], ["id"], ondelete="CASCADE"
    )


def _count_on_in_sqlite() -> None:
    """Copy `deliveries` into a table that has AUTOINCREMENT; meanwhile no row may refer to it."""
    op.execute("CREATE TEMP TABLE kept_showings AS SELECT * FROM showings")
    op.execute("DELETE FROM showings")
    autoincrement = {"sqlite_autoincrement": True}
    with op.batch_alter_table("deliveries", recreate="always", table_kwargs=autoincrement) as batch:
        batch.alter_column("id", existing_type=sa.Integer(), existing_nullable=False, nullable=False)
    op.execute("INSERT INTO showings SELECT * FROM kept_showings")
    op.execute("DROP TABLE kept_showings")
