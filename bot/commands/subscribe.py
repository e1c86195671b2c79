"""/subscribe and /unsubscribe: every article in this chat as it appears, or no more of them."""

from dataclasses import replace

from bot.commands.groups import group_refusal, is_group
from bot.commands.types import Command, CommandContext, Reply, Request, Usage
from bot.locale import Translator
from bot.render import Button, Rows, escape
from storage import chats, subscriptions
from storage.database import Connection
from storage.records import ChatState


async def answer_subscribe(request: Request, context: CommandContext) -> Reply:
    """Alerts for everything, at once; in a group for its administrators alone."""
    say = request.say
    if request.words.strip():
        text = say("I can send every article or none so far: /subscribe, without more words.")
        return Reply(html=escape(text), buttons=((Button("/subscribe", command="subscribe"),),))
    if is_group(request):
        return await _subscribe_group(request, context)
    if await context.db.run(_store_subscription, request):
        text = say("Done. I will send you every article as it appears. /unsubscribe stops it.")
        return Reply(html=escape(text), buttons=_stop_buttons(say), toast=say("Alerts are on."))
    return _already_subscribed(request)


async def answer_unsubscribe(request: Request, context: CommandContext) -> Reply:
    """No more alerts; in a group for its administrators alone."""
    say = request.say
    if is_group(request):
        return await _unsubscribe_group(request, context)
    if await _stop_all(request, context):
        text = say("Done. No more alerts. /subscribe starts them again.")
        return Reply(html=escape(text), buttons=_start_buttons(say), toast=say("Alerts are off."))
    return Reply(html=escape(say("You get no alerts. /subscribe starts them.")), buttons=_start_buttons(say))


async def offer_alerts(request: Request, context: CommandContext) -> Reply:
    """Ask before anything is stored: who followed a link has not asked for alerts by that."""
    say = request.say
    if await context.db.read(subscriptions.list_subscriptions, request.chat.id):
        return _already_subscribed(request)
    if is_group(request):
        text = say("Shall I post every article here? An administrator of this group can say so.")
    else:
        text = say("Shall I send you every article?")
    return Reply(html=escape(text), buttons=_start_buttons(say))


async def _subscribe_group(request: Request, context: CommandContext) -> Reply:
    say = request.say
    if refusal := await group_refusal(request, context):
        return refusal
    kept = replace(request, chat=replace(request.chat, username=""))  # its id and title are enough
    if await context.db.run(_store_subscription, kept):
        text = say("Done. I will post every article here as it appears. /unsubscribe stops it.")
        return Reply(html=escape(text), buttons=_stop_buttons(say), toast=say("Alerts are on."))
    return _already_subscribed(request)


async def _unsubscribe_group(request: Request, context: CommandContext) -> Reply:
    say = request.say
    if refusal := await group_refusal(request, context):
        return refusal
    if await _stop_all(request, context):
        text = say("Done. No more articles here. /subscribe starts them again.")
        return Reply(html=escape(text), buttons=_start_buttons(say), toast=say("Alerts are off."))
    text = say("No articles are posted here. /subscribe starts them.")
    return Reply(html=escape(text), buttons=_start_buttons(say))


async def _stop_all(request: Request, context: CommandContext) -> bool:
    """Whether there was anything to stop. What is no longer kept has then left the disk, too."""
    stopped, erased = await context.db.run(_delete_subscription, request.chat.id)
    if erased:
        await context.db.erasure.erase()
    return stopped


def _already_subscribed(request: Request) -> Reply:
    say = request.say
    if is_group(request):
        text = say("Every article is posted here already. /unsubscribe stops it.")
    else:
        text = say("You get every article already. /unsubscribe stops it.")
    return Reply(html=escape(text), buttons=_stop_buttons(say))


def _start_buttons(say: Translator) -> Rows:
    return ((Button(say("Get every article"), command="subscribe"),),)


def _stop_buttons(say: Translator) -> Rows:
    return ((Button(say("Stop alerts"), command="unsubscribe"),),)


def _store_subscription(connection: Connection, request: Request) -> bool:
    known = chats.upsert_chat(connection, request.chat)
    if known.state is not ChatState.ACTIVE and known.reason != chats.BY_OPERATOR:  # who writes is there
        chats.set_state(connection, known.id, ChatState.ACTIVE)
    return subscriptions.subscribe(
        connection, request.chat.id, subscriptions.EVERYTHING, subscriptions.AT_ONCE, request.now
    )


def _delete_subscription(connection: Connection, chat_id: int) -> tuple[bool, bool]:
    """Whether there was anything to stop, and whether the reader was erased.

    What was owed is not sent; without settings nothing is kept.
    """
    known = chats.get(connection, chat_id)
    stopped = subscriptions.unsubscribe(connection, chat_id) > 0
    if known and not (known.language or known.timezone or known.quiet_hours or known.digest_at):
        return stopped, chats.erase_chat(connection, chat_id)
    return stopped, False


COMMAND = Command(
    name="subscribe",
    answer=answer_subscribe,
    changes_state=True,
    summary="Get every article as it appears",
    usage=(Usage("subscribe", "each one in this chat; in a group an administrator asks; one tap stops it"),),
)
UNSUBSCRIBE = Command(
    name="unsubscribe",
    answer=answer_unsubscribe,
    changes_state=True,
    summary="Stop the alerts",
    usage=(Usage("unsubscribe", "no more alerts"), Usage("stop", "the same")),
    aliases=("stop",),
)
