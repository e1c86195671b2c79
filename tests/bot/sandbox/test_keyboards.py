"""reply_markup: an inline keyboard is checked before it is sent."""

from typing import Any

import pytest

from tests.bot.sandbox.conftest import Harness


def keys(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"inline_keyboard": [list(buttons)]}


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ([], "object expected as reply markup"),
        (keys({"text": "x", "callback_data": ""}), "BUTTON_DATA_INVALID"),
        (keys({"text": "x", "callback_data": "မ" * 22}), "BUTTON_DATA_INVALID"),
        (
            keys({"text": "x"}),
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (keys({"url": "https://a.b"}), "can't parse inline keyboard button: Can't find field \"text\""),
        (
            keys({"text": "x", "url": "nodot"}),
            "inline keyboard button URL 'nodot' is invalid: Wrong HTTP URL",
        ),
        (
            keys({"text": "x", "url": "javascript:x"}),
            "inline keyboard button URL 'javascript:x' is invalid: Wrong port number specified in the URL",
        ),
        (
            {"inline_keyboard": [{"text": "x"}]},
            'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
        ),
        (
            {"inline_keyboard": [["x"]]},
            "can't parse inline keyboard button: InlineKeyboardButton must be an Object",
        ),
        (keys(*({"text": "x", "callback_data": "y"} for _ in range(101))), "reply markup is too long"),
        (keys({"text": "x" * 12_000, "callback_data": "y"}), "reply markup is too long"),
    ],
)
async def test_a_keyboard_that_telegram_would_not_take(harness: Harness, markup: Any, expected: str) -> None:
    wrong = await harness.refused("sendMessage", chat_id=harness.reader.id, text="x", reply_markup=markup)
    assert wrong == f"Bad Request: {expected}"


async def test_callback_data_counts_in_bytes(harness: Harness) -> None:
    markup = keys({"text": "x", "callback_data": "မ" * 21 + "a"})
    assert await harness.send(harness.reader.id, reply_markup=markup)


@pytest.mark.parametrize(
    "markup",
    [{}, {"inline_keyboard": []}, {"keyboard": [["x"]]}, {"remove_keyboard": True}, {"force_reply": True}],
)
async def test_other_keyboards_hang_under_no_message(harness: Harness, markup: dict[str, Any]) -> None:
    assert (await harness.send(harness.reader.id, reply_markup=markup)).content.markup is None
