"""Telegram's updates in, answers out: the one place where a reader's question meets a command."""

from bot.dispatch.answers import AnswerSender
from bot.dispatch.dispatcher import UpdateDispatcher
from bot.dispatch.menu import set_menu

#: The updates that the bot asks Telegram for.
WANTED_UPDATES = ("message", "callback_query", "my_chat_member", "channel_post")

__all__ = ["WANTED_UPDATES", "AnswerSender", "UpdateDispatcher", "set_menu"]
