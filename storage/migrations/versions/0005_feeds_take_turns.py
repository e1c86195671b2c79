"""Feeds take turns in a channel: whose turn a post takes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: What is owed already takes turns, too.
_FEED_OF_POST = """
    UPDATE posts SET feed_id = coalesce(
        (SELECT feed_id FROM entries WHERE entries.article_id = posts.article_id
         ORDER BY seen_at, feed_id LIMIT 1), 0)
    WHERE followers_after IS NOT NULL
       OR id IN (SELECT post_id FROM deliveries WHERE state = 'owed' AND public)
"""
_FEED_OF_DELIVERY = """
    UPDATE deliveries SET feed_id = (SELECT feed_id FROM posts WHERE posts.id = deliveries.post_id)
    WHERE state = 'owed' AND public
"""


def upgrade() -> None:
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("feed_id", _KEY, server_default="0", nullable=False))
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("feed_id", _KEY, server_default="0", nullable=False))
        batch_op.create_index(
            "ix_deliveries_owed_in_turn",
            ["lane", "chat_id", "feed_id", "not_before", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'owed' AND public"),
            postgresql_where=sa.text("state = 'owed' AND public"),
        )
        batch_op.create_index(
            "ix_deliveries_last_turn",
            ["chat_id", "feed_id", "claimed_at"],
            unique=False,
            sqlite_where=sa.text("public"),
            postgresql_where=sa.text("public"),
        )
    op.execute(_FEED_OF_POST)
    op.execute(_FEED_OF_DELIVERY)
