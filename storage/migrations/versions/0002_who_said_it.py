"""Which feed said what: whose words an article has, who claims a link, and what each feed made news."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
#: What was kept before is the word of the feed that brought it first.
_FILL = (
    "UPDATE articles SET feed_id = (SELECT entries.feed_id FROM entries "
    "WHERE entries.article_id = articles.id ORDER BY entries.seen_at, entries.feed_id LIMIT 1)",
    "UPDATE identities SET feed_id = (SELECT entries.feed_id FROM entries "
    "WHERE entries.article_id = identities.article_id ORDER BY entries.seen_at, entries.feed_id LIMIT 1)",
    "UPDATE entries SET backlog = "
    "(SELECT articles.backfill FROM articles WHERE articles.id = entries.article_id)",
    "UPDATE entries SET planned = "
    "(SELECT articles.planned_at IS NOT NULL FROM articles WHERE articles.id = entries.article_id)",
)


def upgrade() -> None:
    op.add_column("articles", sa.Column("feed_id", _KEY, nullable=True))
    op.add_column("identities", sa.Column("feed_id", _KEY, nullable=True))
    op.add_column("feeds", sa.Column("push_looked_at", _TIME, nullable=True))
    for name in ("published_at", "updated_at"):
        op.add_column("entries", sa.Column(name, _TIME, nullable=True))
    for name in ("backlog", "planned"):
        op.add_column("entries", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    for statement in _FILL:
        op.execute(statement)
