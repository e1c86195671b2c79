"""What a link shows in the sandbox of an operator's own feed: what is kept of its article."""

from collections.abc import Callable
from urllib.parse import urlsplit

from bot.sandbox.telegram.state import Preview
from storage import articles
from storage.database import Connection, Database, SQLAlchemyError


def previews(database: Database) -> Callable[[str], Preview | None]:
    """A link to its preview, as Telegram would make it of the page; None where the link is no article's."""

    def preview(url: str) -> Preview | None:
        try:
            return database.read_here(_preview, url)
        except SQLAlchemyError:
            return None

    return preview


def _preview(connection: Connection, url: str) -> Preview | None:
    article = articles.by_url(connection, url)
    if article is None:
        return None
    site = (urlsplit(article.url).hostname or "").removeprefix("www.")
    return Preview(title=article.title, text=article.summary[:200], site=site, image=article.image_url)
