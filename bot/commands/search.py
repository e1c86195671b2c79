"""/search: articles with the given words, most relevant or newest first, each with a snippet."""

from bot.commands.arguments import PAGE_SIZE, command_at, fits_button, page_buttons, split_page
from bot.commands.chat_memory import is_handle
from bot.commands.types import Command, CommandContext, Reply, Request, Usage
from bot.render import (
    Button,
    ListLine,
    Rows,
    bold,
    escape,
    highlight_text,
    join_html,
    render_list,
    shorten,
    to_plain_text,
)
from storage.search import SearchPage
from storage.search import search_articles as find

BY_DATE = "by:date"
QUESTION_LIMIT = 300  #: characters of a query; the rest is ignored


async def answer_search(request: Request, context: CommandContext) -> Reply:
    """The articles that match the query, five per page."""
    say = request.say
    words, offset = split_page(request.words)
    words, by_date = _split_order(words)
    question: str | None = words[:QUESTION_LIMIT]
    if is_handle(words):
        question = context.memory.recall_question(request.chat.id, words)
    if question is None:
        text = say("That button has expired. Please ask again.")
        return Reply(html=escape(text), unavailable=True)
    if not to_plain_text(question):
        return Reply(html=escape(say("What are you looking for? For example: /search river flood")))
    order = "date" if by_date else "best"
    page = await context.db.read_serially(find, context.index, question, PAGE_SIZE, offset, order=order)
    return _search_reply(
        request, page, question, _search_command(request, context, question), offset, by_date=by_date
    )


def _split_order(words: str) -> tuple[str, bool]:
    parts = words.split()
    by_date = bool(parts) and parts[-1].casefold() == BY_DATE
    return (words.rstrip()[: -len(BY_DATE)].strip(), True) if by_date else (words, False)


def _search_reply(
    request: Request, page: SearchPage, question: str, command: str, offset: int, *, by_date: bool
) -> Reply:
    say = request.say
    count = say.with_count("{count} article", "{count} articles", page.total)
    title = join_html(" · ", bold(escape(f"“{shorten(to_plain_text(question), 80)}”")), escape(count))
    if not page.matches:
        text = say("That's all.") if offset else say("No articles found. Try fewer or different words.")
        html = join_html("\n\n", bold(escape(f"“{shorten(to_plain_text(question), 80)}”")), escape(text))
        return Reply(html=html, unavailable=offset > 0)
    lines = [
        ListLine(
            match.article,
            highlight_text(match.text.text, match.text.marks) if match.text.marks else escape(""),
        )
        for match in page.matches
    ]
    html = render_list(title, lines, language=request.language, timezone=request.timezone, now=request.now)
    buttons = _search_buttons(request, page, command, offset, by_date=by_date)
    return Reply(html=html, buttons=buttons, articles=tuple(match.article.id for match in page.matches))


def _search_buttons(request: Request, page: SearchPage, command: str, offset: int, *, by_date: bool) -> Rows:
    say = request.say
    sorted_so = f"{command} {BY_DATE}" if by_date else command
    more = offset + len(page.matches) < page.total
    pages = page_buttons(
        say, lambda beginning: command_at(sorted_so, beginning), offset=offset, count=PAGE_SIZE, more=more
    )
    if page.total < 2:
        return pages
    other = (
        Button(say("Most relevant first"), command=command)
        if by_date
        else Button(say("Newest first"), command=f"{command} {BY_DATE}")
    )
    return (*pages, (other,))


def _search_command(request: Request, context: CommandContext, question: str) -> str:
    """The command that repeats this search; a handle replaces words that do not fit into a button."""
    command = f"search {question}"
    longest = command_at(f"{command} {BY_DATE}", 1000)
    if fits_button(longest) and to_plain_text(question) == question and not question.startswith("~"):
        return command
    return f"search {context.memory.remember_question(request.chat.id, question)}"


COMMAND = Command(
    name="search",
    answer=answer_search,
    summary="Search articles by keyword",
    usage=(
        Usage("search river flood", "articles with these words, most relevant first"),
        Usage('search "river flood" -storm', "an exact phrase, and a word to leave out"),
        Usage("search flood section:World from:2026-10", "in a section, since a month or day"),
    ),
)
