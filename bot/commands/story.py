"""/story: the articles of a story; editors can split one off or join two stories."""

from dataclasses import replace

from bot.commands.arguments import command_at, page_buttons, split_page
from bot.commands.resolve import UnknownSubject, resolve_article, resolve_subject
from bot.commands.types import Command, CommandContext, Reply, Request, Usage
from bot.render import (
    Button,
    Html,
    ListLine,
    article_headline,
    bold,
    escape,
    join_html,
    render_list,
    shorten,
    to_plain_text,
)
from storage import stories
from storage.records import Article, ArticleState

STORY_PAGE_SIZE = 10  #: articles per page


async def answer_story(request: Request, context: CommandContext) -> Reply:
    """The articles of a story, or the result of splitting or joining."""
    words, offset = split_page(request.words)
    action, _, rest = words.partition(" ")
    match action.casefold():
        case "split":
            return await _split_story(replace(request, words=rest), context)
        case "join":
            return await _join_stories(replace(request, words=rest), context)
        case _:
            return await _show_story(replace(request, words=words), context, offset)


async def _show_story(request: Request, context: CommandContext, offset: int) -> Reply:
    article, _ = await _resolve_live_article(request, context)
    if isinstance(article, UnknownSubject):
        return Reply(html=escape(article.sentence), unavailable=True)
    known = await context.db.read(stories.list_members, article.story_id) if article.story_id else [article]
    page, say = known[offset : offset + STORY_PAGE_SIZE], request.say
    count = say.with_count("A story of {count} article", "A story of {count} articles", len(known))
    if not page:
        return Reply(html=escape(say("That's all.")), unavailable=True)
    html = render_list(
        join_html("\n", bold(escape(_article_title(known[0]))), escape(count)),
        [ListLine(each, _repetition_note(request, each)) for each in page],
        language=request.language,
        timezone=request.timezone,
        now=request.now,
    )
    more = offset + STORY_PAGE_SIZE < len(known)
    command = f"story id:{article.id}"
    buttons = page_buttons(
        say, lambda beginning: command_at(command, beginning), offset=offset, count=STORY_PAGE_SIZE, more=more
    )
    return Reply(html=html, buttons=buttons, articles=tuple(each.id for each in page))


async def _split_story(request: Request, context: CommandContext) -> Reply:
    article, _ = await _resolve_live_article(request, context)
    if isinstance(article, UnknownSubject):
        return Reply(html=escape(article.sentence), unavailable=True)
    say, title = request.say, _article_title(article)
    done = await context.db.run(stories.split_off, article.id, request.now)
    if not done:
        text: str = say("“{title}” is already a story of its own.", title=title)
        return _story_reply(request, text, article)
    context.wake_publisher()
    text = say("“{title}” is now a story of its own.", title=title)
    if article.duplicate_of:
        text += " " + say("It's no longer treated as a duplicate; channels that skipped it will get it now.")
    return _story_reply(request, text, article)


async def _join_stories(request: Request, context: CommandContext) -> Reply:
    say = request.say
    one, rest = await _resolve_live_article(request, context)
    if isinstance(one, UnknownSubject):
        return Reply(html=escape(one.sentence))
    other, _ = await _resolve_live_article(replace(request, words=rest), context)
    if isinstance(other, UnknownSubject):
        sentence = other.sentence if rest else say("With which article? /story join needs two.")
        return Reply(html=escape(sentence))
    if await context.db.run(stories.merge_stories, one.id, other.id, request.now):
        context.wake_publisher()
        return _story_reply(request, say("Both are now one story."), one)
    return _story_reply(request, say("Both are already in one story."), one)


async def _resolve_live_article(
    request: Request, context: CommandContext
) -> tuple[Article | UnknownSubject, str]:
    """The first article named, if it is not withdrawn, and the words after it."""
    first, _, rest = request.words.strip().partition(" ")
    if first.startswith("id:"):  # from a button
        found = await resolve_subject(request, context, first)
        article: Article | UnknownSubject = found if not isinstance(found, str) else _unknown_article(request)
    else:
        article, rest = await resolve_article(request, context)
    if isinstance(article, Article) and article.state is ArticleState.WITHDRAWN:
        sentence = request.say(
            "“{title}” was withdrawn and belongs to no story.", title=_article_title(article)
        )
        return UnknownSubject(sentence), rest
    return article, rest.strip()


def _unknown_article(request: Request) -> UnknownSubject:
    return UnknownSubject(request.say("That article is no longer in the archive."))


def _repetition_note(request: Request, article: Article) -> Html:
    return escape(request.say("the same text again")) if article.duplicate_of else escape("")


def _article_title(article: Article) -> str:
    return shorten(to_plain_text(article_headline(article, 120)), 120)


def _story_reply(request: Request, text: str, article: Article) -> Reply:
    button = Button(request.say("Show the story"), command=f"story id:{article.id}")
    return Reply(html=escape(text), buttons=((button,),))


COMMAND = Command(
    name="story",
    answer=answer_story,
    summary="The story an article belongs to",
    usage=(
        Usage("story https://…", "its articles, oldest first"),
        Usage("story split https://…", "move an article into a story of its own"),
        Usage("story join https://… https://…", "merge two stories into one"),
    ),
    operators_only=True,
)
