"""deleteMessage, deleteMessages: what stood in a chat goes."""

from bot.sandbox.cloud import Cloud
from bot.sandbox.messages import Message
from bot.sandbox.methods.places import chat_to_write, message_in
from bot.sandbox.params import Params
from bot.sandbox.refusal import bad_request
from bot.sandbox.rights import deletable


def delete_message(cloud: Cloud, params: Params) -> bool:
    message = message_in(cloud, chat_to_write(cloud, params), params, "delete")
    _delete(cloud, message)
    return True


def _delete(cloud: Cloud, message: Message) -> None:
    reason = deletable(message, cloud.bot, (cloud.clock.now() - message.at).total_seconds())
    if reason:
        raise bad_request(reason)
    remove(cloud, message)


def remove(cloud: Cloud, message: Message) -> None:
    """Take the message out of the chat, whoever does it."""
    message.deleted_at = cloud.clock.now()
    if message.id in message.chat.pinned:
        message.chat.pinned.remove(message.id)
    cloud.note("deleted", message)
