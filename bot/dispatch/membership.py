"""Changes of the bot's own membership, from `my_chat_member` updates: may it post, and if not, why?

`bot.telegram.chat_access` reads the same from the answers to getChat and getChatMember.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from telegram import ChatMember, ChatMemberAdministrator, ChatMemberRestricted, ChatMemberUpdated
from telegram.constants import ChatMemberStatus

from bot.dispatch.parse import chat_kind
from jobs.publish.chat_status import StatusSource, record_status
from storage import chats
from storage.database import Connection
from storage.records import ChatKind, ChatState


@dataclass(frozen=True, slots=True)
class BotMembership:
    """The bot's rights in a chat."""

    state: ChatState
    reason: str = ""
    can_edit: bool = False  #: also the posts of others


def parse_membership(kind: ChatKind, member: ChatMember) -> BotMembership:
    """The rights that a membership gives the bot in a chat of this kind."""
    if member.status in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED):
        if kind is ChatKind.PRIVATE:
            return BotMembership(ChatState.BLOCKED, "the reader blocked the bot")
        return BotMembership(ChatState.PAUSED, "the bot was removed")
    if isinstance(member, ChatMemberAdministrator):
        if kind is ChatKind.CHANNEL and not member.can_post_messages:
            return BotMembership(
                ChatState.PAUSED, "the bot may not post there", bool(member.can_edit_messages)
            )
        return BotMembership(ChatState.ACTIVE, can_edit=bool(member.can_edit_messages))
    if kind is ChatKind.CHANNEL:
        return BotMembership(ChatState.PAUSED, "the bot is not an administrator there")
    if isinstance(member, ChatMemberRestricted) and not member.can_send_messages:
        return BotMembership(ChatState.PAUSED, "the bot may not write there")
    return BotMembership(ChatState.ACTIVE)


def has_blocked_bot(change: ChatMemberUpdated) -> bool:
    """Whether a reader blocked the bot, which is their last way to have their data erased."""
    kind = chat_kind(change.chat)
    return (
        kind is ChatKind.PRIVATE and parse_membership(kind, change.new_chat_member).state is ChatState.BLOCKED
    )


def store_membership(
    connection: Connection, change: ChatMemberUpdated, operators: Sequence[int], at: datetime
) -> bool:
    """Store the bot's new rights in a known chat; whether deliveries should be looked through again.

    Unknown chats stay unknown, and a chat paused by an operator stays paused. Readers who blocked the bot are
    erased instead (`has_blocked_bot`).
    """
    known = chats.get(connection, change.chat.id)
    if known is None:
        return False
    now = parse_membership(chat_kind(change.chat), change.new_chat_member)
    if known.can_edit != now.can_edit:
        chats.update_columns(connection, known.id, can_edit=now.can_edit)
    return record_status(connection, known.id, StatusSource.MEMBERSHIP, operators, at, why_not=now.reason)
