"""/privacy and /forget: what is kept of a reader, and how it is erased."""

from bot.commands.types import Command, Desk, Reply, Request, Usage
from bot.render import Button, bold, escape, joined
from storage import chats
from storage.records import Chat, ChatKind


async def privacy(request: Request, desk: Desk) -> Reply:
    """What is kept of this chat, now and in general."""
    say = request.say
    kept = await desk.db.read(chats.get, request.chat.id)
    if request.chat.kind is not ChatKind.PRIVATE:
        now = say("Of this group I keep its id and title, where I post to it. Of its members I keep nothing.")
    elif kept is None:
        now = say("Of you I keep nothing now.")
    else:
        now = say("Of you I keep now: this chat's id, that you asked for alerts, and which I sent.")
    lines = (
        say("I keep no names, no messages, no searches and no record of what you read."),
        say("Only if you ask for alerts do I keep this chat's id and what you asked for, until you stop."),
        say("/forget erases it at once."),
    )
    buttons = ((Button(say("Erase it"), command="forget"),),) if _erasable(request, kept) else ()
    return Reply(html=joined("\n\n", bold(escape(now)), *(escape(line) for line in lines)), buttons=buttons)


async def forget(request: Request, desk: Desk) -> Reply:
    """Erase what is kept of a private chat, now."""
    say = request.say
    if request.chat.kind is not ChatKind.PRIVATE:
        return Reply(
            html=escape(say("I keep nothing of a group's members. In our private chat, /forget works."))
        )
    desk.recent.forget(request.chat.id)
    await desk.db.run(chats.forget, request.chat.id)
    return Reply(html=escape(say("Done. I keep nothing of you. Alerts are off.")), toast=say("Erased."))


def _erasable(request: Request, kept: Chat | None) -> bool:
    return kept is not None and request.chat.kind is ChatKind.PRIVATE


COMMAND = Command(
    name="privacy",
    answer=privacy,
    summary="What is kept of you",
    usage=(Usage("privacy", "what is kept of you: next to nothing"),),
)
FORGET = Command(
    name="forget",
    answer=forget,
    changes_state=True,
    summary="Erase what is kept of you",
    usage=(Usage("forget", "erase it now; alerts stop"),),
)
