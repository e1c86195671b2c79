"""Sending, editing and deleting of messages: contents become requests, answers become outcomes."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from telegram.error import NetworkError
from telegram.request import BaseRequest

from bot.render.content import Content
from bot.render.links import SAFE_URL_LENGTH
from bot.telegram.chat_access import parse_chat_access
from bot.telegram.errors import parse_outcome
from bot.telegram.message_match import is_same_content
from bot.telegram.request_data import json_request_data
from bot.telegram.transport import AiohttpRequest, NotWritten
from jobs.publish.send_result import (
    ChatAccess,
    Missing,
    Outcome,
    Refused,
    Sent,
    TryLater,
    Unclear,
    Untouchable,
)

#: Seconds to wait after a connection failed.
NO_CONNECTION_WAIT = 2.0

#: Contents whose encoded requests are cached; a fan-out has one or two.
CACHED_CONTENTS = 64

_LONG_LINK = re.compile(rf'href="[^"]{{{SAFE_URL_LENGTH + 1}}}')

Parameters = Mapping[str, object]


class RequestTemplate:
    """A method and its parameters except for the chat: encoded once, sent to many chats.

    `picture` says that the message has something it can do without: a picture, a preview or a very long link.
    """

    __slots__ = ("json", "method", "parameters", "picture")

    def __init__(self, method: str, parameters: Parameters, *, picture: bool = False) -> None:
        self.method, self.parameters, self.picture = method, parameters, picture
        self.json = _encode(parameters)[1:] if parameters else "}"

    def encode_for(self, where: Parameters) -> bytes:
        """The whole request as JSON; `where` has the chat and the message."""
        comma = "," if self.parameters and where else ""
        return f"{_encode(where)[:-1]}{comma}{self.json}".encode()


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class TelegramSender:
    """`jobs.publish.send_result.Sender` for one bot; `paid` allows more than 30 messages/s for a fee."""

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
        """Send a new message; `reply_to` is the message answered, if it still exists, or 0."""
        said, where = _send_template(content, self._paid), {"chat_id": chat_id}
        if reply_to:
            replied = {"message_id": reply_to, "allow_sending_without_reply": True}
            return await self._request_outcome(said, {**where, "reply_parameters": replied}, chat_id)
        return await self._request_outcome(said, where, chat_id)

    async def acknowledge_press(self, query_id: str, toast: str = "") -> None:
        """Stop a pressed button's spinner, with a toast; the outcome is ignored."""
        await self._post_template(
            RequestTemplate("answerCallbackQuery", {}), {"callback_query_id": query_id, "text": toast}
        )

    async def edit(
        self, chat_id: int, message_id: int, content: str, *, new_picture: bool = False
    ) -> Outcome:
        where = {"chat_id": chat_id, "message_id": message_id}
        said = _edit_template(content, new_picture)
        came = await self._request_outcome(said, where, chat_id, message_id)
        match came:
            case Untouchable(reason) if "no text in the message" in reason:  # it was sent with a picture
                return await self._request_outcome(_caption_template(content), where, chat_id, message_id)
            case Untouchable(reason) if "no caption in" in reason or "no media in" in reason:
                return Refused(reason, picture=True)  # it was sent without one
            case Refused(picture=True) if said.method == "editMessageMedia":  # the old picture stays
                return await self._request_outcome(_caption_template(content), where, chat_id, message_id)
            case _:
                return came

    async def delete(self, chat_id: int, message_id: int) -> Outcome:
        where = {"chat_id": chat_id, "message_id": message_id}
        return await self._request_outcome(_DELETE, where, chat_id, message_id)

    async def find_message(
        self, chat_id: int, message_id: int, content: str, *, through: int | None = None
    ) -> Outcome:
        if through is not None:
            return await self._compare_forwarded(chat_id, message_id, content, through)
        where = {"chat_id": chat_id, "message_id": message_id}
        return await self._request_outcome(_edit_template(content, False), where, chat_id, message_id)

    async def fetch_chat_access(self, chat: int | str) -> ChatAccess | Outcome:
        known = await self._request_result("getChat", {"chat_id": chat})
        if not isinstance(known, dict):
            return known
        if known.get("type") == "private":
            return parse_chat_access(known, {})
        mine = await self._request_result("getChatMember", {"chat_id": chat, "user_id": self._bot_id})
        return parse_chat_access(known, mine) if isinstance(mine, dict) else mine

    async def is_administrator(self, chat_id: int, user_id: int) -> bool:
        """Whether the user is the chat's owner or an administrator; False if Telegram does not say so."""
        found = await self._request_result("getChatMember", {"chat_id": chat_id, "user_id": user_id})
        return isinstance(found, dict) and found.get("status") in ("creator", "administrator")

    async def _compare_forwarded(self, chat_id: int, message_id: int, content: str, through: int) -> Outcome:
        """Forward the message to the operators' chat, compare it, and delete the copy."""
        where = {"chat_id": through, "from_chat_id": chat_id, "message_id": message_id}
        copy = await self._request_result("forwardMessage", {**where, "disable_notification": True})
        match copy:
            case dict():
                await self.delete(through, copy["message_id"])
                same = is_same_content(copy, Content.from_json(content))
                return Sent(message_id) if same else Untouchable("it says something else")
            case Untouchable(reason) if "protected" not in reason:
                return copy
            case Missing() | TryLater() | Unclear():
                return copy
            case _:
                return Refused(f"cannot be compared in the operators' chat: {copy}")

    async def _request_result(self, method: str, where: Parameters) -> dict[str, Any] | Outcome:
        came = await self._post_template(RequestTemplate(method, {}), where)
        if not isinstance(came, tuple):
            return came
        status, body = came
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if isinstance(answer, dict) and isinstance(answer.get("result"), dict):
            return dict(answer["result"])
        chat = where["chat_id"]
        return parse_outcome(status, body, chat_id=chat if isinstance(chat, int) else -1)

    async def _request_outcome(
        self, said: RequestTemplate, where: Parameters, chat_id: int, message_id: int = 0
    ) -> Outcome:
        came = await self._post_template(said, where)
        if not isinstance(came, tuple):
            return came
        return parse_outcome(*came, chat_id=chat_id, message_id=message_id, picture=said.picture)

    async def _post_template(
        self, said: RequestTemplate, where: Parameters
    ) -> tuple[int, bytes] | TryLater | Unclear:
        request, url = self._request, self._address + said.method
        try:
            if isinstance(request, AiohttpRequest):
                return await request.post_json(url, said.encode_for(where))
            parameters = {**where, **said.parameters}
            return await request.do_request(url, "POST", json_request_data(parameters))
        except NotWritten as error:
            return TryLater(NO_CONNECTION_WAIT, str(error))
        except NetworkError as error:
            return Unclear(str(error))


_DELETE = RequestTemplate("deleteMessage", {})


@lru_cache(CACHED_CONTENTS)
def _send_template(content: str, paid: bool) -> RequestTemplate:
    said = Content.from_json(content)
    more = {"disable_notification": True} if said.silent else {}
    if paid:
        more["allow_paid_broadcast"] = True
    if said.photo:
        pictured = {"photo": said.photo, **_caption_fields(said), **_keyboard_fields(said), **more}
        return RequestTemplate("sendPhoto", pictured, picture=True)
    return RequestTemplate(
        "sendMessage", {**_text_fields(said), **_keyboard_fields(said), **more}, picture=_can_be_plainer(said)
    )


@lru_cache(CACHED_CONTENTS)
def _edit_template(content: str, new_picture: bool) -> RequestTemplate:
    said = Content.from_json(content)
    if said.photo and new_picture:
        picture = {"type": "photo", "media": said.photo, "caption": said.text, "parse_mode": "HTML"}
        return RequestTemplate("editMessageMedia", {"media": picture, **_keyboard_fields(said)}, picture=True)
    if said.photo:
        return _caption_template(content)
    return RequestTemplate(
        "editMessageText", {**_text_fields(said), **_keyboard_fields(said)}, picture=_can_be_plainer(said)
    )


def _caption_template(content: str) -> RequestTemplate:
    said = Content.from_json(content)
    return RequestTemplate("editMessageCaption", {**_caption_fields(said), **_keyboard_fields(said)})


def _can_be_plainer(said: Content) -> bool:
    return bool(said.preview) or _LONG_LINK.search(said.text) is not None


def _text_fields(said: Content) -> Parameters:
    return {"text": said.text, "parse_mode": "HTML", "link_preview_options": _preview_options(said)}


def _caption_fields(said: Content) -> Parameters:
    return {"caption": said.text, "parse_mode": "HTML"}


def _preview_options(said: Content) -> dict[str, Any]:
    if not said.preview:
        return {"is_disabled": True}
    return {"url": said.preview, "prefer_large_media": said.large, "show_above_text": said.above}


def _keyboard_fields(said: Content) -> Parameters:
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
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}
