"""setMyCommands and what else the bot says about itself."""

import json
import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.api_error import bad_request
from bot.sandbox.telegram.messages import Json
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.state import Cloud

_COMMAND = re.compile(r"[a-z0-9_]{1,32}\Z")
MOST_COMMANDS = 100


def set_my_commands(cloud: Cloud, params: Params) -> bool:
    given = params.tree("commands", "can't parse commands JSON object")
    if not isinstance(given, list):
        raise bad_request("expected an Array of BotCommand")
    if len(given) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    cloud.profile.commands[_audience(params)] = [_command(command) for command in given]
    cloud.journal.write(cloud.clock.now(), "commands", commands=given)
    return True


def get_my_commands(cloud: Cloud, params: Params) -> list[Json]:
    return cloud.profile.commands.get(_audience(params), [])


def delete_my_commands(cloud: Cloud, params: Params) -> bool:
    cloud.profile.commands.pop(_audience(params), None)
    return True


def set_word(name: str, most: int) -> Callable[[Cloud, Params], bool]:
    """setMyName, setMyDescription, setMyShortDescription: one text of at most `most` characters."""

    def set_it(cloud: Cloud, params: Params) -> bool:
        words = params.text(name)
        if len(words) > most:
            raise bad_request(f"BOT_{'TITLE' if name == 'name' else 'ABOUT'}_TOO_LONG")
        cloud.profile.words[name, params.text("language_code")] = words
        return True

    return set_it


def get_word(name: str) -> Callable[[Cloud, Params], Json]:
    """getMyName and its sisters; without a text for the language the one without language."""

    def get_it(cloud: Cloud, params: Params) -> Json:
        words = cloud.profile.words
        plain = words.get((name, ""), cloud.bot.first_name if name == "name" else "")
        return {name: words.get((name, params.text("language_code")), plain)}

    return get_it


def _audience(params: Params) -> tuple[str, str]:
    scope = params.tree("scope", "can't parse BotCommandScope JSON object") or {"type": "default"}
    return json.dumps(scope, sort_keys=True), params.text("language_code")


def _command(given: Any) -> Json:
    if not isinstance(given, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    name = str(given.get("command", "")).removeprefix("/")
    if not _COMMAND.match(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(str(given.get("description", ""))) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": given["description"]}
