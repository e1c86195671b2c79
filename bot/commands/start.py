"""/start: the welcome, and the answers to deep links."""

import re
from dataclasses import replace

from bot.commands.related import answer_related
from bot.commands.subscribe import offer_alerts
from bot.commands.types import Command, CommandContext, Reply, Request, Usage
from bot.render import Button, Rows, bold, escape, join_html, render_post
from storage import articles
from storage.records import Article, ArticleState, ChatKind

_ID = re.compile(r"[0-9]{1,18}")


async def answer_start(request: Request, context: CommandContext) -> Reply:
    """What the bot does, or what a deep link promised.

    Readers may not know what a link does, so anything that changes state is only offered.
    """
    promised, _, which = request.words.partition("_")
    match promised.casefold():
        case "subscribe":
            return await offer_alerts(request, context)
        case "related" | "read" as what:
            return await _answer_deep_link(request, context, what, which)
        case _:
            return _welcome_reply(request)


async def _answer_deep_link(request: Request, context: CommandContext, what: str, which: str) -> Reply:
    """The related articles, or the article itself, for a link below a post."""
    found = await context.db.read(articles.get, int(which) if _ID.fullmatch(which) else 0)
    if found is None:
        return _missing_article_reply(request, request.say("I don't know the article behind this link."))
    if found.state is not ArticleState.LIVE:
        return _missing_article_reply(request, request.say("This article was withdrawn."))
    if what == "read":
        return _article_reply(request, found)
    return await answer_related(replace(request, words=f"id:{found.id}"), context)


def _missing_article_reply(request: Request, sentence: str) -> Reply:
    button = Button(request.say("Latest news"), command="latest 5")
    return Reply(html=escape(sentence), buttons=((button,),))


def _article_reply(request: Request, article: Article) -> Reply:
    """The article as a post, for a reader who followed a link to it."""
    content = render_post(
        article, language=request.language, timezone=request.timezone, now=request.now, private=True
    )
    return Reply(
        html=content.text, buttons=(content.buttons[0][:1],), preview_url=content.preview, large=content.large
    )


def _welcome_reply(request: Request) -> Reply:
    say = request.say
    lines = (
        say("Read and search our reporting here."),
        say("/latest shows the newest headlines; /related 2 finds articles related to the second."),
        say("Send me a link, a post or a few words and I'll find related articles."),
    )
    rows: Rows = (
        (Button(say("Latest news"), command="latest 5"), Button(say("All commands"), command="help")),
    )
    if request.chat.kind is ChatKind.PRIVATE:
        rows += ((Button(say("Get every article"), command="subscribe"),),)
    hello = bold(escape(say("Hello!")))
    return Reply(html=join_html("\n\n", hello, *(escape(line) for line in lines)), buttons=rows)


COMMAND = Command(
    name="start",
    answer=answer_start,
    summary="What this bot does",
    usage=(Usage("start", "what this bot does"),),
)
