"""An article as a post: headline, standfirst, section and time, link, hashtags, picture; pure.

What must be said (headline, time, link) is bounded and always fits; the standfirst takes the room left.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import urlsplit

from bot.locale import Words, near, words
from bot.render.content import Button, Content, Rows
from bot.render.hashtags import hashtag, hashtags
from bot.render.text import (
    CAPTION_LIMIT,
    MESSAGE_LIMIT,
    Html,
    bold,
    escape,
    italic,
    joined,
    length,
    link,
    plain,
    safe_url,
    shorten,
)
from jobs.policy import Pictures
from storage.records import Article

HEADLINE_LIMIT = 300  #: UTF-16 units, as all of these
STANDFIRST_LIMIT = 800  #: a post is no article
SECTION_LIMIT = 40
SECTIONS_SHOWN = 3
PICTURE_WIDTH = 300  #: pixels; a narrower picture is a thumbnail, and looks torn when shown large
_READ_AT_MOST = 20_000  #: code points of a field that are looked at: no text makes a post slow


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """When, where and in which words a post is shown."""

    say: Words
    timezone: tzinfo
    now: datetime

    def time(self, moment: datetime) -> str:
        return near(moment, self.now, self.timezone, self.say.language)


def render_post(
    article: Article,
    *,
    language: str,
    timezone: tzinfo,
    now: datetime,
    pictures: Pictures = Pictures.PREVIEW,
    breaking: bool = False,
    corrected_at: datetime | None = None,
    silent: bool = False,
    private: bool = False,
    bot_username: str = "",
) -> Content:
    """`article` as a post.

    `corrected_at` adds the mark "Updated 14:05". `private` is for a reader's own chat: related articles, and
    one tap to stop. Elsewhere a `bot_username` (without "@") adds a link to the related articles.
    """
    look = _Look(say=words(language), timezone=timezone, now=now)
    picture = "" if pictures is Pictures.NONE else _picture(article)
    photo = picture if pictures is Pictures.PHOTO else ""
    shown_picture = picture if not photo else ""
    limit = CAPTION_LIMIT if photo else MESSAGE_LIMIT
    return Content(
        text=_text(article, look, limit, breaking=breaking, corrected_at=corrected_at),
        preview="" if photo or pictures is Pictures.NONE else shown_picture or safe_url(article.url),
        large=bool(shown_picture),
        above=bool(shown_picture),
        photo=photo,
        buttons=_buttons(article, look.say, private=private, bot_username=bot_username),
        silent=silent,
    )


def render_withdrawn(
    article: Article, *, language: str, timezone: tzinfo, now: datetime, reason: str = ""
) -> Content:
    """What stands where a withdrawn article was: that it is gone, when, and nothing of what it said."""
    look = _Look(say=words(language), timezone=timezone, now=now)
    note = italic(escape(look.say("This article was withdrawn ({time}).", time=look.time(now))))
    return Content(text=joined("\n", note, escape(shorten(plain(reason[:_READ_AT_MOST]), STANDFIRST_LIMIT))))


def _text(
    article: Article, look: _Look, limit: int, *, breaking: bool, corrected_at: datetime | None
) -> Html:
    mark = bold(escape("🔴 " + look.say("Breaking"))) if breaking else Html("")
    top = joined("\n", mark, bold(escape(headline(article))))
    told = _meta(article, look, corrected_at)
    read = link(escape(look.say("Read the full story")), article.url)
    tags = escape(" ".join(hashtags(article.sections)))
    fixed = joined("\n\n", top, joined("\n", told, read), tags)
    room = min(limit - length(fixed) - 2, STANDFIRST_LIMIT)
    return joined("\n\n", top, escape(_standfirst(article, room)), joined("\n", told, read), tags)


def headline(article: Article, limit: int = HEADLINE_LIMIT) -> str:
    """The article's title as one plain line; where it has none, the next best thing it says."""
    host = urlsplit(safe_url(article.url)).hostname or ""
    said = (article.title, article.summary, article.text, host)
    return shorten(next((line for text in said if (line := plain(text[:_READ_AT_MOST]))), "…"), limit)


def _standfirst(article: Article, room: int) -> str:
    text = plain(article.summary[:_READ_AT_MOST])
    if room < len("…") or text.casefold() == plain(article.title[:_READ_AT_MOST]).casefold():
        return ""
    return "" if not plain(article.title[:_READ_AT_MOST]) else shorten(text, room)


def _meta(article: Article, look: _Look, corrected_at: datetime | None) -> Html:
    """Sections, time and the correction's mark: "World · 13:40 · Updated 14:05"."""
    updated = look.say("Updated {time}", time=look.time(corrected_at)) if corrected_at else ""
    parts = (", ".join(_sections_shown(article)), look.time(article.published_at), updated)
    return joined(" · ", *(escape(part) for part in parts))


def _sections_shown(article: Article) -> list[str]:
    """The first section, and those that make no hashtag and would otherwise go unsaid."""
    names = [name for section in article.sections[:20] if (name := plain(section[:_READ_AT_MOST]))]
    said = [name for place, name in enumerate(names) if place == 0 or not hashtag(name)]
    return [shorten(name, SECTION_LIMIT) for name in dict.fromkeys(said)][:SECTIONS_SHOWN]


def _picture(article: Article) -> str:
    """The article's picture where it is fit to be shown large, else ""."""
    url = safe_url(article.image_url)
    drawn = urlsplit(url).path.lower().endswith((".svg", ".svgz", ".ico"))
    wide = article.image_width == 0 or article.image_width >= PICTURE_WIDTH
    return url if wide and not drawn else ""


def _buttons(article: Article, say: Words, *, private: bool, bot_username: str) -> Rows:
    related = say("Related articles")
    if private:
        stop = Button(say("Stop alerts"), command="+unsubscribe")
        return ((Button(related, command=f"+related id:{article.id}"), stop),)
    if bot_username:
        return ((Button(related, url=f"https://t.me/{bot_username}?start=related_{article.id}"),),)
    return ()
