"""Monitors the bot's account at Telegram: its username, its webhook, and other users of its token.

@BotFather may rename the bot, and anyone who has the token may change the webhook. Telegram reports neither.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from telegram.error import TelegramError

from bot.commands import BotName
from bot.telegram.account import WebhookInfo
from jobs.clock import Clock, run_until_set

#: Seconds between two checks of the webhook, and the minimum between two requests for the username.
CHECK_INTERVAL = 60.0
#: Seconds after which the username is requested although no command has named another bot.
NAME_CHECK_INTERVAL = 180.0
#: Commands that wait for the username; any beyond that are assumed to be meant for another bot.
MOST_WAITING = 100
#: Operators are notified of the same misuse again only if it stopped for longer than this.
ALERT_INTERVAL = timedelta(days=1)
#: The number of conflicts within the window that a restart with overlapping processes does not explain.
MIN_CONFLICTS, CONFLICT_WINDOW = 3, timedelta(minutes=5)

log = structlog.get_logger()

#: Queues a notice to the operators.
NotifyOperators = Callable[[str], Awaitable[object]]

_REVOKE = "If it was none of you, get a new token from @BotFather (/revoke) for TELEGRAM_BOT_TOKEN."


class BotNameMonitor:
    """Keeps the bot's username up to date."""

    def __init__(
        self,
        fetch_name: Callable[[], Awaitable[str]],
        name: BotName,
        clock: Clock,
        notify: NotifyOperators,
        stop: asyncio.Event,
    ) -> None:
        self._fetch_name, self._name, self._clock = fetch_name, name, clock
        self._notify_operators, self._stop = notify, stop
        self._requested_at = clock.monotonic() - CHECK_INTERVAL
        self._name_request: asyncio.Task[None] | None = None
        self._waiting = 0

    async def poll_name(self) -> None:
        """Request the username every few minutes until the bot stops."""
        while not self._stop.is_set():
            await run_until_set(self._stop, self._clock.sleep(NAME_CHECK_INTERVAL))
            await self.refresh_name()

    async def refresh_name(self) -> None:
        """Request the username, but at most once a minute; concurrent callers share one request.

        Returns at once if too many callers are waiting already.
        """
        if self._waiting >= MOST_WAITING or self._stop.is_set():
            return
        if self._name_request is None or self._name_request.done():
            self._name_request = asyncio.create_task(self._request_name())
        self._waiting += 1
        try:
            await asyncio.shield(self._name_request)
        finally:
            self._waiting -= 1

    async def _request_name(self) -> None:
        wait = self._requested_at + CHECK_INTERVAL - self._clock.monotonic()
        if wait > 0:
            await run_until_set(self._stop, self._clock.sleep(wait))
        if self._stop.is_set():
            return
        self._requested_at = self._clock.monotonic()
        try:
            new = await self._fetch_name()
        except TelegramError as error:
            log.debug("username request failed", error=type(error).__name__)
            return
        old, self._name.username = self._name.username, new
        if old != new:
            log.warning("bot renamed", old=f"@{old}", new=f"@{new}")
            await self._notify_operators(
                f"ℹ️ The bot is @{new} now, no longer @{old}. New posts link to the new name; older ones "
                "still link to the old name, which somebody else may take."
            )


class TokenMisuseReporter:
    """Logs every use of the bot's token by somebody else, and notifies the operators once."""

    def __init__(self, clock: Clock, notify: NotifyOperators) -> None:
        self._clock, self._notify_operators = clock, notify
        self._last: dict[str, datetime] = {}
        self._conflicts: list[datetime] = []

    async def report_webhook_change(self, now_at: str) -> None:
        """Report that the webhook was changed to the URL `now_at`, or removed if that is empty."""
        host = urlsplit(now_at).hostname
        log.warning("webhook changed by another user of the token, restored", changed_to=host or "none")
        change = f"to {host}" if host else "removed"
        await self._notify_once(
            "webhook",
            f"⚠️ Somebody has changed this bot's webhook ({change}), through which Telegram delivers readers' "
            f"messages. Whoever did it has the bot's token. The webhook has been restored. {_REVOKE}",
        )

    async def report_conflict(self) -> None:
        """Report that another process polls with the bot's token."""
        now = self._clock.now()
        self._conflicts = [each for each in self._conflicts if now - each < CONFLICT_WINDOW] + [now]
        if len(self._conflicts) >= MIN_CONFLICTS:
            await self._notify_once(
                "rival",
                "⚠️ Another process receives readers' messages with this bot's token. Stop that process or "
                f"this one. {_REVOKE}",
            )

    async def _notify_once(self, kind: str, text: str) -> None:
        now, last = self._clock.now(), self._last.get(kind)
        self._last[kind] = now
        if last is None or now - last > ALERT_INTERVAL:
            await self._notify_operators(text)


def is_webhook_changed(found: WebhookInfo, ours: str, kinds: tuple[str, ...], forged: bool) -> bool:
    """Return whether somebody else has set the webhook since we did.

    `forged`: a request with a wrong secret token was rejected. If somebody sets our own URL with another
    secret token, Telegram's genuine requests are rejected too, and Telegram reports that as its last error.
    """
    with_another_secret = forged and "403" in found.error
    other_kinds = bool(found.kinds) and found.kinds != frozenset(kinds)
    return found.url != ours or found.own_certificate or other_kinds or with_another_secret
