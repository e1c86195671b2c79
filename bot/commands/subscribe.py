"""/subscribe and /unsubscribe: turn alerts for every article on or off in this chat."""

from collections.abc import Sequence
from dataclasses import replace

from bot.commands.groups import group_refusal, is_group
from bot.commands.types import Command, CommandContext, Reply, Request, Usage
from bot.locale import Translator
from bot.render import Button, Rows, escape
from jobs.publish.chat_status import StatusSource, record_status
from storage import chats, subscriptions
from storage.database import Connection


async def answer_subscribe(request: Request, context: CommandContext) -> Reply:
    """Turn on alerts for every article; in a group only administrators may."""
    say = request.say
    if request.words.strip():
        text = say("For now it's all or nothing: send /subscribe on its own.")
        return Reply(html=escape(text), buttons=((Button("/subscribe", command="subscribe"),),))
    if is_group(request):
        return await _subscribe_group(request, context)
    if await context.db.run(_store_subscription, request, context.policy.operators):
        text = say("Done. I'll send you every article as it appears. To stop, send /unsubscribe.")
        return Reply(html=escape(text), buttons=_stop_buttons(say), toast=say("Alerts are on."))
    return _already_subscribed(request)


async def answer_unsubscribe(request: Request, context: CommandContext) -> Reply:
    """Turn alerts off; in a group only administrators may."""
    say = request.say
    if is_group(request):
        return await _unsubscribe_group(request, context)
    if await _stop_all(request, context):
        text = say("Done. No more alerts. To get them again, send /subscribe.")
        return Reply(html=escape(text), buttons=_start_buttons(say), toast=say("Alerts are off."))
    return Reply(
        html=escape(say("You're not getting alerts. To start, send /subscribe.")), buttons=_start_buttons(say)
    )


async def offer_alerts(request: Request, context: CommandContext) -> Reply:
    """Ask before anything is stored: following a link is not asking for alerts."""
    say = request.say
    if await context.db.read(subscriptions.list_subscriptions, request.chat.id):
        return _already_subscribed(request)
    if is_group(request):
        text = say("Shall I post every article here? An administrator of this group can turn that on.")
    else:
        text = say("Shall I send you every article?")
    return Reply(html=escape(text), buttons=_start_buttons(say))


async def _subscribe_group(request: Request, context: CommandContext) -> Reply:
    say = request.say
    if refusal := await group_refusal(request, context):
        return refusal
    kept = replace(request, chat=replace(request.chat, username=""))  # a group's id and title are enough
    if await context.db.run(_store_subscription, kept, context.policy.operators):
        text = say("Done. I'll post every article here as it appears. To stop, send /unsubscribe.")
        return Reply(html=escape(text), buttons=_stop_buttons(say), toast=say("Alerts are on."))
    return _already_subscribed(request)


async def _unsubscribe_group(request: Request, context: CommandContext) -> Reply:
    say = request.say
    if refusal := await group_refusal(request, context):
        return refusal
    if await _stop_all(request, context):
        text = say("Done. No more articles here. To get them again, send /subscribe.")
        return Reply(html=escape(text), buttons=_start_buttons(say), toast=say("Alerts are off."))
    text = say("No articles are posted here. To start, send /subscribe.")
    return Reply(html=escape(text), buttons=_start_buttons(say))


async def _stop_all(request: Request, context: CommandContext) -> bool:
    """Whether there was anything to stop. Returns after the erased data has left the disk."""
    stopped, erased = await context.db.run(_delete_subscription, request.chat.id)
    if erased:
        await context.db.erasure.erase()
    return stopped


def _already_subscribed(request: Request) -> Reply:
    say = request.say
    if is_group(request):
        text = say("Every article is already posted here. To stop, send /unsubscribe.")
    else:
        text = say("You already get every article. To stop, send /unsubscribe.")
    return Reply(html=escape(text), buttons=_stop_buttons(say))


def _start_buttons(say: Translator) -> Rows:
    return ((Button(say("Get every article"), command="subscribe"),),)


def _stop_buttons(say: Translator) -> Rows:
    return ((Button(say("Stop alerts"), command="unsubscribe"),),)


def _store_subscription(connection: Connection, request: Request, operators: Sequence[int]) -> bool:
    chats.upsert_chat(connection, request.chat)
    # A message that reaches the bot proves that it is a member, even if Telegram's update was missed.
    record_status(connection, request.chat.id, StatusSource.MEMBERSHIP, operators, request.now)
    return subscriptions.subscribe(
        connection, request.chat.id, subscriptions.EVERYTHING, subscriptions.AT_ONCE, request.now
    )


def _delete_subscription(connection: Connection, chat_id: int) -> tuple[bool, bool]:
    """Whether there was a subscription, and whether the chat was erased.

    A chat without settings is erased, with the deliveries that it was owed.
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
    usage=(
        Usage(
            "subscribe", "all of them in this chat; in a group an administrator turns it on; one tap stops it"
        ),
    ),
)
UNSUBSCRIBE = Command(
    name="unsubscribe",
    answer=answer_unsubscribe,
    changes_state=True,
    summary="Stop the alerts",
    usage=(Usage("unsubscribe", "no more alerts"), Usage("stop", "the same")),
    aliases=("stop",),
)
