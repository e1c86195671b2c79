"""/latest: the newest headlines, page by page, of all sections or of one."""

from collections.abc import Sequence

from bot.commands.arguments import (
    PAGE_SIZE,
    command_at,
    find_section,
    fits_button,
    page_buttons,
    parse_number,
    section_handle,
    split_page,
)
from bot.commands.types import Command, CommandContext, Reply, Request, Usage
from bot.render import Button, ListLine, Rows, bold, escape, join_html, render_list, shorten, to_plain_text
from storage import articles
from storage.records import Article

MAX_HEADLINES = 20
SECTIONS_OFFERED = 12


async def answer_latest(request: Request, context: CommandContext) -> Reply:
    """The newest headlines, of one section if it is named."""
    words, offset = split_page(request.words)
    count, wanted = _split_count(words)
    if not 1 <= count <= MAX_HEADLINES:
        return _count_is_wrong(request)
    section = ""
    if wanted:
        sections = await context.db.read(articles.list_sections)
        found = find_section(wanted, sections)
        if found is None:
            return _no_such_section(request, wanted, sections)
        section = found
    language = content_language(request, context)
    page = await context.db.read(
        articles.list_latest, count + 1, offset=offset, section=section, language=language
    )
    return _latest_reply(request, page[:count], count, section, offset, more=len(page) > count)


def content_language(request: Request, context: CommandContext) -> str:
    """The language of the articles to show: the edition's if editions differ in language, else any ("")."""
    return request.edition.language if len({each.language for each in context.policy.editions}) > 1 else ""


def _split_count(words: str) -> tuple[int, str]:
    """The count and the section; the count may come before or after it."""
    parts = words.split()
    for place in (0, -1):
        if parts and (count := parse_number(parts[place])) is not None:
            del parts[place]
            return count, " ".join(parts)
    return PAGE_SIZE, " ".join(parts)


def _latest_reply(
    request: Request, page: Sequence[Article], count: int, section: str, offset: int, *, more: bool
) -> Reply:
    say = request.say
    if not page:
        text = say("There is nothing older.") if offset else say("There is no news yet.")
        return Reply(html=escape(text), buttons=_latest_pages(request, count, section, offset, more=False))
    title = join_html(" · ", bold(escape(say("Latest news"))), escape(shorten(to_plain_text(section), 60)))
    return Reply(
        html=render_list(
            title,
            [ListLine(article) for article in page],
            language=request.language,
            timezone=request.timezone,
            now=request.now,
        ),
        buttons=_latest_pages(request, count, section, offset, more=more),
        articles=tuple(article.id for article in page),
    )


def _latest_pages(request: Request, count: int, section: str, offset: int, *, more: bool) -> Rows:
    command = _section_command(count, section)
    return page_buttons(
        request.say, lambda beginning: command_at(command, beginning), offset=offset, count=count, more=more
    )


def _section_command(count: int, section: str) -> str:
    """The command that shows this section; its handle replaces a name that would not fit or parse back."""
    typed = f"latest {count} {section}".strip()
    as_meant = not section or (_split_count(f"{count} {section}") == (count, section) and "@" not in section)
    return (
        typed
        if as_meant and fits_button(command_at(typed, 1000))
        else f"latest {count} {section_handle(section)}"
    )


def _count_is_wrong(request: Request) -> Reply:
    say = request.say
    text = say("I can show 1 to {most} headlines at a time: /latest 5 or /latest 20.", most=MAX_HEADLINES)
    return Reply(html=escape(text), buttons=((_latest_button(5), _latest_button(MAX_HEADLINES)),))


def _no_such_section(request: Request, wanted: str, sections: Sequence[str]) -> Reply:
    say = request.say
    shown = shorten(to_plain_text(wanted), 60)
    if not sections:
        text = say("There is no section “{section}”. Try /latest 5.", section=shown)
        return Reply(html=escape(text), buttons=((_latest_button(5),),), unavailable=True)
    text = say("There is no section “{section}”. These are the sections:", section=shown)
    buttons = [
        Button(shorten(to_plain_text(name), 40) or "…", command=_section_command(PAGE_SIZE, name))
        for name in sections[:SECTIONS_OFFERED]
    ]
    pairs = tuple(tuple(buttons[place : place + 2]) for place in range(0, len(buttons), 2))
    return Reply(html=escape(text), buttons=pairs, unavailable=True)


def _latest_button(count: int) -> Button:
    return Button(f"/latest {count}", command=f"latest {count}")


COMMAND = Command(
    name="latest",
    answer=answer_latest,
    summary="The newest headlines",
    usage=(
        Usage("latest", "the five newest"),
        Usage("latest 10", "as many as you like, up to 20"),
        Usage("latest 5 World", "from one section"),
    ),
)
