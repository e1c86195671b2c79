"""/related: what belongs to this? To a link, a number, a post pointed at, words, or the newest article."""

from dataclasses import replace

from bot.commands.arguments import PAGE, at, fits, page_buttons, split_page
from bot.commands.resolve import Unknown, subject_of
from bot.commands.types import Command, Desk, Reply, Request, Usage
from bot.render import Button, Html, Line, bold, escape, headline, joined, link, plain, render_list, shorten
from storage.records import Article, ArticleState
from storage.related import Neighbour, neighbours, neighbours_of_text


async def related(request: Request, desk: Desk) -> Reply:
    """The articles most related to what was asked for, five at a time."""
    words, offset = split_page(request.words)
    subject = await subject_of(request, desk, words)
    if isinstance(subject, Unknown):
        return replace(_try_latest(request, escape(subject.sentence)), unavailable=True)
    if isinstance(subject, Article):
        if subject.state is not ArticleState.LIVE:
            withdrawn = escape(request.say("This article was withdrawn."))
            return replace(_try_latest(request, withdrawn), unavailable=True)
        found = await desk.db.answer(neighbours, desk.index, subject.id, PAGE + 1, offset)
    else:
        found = await desk.db.answer(neighbours_of_text, desk.index, subject, PAGE + 1, offset)
    return _answer(request, desk, subject, found, offset)


def _answer(
    request: Request, desk: Desk, subject: Article | str, found: list[Neighbour], offset: int
) -> Reply:
    say, page = request.say, [neighbour.article for neighbour in found[:PAGE]]
    command = _command(request, desk, subject)
    buttons = page_buttons(
        say, lambda beginning: at(command, beginning), offset=offset, count=PAGE, more=len(found) > PAGE
    )
    title = joined(" ", bold(escape(say("Related to"))), _named(subject))
    if not page:
        nothing = say("There is no more.") if offset else say("Nothing in the archive is related enough.")
        answer = _try_latest(request, joined("\n\n", title, escape(nothing)))
        return replace(answer, unavailable=offset > 0)
    html = render_list(
        title,
        [Line(article) for article in page],
        language=request.language,
        timezone=request.timezone,
        now=request.now,
    )
    return Reply(html=html, buttons=buttons, articles=tuple(article.id for article in page))


def _named(subject: Article | str) -> Html:
    if isinstance(subject, Article):
        return link(escape(headline(subject, 120)), subject.url)
    return escape(f"“{shorten(plain(subject), 80)}”")


def _command(request: Request, desk: Desk, subject: Article | str) -> str:
    """The command that asks the same again, short enough for a button."""
    if isinstance(subject, Article):
        return f"related id:{subject.id}"
    command = f"related {subject}"
    if fits(at(command, 1000)) and plain(subject) == subject:
        return command
    return f"related {desk.recent.handle(request.chat.id, subject)}"


def _try_latest(request: Request, html: Html) -> Reply:
    button = Button(request.say("Latest news"), command="latest 5")
    return Reply(html=html, buttons=((button,),))


COMMAND = Command(
    name="related",
    answer=related,
    summary="Articles on the same subject",
    usage=(
        Usage("related 2", "to the second article of the last list"),
        Usage("related https://…", "to the article at a link, or to a post of the channel"),
        Usage("related river flood", "to some words"),
        Usage("related", "to the post you reply to or forward, or to the newest article"),
    ),
)
