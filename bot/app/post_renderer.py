"""From what is to be told in a chat to the content that is sent there: the jobs' `Render`."""

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
    """Renders tellings by the operator's policy; `name` is known once Telegram told it."""

    def __init__(self, policy: PublishPolicy) -> None:
        self._policy = policy
        self.bot_name = BotName()

    def __call__(self, telling: PostContext) -> str:
        """The content, as JSON."""
        return self._render_content(telling).to_json()

    def _render_content(self, telling: PostContext) -> Content:
        kind, say = telling.post.kind, translator_for(telling.language)
        match kind:
            case PostKind.ARTICLE:
                return self._render_article(telling)
            case PostKind.CATCH_UP:
                return self._render_headlines(telling, say("News you may have missed"))
            case PostKind.DIGEST:
                return self._render_headlines(telling, say("Today's news"))
            case PostKind.NOTICE:
                return Content(text=escape(telling.post.text))
            case _:
                assert_never(kind)

    def _render_article(self, telling: PostContext) -> Content:
        [article] = telling.articles
        edition, policy = telling.edition, self._policy
        where = {"language": telling.language, "timezone": edition.timezone, "now": telling.now}
        if telling.withdrawn:
            return render_withdrawn(article, **where, reason=article.withdrawn_because)  # type: ignore[arg-type]
        marked = policy.corrections is Corrections.MARK
        return render_post(
            article,
            **where,  # type: ignore[arg-type]
            pictures=policy.pictures if telling.picture else Pictures.NONE,
            breaking=telling.post.lane is Lane.BREAKING,
            corrected_at=telling.corrected_at if marked else None,
            silent=telling.post.silent,
            private=telling.chat is None,
            bot_username=self.bot_name.username,
            longest_link=_longest_link(telling),
        )

    def _render_headlines(self, telling: PostContext, title: str) -> Content:
        edition = telling.edition
        lines = [ListLine(article) for article in telling.articles]
        above = bold(escape(title))
        html = render_list(
            above,
            lines,
            language=telling.language,
            timezone=edition.timezone,
            now=telling.now,
            longest_link=_longest_link(telling),
        )
        return Content(text=html, silent=telling.post.silent)


def _longest_link(telling: PostContext) -> int:
    """Any that fits; once Telegram refused what the post could do without, no link that it may not take."""
    return REQUEST_LIMIT if telling.picture else SAFE_URL_LENGTH
