"""Checks inline keyboards as the Bot API does, with its error texts."""

import json
from functools import lru_cache
from typing import Any, Never

from bot.sandbox.api_error import bad_request
from bot.sandbox.formatting import links
from bot.sandbox.telegram.params import Params

Json = dict[str, Any]
MAX_JSON_BYTES = 10_000  #: bytes of an inline keyboard's JSON (measured by others; Telegram does not say)
MAX_BUTTONS = 100
_BUTTON_KINDS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)


def read_keyboard(params: Params) -> Json | None:
    """The message's inline keyboard; other keyboards are only checked."""
    if not params.has("reply_markup"):
        return None
    return _parse_keyboard(params.text("reply_markup"))


@lru_cache(256)
def _parse_keyboard(given: str) -> Json | None:
    """Cached: equal texts give the same object, which nobody changes."""
    try:
        markup = json.loads(given)
    except ValueError:
        raise bad_request("can't parse reply keyboard markup JSON object") from None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    kept = [[_parse_button(button) for button in row] for row in rows if row]
    if sum(map(len, kept)) > MAX_BUTTONS or len(json.dumps(kept)) > MAX_JSON_BYTES:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": kept} if kept else None


def _refuse_button(reason: str) -> Never:
    raise bad_request(f"can't parse inline keyboard button: {reason}")


def _parse_button(button: Any) -> Json:
    if not isinstance(button, dict):
        _refuse_button("InlineKeyboardButton must be an Object")
    text = button.get("text")
    if not isinstance(text, str):
        _refuse_button('Can\'t find field "text"' if text is None else 'Field "text" must be of type String')
    if not text:
        raise bad_request("inline keyboard button text can't be empty")
    kept: Json = {"text": text}
    kind = next((name for name in _BUTTON_KINDS if name in button), "")
    if not kind:
        _refuse_button("Text buttons are unallowed in the inline keyboard")
    kept[kind] = _check_value(kind, button[kind])
    for extra in ("style", "icon_custom_emoji_id"):
        if extra in button:
            kept[extra] = button[extra]
    return kept


def _check_value(kind: str, value: Any) -> Any:
    if kind == "callback_data":
        if not isinstance(value, str) or not 1 <= len(value.encode()) <= 64:
            raise bad_request("BUTTON_DATA_INVALID")
    elif kind == "url":
        try:
            return links.check_link(str(value))
        except links.InvalidLink as wrong:
            raise bad_request(f"inline keyboard button URL '{value}' is invalid: {wrong}") from None
    elif kind == "copy_text":
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str) or not 1 <= len(text) <= 256:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")
    return value
