"""The jobs' own view of the settings, as frozen values."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from zoneinfo import ZoneInfo

from jobs.proxies import Proxy
from storage.text.urls import site_of


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` messages in any sliding window of `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` in the newsroom's time zone; they may pass midnight."""

    start: time
    end: time

    def includes_time(self, local: time) -> bool:
        """Whether `local`, a time of the same zone, lies in the quiet hours."""
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


#: By a feed's host, the other hosts whose articles it may correct or withdraw.
Authority = Mapping[str, Set[str]]


def has_authority(address: str, link: str, authority: Authority) -> bool:
    """Whether a link is on the host of a feed's address, or on one that the operator named for it.

    `address` is the one in the settings: a redirect's target is only the feed's own claim.
    """
    own, host = site_of(address), site_of(link)
    return bool(host) and (host == own or host in authority.get(own, ()))


class QuietMode(StrEnum):
    SILENT = "silent"  #: posted at once, without a sound
    HOLD = "hold"  #: posted when the quiet hours end


class Corrections(StrEnum):
    MARK = "mark"  #: the post is edited, and says when
    SILENT = "silent"  #: the post is edited


class Withdrawals(StrEnum):
    DELETE = "delete"  #: the post is deleted, or replaced by a note if Telegram refuses
    NOTE = "note"  #: the post is replaced by a short note
    OFF = "off"  #: the post stays


class Pictures(StrEnum):
    PREVIEW = "preview"  #: a large link preview
    PHOTO = "photo"  #: a photo with a caption
    NONE = "none"


class FeedHints(StrEnum):
    RESPECT = "respect"  #: ttl, skipHours and Cache-Control may lengthen the interval
    IGNORE = "ignore"  #: only the operator's schedule counts, for the newsroom's own site


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One edition of the newsroom: its feeds, channels, language and rules."""

    name: str  #: "" if the settings name no editions
    channels: tuple[int | str, ...]  #: Telegram ids or "@names"
    feed_urls: tuple[str, ...]  #: as the operator wrote them: the key of `feeds`
    language: str = "en"
    timezone: ZoneInfo = ZoneInfo("UTC")
    include: tuple[str, ...] = ()  #: words or sections; an article must have one of them
    exclude: tuple[str, ...] = ()
    breaking: tuple[str, ...] = ()
    quiet_hours: QuietHours | None = None
    quiet_mode: QuietMode = QuietMode.SILENT
    hold: timedelta = timedelta()  #: how long an article waits, so that an editor can stop it


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """How feeds and pages are fetched."""

    user_agent: str
    schedule: timedelta | str = timedelta(minutes=2)  #: a duration, or a five-field cron line
    timeout: float = 20.0  #: seconds, in all
    max_bytes: int = 10_000_000  #: after decompression
    private_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    hints: FeedHints = FeedHints.RESPECT
    backfill: int = 0
    page_wait: float = 2.0  #: seconds a post waits for its article's page
    public_url: str = ""  #: turns on WebSub
    proxy: Proxy | None = None  #: for all requests
    no_proxy: tuple[str, ...] = ()  #: hosts that are reached without it
    authority: Authority = field(default_factory=dict)  #: beyond its own host's


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPolicy:
    """How posts are planned and sent."""

    editions: tuple[Edition, ...]
    timezone: ZoneInfo = ZoneInfo("UTC")
    max_age: timedelta = timedelta(hours=24)
    corrections: Corrections = Corrections.MARK
    withdrawals: Withdrawals = Withdrawals.DELETE
    threads: bool = False  #: a post that continues a story replies to the story's last post in its chat
    pictures: Pictures = Pictures.PREVIEW
    min_gap: timedelta = timedelta()
    unclear_wait: timedelta = timedelta(seconds=75)
    rate_overall: Rate = Rate(30, 1.0)
    rate_chat: Rate = Rate(1, 1.0)
    rate_group: Rate = Rate(20, 60.0)
    paid_broadcast: bool = False
    operators: tuple[int, ...] = field(default=())
    authority: Authority = field(default_factory=dict)  #: as in `FetchPolicy`
    alert_retention: timedelta = timedelta(days=7)  #: how long the records of who got an alert are kept
