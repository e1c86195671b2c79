"""/privacy and /forget: what is stored about a reader, and how it is erased."""

import math
from datetime import timedelta

from bot.commands.types import Command, CommandContext, Reply, Request, Usage
from bot.render import Button, bold, escape, join_html
from storage import chats
from storage.records import Chat, ChatKind


async def answer_privacy(request: Request, context: CommandContext) -> Reply:
    """What is stored about this chat now, and what is stored in general."""
    say = request.say
    kept = await context.db.read(chats.get, request.chat.id)
    if request.chat.kind is not ChatKind.PRIVATE:
        now = say("If I post to this group, I keep its ID and title. I keep nothing about its members.")
    elif kept is None:
        now = say("I keep nothing about you.")
    else:
        now = say("I keep this chat's ID, your choices, and which alerts I sent you lately.")
    lines = (
        say("I never keep names, messages, searches or what you read."),
        say("I keep this chat's ID and your choices only while alerts are on."),
        say.with_count(
            "The list of alerts I sent you is deleted after {count} day.",
            "The list of alerts I sent you is deleted after {count} days.",
            max(1, math.ceil(context.policy.alert_retention / timedelta(days=1))),
        ),
        say("/forget erases it all at once, from the disk too. So does blocking this bot."),
        say("A backup that the newsroom made earlier may still hold it until it is replaced."),
    )
    buttons = ((Button(say("Erase it"), command="forget"),),) if _can_erase(request, kept) else ()
    return Reply(
        html=join_html("\n\n", bold(escape(now)), *(escape(line) for line in lines)), buttons=buttons
    )


async def answer_forget(request: Request, context: CommandContext) -> Reply:
    """Erase everything stored about a private chat at once."""
    say = request.say
    if request.chat.kind is not ChatKind.PRIVATE:
        text = say(
            "I keep nothing about group members. To erase your own data, send /forget in our private chat."
        )
        return Reply(html=escape(text))
    if await erase_chat(context, request.chat.id):
        return Reply(
            html=escape(say("Done. I keep nothing about you, and alerts are off.")), toast=say("Erased.")
        )
    text = say(
        "Done. Alerts are off. The last traces of your data are still on the disk; "
        "they are overwritten within minutes."
    )
    return Reply(html=escape(text), toast=say("Erased."))


async def erase_chat(context: CommandContext, chat_id: int) -> bool:
    """Erase everything known about a chat; whether no database file holds any of it by now."""
    context.memory.forget_chat(chat_id)
    erasure = context.db.erasure
    if await context.db.run(chats.erase_chat, chat_id) or erasure.is_pending:
        return await erasure.erase()
    return True


async def erase_gone_chat(context: CommandContext, chat_id: int) -> None:
    """Erase a reader who blocked the bot or is gone; the disk is overwritten in the background."""
    context.memory.forget_chat(chat_id)
    if await context.db.run(chats.erase_chat, chat_id):
        context.db.erasure.is_needed = True


def _can_erase(request: Request, kept: Chat | None) -> bool:
    return kept is not None and request.chat.kind is ChatKind.PRIVATE


COMMAND = Command(
    name="privacy",
    answer=answer_privacy,
    summary="What I keep about you",
    usage=(Usage("privacy", "what I keep about you: very little"),),
)
FORGET = Command(
    name="forget",
    answer=answer_forget,
    changes_state=True,
    summary="Erase what I keep about you",
    usage=(Usage("forget", "erase it now; alerts stop"),),
)
