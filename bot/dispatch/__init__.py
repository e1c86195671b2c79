"""From Telegram's updates to answers: parsing, queueing, routing to a command, and replying."""

from bot.dispatch.answers import AnswerSender
from bot.dispatch.dispatcher import UpdateDispatcher
from bot.dispatch.menu import set_menu

#: The kinds of updates that the bot requests from Telegram.
WANTED_UPDATES = ("message", "callback_query", "my_chat_member", "channel_post")

__all__ = ["WANTED_UPDATES", "AnswerSender", "UpdateDispatcher", "set_menu"]
