"""Articles as a numbered list of linked headlines, with their sections and times; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.locale import Words, near, numerals, words
from bot.render.post import SECTION_LIMIT, headline
from bot.render.text import (
    MESSAGE_LIMIT,
    URL_LIMIT,
    Html,
    escape,
    italic,
    joined,
    length,
    link,
    plain,
    shorten,
)
from storage.records import Article

REQUEST_LIMIT = 30_000  #: bytes of HTML; Telegram refuses a text of more than 32,768
MOST_LINES = 40  #: more articles than these are only counted: each line needs room to say something
TITLE_ROOM = 400  #: UTF-16 units of what stands above the list
HEADLINE_LIMIT = 300
NOTHING = Html("")


@dataclass(frozen=True, slots=True)
class Line:
    """An article in a list, and what is said of it beside its headline."""

    article: Article
    snippet: Html = NOTHING


@dataclass(frozen=True, slots=True)
class _Look:
    """In which words and when a list is shown, and how much room a line has."""

    say: Words
    timezone: tzinfo
    now: datetime
    room: int  #: UTF-16 units


def render_list(
    title: Html, lines: Sequence[Line], *, language: str, timezone: tzinfo, now: datetime
) -> Html:
    """`title`, at most `TITLE_ROOM` long, above the numbered `lines`; headlines are cut so that all fit."""
    shown, say = lines[:MOST_LINES], words(language)
    room = (MESSAGE_LIMIT - TITLE_ROOM) // max(len(shown), 1)
    look = _Look(say, timezone, now, room)
    left = len(lines) - len(shown)
    more = escape(say.number_of("and {count} more article", "and {count} more articles", left))
    for longest_link in (URL_LIMIT, 500, 0):
        items = [_item(place, line, look, longest_link) for place, line in enumerate(shown, 1)]
        html = joined("\n\n", title, *items, more if left else NOTHING)
        if len(html.encode()) <= REQUEST_LIMIT:
            break
    return html


def _item(place: int, line: Line, look: _Look, longest_link: int) -> Html:
    article, language = line.article, look.say.language
    number = escape(look.say("{number}.", number=numerals(str(place), language)) + " ")
    section = (
        shorten(plain(article.sections[0]), min(SECTION_LIMIT, look.room // 4)) if article.sections else ""
    )
    when = near(article.published_at, look.now, look.timezone, language)
    meta = joined(" · ", escape(section), escape(when))
    snippet = line.snippet if length(line.snippet) < look.room // 2 else NOTHING
    left = look.room - sum(map(length, (number, meta, snippet))) - len("\n\n\n\n")
    url = article.url if len(article.url) <= longest_link else ""
    first = Html(number + link(escape(headline(article, min(left, HEADLINE_LIMIT))), url))
    return joined("\n", first, snippet, italic(meta))
