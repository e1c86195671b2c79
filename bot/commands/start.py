"""/start: who are you? And a deep link's answer, at once."""

from dataclasses import replace

from bot.commands.related import related
from bot.commands.subscribe import subscribe
from bot.commands.types import Command, Desk, Reply, Request, Usage
from bot.commands.wording import number
from bot.render import Button, Rows, bold, escape, joined, render_post
from storage import articles
from storage.records import Article, ArticleState, ChatKind


async def start(request: Request, desk: Desk) -> Reply:
    """What the bot does; behind a deep link, what the link promised."""
    promised, _, which = request.words.partition("_")
    if promised == "subscribe":
        return await subscribe(replace(request, words=""), desk)
    article = await _article(desk, which) if promised in ("related", "read") else None
    if article is None:
        return _welcome(request)
    if promised == "related":
        return await related(replace(request, words=f"id:{article.id}"), desk)
    return _read(request, article)


async def _article(desk: Desk, which: str) -> Article | None:
    found = await desk.db.read(articles.get, number(which) or 0)
    return found if found and found.state is ArticleState.LIVE else None


def _read(request: Request, article: Article) -> Reply:
    """The article as a post, for a reader who came by a link to it."""
    content = render_post(
        article, language=request.language, timezone=request.timezone, now=request.now, private=True
    )
    return Reply(
        html=content.text, buttons=(content.buttons[0][:1],), preview_url=content.preview, large=content.large
    )


def _welcome(request: Request) -> Reply:
    say = request.say
    lines = (
        say("I bring the newsroom's articles here and find them again for you."),
        say("/latest shows the newest headlines; /related 2 finds what belongs to the second of them."),
        say("Send me a link, a post or some words, and I look for what belongs to them."),
    )
    rows: Rows = (
        (Button(say("Latest news"), command="latest 5"), Button(say("All commands"), command="help")),
    )
    if request.chat.kind is ChatKind.PRIVATE:
        rows += ((Button(say("Get every article"), command="subscribe"),),)
    hello = bold(escape(say("Hello!")))
    return Reply(html=joined("\n\n", hello, *(escape(line) for line in lines)), buttons=rows)


COMMAND = Command(
    name="start",
    answer=start,
    summary="What this bot does",
    usage=(Usage("start", "what this bot does"),),
)
