"""Links of any length: PostgreSQL's usual index takes values of at most 2,704 bytes."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_articles_url", "articles")
        op.create_index("ix_articles_url", "articles", ["url"], postgresql_using="hash")
