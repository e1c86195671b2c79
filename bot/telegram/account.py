"""The bot's own account: its name, and where Telegram sends its updates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telegram import Bot
from telegram.error import TelegramError
from telegram.request import BaseRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookInfo:
    """Where updates go, from getWebhookInfo."""

    url: str  #: "" if there is no webhook: updates are polled
    own_certificate: bool = False  #: a certificate was uploaded for the webhook
    kinds: frozenset[str] = frozenset()  #: the kinds of updates sent; empty if Telegram does not say
    error: str = ""  #: the last error, in Telegram's words


async def fetch_webhook(request: BaseRequest, bot: Bot) -> WebhookInfo:
    """The current webhook.

    Raises:
        TelegramError: the request failed, or the answer is not Telegram's.
    """
    found = await _call_method(request, bot, "getWebhookInfo")
    kinds = found.get("allowed_updates")
    return WebhookInfo(
        url=str(found.get("url") or ""),
        own_certificate=found.get("has_custom_certificate") is True,
        kinds=frozenset(map(str, kinds)) if isinstance(kinds, list) else frozenset(),
        error=str(found.get("last_error_message") or ""),
    )


async def fetch_bot_name(request: BaseRequest, bot: Bot) -> str:
    """The bot's @name, without "@".

    Raises:
        TelegramError: the request failed, or the answer is not Telegram's.
    """
    name = (await _call_method(request, bot, "getMe")).get("username")
    if not isinstance(name, str) or not name:
        raise TelegramError("the answer is not Telegram's")
    return name


async def _call_method(request: BaseRequest, bot: Bot, method: str) -> Mapping[str, Any]:
    found = await request.post(f"{bot.base_url}/{method}")
    if not isinstance(found, dict):
        raise TelegramError("the answer is not Telegram's")
    return found
