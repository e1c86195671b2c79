"""Articles as a numbered list of linked headlines, with their sections and times; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.locale import near, numerals, words
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
NOTHING = Html("")
TITLE_ROOM = 400  #: UTF-16 units kept for what stands above the list


@dataclass(frozen=True, slots=True)
class Line:
    """An article in a list, and what is said of it beside its headline."""

    article: Article
    snippet: Html = NOTHING


def render_list(
    title: Html, lines: Sequence[Line], *, language: str, timezone: tzinfo, now: datetime
) -> Html:
    """`title` above the numbered `lines`; long headlines are cut so that all of them fit."""
    room = (MESSAGE_LIMIT - min(length(title), TITLE_ROOM)) // max(len(lines), 1) - 10
    for longest_link in (URL_LIMIT, 500, 0):
        items = (
            _item(place, line, room, longest_link, language, timezone, now)
            for place, line in enumerate(lines, 1)
        )
        html = joined("\n\n", title, *items)
        if len(html.encode()) <= REQUEST_LIMIT:
            break
    return html


def _item(
    place: int, line: Line, room: int, longest_link: int, language: str, timezone: tzinfo, now: datetime
) -> Html:
    say, article = words(language), line.article
    section = shorten(plain(article.sections[0]), SECTION_LIMIT) if article.sections else ""
    meta = joined(" · ", escape(section), escape(near(article.published_at, now, timezone, language)))
    number = say("{number}.", number=numerals(str(place), language))
    snippet = line.snippet if length(line.snippet) < room // 2 else Html("")
    left = room - length(meta) - length(snippet) - len(number) - 3
    url = article.url if len(article.url) <= longest_link else ""
    first = Html(f"{escape(number)} {link(escape(headline(article, min(left, 300))), url)}")
    return joined("\n", first, snippet, italic(meta))
