"""Is the bot's account at Telegram as we left it? Its name and its webhook are looked at again and again.

@BotFather may rename the bot, and whoever has the token may change the webhook: neither is told to us.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from telegram.error import TelegramError

from bot.app.long_polling import sleep_unless_stopped
from bot.commands import BotName
from bot.telegram.account import WebhookInfo
from jobs.clock import Clock

#: Seconds between two looks at the webhook, and the least between two questions for the name.
CHECK_INTERVAL = 60.0
#: Seconds after which the name is asked for although nobody has named another one.
NAME_CHECK_INTERVAL = 180.0
#: Questions that wait for the name; more of them are taken for other bots'.
MOST_WAITING = 100
#: Interference is told again only after so long without.
ALERT_INTERVAL = timedelta(days=1)
#: So many rival polls in `RIVALRY` are no restart that overlaps.
MIN_CONFLICTS, CONFLICT_WINDOW = 3, timedelta(minutes=5)

log = structlog.get_logger()

#: Owes a notice to the operators.
NotifyOperators = Callable[[str], Awaitable[object]]

_REVOKE = "If it was none of you, get a new token from @BotFather (/revoke) for TELEGRAM_BOT_TOKEN."


class BotNameMonitor:
    """The bot's name, kept as Telegram has it."""

    def __init__(
        self,
        ask: Callable[[], Awaitable[str]],
        name: BotName,
        clock: Clock,
        notify: NotifyOperators,
        stop: asyncio.Event,
    ) -> None:
        self._ask_telegram, self._name, self._clock, self._notify_operators, self._stop = (
            ask,
            name,
            clock,
            notify,
            stop,
        )
        self._asked_at = clock.monotonic() - CHECK_INTERVAL
        self._name_request: asyncio.Task[None] | None = None
        self._waiting = 0

    async def poll_name(self) -> None:
        """Ask for it every few minutes, until `stop`."""
        while not self._stop.is_set():
            await sleep_unless_stopped(self._clock, self._stop, NAME_CHECK_INTERVAL)
            await self.refresh_name()

    async def refresh_name(self) -> None:
        """Return when Telegram was asked for the name: now, or a minute after it was asked last."""
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
        wait = self._asked_at + CHECK_INTERVAL - self._clock.monotonic()
        if wait > 0:
            await sleep_unless_stopped(self._clock, self._stop, wait)
        if self._stop.is_set():
            return
        self._asked_at = self._clock.monotonic()
        try:
            new = await self._ask_telegram()
        except TelegramError as error:
            log.debug("the bot's name could not be asked for", error=type(error).__name__)
            return
        old, self._name.username = self._name.username, new
        if old != new:
            log.warning("the bot was renamed", old=f"@{old}", new=f"@{new}")
            await self._notify_operators(
                f"ℹ️ The bot is @{new} now, no longer @{old}. New posts link to the new name; older ones "
                "still link to the old name, which somebody else may take."
            )


class TokenMisuseReporter:
    """What somebody else does with our token: logged each time, told to the operators once."""

    def __init__(self, clock: Clock, notify: NotifyOperators) -> None:
        self._clock, self._notify_operators = clock, notify
        self._last: dict[str, datetime] = {}
        self._conflicts: list[datetime] = []

    async def report_webhook_change(self, now_at: str) -> None:
        """The webhook was changed; `now_at`: where it leads instead, "" for nowhere."""
        host = urlsplit(now_at).hostname
        log.warning("somebody changed the webhook with our token; it is set again", to=host or "none")
        where = f"to {host}" if host else "removed"
        await self._notify_once(
            "webhook",
            f"⚠️ Somebody has changed this bot's webhook ({where}), by which Telegram brings what readers "
            f"write, and so has the bot's token. It is set right again. {_REVOKE}",
        )

    async def report_conflict(self) -> None:
        """Another process polls with our token."""
        now = self._clock.now()
        self._conflicts = [each for each in self._conflicts if now - each < CONFLICT_WINDOW] + [now]
        if len(self._conflicts) >= MIN_CONFLICTS:
            await self._notify_once(
                "rival",
                "⚠️ Another process takes what readers write, with this bot's token. Stop it, or this one. "
                f"{_REVOKE}",
            )

    async def _notify_once(self, what: str, words: str) -> None:
        now, last = self._clock.now(), self._last.get(what)
        self._last[what] = now
        if last is None or now - last > ALERT_INTERVAL:
            await self._notify_operators(words)


def is_webhook_changed(found: WebhookInfo, ours: str, kinds: tuple[str, ...], forged: bool) -> bool:
    """Whether somebody else has set the webhook since we did.

    `forged`: we turned away what did not know our secret. With our address and a secret of somebody else's,
    Telegram's own pushes are turned away, which it then tells as its last error.
    """
    with_another_secret = forged and "403" in found.error
    other_kinds = bool(found.kinds) and found.kinds != frozenset(kinds)
    return found.url != ours or found.own_certificate or other_kinds or with_another_secret
