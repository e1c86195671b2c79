"""/subscribe and /unsubscribe: every article in this chat as it appears, or no more of them."""

from dataclasses import replace

from bot.commands.groups import is_group, refuse
from bot.commands.types import Command, Desk, Reply, Request, Usage
from bot.locale import Words
from bot.render import Button, Rows, escape
from storage import chats
from storage.database import Connection
from storage.records import ChatState


async def subscribe(request: Request, desk: Desk) -> Reply:
    """Alerts for everything, at once; in a group for its administrators alone."""
    say = request.say
    if request.words.strip():
        text = say("I can send every article or none so far: /subscribe, without more words.")
        return Reply(html=escape(text), buttons=((Button("/subscribe", command="subscribe"),),))
    if is_group(request):
        return await _subscribe_group(request, desk)
    if await desk.db.run(_subscribe, request):
        text = say("Done. I will send you every article as it appears. /unsubscribe stops it.")
        return Reply(html=escape(text), buttons=_stop(say), toast=say("Alerts are on."))
    return _has_begun(request)


async def unsubscribe(request: Request, desk: Desk) -> Reply:
    """No more alerts; in a group for its administrators alone."""
    say = request.say
    if is_group(request):
        return await _unsubscribe_group(request, desk)
    if await _stop_all(request, desk):
        text = say("Done. No more alerts. /subscribe starts them again.")
        return Reply(html=escape(text), buttons=_begin(say), toast=say("Alerts are off."))
    return Reply(html=escape(say("You get no alerts. /subscribe starts them.")), buttons=_begin(say))


async def offer(request: Request, desk: Desk) -> Reply:
    """Ask before anything is stored: who followed a link has not asked for alerts by that."""
    say = request.say
    if await desk.db.read(chats.subscriptions, request.chat.id):
        return _has_begun(request)
    if is_group(request):
        text = say("Shall I post every article here? An administrator of this group can say so.")
    else:
        text = say("Shall I send you every article?")
    return Reply(html=escape(text), buttons=_begin(say))


async def _subscribe_group(request: Request, desk: Desk) -> Reply:
    say = request.say
    if refusal := await refuse(request, desk):
        return refusal
    kept = replace(request, chat=replace(request.chat, username=""))  # its id and title are enough
    if await desk.db.run(_subscribe, kept):
        text = say("Done. I will post every article here as it appears. /unsubscribe stops it.")
        return Reply(html=escape(text), buttons=_stop(say), toast=say("Alerts are on."))
    return _has_begun(request)


async def _unsubscribe_group(request: Request, desk: Desk) -> Reply:
    say = request.say
    if refusal := await refuse(request, desk):
        return refusal
    if await _stop_all(request, desk):
        text = say("Done. No more articles here. /subscribe starts them again.")
        return Reply(html=escape(text), buttons=_begin(say), toast=say("Alerts are off."))
    text = say("No articles are posted here. /subscribe starts them.")
    return Reply(html=escape(text), buttons=_begin(say))


async def _stop_all(request: Request, desk: Desk) -> bool:
    """Whether there was anything to stop. What is no longer kept has then left the disk, too."""
    stopped, erased = await desk.db.run(_unsubscribe, request.chat.id)
    if erased:
        await desk.db.traces.erase()
    return stopped


def _has_begun(request: Request) -> Reply:
    say = request.say
    if is_group(request):
        text = say("Every article is posted here already. /unsubscribe stops it.")
    else:
        text = say("You get every article already. /unsubscribe stops it.")
    return Reply(html=escape(text), buttons=_stop(say))


def _begin(say: Words) -> Rows:
    return ((Button(say("Get every article"), command="subscribe"),),)


def _stop(say: Words) -> Rows:
    return ((Button(say("Stop alerts"), command="unsubscribe"),),)


def _subscribe(connection: Connection, request: Request) -> bool:
    known = chats.remember(connection, request.chat)
    if known.state is not ChatState.ACTIVE and known.reason != chats.BY_OPERATOR:  # who writes is there
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


COMMAND = Command(
    name="subscribe",
    answer=subscribe,
    changes_state=True,
    summary="Get every article as it appears",
    usage=(Usage("subscribe", "each one in this chat; in a group an administrator asks; one tap stops it"),),
)
STOP = Command(
    name="unsubscribe",
    answer=unsubscribe,
    changes_state=True,
    summary="Stop the alerts",
    usage=(Usage("unsubscribe", "no more alerts"), Usage("stop", "the same")),
    aliases=("stop",),
)
