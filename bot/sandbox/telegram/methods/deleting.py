"""deleteMessage and deleteMessages."""

from bot.sandbox.api_error import bad_request
from bot.sandbox.telegram.messages import Message
from bot.sandbox.telegram.methods.targets import chat_to_write, find_message
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.rights import deletion_error
from bot.sandbox.telegram.state import TelegramState

MOST_AT_ONCE = 100


def delete_message(state: TelegramState, params: Params) -> bool:
    if not params.has("chat_id"):
        raise bad_request("chat identifier is not specified")
    if not params.has("message_id"):
        raise bad_request("message identifier is not specified")
    message = find_message(state, chat_to_write(state, params), params, "delete")
    _check_deletable(state, message)
    _mark_deleted(state, message)
    return True


def delete_messages(state: TelegramState, params: Params) -> bool:
    """Messages that do not exist are skipped; if one may not be deleted, none is."""
    given = params.json_value("message_ids", "can't parse message identifiers JSON object")
    if not isinstance(given, list) or not given:
        raise bad_request("message identifiers are not specified")
    if len(given) > MOST_AT_ONCE:
        raise bad_request("too many message identifiers specified")
    chat = chat_to_write(state, params)
    messages = [found for number in given if (found := state.messages.find(chat, int(number)))]
    for message in messages:
        _check_deletable(state, message)
    for message in messages:
        _mark_deleted(state, message)
    return True


def _check_deletable(state: TelegramState, message: Message) -> None:
    reason = deletion_error(message, state.bot, (state.clock.now() - message.at).total_seconds())
    if reason:
        raise bad_request(reason)


def _mark_deleted(state: TelegramState, message: Message) -> None:
    message.delete(state.clock.now(), state.bot.id)
    state.log_message("deleted", message)
