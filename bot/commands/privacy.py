"""/privacy and /forget: what is kept of a reader, and how it is erased."""

import math
from datetime import timedelta

from bot.commands.types import Command, CommandContext, Reply, Request, Usage
from bot.render import Button, bold, escape, join_html
from storage import chats
from storage.records import Chat, ChatKind


async def answer_privacy(request: Request, context: CommandContext) -> Reply:
    """What is kept of this chat, now and in general."""
    say = request.say
    kept = await context.db.read(chats.get, request.chat.id)
    if request.chat.kind is not ChatKind.PRIVATE:
        now = say("Of this group I keep its id and title, where I post to it. Of its members I keep nothing.")
    elif kept is None:
        now = say("Of you I keep nothing now.")
    else:
        now = say("Of you I keep now: this chat's id, what you asked for, and which alerts I sent lately.")
    lines = (
        say("I keep no names, no messages, no searches and no record of what you read."),
        say("Only if you ask for alerts do I keep this chat's id and what you asked for, until you stop."),
        say.with_count(
            "Which alerts I sent you is forgotten after {count} day.",
            "Which alerts I sent you is forgotten after {count} days.",
            max(1, math.ceil(context.policy.alert_retention / timedelta(days=1))),
        ),
        say("/forget erases it at once, and so does blocking this bot: from the disk, too."),
        say("Only a backup that the newsroom made before may hold it, until that is replaced."),
    )
    buttons = ((Button(say("Erase it"), command="forget"),),) if _can_erase(request, kept) else ()
    return Reply(
        html=join_html("\n\n", bold(escape(now)), *(escape(line) for line in lines)), buttons=buttons
    )


async def answer_forget(request: Request, context: CommandContext) -> Reply:
    """Erase what is kept of a private chat, now."""
    say = request.say
    if request.chat.kind is not ChatKind.PRIVATE:
        return Reply(
            html=escape(say("I keep nothing of a group's members. In our private chat, /forget works."))
        )
    if await erase_chat(context, request.chat.id):
        return Reply(html=escape(say("Done. I keep nothing of you. Alerts are off.")), toast=say("Erased."))
    text = say(
        "Done. Alerts are off, and I no longer know you. A last trace is still on my disk; "
        "it is overwritten within minutes."
    )
    return Reply(html=escape(text), toast=say("Erased."))


async def erase_chat(context: CommandContext, chat_id: int) -> bool:
    """Erase all that is known of a chat; whether nothing of it is in any file of the database by now."""
    context.memory.forget_chat(chat_id)
    traces = context.db.erasure
    if await context.db.run(chats.erase_chat, chat_id) or traces.is_pending:
        return await traces.erase()
    return True


async def erase_gone_chat(context: CommandContext, chat_id: int) -> None:
    """A reader blocked the bot, or is no more: erased at once; nobody waits until the disk has followed."""
    context.memory.forget_chat(chat_id)
    if await context.db.run(chats.erase_chat, chat_id):
        context.db.erasure.is_needed = True


def _can_erase(request: Request, kept: Chat | None) -> bool:
    return kept is not None and request.chat.kind is ChatKind.PRIVATE


COMMAND = Command(
    name="privacy",
    answer=answer_privacy,
    summary="What is kept of you",
    usage=(Usage("privacy", "what is kept of you: next to nothing"),),
)
FORGET = Command(
    name="forget",
    answer=answer_forget,
    changes_state=True,
    summary="Erase what is kept of you",
    usage=(Usage("forget", "erase it now; alerts stop"),),
)
