"""/related: articles related to a link, a list number, a post replied to, words or the newest article."""

from dataclasses import replace

from bot.commands.arguments import PAGE_SIZE, command_at, fits_button, page_buttons, split_page
from bot.commands.resolve import UnknownSubject, resolve_subject
from bot.commands.types import Command, CommandContext, Reply, Request, Usage
from bot.render import (
    Button,
    Html,
    ListLine,
    article_headline,
    bold,
    escape,
    join_html,
    render_link,
    render_list,
    shorten,
    to_plain_text,
)
from storage.records import Article, ArticleState
from storage.related import RelatedArticle, articles_related_to_text, related_articles


async def answer_related(request: Request, context: CommandContext) -> Reply:
    """The most closely related articles, five per page."""
    words, offset = split_page(request.words)
    subject = await resolve_subject(request, context, words)
    if isinstance(subject, UnknownSubject):
        return replace(_reply_suggesting_latest(request, escape(subject.sentence)), unavailable=True)
    if isinstance(subject, Article):
        if subject.state is not ArticleState.LIVE:
            withdrawn = escape(request.say("This article was withdrawn."))
            return replace(_reply_suggesting_latest(request, withdrawn), unavailable=True)
        found = await context.db.read_serially(
            related_articles, context.index, subject.id, PAGE_SIZE + 1, offset
        )
    else:
        found = await context.db.read_serially(
            articles_related_to_text, context.index, subject, PAGE_SIZE + 1, offset
        )
    return _related_reply(request, context, subject, found, offset)


def _related_reply(
    request: Request,
    context: CommandContext,
    subject: Article | str,
    found: list[RelatedArticle],
    offset: int,
) -> Reply:
    say, page = request.say, [neighbour.article for neighbour in found[:PAGE_SIZE]]
    command = _related_command(request, context, subject)
    buttons = page_buttons(
        say,
        lambda beginning: command_at(command, beginning),
        offset=offset,
        count=PAGE_SIZE,
        more=len(found) > PAGE_SIZE,
    )
    title = join_html(" ", bold(escape(say("Related to"))), _subject_title(subject))
    if not page:
        nothing = say("That's all.") if offset else say("No related articles found.")
        answer = _reply_suggesting_latest(request, join_html("\n\n", title, escape(nothing)))
        return replace(answer, unavailable=offset > 0)
    html = render_list(
        title,
        [ListLine(article) for article in page],
        language=request.language,
        timezone=request.timezone,
        now=request.now,
    )
    return Reply(html=html, buttons=buttons, articles=tuple(article.id for article in page))


def _subject_title(subject: Article | str) -> Html:
    if isinstance(subject, Article):
        return render_link(escape(article_headline(subject, 120)), subject.url)
    return escape(f"“{shorten(to_plain_text(subject), 80)}”")


def _related_command(request: Request, context: CommandContext, subject: Article | str) -> str:
    """The command that repeats this request; a handle replaces words that do not fit into a button."""
    if isinstance(subject, Article):
        return f"related id:{subject.id}"
    command = f"related {subject}"
    if fits_button(command_at(command, 1000)) and to_plain_text(subject) == subject:
        return command
    return f"related {context.memory.remember_question(request.chat.id, subject)}"


def _reply_suggesting_latest(request: Request, html: Html) -> Reply:
    button = Button(request.say("Latest news"), command="latest 5")
    return Reply(html=html, buttons=((button,),))


COMMAND = Command(
    name="related",
    answer=answer_related,
    summary="Articles on the same subject",
    usage=(
        Usage("related 2", "related to the second article in the last list"),
        Usage("related https://…", "related to the article behind a link, or to a channel post"),
        Usage("related river flood", "related to a few words"),
        Usage("related", "related to the post you reply to or forward, or to the newest article"),
    ),
)
