"""Channels known by their id, pauses with tries, and what operators were told of a channel."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

#: Ids from -2^62 down stand for channels known by @name alone.
KEEP_NAMES_OF_SETTINGS = """
    INSERT INTO channel_names (name, chat_id, leads_to)
    SELECT lower(username), max(moved_to), max(moved_to) FROM chats
    WHERE username <> '' AND moved_to IS NOT NULL AND id <= -4611686018427387904
    GROUP BY lower(username)
"""
KEEP_OTHER_NAMES = """
    INSERT INTO channel_names (name, chat_id, leads_to)
    SELECT lower(username), max(id), max(id) FROM chats
    WHERE username <> '' AND moved_to IS NULL AND id > -4611686018427387904
      AND kind IN ('channel', 'supergroup')
      AND lower(username) NOT IN (SELECT name FROM channel_names)
    GROUP BY lower(username)
"""
#: Operators were told of it.
KEEP_ALARMS = """
    UPDATE chats SET alarm = 'lost'
    WHERE kind <> 'private' AND moved_to IS NULL AND state IN ('paused', 'left')
      AND reason <> 'paused by an operator' AND id > -4611686018427387904
"""
END_UNKNOWN = """
    UPDATE deliveries SET state = 'skipped', error = 'sent several times without an answer: perhaps shown'
    WHERE state = 'unknown'
"""


def upgrade() -> None:
    op.create_table(
        "channel_names",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("leads_to", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_channel_names")),
    )
    # Not as a batch, and the defaults stay: otherwise SQLite would copy `chats` and drop the old table, which
    # deletes every subscription by ON DELETE CASCADE.
    op.add_column("chats", sa.Column("named", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("chats", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("chats", sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("chats", sa.Column("alarm", sa.String(length=32), nullable=False, server_default=""))
    for statement in (KEEP_NAMES_OF_SETTINGS, KEEP_OTHER_NAMES, KEEP_ALARMS, END_UNKNOWN):
        op.execute(statement)
