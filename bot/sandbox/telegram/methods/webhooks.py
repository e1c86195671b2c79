"""setWebhook, deleteWebhook, getWebhookInfo, logOut and close; allowed_updates."""

import re
from urllib.parse import urlsplit

from bot.sandbox.api_error import bad_request
from bot.sandbox.telegram.messages import Json
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.state import TelegramState
from bot.sandbox.telegram.updates import Webhook

PORTS = (443, 80, 88, 8443)
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")


def set_webhook(state: TelegramState, params: Params) -> bool:
    """Telegram's own server allows https on four ports; one with `--local` allows http on any port."""
    url, secret = params.text("url"), params.text("secret_token")
    set_allowed_updates(state, params)
    if params.flag("drop_pending_updates"):
        state.updates.clear()
    if not url:
        state.updates.use_webhook(None)
        return True
    if secret and not _SECRET.match(secret):
        raise bad_request("secret token contains unallowed characters")
    if not state.updates.is_local:
        _check_webhook_url(url)
    state.updates.use_webhook(Webhook(url, secret, params.integer("max_connections", 40)))
    return True


def delete_webhook(state: TelegramState, params: Params) -> bool:
    if params.flag("drop_pending_updates"):
        state.updates.clear()
    state.updates.use_webhook(None)
    return True


def get_webhook_info(state: TelegramState, params: Params) -> Json:
    updates = state.updates
    info: Json = {"url": updates.webhook.url if updates.webhook else "", "has_custom_certificate": False}
    info["pending_update_count"] = len(updates)
    if updates.webhook:
        info["max_connections"] = updates.webhook.max_connections
    if updates.webhook_error:
        info["last_error_date"] = int(updates.webhook_error[0].timestamp())
        info["last_error_message"] = updates.webhook_error[1]
    if updates.allowed:
        info["allowed_updates"] = list(updates.allowed)
    return info


def return_true(state: TelegramState, params: Params) -> bool:
    return True


def set_allowed_updates(state: TelegramState, params: Params) -> None:
    """Set the kinds of updates that the bot gets, if the request names them."""
    allowed = params.json_value("allowed_updates", "can't parse allowed updates JSON object")
    if isinstance(allowed, list):
        state.updates.allowed = tuple(str(kind) for kind in allowed)


def _check_webhook_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (parts.port or 443) not in PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
