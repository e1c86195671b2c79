"""Who may ask for a group's articles? Its administrators, unless the newsroom's settings have it already.

Telegram is asked at that moment who administers the group; if it does not say so in time, that counts as no.
A nameless administrator writes as the group itself, which nobody else can (Bot API, Message.sender_chat).
"""

from bot.commands.types import CommandContext, Reply, Request
from bot.render import Button, escape
from storage import chats
from storage.records import ChatKind


def is_group(request: Request) -> bool:
    """Whether others read here, too."""
    return request.chat.kind is not ChatKind.PRIVATE


async def group_refusal(request: Request, context: CommandContext) -> Reply | None:
    """What to answer in a group where this request may not begin or end its articles; None where it may."""
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
    """Whether an administrator of this group asks."""
    if request.as_group:
        return True
    return bool(request.user_id) and await context.is_administrator(request.chat.id, request.user_id)


def _administrators_only(request: Request, context: CommandContext) -> Reply:
    """To everybody else."""
    say = request.say
    text = say(
        "Only an administrator of this group can do that, and Telegram does not tell me that you are one."
        " In our private chat you can get every article yourself."
    )
    button = Button(say("Write to me"), url=f"https://t.me/{context.bot_username}?start=subscribe")
    return Reply(html=escape(text), buttons=((button,),), unavailable=True)


def _fixed_by_settings(request: Request) -> Reply:
    """Where the newsroom posts by its own wish, nobody else can begin or end it."""
    text = request.say("The newsroom itself has every article posted here, and it alone can end that.")
    return Reply(html=escape(text), unavailable=True)
