"""/story: which articles tell one story? And the editor's word: take one out, or make one of two."""

from dataclasses import replace

from bot.commands.arguments import at, page_buttons, split_page
from bot.commands.resolve import Unknown, article_meant, subject_of
from bot.commands.types import Command, Desk, Reply, Request, Usage
from bot.render import Button, Html, Line, bold, escape, headline, joined, plain, render_list, shorten
from storage import stories
from storage.records import Article, ArticleState

SHOWN = 10  #: articles at a time


async def story(request: Request, desk: Desk) -> Reply:
    """The articles of a story, or what became of an editor's wish about it."""
    words, offset = split_page(request.words)
    wish, _, rest = words.partition(" ")
    match wish.casefold():
        case "split":
            return await _split(replace(request, words=rest), desk)
        case "join":
            return await _join(replace(request, words=rest), desk)
        case _:
            return await _show(replace(request, words=words), desk, offset)


async def _show(request: Request, desk: Desk, offset: int) -> Reply:
    article, _ = await _meant(request, desk)
    if isinstance(article, Unknown):
        return Reply(html=escape(article.sentence), unavailable=True)
    known = await desk.db.read(stories.members, article.story_id) if article.story_id else [article]
    page, say = known[offset : offset + SHOWN], request.say
    count = say.number_of("A story of {count} article", "A story of {count} articles", len(known))
    if not page:
        return Reply(html=escape(say("There is no more.")), unavailable=True)
    html = render_list(
        joined("\n", bold(escape(_title(known[0]))), escape(count)),
        [Line(each, _beside(request, each)) for each in page],
        language=request.language,
        timezone=request.timezone,
        now=request.now,
    )
    more = offset + SHOWN < len(known)
    command = f"story id:{article.id}"
    buttons = page_buttons(
        say, lambda beginning: at(command, beginning), offset=offset, count=SHOWN, more=more
    )
    return Reply(html=html, buttons=buttons, articles=tuple(each.id for each in page))


async def _split(request: Request, desk: Desk) -> Reply:
    article, _ = await _meant(request, desk)
    if isinstance(article, Unknown):
        return Reply(html=escape(article.sentence), unavailable=True)
    say, title = request.say, _title(article)
    done = await desk.db.run(stories.take_out, article.id, request.now)
    if not done:
        text: str = say("“{title}” was in a story of its own before.", title=title)
        return _told(request, text, article)
    desk.changed()
    text = say("“{title}” is in a story of its own now.", title=title)
    if article.duplicate_of:
        text += " " + say("It no longer counts as a repetition: channels that left it out get it.")
    return _told(request, text, article)


async def _join(request: Request, desk: Desk) -> Reply:
    say = request.say
    one, rest = await _meant(request, desk)
    if isinstance(one, Unknown):
        return Reply(html=escape(one.sentence))
    other, _ = await _meant(replace(request, words=rest), desk)
    if isinstance(other, Unknown):
        sentence = other.sentence if rest else say("With which one? /story join wants two articles.")
        return Reply(html=escape(sentence))
    if await desk.db.run(stories.put_together, one.id, other.id, request.now):
        desk.changed()
        return _told(request, say("Both are one story now."), one)
    return _told(request, say("Both were in one story before."), one)


async def _meant(request: Request, desk: Desk) -> tuple[Article | Unknown, str]:
    """The first article named, live, and the words behind it."""
    first, _, rest = request.words.strip().partition(" ")
    if first.startswith("id:"):  # a button's
        found = await subject_of(request, desk, first)
        article: Article | Unknown = found if not isinstance(found, str) else _unknown(request)
    else:
        article, rest = await article_meant(request, desk)
    if isinstance(article, Article) and article.state is ArticleState.WITHDRAWN:
        sentence = request.say("“{title}” was withdrawn and is in no story.", title=_title(article))
        return Unknown(sentence), rest
    return article, rest.strip()


def _unknown(request: Request) -> Unknown:
    return Unknown(request.say("That article is not in the archive any more."))


def _beside(request: Request, article: Article) -> Html:
    return escape(request.say("the same text again")) if article.duplicate_of else escape("")


def _title(article: Article) -> str:
    return shorten(plain(headline(article, 120)), 120)


def _told(request: Request, text: str, article: Article) -> Reply:
    button = Button(request.say("Show the story"), command=f"story id:{article.id}")
    return Reply(html=escape(text), buttons=((button,),))


COMMAND = Command(
    name="story",
    answer=story,
    summary="The story that an article is part of",
    usage=(
        Usage("story https://…", "its articles, the first one first"),
        Usage("story split https://…", "take an article out, into a story of its own"),
        Usage("story join https://… https://…", "make one story of two"),
    ),
    operators_only=True,
)
