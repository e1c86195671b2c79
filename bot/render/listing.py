"""Numbered lists of linked headlines, with sections and times; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.locale import WORD_JOINER, Translator, compact_time, localize_digits, quote_text, translator_for
from bot.render.links import SAFE_URL_LENGTH, display_host, names_another_host, render_link
from bot.render.post import SECTION_LIMIT, article_headline, section_names
from bot.render.text import (
    MESSAGE_LIMIT,
    REQUEST_LIMIT,
    Html,
    escape,
    italic,
    join_html,
    shorten,
    visible_length,
    visible_text,
)
from storage.records import Article

MAX_LINES = 40  #: more articles than these are only counted, as each line needs room
TITLE_LIMIT = 400  #: UTF-16 units of the title
EMPTY_HTML = Html("")


@dataclass(frozen=True, slots=True)
class ListLine:
    """An article in a list, with a snippet below its headline."""

    article: Article
    snippet: Html = EMPTY_HTML


@dataclass(frozen=True, slots=True)
class _ListStyle:
    """The language, time zone and time of a list, and the room for each line."""

    say: Translator
    timezone: tzinfo
    now: datetime
    room: int  #: UTF-16 units


def render_list(
    title: Html,
    lines: Sequence[ListLine],
    *,
    language: str,
    timezone: tzinfo,
    now: datetime,
    longest_link: int = REQUEST_LIMIT,
) -> Html:
    """`title`, at most `TITLE_LIMIT` long, above the numbered `lines`; headlines are cut so that all fit."""
    shown, say = lines[:MAX_LINES], translator_for(language)
    room = (MESSAGE_LIMIT - TITLE_LIMIT) // max(len(shown), 1)
    style = _ListStyle(say, timezone, now, room)
    left = len(lines) - len(shown)
    more = escape(say.with_count("and {count} more article", "and {count} more articles", left))
    for longest in (longest_link, SAFE_URL_LENGTH, 500, 0):
        items = [_render_line(place, line, style, longest) for place, line in enumerate(shown, 1)]
        html = join_html("\n\n", title, *items, more if left else EMPTY_HTML)
        if len(html.encode()) <= REQUEST_LIMIT:
            break
    return html


def _render_line(place: int, line: ListLine, style: _ListStyle, longest_link: int) -> Html:
    """One line; if the headline names another host, the number is the link and its host is shown below."""
    article, language = line.article, style.say.language
    number = escape(style.say("{number}.", number=localize_digits(str(place), language)))
    whole = article_headline(article)
    elsewhere = names_another_host(whole, article.url)
    short = min(SECTION_LIMIT, style.room // 4)
    section = next((shorten(name, short) for name in section_names(article)), "")
    host = shorten(display_host(article.url), short) if elsewhere else ""
    when = compact_time(article.published_at, style.now, style.timezone, language)
    meta = join_html(" · ", escape(section), escape(when), escape(host))
    snippet = line.snippet if visible_length(line.snippet) < style.room // 2 else EMPTY_HTML
    left = style.room - sum(map(visible_length, (number, meta, snippet))) - len(f"\n\n\n\n {WORD_JOINER}")
    title = shorten(whole, left)
    begun = f"{visible_text(number)} {title}"
    # Otherwise Telegram could read the list's number and one in the headline as a phone number.
    gap = " " if quote_text(begun) == begun else f" {WORD_JOINER}"
    linked = (render_link(number, article.url, longest_link), escape(title))
    if not elsewhere:
        linked = (number, render_link(escape(title), article.url, longest_link))
    return join_html("\n", join_html(gap, *linked), snippet, italic(meta))
