"""Telegram's rate limits: overall, for each chat, and for each group or channel.

Sends and edits share them: 30/s overall, 1/s a chat with a short burst, 20/min a group, 1000/s with
`allow_paid_broadcast` (core.telegram.org/bots/faq). Channels count as groups, as python-telegram-bot's
AIORateLimiter assumes. Requests during a wait make it longer.
"""

import math
from collections import deque
from dataclasses import dataclass

from jobs.config import Rate

LONGEST_WAIT = 3600.0
_OVERALL_RATE, _PAID_RATE = Rate(30, 1.0), Rate(1000, 1.0)
_CHAT_RATE, _GROUP_RATE = Rate(1, 1.0), Rate(20, 60.0)
IN_FLIGHT_SECONDS = (
    1.0  #: a request this soon after a 429 was already on its way: it does not lengthen the wait
)
_OVERALL_KEY = 0  #: the key of the overall window; no chat has this id


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits; None turns one off.

    `grace` (seconds) shortens each window: requests that were sent in time may arrive closer together.
    """

    overall: Rate | None = _OVERALL_RATE
    paid: Rate | None = _PAID_RATE
    chat: Rate | None = _CHAT_RATE
    burst: int = 3  #: messages that one chat may get at once
    group: Rate | None = _GROUP_RATE
    grace: float = 0.1
    max_wait: float = (
        0.0  #: seconds that a request may wait before a 429; 60 in the Bot API server (NetQuery.h)
    )


NO_LIMITS = Limits(overall=None, paid=None, chat=None, group=None)


@dataclass(slots=True)
class _FloodWait:
    until: float
    seconds: float
    answered_at: float  #: time of the last 429


class FloodLimiter:
    """Counts messages against the limits; times are seconds of a monotonic clock."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._sent: dict[int, deque[float]] = {}
        self._waits: dict[int, _FloodWait] = {}
        self._bucket: dict[int, float] = {}

    def count_message(self, chat_id: int, crowd: bool, paid: bool, now: float) -> int:
        """Count the message and return 0 if it is allowed, or else return the seconds to wait.

        `crowd`: whether the chat is a group, supergroup or channel.
        """
        limits = self.limits
        if self._waits:
            waited = self._extend_wait(_OVERALL_KEY, now) or self._extend_wait(chat_id, now)
            if waited:
                return waited
        overall = limits.paid if paid else limits.overall
        wait = self._window_wait(_OVERALL_KEY, overall, now)
        if wait > 0:
            return self._start_wait(_OVERALL_KEY, wait, now)
        wait = max(
            self._window_wait(chat_id, limits.group if crowd else None, now), self._burst_wait(chat_id, now)
        )
        if wait > 0:
            return self._start_wait(chat_id, wait, now)
        self._record_message(chat_id, crowd, now)
        return 0

    def _record_message(self, chat_id: int, crowd: bool, now: float) -> None:
        self._get_window(
            _OVERALL_KEY, max(self._rate_count(self.limits.paid), self._rate_count(self.limits.overall))
        ).append(now)
        if crowd and self.limits.group:
            self._get_window(chat_id, self.limits.group.count).append(now)
        if self.limits.chat:
            pace = self.limits.chat.seconds / self.limits.chat.count
            self._bucket[chat_id] = max(self._bucket.get(chat_id, 0.0), now) + pace

    @staticmethod
    def _rate_count(rate: Rate | None) -> int:
        return rate.count if rate else 0

    def _get_window(self, key: int, count: int) -> deque[float]:
        window = self._sent.get(key)
        if window is None:
            window = self._sent[key] = deque(maxlen=max(count, 1))
        return window

    def _window_wait(self, key: int, rate: Rate | None, now: float) -> float:
        """Seconds until the window has room again."""
        sent = self._sent.get(key)
        if rate is None or sent is None or len(sent) < rate.count:
            return 0.0
        return sent[-rate.count] + rate.seconds - self.limits.grace - now

    def _burst_wait(self, chat_id: int, now: float) -> float:
        """Seconds until the chat's burst allows one more message."""
        rate = self.limits.chat
        if rate is None:
            return 0.0
        pace = rate.seconds / rate.count
        return self._bucket.get(chat_id, 0.0) - now - pace * (self.limits.burst - 1) - self.limits.grace

    def _start_wait(self, key: int, wait: float, now: float) -> int:
        seconds = max(1, math.ceil(wait))
        self._waits[key] = _FloodWait(now + seconds, seconds, now)
        return seconds

    def _extend_wait(self, key: int, now: float) -> int:
        """Seconds left of a wait, which doubles if the bot did not wait; 0 if it is over."""
        wait = self._waits.get(key)
        if wait is None:
            return 0
        if now >= wait.until:
            del self._waits[key]
            return 0
        if now - wait.answered_at >= IN_FLIGHT_SECONDS:
            wait.seconds = min(wait.seconds * 2, LONGEST_WAIT)
            wait.until, wait.answered_at = now + wait.seconds, now
        return math.ceil(wait.until - now)
