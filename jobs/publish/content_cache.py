"""What a delivery's request says: the post's content, made once for all the chats that get the same."""

from datetime import datetime

from cachetools import LRUCache

from jobs.config import Edition, PublishPolicy
from jobs.publish.actions import Edit, Send
from jobs.publish.context import PostContext, RenderPost
from storage.delivery.claims import DueDelivery
from storage.records import Article, PostKind

#: Contents kept for the next chat.
CACHE_SIZE = 64


class ContentCache:
    """Renders, and remembers what it rendered."""

    def __init__(self, render: RenderPost, policy: PublishPolicy) -> None:
        self._render = render
        self._editions = {edition.name: edition for edition in policy.editions}
        self._cache: LRUCache[object, str] = LRUCache(CACHE_SIZE)

    def get_content(
        self, due: DueDelivery, step: Send | Edit, articles: tuple[Article, ...], now: datetime
    ) -> str:
        """The content, as JSON. Whatever `render` raises is raised."""
        post_context = self._build_context(due, step, articles, now)
        key = _cache_key(post_context)
        content = self._cache.get(key)
        if content is None:
            content = self._cache[key] = self._render(post_context)
        return content

    def _build_context(
        self, due: DueDelivery, step: Send | Edit, articles: tuple[Article, ...], now: datetime
    ) -> PostContext:
        edition = self._find_edition(due.post.edition)
        chat = due.chat if due.delivery.public else None
        return PostContext(
            post=due.post,
            articles=articles,
            edition=edition,
            language=(due.chat.language if due.chat else "") or edition.language,
            chat=chat,
            now=now,
            corrected_at=step.corrected_at if isinstance(step, Edit) else None,
            withdrawn=isinstance(step, Edit) and step.withdrawn,
            picture=due.delivery.picture,
        )

    def _find_edition(self, name: str) -> Edition:
        first = next(iter(self._editions.values()), Edition(name="", channels=(), feed_urls=()))
        return self._editions.get(name, first)


def _cache_key(post_context: PostContext) -> object:
    """What makes a difference: times are told by the minute, and chats by id only where many read them."""
    chat = post_context.chat
    spoken = [(article.id, article.revision, article.page_read_at) for article in post_context.articles]
    return (
        post_context.post.id,
        post_context.post.lane,
        tuple(spoken),
        post_context.language,
        (chat.id, chat.title) if chat else None,
        post_context.corrected_at,
        post_context.withdrawn,
        post_context.picture,
        post_context.now.replace(minute=0, second=0, microsecond=0),
    )


def post_article_ids(due: DueDelivery) -> list[int]:
    """The numbers of the articles that a post is about."""
    post = due.post
    if post.article_id is not None:
        return [post.article_id]
    if post.kind in (PostKind.CATCH_UP, PostKind.DIGEST):
        return [int(word) for word in post.text.split() if word.isdigit()]
    return []


__all__ = ["ContentCache", "post_article_ids"]
