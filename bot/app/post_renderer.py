"""Renders posts to the content that is sent to a chat: the implementation of the jobs' `RenderPost`."""

from typing import assert_never

from bot.commands import BotName
from bot.locale import translator_for
from bot.render import Content, ListLine, bold, escape, render_list, render_post, render_withdrawn
from bot.render.links import SAFE_URL_LENGTH
from bot.render.text import REQUEST_LIMIT
from jobs.config import Corrections, Pictures, PublishPolicy
from jobs.publish.context import PostContext
from storage.records import Lane, PostKind


class PostRenderer:
    """Renders posts as the settings say. `bot_name` is empty until it was fetched from Telegram."""

    def __init__(self, policy: PublishPolicy) -> None:
        self._policy = policy
        self.bot_name = BotName()

    def __call__(self, post_context: PostContext) -> str:
        """Return the content as JSON."""
        return self._render_content(post_context).to_json()

    def _render_content(self, post_context: PostContext) -> Content:
        kind, say = post_context.post.kind, translator_for(post_context.language)
        match kind:
            case PostKind.ARTICLE:
                return self._render_article(post_context)
            case PostKind.CATCH_UP:
                return self._render_headlines(post_context, say("News you may have missed"))
            case PostKind.DIGEST:
                return self._render_headlines(post_context, say("Today's news"))
            case PostKind.NOTICE:
                return Content(text=escape(post_context.post.text))
            case _:
                assert_never(kind)

    def _render_article(self, post_context: PostContext) -> Content:
        [article] = post_context.articles
        edition, policy = post_context.edition, self._policy
        context = {"language": post_context.language, "timezone": edition.timezone, "now": post_context.now}
        if post_context.withdrawn:
            return render_withdrawn(article, **context, reason=article.withdrawn_because)  # type: ignore[arg-type]
        marked = policy.corrections is Corrections.MARK
        return render_post(
            article,
            **context,  # type: ignore[arg-type]
            pictures=policy.pictures if post_context.picture else Pictures.NONE,
            breaking=post_context.post.lane is Lane.BREAKING,
            corrected_at=post_context.corrected_at if marked else None,
            silent=post_context.post.silent,
            private=post_context.chat is None,
            bot_username=self.bot_name.username,
            longest_link=_longest_link(post_context),
        )

    def _render_headlines(self, post_context: PostContext, title: str) -> Content:
        edition = post_context.edition
        lines = [ListLine(article) for article in post_context.articles]
        above = bold(escape(title))
        html = render_list(
            above,
            lines,
            language=post_context.language,
            timezone=edition.timezone,
            now=post_context.now,
            longest_link=_longest_link(post_context),
        )
        return Content(text=html, silent=post_context.post.silent)


def _longest_link(post_context: PostContext) -> int:
    """Return the longest link allowed: any that fits, or, once Telegram refused the post, a safe length."""
    return REQUEST_LIMIT if post_context.picture else SAFE_URL_LENGTH
