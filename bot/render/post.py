"""Rendering of an article as a post: headline, standfirst, section, time, link, hashtags and picture; pure.

Headline, time and link are bounded and always fit; the standfirst gets the room that is left.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from urllib.parse import urlsplit

from bot.locale import Translator, compact_time, quote_text, translator_for
from bot.render.content import Button, Content, Rows
from bot.render.hashtags import post_hashtags, section_hashtag
from bot.render.links import render_link, safe_url
from bot.render.marks import BREAKING_SIGN, is_mark_like, without_marks, without_sign
from bot.render.text import (
    CAPTION_LIMIT,
    MESSAGE_LIMIT,
    REQUEST_LIMIT,
    Html,
    bold,
    escape,
    italic,
    join_html,
    shorten,
    to_plain_text,
    visible_length,
)
from jobs.config import Pictures
from storage.records import Article

HEADLINE_LIMIT = 300  #: UTF-16 units, as all of these
STANDFIRST_LIMIT = 800  #: a post is not the article
SECTION_LIMIT = 40
SECTIONS_SHOWN = 3
PICTURE_WIDTH = 300  #: pixels; a narrower picture is a thumbnail, and looks blurred when shown large
_READ_LIMIT = 20_000  #: code points read of a field, so that no text makes rendering slow


@dataclass(frozen=True, slots=True, kw_only=True)
class _PostStyle:
    """The language, time zone and time of a post."""

    say: Translator
    timezone: tzinfo
    now: datetime

    def format_time(self, moment: datetime) -> str:
        return compact_time(moment, self.now, self.timezone, self.say.language)


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
    longest_link: int = REQUEST_LIMIT,
) -> Content:
    """`article` as a post.

    `corrected_at` adds the mark "Updated 14:05". `private` adds the buttons for a reader's own chat: related
    articles, and a tap to stop alerts. Otherwise `bot_username` (without "@") adds a link to related
    articles. The article's link is left out if it is longer than `longest_link`, or if the request would get
    too long.
    """
    style = _PostStyle(say=translator_for(language), timezone=timezone, now=now)
    picture = "" if pictures is Pictures.NONE else _picture_url(article)
    photo = picture if pictures is Pictures.PHOTO else ""
    shown_picture = picture if not photo else ""
    limit = CAPTION_LIMIT if photo else MESSAGE_LIMIT
    said = partial(_post_text, article, style, limit, breaking=breaking, corrected_at=corrected_at)
    url = safe_url(article.url, longest_link)
    text = said(url)
    if url and len(text.encode()) > REQUEST_LIMIT:
        url, text = "", said("")
    return Content(
        text=text,
        preview="" if photo or pictures is Pictures.NONE else shown_picture or url,
        large=bool(shown_picture),
        above=bool(shown_picture),
        photo=photo,
        buttons=_post_buttons(article, style.say, private=private, bot_username=bot_username),
        silent=silent,
    )


def render_withdrawn(
    article: Article, *, language: str, timezone: tzinfo, now: datetime, reason: str = ""
) -> Content:
    """The note that replaces a withdrawn article: when it was withdrawn, why, and nothing of its text."""
    style = _PostStyle(say=translator_for(language), timezone=timezone, now=now)
    note = italic(escape(style.say("This article was withdrawn ({time}).", time=style.format_time(now))))
    return Content(
        text=join_html("\n", note, escape(shorten(to_plain_text(reason[:_READ_LIMIT]), STANDFIRST_LIMIT)))
    )


def _post_text(
    article: Article,
    style: _PostStyle,
    limit: int,
    url: str,
    *,
    breaking: bool,
    corrected_at: datetime | None,
) -> Html:
    mark = bold(escape(f"{BREAKING_SIGN} {style.say('Breaking')}")) if breaking else Html("")
    top = join_html("\n", mark, bold(escape(article_headline(article))))
    told = _meta_line(article, style, corrected_at)
    read = render_link(escape(style.say("Read the full story")), url) if url else Html("")
    tags = escape(" ".join(post_hashtags(section_names(article))))
    fixed = join_html("\n\n", top, join_html("\n", told, read), tags)
    room = min(limit - visible_length(fixed) - 2, STANDFIRST_LIMIT)
    return join_html(
        "\n\n", top, escape(_shorten_standfirst(article, room)), join_html("\n", told, read), tags
    )


def article_headline(article: Article, limit: int = HEADLINE_LIMIT) -> str:
    """The article's title as one plain line, quoted; without a title, its summary, text or host."""
    said = (article.title, article.summary, article.text, urlsplit(safe_url(article.url)).hostname or "")
    lines = filter(None, map(_plain_line, said))
    return shorten(quote_text(next(lines, "…")), limit)


def _plain_line(text: str) -> str:
    """`text` as one plain line that does not start with our sign."""
    line = to_plain_text(text[:_READ_LIMIT])
    bare = without_sign(line)
    return line if bare == line else to_plain_text(bare)


def _shorten_standfirst(article: Article, room: int) -> str:
    text, title = _plain_line(article.summary), to_plain_text(article.title[:_READ_LIMIT])
    if room < len("…") or not title or text.casefold() == title.casefold():
        return ""
    return shorten(quote_text(without_marks(text)), room)


def _meta_line(article: Article, style: _PostStyle, corrected_at: datetime | None) -> Html:
    """Sections, time and correction mark: "World · 13:40 · Updated 14:05"."""
    updated = style.say("Updated {time}", time=style.format_time(corrected_at)) if corrected_at else ""
    parts = (", ".join(_sections_shown(article)), style.format_time(article.published_at), updated)
    return join_html(" · ", *(escape(part) for part in parts))


def section_names(article: Article) -> list[str]:
    """The article's sections as plain text, except for those that imitate one of our marks."""
    names = (to_plain_text(section[:_READ_LIMIT]) for section in article.sections[:20])
    return [name for name in names if name and not is_mark_like(name)]


def _sections_shown(article: Article) -> list[str]:
    """The first section, and those without a hashtag, which would not be shown otherwise."""
    said = [
        name for place, name in enumerate(section_names(article)) if place == 0 or not section_hashtag(name)
    ]
    return [shorten(name, SECTION_LIMIT) for name in dict.fromkeys(said)][:SECTIONS_SHOWN]


def _picture_url(article: Article) -> str:
    """The URL of the article's picture if it may be shown large, else ""."""
    url = safe_url(article.image_url)
    drawn = urlsplit(url).path.lower().endswith((".svg", ".svgz", ".ico"))
    wide = article.image_width == 0 or article.image_width >= PICTURE_WIDTH
    return url if wide and not drawn else ""


def _post_buttons(article: Article, say: Translator, *, private: bool, bot_username: str) -> Rows:
    related = say("Related articles")
    if private:
        stop = Button(say("Stop alerts"), command="+unsubscribe")
        return ((Button(related, command=f"+related id:{article.id}"), stop),)
    if bot_username:
        return ((Button(related, url=f"https://t.me/{bot_username}?start=related_{article.id}"),),)
    return ()
