"""Finds the chat and the message of a request, and checks the bot's rights."""

from bot.sandbox.api_error import bad_request
from bot.sandbox.telegram.chats import Chat
from bot.sandbox.telegram.messages import Message
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.rights import check_edit, check_read, check_write
from bot.sandbox.telegram.state import TelegramState


def chat_to_read(state: TelegramState, params: Params, name: str = "chat_id") -> Chat:
    chat = state.chats.find(params.text(name))
    check_read(chat, state.bot)
    return chat


def chat_to_write(state: TelegramState, params: Params) -> Chat:
    chat = state.chats.find(params.text("chat_id"))
    check_write(chat, state.chats.users.get(chat.id), state.bot)
    return chat


def chat_to_edit(state: TelegramState, params: Params) -> Chat:
    chat = state.chats.find(params.text("chat_id"))
    check_edit(chat, state.chats.users.get(chat.id), state.bot)
    return chat


def find_message(
    state: TelegramState, chat: Chat, params: Params, what: str, name: str = "message_id"
) -> Message:
    """The message. Raises ApiError `message to <what> not found`."""
    message = state.messages.find(chat, params.integer(name))
    if message is None:
        raise bad_request(f"message to {what} not found")
    return message
