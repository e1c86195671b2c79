"""setMyCommands, setMyName, setMyDescription, setMyShortDescription, and their getters."""

import json
import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.api_error import bad_request
from bot.sandbox.telegram.messages import Json
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.state import TelegramState

_COMMAND = re.compile(r"[a-z0-9_]{1,32}\Z")
MOST_COMMANDS = 100


def set_my_commands(state: TelegramState, params: Params) -> bool:
    given = params.json_value("commands", "can't parse commands JSON object")
    if not isinstance(given, list):
        raise bad_request("expected an Array of BotCommand")
    if len(given) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    state.profile.commands[_command_scope(params)] = [_parse_command(command) for command in given]
    state.event_log.append(state.clock.now(), "commands", commands=given)
    return True


def get_my_commands(state: TelegramState, params: Params) -> list[Json]:
    return state.profile.commands.get(_command_scope(params), [])


def delete_my_commands(state: TelegramState, params: Params) -> bool:
    state.profile.commands.pop(_command_scope(params), None)
    return True


def text_setter(name: str, most: int) -> Callable[[TelegramState, Params], bool]:
    """A method that sets one text of at most `most` characters, such as setMyName."""

    def set_text(state: TelegramState, params: Params) -> bool:
        words = params.text(name)
        if len(words) > most:
            raise bad_request(f"BOT_{'TITLE' if name == 'name' else 'ABOUT'}_TOO_LONG")
        state.profile.texts[name, params.text("language_code")] = words
        return True

    return set_text


def text_getter(name: str) -> Callable[[TelegramState, Params], Json]:
    """A method that gets one text, in the given language or else without language, such as getMyName."""

    def get_text(state: TelegramState, params: Params) -> Json:
        words = state.profile.texts
        plain = words.get((name, ""), state.bot.first_name if name == "name" else "")
        return {name: words.get((name, params.text("language_code")), plain)}

    return get_text


def _command_scope(params: Params) -> tuple[str, str]:
    scope = params.json_value("scope", "can't parse BotCommandScope JSON object") or {"type": "default"}
    return json.dumps(scope, sort_keys=True), params.text("language_code")


def _parse_command(given: Any) -> Json:
    if not isinstance(given, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    name = str(given.get("command", "")).removeprefix("/")
    if not _COMMAND.match(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(str(given.get("description", ""))) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": given["description"]}
