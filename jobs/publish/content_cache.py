"""What a delivery's request says: the post's content, made once for all the chats that get the same."""

from collections import OrderedDict
from datetime import datetime

from jobs.config import Edition, Publishing
from jobs.publish.actions import Edit, Send
from jobs.publish.context import Render, Telling
from storage.delivery.claims import Debt
from storage.records import Article, PostKind

#: Contents kept for the next chat.
KEPT = 64


class Wording:
    """Renders, and remembers what it rendered."""

    def __init__(self, render: Render, policy: Publishing) -> None:
        self._render = render
        self._editions = {edition.name: edition for edition in policy.editions}
        self._made: OrderedDict[object, str] = OrderedDict()

    def content(self, debt: Debt, step: Send | Edit, articles: tuple[Article, ...], now: datetime) -> str:
        """The content, as JSON. Whatever `render` raises is raised."""
        telling = self._telling(debt, step, articles, now)
        key = _key(telling)
        if key not in self._made:
            self._made[key] = self._render(telling)
            if len(self._made) > KEPT:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return self._made[key]

    def _telling(
        self, debt: Debt, step: Send | Edit, articles: tuple[Article, ...], now: datetime
    ) -> Telling:
        edition = self._edition(debt.post.edition)
        chat = debt.chat if debt.delivery.public else None
        return Telling(
            post=debt.post,
            articles=articles,
            edition=edition,
            language=(debt.chat.language if debt.chat else "") or edition.language,
            chat=chat,
            now=now,
            corrected_at=step.corrected_at if isinstance(step, Edit) else None,
            withdrawn=isinstance(step, Edit) and step.withdrawn,
            picture=debt.delivery.picture,
        )

    def _edition(self, name: str) -> Edition:
        first = next(iter(self._editions.values()), Edition(name="", channels=(), feed_urls=()))
        return self._editions.get(name, first)


def _key(telling: Telling) -> object:
    """What makes a difference: times are told by the minute, and chats by id only where many read them."""
    chat = telling.chat
    spoken = [(article.id, article.revision, article.page_read_at) for article in telling.articles]
    return (
        telling.post.id,
        telling.post.lane,
        tuple(spoken),
        telling.language,
        (chat.id, chat.title) if chat else None,
        telling.corrected_at,
        telling.withdrawn,
        telling.picture,
        telling.now.replace(minute=0, second=0, microsecond=0),
    )


def articles_of(debt: Debt) -> list[int]:
    """The numbers of the articles that a post is about."""
    post = debt.post
    if post.article_id is not None:
        return [post.article_id]
    if post.kind in (PostKind.CATCH_UP, PostKind.DIGEST):
        return [int(word) for word in post.text.split() if word.isdigit()]
    return []


__all__ = ["Wording", "articles_of"]
