"""Permission checks for subscribing a group: only its administrators may, and not if the settings name it.

Telegram is asked each time; no answer in time counts as no. An anonymous administrator writes as the group
itself, which nobody else can (Bot API, Message.sender_chat).
"""

from bot.commands.types import CommandContext, Reply, Request
from bot.render import Button, escape
from storage import chats
from storage.records import ChatKind


def is_group(request: Request) -> bool:
    """Whether the request comes from a group, not from a private chat."""
    return request.chat.kind is not ChatKind.PRIVATE


async def group_refusal(request: Request, context: CommandContext) -> Reply | None:
    """The reply if the requester may not change the group's subscription; None if they may."""
    if await _is_in_settings(request, context):
        return _fixed_by_settings(request)
    if not await _is_by_administrator(request, context):
        return _administrators_only(request, context)
    return None


async def _is_in_settings(request: Request, context: CommandContext) -> bool:
    """Whether CHANNELS names this group."""
    names = [name for edition in context.policy.editions for name in edition.channels]
    by_name = f"@{request.chat.username}".casefold()
    if any(isinstance(name, str) and name.casefold() == by_name for name in names):
        return True
    return request.chat.id in await context.db.read(chats.resolve_ids, names)


async def _is_by_administrator(request: Request, context: CommandContext) -> bool:
    """Whether the request comes from an administrator of this group."""
    if request.as_group:
        return True
    return bool(request.user_id) and await context.is_administrator(request.chat.id, request.user_id)


def _administrators_only(request: Request, context: CommandContext) -> Reply:
    say = request.say
    text = say(
        "Only administrators of this group can do that, and Telegram doesn't tell me that you're one."
        " You can still get every article in our private chat."
    )
    button = Button(say("Open a chat"), url=f"https://t.me/{context.bot_username}?start=subscribe")
    return Reply(html=escape(text), buttons=((button,),), unavailable=True)


def _fixed_by_settings(request: Request) -> Reply:
    text = request.say("The newsroom posts every article here itself, and only the newsroom can stop that.")
    return Reply(html=escape(text), unavailable=True)
