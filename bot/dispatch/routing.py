"""Routing of questions to commands, and the replies to what no command answers."""

from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.commands import COMMANDS, Command, CommandContext, Reply, Request, find_command
from bot.commands.arguments import first_link, fits_button, parse_number
from bot.commands.chat_memory import TypedCommand
from bot.commands.latest import MAX_HEADLINES
from bot.dispatch.parse import ParsedQuestion
from bot.locale import SafeText, best_language
from bot.render import Button, escape, to_plain_text
from jobs.config import Edition
from storage.records import Chat, ChatKind

#: @GroupAnonymousBot, the author of messages written in a group as the group.
ANONYMOUS_ADMIN_BOT_ID = 1087968824
SEARCH_LENGTH_LIMIT = (
    200  #: characters; a longer text is not a query, but a text to find related articles for
)


def build_request(asked: ParsedQuestion, chat: Chat, context: CommandContext, now: datetime) -> Request:
    """The request for a command; `chat` is the chat as stored, or a blank one."""
    edition = _chat_edition(chat, asked.user_language, context)
    return Request(
        chat=replace(chat, edition=chat.edition or edition.name),
        user_id=asked.user_id,
        edition=edition,
        words=asked.words,
        now=now,
        language=best_language(chat.language, edition.language, asked.user_language),
        timezone=_parse_timezone(chat.timezone) or edition.timezone,
        pointed_at=asked.pointed.links,
        pointed_message=asked.pointed.message,
        pointed_text=asked.pointed.text,
        operator=asked.user_id in context.policy.operators and asked.kind is ChatKind.PRIVATE,
        pressed=asked.pressed is not None,
        as_group=_is_anonymous_administrator(asked),
    )


def _is_anonymous_administrator(asked: ParsedQuestion) -> bool:
    """Whether it is written as the group, which only administrators can (Bot API, Message.sender_chat)."""
    as_itself = asked.asker == asked.chat_id and asked.kind in (ChatKind.GROUP, ChatKind.SUPERGROUP)
    return as_itself and asked.user_id == ANONYMOUS_ADMIN_BOT_ID


def route_command(asked: ParsedQuestion, request: Request) -> Command | None:
    """The command that answers, or None if there is none, or none for this reader."""
    if asked.command:
        command = _AGAIN if asked.pressed and asked.command == _AGAIN.name else find_command(asked.command)
        return command if command and (request.operator or not command.operators_only) else None
    listed = 1 <= (parse_number(asked.words) or 0) <= MAX_HEADLINES  # "2", typed under a list
    pointing = listed or not asked.words or first_link(asked.words) or len(asked.words) > SEARCH_LENGTH_LIMIT
    return find_command("related" if pointing else "search")


def unknown_command_reply(asked: ParsedQuestion, request: Request, context: CommandContext) -> Reply:
    """The reply to an unknown command: the closest one, or all of them."""
    say = request.say
    allowed = [each for each in COMMANDS if request.operator or not each.operators_only]
    names = [name for each in allowed for name in each.names]
    close = get_close_matches(asked.command, names, n=1, cutoff=0.6)
    if close:
        text = say("I don't know /{command}. Did you mean /{close}?", command=asked.command, close=close[0])
        button = Button(f"/{close[0]}", command=_corrected_command(close[0], request, context))
        return Reply(html=escape(text), buttons=((button,),))
    listed = SafeText(" ".join(f"/{name}" for name in names))
    text = say("I don't know /{command}. I know {commands}.", command=asked.command, commands=listed)
    return Reply(html=escape(text))


def _corrected_command(name: str, request: Request, context: CommandContext) -> str:
    """The button command for `name` with the same words and the same message pointed at."""
    words = request.words
    typed = TypedCommand(
        command=name,
        words=words,
        pointed_at=request.pointed_at,
        pointed_message=request.pointed_message,
        pointed_text=request.pointed_text,
    )
    command, found = f"{name} {words}".strip(), find_command(name)
    exact = (
        typed == TypedCommand(command=name, words=words)
        and fits_button(command)
        and to_plain_text(words) == words
    )
    # Operators' commands treat what a button says differently from what is typed.
    if exact and found and not found.operators_only:
        return command
    return f"{_AGAIN.name} {context.memory.remember_command(request.chat.id, typed)}"


async def _answer_again(request: Request, context: CommandContext) -> Reply:
    """Answer the remembered command as if it had been typed correctly."""
    typed = context.memory.recall_command(request.chat.id, request.words)
    command = find_command(typed.command) if typed else None
    if typed is None or command is None or (command.operators_only and not request.operator):
        text = request.say("That button has expired. Please ask again.")
        return Reply(html=escape(text), unavailable=True)
    pointed = {name: getattr(typed, name) for name in ("pointed_at", "pointed_message", "pointed_text")}
    return await command.answer(replace(request, words=typed.words, pressed=False, **pointed), context)


#: For buttons only: in no menu, and unknown if it is typed.
_AGAIN = Command(name="again", answer=_answer_again, summary="", usage=())


def not_typed_reply(request: Request) -> Reply:
    """The reply to what another bot wrote and the reader only tapped."""
    return Reply(
        html=escape(request.say("I only follow commands that you type yourself, not what another bot wrote."))
    )


def slow_down_reply(request: Request) -> Reply:
    """The reply to an asker who is being throttled."""
    text = request.say(
        "That's a lot of questions at once. Please wait for each answer; I'll reply again in a moment."
    )
    return Reply(html=escape(text))


def empty_question_reply(request: Request) -> Reply:
    """The reply to a picture or a sticker without words."""
    text = request.say("Send me a few words, a link or a forwarded post. /help shows all commands.")
    return Reply(html=escape(text))


def reply_language(asked: ParsedQuestion, context: CommandContext) -> str:
    """The language for an asker known only from the update."""
    newsroom = next((edition.language for edition in context.policy.editions), "")
    return best_language(asked.user_language, newsroom)


def _chat_edition(chat: Chat, user_language: str, context: CommandContext) -> Edition:
    """The chat's edition, else the one in the reader's language, else the first."""
    editions = context.policy.editions
    spoken = user_language.partition("-")[0].casefold()
    by_name = [each for each in editions if chat.edition and each.name == chat.edition]
    by_language = [
        each for each in editions if spoken and each.language.partition("-")[0].casefold() == spoken
    ]
    plain = Edition(name="", channels=(), feed_urls=(), timezone=context.policy.timezone)
    return next(iter((*by_name, *by_language, *editions)), plain)


def _parse_timezone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None
