"""/subscribe and /unsubscribe: every article in this chat as it appears, or no more of them."""

from bot.commands.types import Command, Desk, Reply, Request, Usage
from bot.render import Button, escape
from storage import chats
from storage.database import Connection
from storage.records import ChatKind, ChatState


async def subscribe(request: Request, desk: Desk) -> Reply:
    """Alerts for everything, at once, in a private chat."""
    say = request.say
    if request.chat.kind is not ChatKind.PRIVATE:
        return _in_private(request, desk)
    if request.words.strip():
        text = say("I can send every article or none so far: /subscribe, without more words.")
        return Reply(html=escape(text), buttons=((Button("/subscribe", command="subscribe"),),))
    stop = Button(say("Stop alerts"), command="unsubscribe")
    if await desk.db.run(_subscribe, request):
        text = say("Done. I will send you every article as it appears. /unsubscribe stops it.")
        return Reply(html=escape(text), buttons=((stop,),), toast=say("Alerts are on."))
    return Reply(
        html=escape(say("You get every article already. /unsubscribe stops it.")), buttons=((stop,),)
    )


async def unsubscribe(request: Request, desk: Desk) -> Reply:
    """No more alerts."""
    say = request.say
    if request.chat.kind is not ChatKind.PRIVATE:
        return _in_private(request, desk)
    again = ((Button(say("Get every article"), command="subscribe"),),)
    stopped, erased = await desk.db.run(_unsubscribe, request.chat.id)
    if erased:
        await desk.db.traces.erase()
    if stopped:
        text = say("Done. No more alerts. /subscribe starts them again.")
        return Reply(html=escape(text), buttons=again, toast=say("Alerts are off."))
    return Reply(html=escape(say("You get no alerts. /subscribe starts them.")), buttons=again)


def _subscribe(connection: Connection, request: Request) -> bool:
    known = chats.remember(connection, request.chat)
    if known.state in (ChatState.BLOCKED, ChatState.LEFT):  # who writes to us has not blocked us
        chats.set_state(connection, known.id, ChatState.ACTIVE)
    return chats.subscribe(connection, request.chat.id, chats.EVERYTHING, chats.AT_ONCE, request.now)


def _unsubscribe(connection: Connection, chat_id: int) -> tuple[bool, bool]:
    """Whether there was anything to stop, and whether the reader was erased.

    What was owed is not sent; without settings nothing is kept.
    """
    known = chats.get(connection, chat_id)
    stopped = chats.unsubscribe(connection, chat_id) > 0
    if known and not (known.language or known.timezone or known.quiet_hours or known.digest_at):
        return stopped, chats.forget(connection, chat_id)
    return stopped, False


def _in_private(request: Request, desk: Desk) -> Reply:
    say = request.say
    button = Button(say("Write to me"), url=f"https://t.me/{desk.bot_username}?start=subscribe")
    return Reply(html=escape(say("Alerts come in a private chat with me.")), buttons=((button,),))


COMMAND = Command(
    name="subscribe",
    answer=subscribe,
    summary="Get every article as it appears",
    usage=(Usage("subscribe", "alerts in our private chat; one tap stops them"),),
)
STOP = Command(
    name="unsubscribe",
    answer=unsubscribe,
    summary="Stop the alerts",
    usage=(Usage("unsubscribe", "no more alerts"),),
)
