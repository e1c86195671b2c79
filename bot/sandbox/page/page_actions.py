"""The page's actions: the reader writes, presses buttons and forwards; the newsroom publishes and corrects.

`POST /say {text, reply_to}`, `/press {chat, id, row, column}`, `/forward {chat, id}`,
`/story {do: publish | correct | withdraw | pace, language, seconds}`: JSON in; `{}` or `{error}` out.
"""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.sandbox.page.fixtures import SandboxFixtures
from bot.sandbox.page.view_models import Json
from bot.sandbox.telegram.messages import Message

LONGEST_BODY = 64 * 1024
MIN_INTERVAL, MAX_INTERVAL = 2.0, 3600.0


class ActionError(ValueError):
    """An action that is not possible; the message is shown on the page."""


class PageActions:
    """The page's POST routes."""

    def __init__(self, fixtures: SandboxFixtures) -> None:
        self._fixtures = fixtures

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/say", _json_handler(self._send_text)),
            web.post("/press", _json_handler(self._press_button)),
            web.post("/forward", _json_handler(self._forward_post)),
            web.post("/story", _json_handler(self._change_story)),
        ]

    def _send_text(self, body: Json) -> None:
        text = _text_field(body, "text").strip()
        if not text:
            raise ActionError("There is nothing to send.")
        if len(text) > 4096:
            raise ActionError("A Telegram message has at most 4096 characters.")
        reader = self._fixtures.reader.id
        self._fixtures.telegram.say(reader, reader, text, reply_to=_integer_field(body, "reply_to"))

    def _press_button(self, body: Json) -> None:
        message = self._find_shown(body)
        rows = (message.content.markup or {}).get("inline_keyboard", [])
        row, column = _integer_field(body, "row"), _integer_field(body, "column")
        if row < 0 or column < 0:
            raise ActionError("There is no such button.")
        self._fixtures.telegram.press(
            self._fixtures.reader.id, message.chat.id, message.id, rows[row][column]["callback_data"]
        )

    def _forward_post(self, body: Json) -> None:
        message, reader = self._find_shown(body), self._fixtures.reader.id
        self._fixtures.telegram.forward(reader, reader, message.chat.id, message.id)

    def _change_story(self, body: Json) -> None:
        newsroom = self._fixtures.sample_site
        if newsroom is None:
            raise ActionError("These are your own site's stories: publish there.")
        match _text_field(body, "do"):
            case "publish":
                language = _text_field(body, "language")
                newsroom.publish_next(language if language in newsroom.state.collections else "en")
            case "correct" if not newsroom.correct_newest():
                raise ActionError("Every story has been corrected already. Publish a new one first.")
            case "withdraw" if not newsroom.withdraw_newest():
                raise ActionError("There is no story left to withdraw.")
            case "pace":
                seconds = _integer_field(body, "seconds")
                newsroom.set_interval(0 if seconds <= 0 else min(max(seconds, MIN_INTERVAL), MAX_INTERVAL))
            case "correct" | "withdraw":
                pass
            case _:
                raise ActionError("The newsroom can publish, correct, withdraw, or change its pace.")

    def _find_shown(self, body: Json) -> Message:
        chat_id, message_id = _integer_field(body, "chat"), _integer_field(body, "id")
        if chat_id not in self._fixtures.chat_ids():
            raise LookupError(chat_id)
        return next(m for m in self._fixtures.telegram.visible_messages(chat_id) if m.id == message_id)


def _json_handler(act: Callable[[Json], None]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def run_action(request: web.Request) -> web.StreamResponse:
        try:
            act(await _read_json(request))
        except ActionError as mistake:
            return web.json_response({"error": str(mistake)}, status=400)
        except LookupError:
            return web.json_response({"error": "That message no longer exists."}, status=409)
        return web.json_response({})

    return run_action


async def _read_json(request: web.Request) -> Json:
    # another site's form cannot send JSON, and a browser sends Origin with every POST
    if request.content_type != "application/json" or "Origin" not in request.headers:
        raise ActionError("Only JSON from the page's own address is accepted.")
    if (request.content_length or 0) > LONGEST_BODY:
        raise ActionError("The request is too long.")
    try:
        given = json.loads(await request.read())
    except ValueError:
        raise ActionError("The request is not valid JSON.") from None
    if not isinstance(given, dict):
        raise ActionError("The request must be a JSON object.")
    return given


def _text_field(body: Json, name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise ActionError(f"{name} must be a string.")
    return value


def _integer_field(body: Json, name: str) -> int:
    value = body.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ActionError(f"{name} must be a whole number.")
    return value
