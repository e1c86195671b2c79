"""What the bot may do in a chat, with Telegram's errors in the order of its checks.

Follows the Bot API server's `check_chat_access` and TDLib's `can_edit_message` and
`can_send_message_content`.
"""

from bot.sandbox.api_error import bad_request, forbidden
from bot.sandbox.telegram.chats import PRESENT_STATUSES, Chat, ChatType, MemberStatus, User
from bot.sandbox.telegram.messages import Message

DELETE_WINDOW = 2 * 86_400.0  #: seconds; bots cannot delete older messages
_CONTENT_NAMES = {"can_send_messages": "text messages", "can_send_photos": "photos"}


def check_read(chat: Chat, bot: User) -> None:
    """Raise ApiError if the bot cannot see the chat; everybody can see public ones."""
    standing = chat.get_member(bot.id).status
    if chat.kind in (ChatType.SUPERGROUP, ChatType.CHANNEL):
        if chat.deleted:
            raise bad_request("chat not found")
        if standing == MemberStatus.KICKED:
            raise forbidden(f"bot was kicked from the {chat.kind} chat")
        if standing not in PRESENT_STATUSES and not chat.username:
            raise forbidden(f"bot is not a member of the {chat.kind} chat")


def check_edit(chat: Chat, person: User | None, bot: User) -> None:
    """Raise ApiError if the bot cannot edit messages there. `person`: the other user of a private chat."""
    check_read(chat, bot)
    standing = chat.get_member(bot.id).status
    if chat.kind == ChatType.PRIVATE:
        if person and person.deactivated:
            raise forbidden("user is deactivated")
        return
    if standing == MemberStatus.KICKED:
        raise forbidden(f"bot was kicked from the {chat.kind} chat")
    gone = chat.deleted or chat.migrated_to
    if standing not in PRESENT_STATUSES and not gone:
        raise forbidden(f"bot is not a member of the {chat.kind} chat")


def check_write(chat: Chat, person: User | None, bot: User) -> None:
    """Raise ApiError if the bot cannot write there at all."""
    if chat.migrated_to:
        raise bad_request("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to)
    if chat.deleted and chat.kind == ChatType.GROUP:
        raise forbidden("the group chat was deleted")
    check_edit(chat, person, bot)
    if chat.kind != ChatType.PRIVATE:
        return
    if person and person.is_bot:
        raise forbidden("the bot can't send messages to the bot")
    if not chat.started:
        raise forbidden("bot can't initiate conversation with a user")
    if chat.blocked:
        raise forbidden("bot was blocked by the user")


def check_post(chat: Chat, bot: User, right: str) -> None:
    """Raise ApiError if the bot lacks this right (`can_send_messages`, `can_send_photos`)."""
    if chat.kind == ChatType.CHANNEL:
        if not chat.has_right(bot.id, "can_post_messages"):
            raise bad_request("need administrator rights in the channel chat")
        return
    if chat.kind == ChatType.PRIVATE or chat.get_member(bot.id).status in (
        MemberStatus.ADMINISTRATOR,
        MemberStatus.CREATOR,
    ):
        return
    if not chat.has_right(bot.id, right):
        raise bad_request(f"not enough rights to send {_CONTENT_NAMES[right]} to the chat")


def check_editable(message: Message, bot: User) -> None:
    """Raise ApiError if the bot cannot edit this message: its own, or a colleague's if it has the right."""
    chat = message.chat
    own = message.author.id == bot.id
    if chat.kind == ChatType.CHANNEL:
        right = "can_post_messages" if own else "can_edit_messages"
        allowed = chat.has_right(bot.id, right) or chat.has_right(bot.id, "can_edit_messages")
    else:
        allowed = own
    if not allowed or message.origin or message.service:
        raise bad_request("message can't be edited")


def deletion_error(message: Message, bot: User, age: float) -> str:
    """The error if the bot cannot delete this message, or "". `age`: of the message, in seconds.

    Follows TDLib's `can_delete_channel_message` and `can_revoke_message`.
    """
    chat = message.chat
    own = message.author.id == bot.id
    if chat.kind in (ChatType.PRIVATE, ChatType.GROUP):
        theirs = chat.kind == ChatType.PRIVATE or chat.get_member(bot.id).status == MemberStatus.ADMINISTRATOR
        allowed = theirs or (own and not message.service)
        return "" if allowed and age <= DELETE_WINDOW else "message can't be deleted for everyone"
    if age >= DELETE_WINDOW or message.id == 1:
        return "message can't be deleted"
    posts = chat.kind == ChatType.SUPERGROUP or chat.has_right(bot.id, "can_post_messages")
    return (
        "" if chat.has_right(bot.id, "can_delete_messages") or (own and posts) else "message can't be deleted"
    )


def check_pin(chat: Chat, bot: User) -> None:
    """Raise ApiError if the bot cannot pin messages, for which channels require can_edit_messages."""
    if chat.kind == ChatType.PRIVATE:
        return
    right = "can_edit_messages" if chat.kind == ChatType.CHANNEL else "can_pin_messages"
    appointed = chat.kind != ChatType.GROUP or chat.get_member(bot.id).status == MemberStatus.ADMINISTRATOR
    if not (appointed and chat.has_right(bot.id, right)):
        raise bad_request("not enough rights to manage pinned messages in the chat")
