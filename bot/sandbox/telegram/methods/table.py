"""All methods by name in lower case, as the Bot API ignores case."""

from collections.abc import Callable
from typing import Any

from bot.sandbox.telegram.methods import (
    answering,
    chatting,
    deleting,
    editing,
    profile,
    reading,
    sending,
    webhooks,
)
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.state import TelegramState

Method = Callable[[TelegramState, Params], Any]

METHODS: dict[str, Method] = {
    "getme": reading.get_me,
    "getchat": reading.get_chat,
    "getchatmember": reading.get_chat_member,
    "getchatadministrators": reading.get_chat_administrators,
    "getchatmembercount": reading.get_chat_member_count,
    "sendmessage": sending.send_message,
    "sendphoto": sending.send_photo,
    "forwardmessage": sending.forward_message,
    "copymessage": sending.copy_message,
    "editmessagetext": editing.edit_message_text,
    "editmessagecaption": editing.edit_message_caption,
    "editmessagemedia": editing.edit_message_media,
    "editmessagereplymarkup": editing.edit_message_reply_markup,
    "deletemessage": deleting.delete_message,
    "deletemessages": deleting.delete_messages,
    "setmessagereaction": chatting.set_message_reaction,
    "sendchataction": chatting.send_chat_action,
    "pinchatmessage": chatting.pin_chat_message,
    "unpinchatmessage": chatting.unpin_chat_message,
    "leavechat": chatting.leave_chat,
    "answercallbackquery": answering.answer_callback_query,
    "answerinlinequery": answering.answer_inline_query,
    "setmycommands": profile.set_my_commands,
    "getmycommands": profile.get_my_commands,
    "deletemycommands": profile.delete_my_commands,
    "setmyname": profile.text_setter("name", 64),
    "getmyname": profile.text_getter("name"),
    "setmydescription": profile.text_setter("description", 512),
    "getmydescription": profile.text_getter("description"),
    "setmyshortdescription": profile.text_setter("short_description", 120),
    "getmyshortdescription": profile.text_getter("short_description"),
    "setwebhook": webhooks.set_webhook,
    "deletewebhook": webhooks.delete_webhook,
    "getwebhookinfo": webhooks.get_webhook_info,
    "logout": webhooks.return_true,
    "close": webhooks.return_true,
}
