"""Resolution of what a reader refers to: an article, some words, or a hint if it is neither."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.commands.arguments import first_link, parse_number
from bot.commands.chat_memory import is_handle
from bot.commands.latest import content_language
from bot.commands.post_links import parse_post_link
from bot.commands.types import CommandContext, Request
from storage import articles, chats, reports
from storage.database import Connection
from storage.records import Article

TEXT_LIMIT = 2000  #: characters of a text that are compared; the rest is ignored

_ARTICLE = re.compile(r"id:(\d{1,18})")


@dataclass(frozen=True, slots=True)
class UnknownSubject:
    """Nothing known was referred to."""

    sentence: str  #: a hint for the reader, in their language


Subject = Article | str | UnknownSubject


async def resolve_subject(request: Request, context: CommandContext, words: str) -> Subject:
    """The article or text that `words`, or the message they point at, refer to."""
    if is_handle(words):
        text = context.memory.recall_question(request.chat.id, words)
        return text or UnknownSubject(request.say("That button has expired. Please ask again."))
    if found := _ARTICLE.fullmatch(words):
        return await _load_article(request, context, [int(found[1])])
    if (place := parse_number(words)) is not None:
        return await _find_numbered(request, context, place)
    if url := first_link(words):
        return await _find_linked(request, context, url)
    return words[:TEXT_LIMIT] if words else await _find_pointed(request, context)


async def resolve_article(request: Request, context: CommandContext) -> tuple[Article | UnknownSubject, str]:
    """The one article that an operator names by a link, a number or a reply, and the words after it.

    Never a guess: neither words nor the newest article count.
    """
    first, _, rest = request.words.strip().partition(" ")
    if (place := parse_number(first)) is not None:
        found = await _find_numbered(request, context, place)
    elif url := first_link(first):
        found = await _find_linked(request, context, url)
    else:
        rest = request.words.strip()
        shown = await context.db.read(_article_in_message, request.pointed_message, request.pointed_at)
        found = shown or UnknownSubject(
            request.say("Which article? Put its link after the command, or reply to its post.")
        )
    return found, rest.strip()


async def _load_article(
    request: Request, context: CommandContext, ids: Sequence[int]
) -> Article | UnknownSubject:
    found = await context.db.read(articles.get_many, ids)
    return found[0] if found else UnknownSubject(request.say("That article is no longer in the archive."))


async def _find_numbered(request: Request, context: CommandContext, place: int) -> Article | UnknownSubject:
    """The article at this place in the list replied to, else in the chat's last list."""
    say = request.say
    chat_id, message_id = request.pointed_message or (0, 0)
    listed = (
        context.memory.recall_list(chat_id, message_id) if chat_id == request.chat.id and message_id else ()
    )
    if not listed and request.pointed_at:
        return await _find_numbered_link(request, context, place)
    listed = listed or context.memory.recall_list(request.chat.id)
    if not listed:
        return UnknownSubject(
            say("There's no recent list in this chat. Send /latest first, then /related 2.")
        )
    if not 1 <= place <= len(listed):
        return UnknownSubject(_list_range(request, len(listed)))
    return await _load_article(request, context, [listed[place - 1]])


async def _find_numbered_link(
    request: Request, context: CommandContext, place: int
) -> Article | UnknownSubject:
    """The article behind the nth link of the list replied to, which outlives our memory of the list."""
    if not 1 <= place <= len(request.pointed_at):
        return UnknownSubject(_list_range(request, len(request.pointed_at)))
    return await _find_linked(request, context, request.pointed_at[place - 1])


def _list_range(request: Request, count: int) -> str:
    return request.say.with_count(
        "That list has {count} article: /related 1.",
        "That list has {count} articles: /related 1 to /related {count}.",
        count,
    )


async def _find_linked(request: Request, context: CommandContext, url: str) -> Article | UnknownSubject:
    found = await context.db.read(_article_at_link, url)
    return found or UnknownSubject(
        request.say("That link isn't one of our articles. You can use words instead: /related river flood")
    )


async def _find_pointed(request: Request, context: CommandContext) -> Subject:
    """The article or text of the message replied to or forwarded; without one, the newest article."""
    found = await context.db.read(_article_in_message, request.pointed_message, request.pointed_at)
    if found:
        return found
    if request.pointed_text.strip():
        return request.pointed_text[:TEXT_LIMIT]
    if request.pointed_message:
        sentence = request.say(
            "There's no article of ours in that message. You can use words instead: /related river flood"
        )
        return UnknownSubject(sentence)
    newest = await context.db.read(articles.list_latest, 1, language=content_language(request, context))
    return newest[0] if newest else UnknownSubject(request.say("There is no news yet."))


def _article_at_link(connection: Connection, url: str) -> Article | None:
    """The article behind a link, or in the post that the link leads to."""
    post = parse_post_link(url)
    if post is None:
        return articles.get_by_url(connection, url)
    chat = chats.get_by_username(connection, post[0]) if isinstance(post[0], str) else None
    chat_id = (chat.moved_to or chat.id) if chat else post[0]
    return _article_in_message(connection, (chat_id, post[1]), ()) if isinstance(chat_id, int) else None


def _article_in_message(
    connection: Connection, message: tuple[int, int] | None, links: Sequence[str]
) -> Article | None:
    """The article in a message: one of our own posts, else the first known article among its links."""
    number = reports.article_of_message(connection, *message) if message else None
    if number is not None:
        return articles.get(connection, number)
    found = (_article_at_link(connection, link) for link in links[:20])
    return next((article for article in found if article), None)
