"""Which chat, and which message, does a request speak of? Found, and checked for what the bot may do."""

from bot.sandbox.api_error import bad_request
from bot.sandbox.telegram.chats import Chat
from bot.sandbox.telegram.messages import Message
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.rights import check_edit, check_read, check_write
from bot.sandbox.telegram.state import TelegramState


def chat_to_read(cloud: TelegramState, params: Params, name: str = "chat_id") -> Chat:
    chat = cloud.chats.find(params.text(name))
    check_read(chat, cloud.bot)
    return chat


def chat_to_write(cloud: TelegramState, params: Params) -> Chat:
    chat = cloud.chats.find(params.text("chat_id"))
    check_write(chat, cloud.chats.users.get(chat.id), cloud.bot)
    return chat


def chat_to_edit(cloud: TelegramState, params: Params) -> Chat:
    chat = cloud.chats.find(params.text("chat_id"))
    check_edit(chat, cloud.chats.users.get(chat.id), cloud.bot)
    return chat


def find_message(
    cloud: TelegramState, chat: Chat, params: Params, what: str, name: str = "message_id"
) -> Message:
    """The message, or the refusal `message to <what> not found`."""
    message = cloud.messages.find(chat, params.integer(name))
    if message is None:
        raise bad_request(f"message to {what} not found")
    return message
