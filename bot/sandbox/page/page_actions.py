"""What people do at the page: the reader writes, presses and forwards, the newsroom publishes and corrects.

`POST /say {text, reply_to}`, `/press {chat, id, row, column}`, `/forward {chat, id}`,
`/story {do: publish | correct | withdraw | pace, language, seconds}`: JSON in; `{}` or `{error}` out.
"""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.sandbox.page.fixtures import Stage
from bot.sandbox.page.view_models import Json
from bot.sandbox.telegram.messages import Message

LONGEST_BODY = 64 * 1024
FASTEST, SLOWEST = 2.0, 3600.0


class Mistaken(ValueError):
    """What was asked for cannot be done; the message is for the person at the page."""


class Deeds:
    """The page's POST routes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/say", _answering(self._say)),
            web.post("/press", _answering(self._press)),
            web.post("/forward", _answering(self._forward)),
            web.post("/story", _answering(self._story)),
        ]

    def _say(self, body: Json) -> None:
        text = _text(body, "text").strip()
        if not text:
            raise Mistaken("There is nothing to send.")
        if len(text) > 4096:
            raise Mistaken("Telegram takes at most 4096 characters in a message.")
        reader = self._stage.reader.id
        self._stage.box.say(reader, reader, text, reply_to=_integer(body, "reply_to"))

    def _press(self, body: Json) -> None:
        message = self._message(body)
        rows = (message.content.markup or {}).get("inline_keyboard", [])
        row, column = _integer(body, "row"), _integer(body, "column")
        if row < 0 or column < 0:
            raise Mistaken("There is no such button.")
        self._stage.box.press(
            self._stage.reader.id, message.chat.id, message.id, rows[row][column]["callback_data"]
        )

    def _forward(self, body: Json) -> None:
        message, reader = self._message(body), self._stage.reader.id
        self._stage.box.forward(reader, reader, message.chat.id, message.id)

    def _story(self, body: Json) -> None:
        newsroom = self._stage.newsroom
        if newsroom is None:
            raise Mistaken("These are the stories of your own site: publish there.")
        match _text(body, "do"):
            case "publish":
                language = _text(body, "language")
                newsroom.publish(language if language in newsroom.desk.shelves else "en")
            case "correct" if not newsroom.correct():
                raise Mistaken("Every story has been corrected already. Publish a new one first.")
            case "withdraw" if not newsroom.withdraw():
                raise Mistaken("There is no story left to withdraw.")
            case "pace":
                seconds = _integer(body, "seconds")
                newsroom.set_pace(0 if seconds <= 0 else min(max(seconds, FASTEST), SLOWEST))
            case "correct" | "withdraw":
                pass
            case _:
                raise Mistaken("The newsroom can publish, correct, withdraw, or change its pace.")

    def _message(self, body: Json) -> Message:
        chat_id, message_id = _integer(body, "chat"), _integer(body, "id")
        if chat_id not in self._stage.chats():
            raise LookupError(chat_id)
        return next(m for m in self._stage.box.shown(chat_id) if m.id == message_id)


def _answering(act: Callable[[Json], None]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            act(await _body(request))
        except Mistaken as mistake:
            return web.json_response({"error": str(mistake)}, status=400)
        except LookupError:
            return web.json_response({"error": "That message is not there any more."}, status=409)
        return web.json_response({})

    return answer


async def _body(request: web.Request) -> Json:
    # a form of another site cannot send JSON; and a browser always says where a POST comes from
    if request.content_type != "application/json" or "Origin" not in request.headers:
        raise Mistaken("The page sends JSON from its own address.")
    if (request.content_length or 0) > LONGEST_BODY:
        raise Mistaken("That is too long.")
    try:
        given = json.loads(await request.read())
    except ValueError:
        raise Mistaken("That is not JSON.") from None
    if not isinstance(given, dict):
        raise Mistaken("A JSON object is wanted.")
    return given


def _text(body: Json, name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise Mistaken(f"{name} is a text.")
    return value


def _integer(body: Json, name: str) -> int:
    value = body.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Mistaken(f"{name} is a whole number.")
    return value
