"""Which methods are there? Every one by its name in small letters: the Bot API minds no capitals."""

from collections.abc import Callable
from typing import Any

from bot.sandbox.cloud import Cloud
from bot.sandbox.methods import answering, deleting, editing, profile, reading, sending
from bot.sandbox.params import Params

Method = Callable[[Cloud, Params], Any]

METHODS: dict[str, Method] = {
    "getme": reading.get_me,
    "getchat": reading.get_chat,
    "getchatmember": reading.get_chat_member,
    "getchatadministrators": reading.get_chat_administrators,
    "getchatmembercount": reading.get_chat_member_count,
    "sendmessage": sending.send_message,
    "editmessagetext": editing.edit_message_text,
    "deletemessage": deleting.delete_message,
    "answercallbackquery": answering.answer_callback_query,
    "setmycommands": profile.set_my_commands,
    "getmycommands": profile.get_my_commands,
    "deletemycommands": profile.delete_my_commands,
}
