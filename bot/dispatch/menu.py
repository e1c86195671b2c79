"""The command menu in Telegram, built from `COMMANDS`."""

from collections.abc import Iterable

from telegram import Bot, BotCommand, BotCommandScope, BotCommandScopeChat, BotCommandScopeDefault
from telegram.error import BadRequest

from bot.commands import COMMANDS
from bot.locale import available_languages, translator_for

DESCRIPTION_LIMIT = 256  #: characters (Bot API, BotCommand)


async def set_menu(bot: Bot, language: str, operators: Iterable[int]) -> None:
    """Set the menu in every language; operators get theirs in their private chats.

    Raises:
        TelegramError: Telegram refused, or could not be reached.
    """
    await _set_commands(bot, BotCommandScopeDefault(), language, operators=False)
    for spoken in available_languages():
        await _set_commands(bot, BotCommandScopeDefault(), spoken, operators=False, only_for=spoken)
    for operator in operators:
        try:
            await _set_commands(bot, BotCommandScopeChat(operator), language, operators=True)
        except BadRequest:
            continue  # the operator has not started the bot yet; the commands work without the menu


async def _set_commands(
    bot: Bot, scope: BotCommandScope, language: str, *, operators: bool, only_for: str = ""
) -> None:
    say = translator_for(language)
    shown = [command for command in COMMANDS if operators or not command.operators_only]
    menu = [BotCommand(command.name, say(command.summary)[:DESCRIPTION_LIMIT]) for command in shown]
    await bot.set_my_commands(menu, scope=scope, language_code=only_for or None)
