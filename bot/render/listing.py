"""Articles as a numbered list of linked headlines, with their sections and times; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.locale import JOINER, Words, near, numerals, quoted, words
from bot.render.links import SURE_LENGTH, host_of, link, names_another_host
from bot.render.post import SECTION_LIMIT, headline, section_names
from bot.render.text import MESSAGE_LIMIT, REQUEST_LIMIT, Html, escape, italic, joined, length, shorten, shown
from storage.records import Article

MOST_LINES = 40  #: more articles than these are only counted: each line needs room to say something
TITLE_ROOM = 400  #: UTF-16 units of what stands above the list
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
    title: Html,
    lines: Sequence[Line],
    *,
    language: str,
    timezone: tzinfo,
    now: datetime,
    longest_link: int = REQUEST_LIMIT,
) -> Html:
    """`title`, at most `TITLE_ROOM` long, above the numbered `lines`; headlines are cut so that all fit."""
    shown, say = lines[:MOST_LINES], words(language)
    room = (MESSAGE_LIMIT - TITLE_ROOM) // max(len(shown), 1)
    look = _Look(say, timezone, now, room)
    left = len(lines) - len(shown)
    more = escape(say.number_of("and {count} more article", "and {count} more articles", left))
    for longest in (longest_link, SURE_LENGTH, 500, 0):
        items = [_item(place, line, look, longest) for place, line in enumerate(shown, 1)]
        html = joined("\n\n", title, *items, more if left else NOTHING)
        if len(html.encode()) <= REQUEST_LIMIT:
            break
    return html


def _item(place: int, line: Line, look: _Look, longest_link: int) -> Html:
    """A headline that names another host is no link: the number is, and where it leads stands below."""
    article, language = line.article, look.say.language
    number = escape(look.say("{number}.", number=numerals(str(place), language)))
    whole = headline(article)
    elsewhere = names_another_host(whole, article.url)
    short = min(SECTION_LIMIT, look.room // 4)
    section = next((shorten(name, short) for name in section_names(article)), "")
    host = shorten(host_of(article.url), short) if elsewhere else ""
    when = near(article.published_at, look.now, look.timezone, language)
    meta = joined(" · ", escape(section), escape(when), escape(host))
    snippet = line.snippet if length(line.snippet) < look.room // 2 else NOTHING
    left = look.room - sum(map(length, (number, meta, snippet))) - len(f"\n\n\n\n {JOINER}")
    title = shorten(whole, left)
    begun = f"{shown(number)} {title}"
    gap = " " if quoted(begun) == begun else f" {JOINER}"  # the list's number and theirs are not one
    linked = (link(number, article.url, longest_link), escape(title))
    if not elsewhere:
        linked = (number, link(escape(title), article.url, longest_link))
    return joined("\n", joined(gap, *linked), snippet, italic(meta))
