"""A chat and the bot's rights there, from the answers to getChat and getChatMember; pure.

`bot.dispatch.membership` reads the rights from `my_chat_member` updates.
"""

from collections.abc import Mapping
from typing import Any

from jobs.publish.send_result import ChatAccess
from storage.records import ChatKind

_NOT_MEMBER = ("left", "kicked")


def parse_chat_access(chat: Mapping[str, Any], mine: Mapping[str, Any]) -> ChatAccess:
    """The chat and the bot's rights; `mine` is the bot's own membership, empty in a private chat."""
    kind = ChatKind(str(chat["type"]))
    reason = "" if kind is ChatKind.PRIVATE else _posting_refusal(kind, chat, mine)
    return ChatAccess(
        id=int(chat["id"]),
        kind=kind,
        title="" if kind is ChatKind.PRIVATE else str(chat.get("title", "")),
        username="" if kind is ChatKind.PRIVATE else str(chat.get("username", "")),
        may_post=not reason,
        may_edit=bool(mine.get("can_edit_messages")) or mine.get("status") == "creator",
        reason=reason,
    )


def _posting_refusal(kind: ChatKind, chat: Mapping[str, Any], mine: Mapping[str, Any]) -> str:
    status = mine.get("status")
    if status in _NOT_MEMBER:
        return f"the bot is not in the {kind}"
    if kind is ChatKind.CHANNEL:
        may = status == "creator" or mine.get("can_post_messages")
        return "" if may else "the bot may not post in the channel: it needs the right to post messages"
    if status == "restricted":
        return "" if mine.get("can_send_messages") else f"the bot may not write in the {kind}"
    allowed = chat.get("permissions", {}).get("can_send_messages", True)
    may = status in ("administrator", "creator") or allowed
    return "" if may else f"members may not write in the {kind}"
