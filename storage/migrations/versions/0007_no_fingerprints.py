"""Articles have no fingerprints: nothing ever wrote or read them."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.drop_column("articles", "fingerprint")  # not as a batch: SQLite would drop what refers to `articles`
