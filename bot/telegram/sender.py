"""Says things in chats: contents become requests, answers become outcomes, never a message object."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from telegram.error import NetworkError
from telegram.request import BaseRequest, RequestData

# python-telegram-bot calls it internal; a RequestData is made of nothing else, and the version is pinned
from telegram.request._requestparameter import RequestParameter

from bot.render.content import Content
from bot.telegram.compare import says
from bot.telegram.errors import outcome_of
from bot.telegram.standing import standing_of
from bot.telegram.transport import NotWritten
from jobs.publish.outcome import Missing, Outcome, Refused, Sent, Standing, TryLater, Unclear, Untouchable

#: Seconds to wait after a connection could not be made.
NO_CONNECTION_WAIT = 2.0

#: Different contents whose requests are kept ready: a fan-out has one or two.
CONTENTS = 64

Parameters = tuple[RequestParameter, ...]


class TelegramSender:
    """`jobs.publish.outcome.Sender` over one bot's token. `paid`: the operator pays for more than 30/s."""

    def __init__(
        self,
        request: BaseRequest,
        token: str,
        api_url: str = "https://api.telegram.org",
        *,
        paid: bool = False,
    ) -> None:
        self._request = request
        self._address = f"{api_url.rstrip('/')}/bot{token}/"
        self._bot_id = int(token.partition(":")[0])
        self._paid = paid

    async def send(self, chat_id: int, content: str, *, reply_to: int = 0) -> Outcome:
        """`reply_to`: the message that is answered, if it still stands there."""
        method, parameters = _sending(content, self._paid)
        if reply_to:
            replied = {"message_id": reply_to, "allow_sending_without_reply": True}
            parameters = (*parameters, _one("reply_parameters", replied))
        return await self._ask(method, (_one("chat_id", chat_id), *parameters), chat_id)

    async def acknowledge(self, query_id: str, toast: str = "") -> None:
        """End a pressed button's wait; what comes of it is nobody's concern."""
        await self._exchange(
            "answerCallbackQuery", (_one("callback_query_id", query_id), _one("text", toast))
        )

    async def edit(
        self, chat_id: int, message_id: int, content: str, *, new_picture: bool = False
    ) -> Outcome:
        method, parameters = _editing(content, new_picture)
        where = (_one("chat_id", chat_id), _one("message_id", message_id))
        came = await self._ask(method, (*where, *parameters), chat_id, message_id)
        match came:
            case Untouchable(reason) if "no text in the message" in reason:  # it was sent with a picture
                method, parameters = _captioning(content)
                return await self._ask(method, (*where, *parameters), chat_id, message_id)
            case Untouchable(reason) if "no caption in" in reason or "no media in" in reason:
                return Refused(reason, picture=True)  # it was sent without one
            case _:
                return came

    async def delete(self, chat_id: int, message_id: int) -> Outcome:
        where = (_one("chat_id", chat_id), _one("message_id", message_id))
        return await self._ask("deleteMessage", where, chat_id, message_id)

    async def find(
        self, chat_id: int, message_id: int, content: str, *, through: int | None = None
    ) -> Outcome:
        if through is not None:
            return await self._compare(chat_id, message_id, content, through)
        method, parameters = _editing(content, new_picture=False)
        where = (_one("chat_id", chat_id), _one("message_id", message_id))
        return await self._ask(method, (*where, *parameters), chat_id, message_id)

    async def standing(self, chat: int | str) -> Standing | Outcome:
        where = _one("chat_id", chat)
        known = await self._result("getChat", (where,))
        if not isinstance(known, dict):
            return known
        if known.get("type") == "private":
            return standing_of(known, {})
        mine = await self._result("getChatMember", (where, _one("user_id", self._bot_id)))
        return standing_of(known, mine) if isinstance(mine, dict) else mine

    async def _compare(self, chat_id: int, message_id: int, content: str, through: int) -> Outcome:
        """Forward the message to the operators' chat, compare, and take it away again."""
        where = (_one("chat_id", through), _one("from_chat_id", chat_id), _one("message_id", message_id))
        copy = await self._result("forwardMessage", (*where, _one("disable_notification", True)))
        match copy:
            case dict():
                await self.delete(through, copy["message_id"])
                same = says(copy, Content.from_json(content))
                return Sent(message_id) if same else Untouchable("it says something else")
            case Untouchable(reason) if "protected" not in reason:
                return copy
            case Missing() | TryLater() | Unclear():
                return copy
            case _:
                return Refused(f"cannot be compared in the operators' chat: {copy}")

    async def _result(self, method: str, parameters: Sequence[RequestParameter]) -> dict[str, Any] | Outcome:
        came = await self._exchange(method, parameters)
        if not isinstance(came, tuple):
            return came
        status, body = came
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if isinstance(answer, dict) and isinstance(answer.get("result"), dict):
            return dict(answer["result"])
        chat = parameters[0].value
        return outcome_of(status, body, chat_id=chat if isinstance(chat, int) else -1)

    async def _ask(
        self, method: str, parameters: Sequence[RequestParameter], chat_id: int, message_id: int = 0
    ) -> Outcome:
        came = await self._exchange(method, parameters)
        if not isinstance(came, tuple):
            return came
        return outcome_of(*came, chat_id=chat_id, message_id=message_id)

    async def _exchange(
        self, method: str, parameters: Sequence[RequestParameter]
    ) -> tuple[int, bytes] | TryLater | Unclear:
        try:
            return await self._request.do_request(
                self._address + method, "POST", RequestData(list(parameters))
            )
        except NotWritten as error:
            return TryLater(NO_CONNECTION_WAIT, str(error))
        except NetworkError as error:
            return Unclear(str(error))


def _one(name: str, value: object) -> RequestParameter:
    return RequestParameter(name, value, None)


@lru_cache(CONTENTS)
def _sending(content: str, paid: bool) -> tuple[str, Parameters]:
    said = Content.from_json(content)
    more: Parameters = (_one("disable_notification", True),) if said.silent else ()
    more += (_one("allow_paid_broadcast", True),) if paid else ()
    if said.photo:
        return "sendPhoto", (_one("photo", said.photo), *_caption(said), *_buttons(said), *more)
    return "sendMessage", (*_text(said), *_buttons(said), *more)


@lru_cache(CONTENTS)
def _editing(content: str, new_picture: bool) -> tuple[str, Parameters]:
    said = Content.from_json(content)
    if said.photo and new_picture:
        picture = {"type": "photo", "media": said.photo, "caption": said.text, "parse_mode": "HTML"}
        return "editMessageMedia", (_one("media", picture), *_buttons(said))
    if said.photo:
        return _captioning(content)
    return "editMessageText", (*_text(said), *_buttons(said))


def _captioning(content: str) -> tuple[str, Parameters]:
    said = Content.from_json(content)
    return "editMessageCaption", (*_caption(said), *_buttons(said))


def _text(said: Content) -> Parameters:
    return (
        _one("text", said.text),
        _one("parse_mode", "HTML"),
        _one("link_preview_options", _preview(said)),
    )


def _caption(said: Content) -> Parameters:
    return _one("caption", said.text), _one("parse_mode", "HTML")


def _preview(said: Content) -> dict[str, Any]:
    if not said.preview:
        return {"is_disabled": True}
    return {
        "url": said.preview,
        "prefer_large_media": said.large,
        "show_above_text": said.above,
    }


def _buttons(said: Content) -> Parameters:
    rows = [
        [
            {
                "text": button.label,
                **({"url": button.url} if button.url else {"callback_data": button.command}),
            }
            for button in row
        ]
        for row in said.buttons
    ]
    return (_one("reply_markup", {"inline_keyboard": rows}),) if rows else ()
