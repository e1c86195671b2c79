"""May the bot do that in this chat? The refusals of TELEGRAM.md 4, in the order that Telegram checks.

As the Bot API server's `check_chat_access` and TDLib's `can_edit_message`, `can_send_message_content` say.
"""

from bot.sandbox.api_error import bad_request, forbidden
from bot.sandbox.telegram.chats import BELONGING, Chat, Kind, Standing, User
from bot.sandbox.telegram.messages import Message

TWO_DAYS = 2 * 86_400.0  #: a bot deletes nothing older
_WHAT = {"can_send_messages": "text messages", "can_send_photos": "photos"}


def check_read(chat: Chat, bot: User) -> None:
    """Whether the bot sees the chat: everybody sees public channels and groups."""
    standing = chat.member(bot.id).standing
    if chat.kind in (Kind.SUPERGROUP, Kind.CHANNEL):
        if chat.deleted:
            raise bad_request("chat not found")
        if standing == Standing.KICKED:
            raise forbidden(f"bot was kicked from the {chat.kind} chat")
        if standing not in BELONGING and not chat.username:
            raise forbidden(f"bot is not a member of the {chat.kind} chat")


def check_edit(chat: Chat, person: User | None, bot: User) -> None:
    """Whether the bot may touch what it said there. `person`: the other one in a private chat."""
    check_read(chat, bot)
    standing = chat.member(bot.id).standing
    if chat.kind == Kind.PRIVATE:
        if person and person.deactivated:
            raise forbidden("user is deactivated")
        return
    if standing == Standing.KICKED:
        raise forbidden(f"bot was kicked from the {chat.kind} chat")
    gone = chat.deleted or chat.moved_to
    if standing not in BELONGING and not gone:
        raise forbidden(f"bot is not a member of the {chat.kind} chat")


def check_write(chat: Chat, person: User | None, bot: User) -> None:
    """Whether the bot may speak there at all."""
    if chat.moved_to:
        raise bad_request("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.moved_to)
    if chat.deleted and chat.kind == Kind.GROUP:
        raise forbidden("the group chat was deleted")
    check_edit(chat, person, bot)
    if chat.kind != Kind.PRIVATE:
        return
    if person and person.is_bot:
        raise forbidden("the bot can't send messages to the bot")
    if not chat.started:
        raise forbidden("bot can't initiate conversation with a user")
    if chat.blocked:
        raise forbidden("bot was blocked by the user")


def check_post(chat: Chat, bot: User, right: str) -> None:
    """Whether the bot may send this kind of message (`can_send_messages`, `can_send_photos`)."""
    if chat.kind == Kind.CHANNEL:
        if not chat.may(bot.id, "can_post_messages"):
            raise bad_request("need administrator rights in the channel chat")
        return
    if chat.kind == Kind.PRIVATE or chat.member(bot.id).standing in (
        Standing.ADMINISTRATOR,
        Standing.CREATOR,
    ):
        return
    if not chat.may(bot.id, right):
        raise bad_request(f"not enough rights to send {_WHAT[right]} to the chat")


def check_editable(message: Message, bot: User) -> None:
    """Whether the bot may edit this very message: its own, or a colleague's where it has that right."""
    chat = message.chat
    own = message.author.id == bot.id
    if chat.kind == Kind.CHANNEL:
        right = "can_post_messages" if own else "can_edit_messages"
        allowed = chat.may(bot.id, right) or chat.may(bot.id, "can_edit_messages")
    else:
        allowed = own
    if not allowed or message.origin or message.service:
        raise bad_request("message can't be edited")


def undeletable(message: Message, bot: User, age: float) -> str:
    """Why the bot may not delete this message; "" where it may. `age` in seconds: two days are the most.

    As TDLib's `can_delete_channel_message` and `can_revoke_message`.
    """
    chat = message.chat
    own = message.author.id == bot.id
    if chat.kind in (Kind.PRIVATE, Kind.GROUP):
        theirs = chat.kind == Kind.PRIVATE or chat.member(bot.id).standing == Standing.ADMINISTRATOR
        allowed = theirs or (own and not message.service)
        return "" if allowed and age <= TWO_DAYS else "message can't be deleted for everyone"
    if age >= TWO_DAYS or message.id == 1:
        return "message can't be deleted"
    posts = chat.kind == Kind.SUPERGROUP or chat.may(bot.id, "can_post_messages")
    return "" if chat.may(bot.id, "can_delete_messages") or (own and posts) else "message can't be deleted"


def check_pin(chat: Chat, bot: User) -> None:
    """Whether the bot may pin: in channels it takes can_edit_messages."""
    if chat.kind == Kind.PRIVATE:
        return
    right = "can_edit_messages" if chat.kind == Kind.CHANNEL else "can_pin_messages"
    appointed = chat.kind != Kind.GROUP or chat.member(bot.id).standing == Standing.ADMINISTRATOR
    if not (appointed and chat.may(bot.id, right)):
        raise bad_request("not enough rights to manage pinned messages in the chat")
