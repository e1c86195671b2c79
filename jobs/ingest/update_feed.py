"""One look at one feed: fetch | parse | keep. What comes of it is a value, and the feed's next columns."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from hashlib import sha256
from typing import Protocol, assert_never

from jobs.clock import Clock, within
from jobs.config import Fetching
from jobs.ingest import refresh_schedule, store
from jobs.ingest.http.results import FeedGone, FeedMoved, Fetched, FetchFailed, FetchOutcome, NotModified
from jobs.ingest.page import enrich
from jobs.ingest.parse import autodiscovery
from jobs.ingest.parse.model import ParsedFeed, ParseFailed
from jobs.ingest.websub import protocol
from storage import entries, feeds
from storage.database import Connection, Database
from storage.records import Feed, FeedState

#: Addresses tried when a feed was given as a site's.
MOST_TRIED = 8
#: A look may take so many times FETCH_TIMEOUT before its articles' pages are asked: for its turn at the
#: host, for the body, and on a first look for the feeds that a site's page names.
DEADLINE = 3
#: Bytes that are digested at once: about a millisecond.
SHORT = 500_000
Columns = dict[str, object]


class Fetches(Protocol):
    """Asks a site; `fetch.Fetcher` does."""

    async def fetch(self, url: str, *, etag: str = "", last_modified: str = "") -> FetchOutcome: ...


class Parses(Protocol):
    """Reads a body; `parse.Parser` does."""

    async def parse(self, body: bytes, charset: str, url: str) -> ParsedFeed | ParseFailed: ...

    async def advertised(self, page: bytes, url: str, charset: str) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    """The parts that ingest needs. `stored` is called after articles were stored: it wakes whoever waits."""

    db: Database
    fetcher: Fetches
    parser: Parses
    clock: Clock
    policy: Fetching
    stored: Callable[[], None]
    next_time: Callable[[datetime], datetime]  #: by the operator's schedule: the next regular look
    chance: Callable[[], float]  #: from 0 to 1
    read_page: enrich.ReadsPage | None = None  #: reads an article's own page; without it none is read
    judge_picture: enrich.JudgesPicture | None = None  #: looks at a picture; without it Telegram alone does


class LookState(StrEnum):
    READ = "read"  #: there may be news in it
    UNCHANGED = "unchanged"
    FAILED = "failed"  #: nothing usable came, or only a part of it
    GONE = "gone"  #: taken away for good


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at a feed brought."""

    feed: Feed
    state: LookState
    reason: str = ""  #: of a failure, a sentence
    kept: store.Kept = field(default_factory=store.Kept)
    left_out: tuple[str, ...] = ()  #: a sentence for each item that cannot be shown
    columns: Columns = field(default_factory=dict)  #: of the feed; still to be written where nothing was kept


async def take_look(ingest: Ingest, feed: Feed) -> Look:
    """Look at a feed now. News are kept already; otherwise the caller writes the look's columns."""
    limit = DEADLINE * ingest.policy.timeout
    try:
        brought = await within(ingest.clock, limit, _ask(ingest, feed))
    except TimeoutError:
        return failed(ingest, feed, f"The look took longer than {limit:g} s in all.")
    return brought if isinstance(brought, Look) else await _keep(ingest, feed, *brought)


async def _ask(ingest: Ingest, feed: Feed) -> Look | tuple[ParsedFeed, Columns]:
    """What there is to be kept, or a look that brought nothing."""
    now = ingest.clock.now()
    etag, last_modified = refresh_schedule.validators(feed, now, ingest.chance())
    answer = await ingest.fetcher.fetch(feed.fetch_url, etag=etag, last_modified=last_modified)
    match answer:
        case FetchFailed():
            return failed(ingest, feed, answer.reason, answer)
        case FeedGone():
            reason = _sentence(answer.reason)
            columns: Columns = {"state": FeedState.GONE, "last_error": reason, "fetched_at": now}
            return Look(feed=feed, state=LookState.GONE, reason=reason, columns=columns)
        case NotModified():
            return Look(feed=feed, state=LookState.UNCHANGED, columns=_went_well(ingest, feed, answer, None))
        case Fetched():
            return await _read(ingest, feed, answer)
        case _:
            assert_never(answer)


async def _read(ingest: Ingest, feed: Feed, answer: Fetched) -> Look | tuple[ParsedFeed, Columns]:
    said = await _digest(answer.body)
    if said == feed.body_hash:
        return Look(feed=feed, state=LookState.UNCHANGED, columns=_went_well(ingest, feed, answer, None))
    parsed = await ingest.parser.parse(answer.body, answer.charset, answer.final_url)
    if isinstance(parsed, ParseFailed) and feed.succeeded_at is None:
        found = await discovered(ingest, answer)
        if found is None:
            return failed(ingest, feed, parsed.reason)
        answer, parsed = found
        columns = _went_well(ingest, feed, answer, parsed) | {"fetch_url": answer.url}
        return parsed, columns | {"body_hash": await _digest(answer.body)}
    if isinstance(parsed, ParseFailed):
        return failed(ingest, feed, parsed.reason)
    return parsed, _went_well(ingest, feed, answer, parsed) | {"body_hash": said}


async def _digest(body: bytes) -> bytes:
    """What tells this body from others; a long one's is worked out beside the event loop."""
    work = sha256(body[:SHORT])
    if len(body) > SHORT:
        await asyncio.to_thread(work.update, memoryview(body)[SHORT:])
    return work.digest()


async def discovered(ingest: Ingest, page: Fetched) -> tuple[Fetched, ParsedFeed] | None:
    """The first feed with articles that a site's page names, or that is where feeds usually are."""
    if not autodiscovery.looks_like_a_page(page.body):
        return None
    named = await ingest.parser.advertised(page.body, page.final_url, page.charset)
    for address in (named or autodiscovery.usual_places(page.final_url))[:MOST_TRIED]:
        answer = await ingest.fetcher.fetch(address)
        if isinstance(answer, Fetched):
            parsed = await ingest.parser.parse(answer.body, answer.charset, answer.final_url)
            if isinstance(parsed, ParsedFeed) and parsed.items:
                return answer, parsed
    return None


async def _keep(ingest: Ingest, feed: Feed, parsed: ParsedFeed, columns: Columns) -> Look:
    doubtful = parsed.cut or not parsed.items
    if doubtful and (reason := await ingest.db.read(refusal, feed, parsed)):
        return failed(ingest, feed, reason)
    if parsed.cut:
        columns = failed(ingest, feed, parsed.cut).columns
    kept = await _store(ingest, feed, parsed, columns)
    state = LookState.FAILED if parsed.cut else LookState.READ
    return Look(feed=feed, state=state, reason=parsed.cut, kept=kept, left_out=parsed.dropped)


async def _store(
    ingest: Ingest, feed: Feed, parsed: ParsedFeed, columns: Columns, push: store.Push | None = None
) -> store.Kept:
    read: dict[int, enrich.Added] = {}
    if ingest.read_page or ingest.judge_picture:
        new = await ingest.db.read(store.unknown, feed.id, parsed, ingest.policy.authority)
        read = await enrich.look_into(
            new, ingest.read_page, ingest.judge_picture, ingest.clock, ingest.policy.page_wait
        )
    kept = await ingest.db.run_together(
        store.keep, feed.id, parsed, ingest.policy, ingest.clock.now(), columns, read, push
    )
    if kept.new or kept.revised or kept.brought:
        ingest.stored()
    return kept


def refusal(connection: Connection, feed: Feed, parsed: ParsedFeed) -> str:
    """Why a feed that could be read is not believed: "" where it is."""
    known = entries.has_any(connection, feed.id)
    if known and not parsed.items:
        return "The feed is suddenly empty."
    if not known and parsed.cut:
        return parsed.cut
    return ""


async def take_push(ingest: Ingest, feed: Feed, body: bytes, charset: str) -> tuple[Look, ParsedFeed | None]:
    """Keep what is new of what a hub pushed: it says nothing about what is not in it; the document, too."""
    parsed = await ingest.parser.parse(body, charset, feed.fetch_url)
    if isinstance(parsed, ParseFailed) or not parsed.items:
        reason = parsed.reason if isinstance(parsed, ParseFailed) else "The push has no items."
        return Look(feed=feed, state=LookState.FAILED, reason=reason), None
    kept = await _store(ingest, feed, parsed, {}, store.Push.FIRST)
    return Look(feed=feed, state=LookState.READ, kept=kept, left_out=parsed.dropped), parsed


async def settle_push(ingest: Ingest, feed: Feed, parsed: ParsedFeed, *, looked: bool) -> store.Kept:
    """Keep of a doubtful push what no look speaks against; `looked`: there was one since it came."""
    push = store.Push.AFTER_LOOK if looked else store.Push.WITHOUT_LOOK
    return await _store(ingest, feed, parsed, {}, push)


def _went_well(
    ingest: Ingest, feed: Feed, answer: Fetched | NotModified, parsed: ParsedFeed | None
) -> Columns:
    """The feed's columns after a good look; `parsed` where it was read again."""
    now = ingest.clock.now()
    hints = refresh_schedule.remembered(feed, answer.fresh_for)
    columns: Columns = {
        "etag": answer.etag,
        "last_modified": answer.last_modified,
        "fetched_at": now,
        "succeeded_at": now,
        "failures": 0,
        "last_error": "",
    }
    if parsed is not None and isinstance(answer, Fetched):
        hints = refresh_schedule.Hints(answer.fresh_for, parsed.ttl, parsed.skip_hours, parsed.skip_days)
        offer = protocol.offer(answer.links, parsed.hubs, parsed.topic, answer.final_url)
        columns |= {"hub": offer.hub, "topic": offer.topic}
        columns |= refresh_schedule.to_remember(hints)
        columns |= {"title": parsed.title or feed.title, "language": parsed.language or feed.language}
    match refresh_schedule.moved(feed, answer.permanent_url) if answer.url == feed.fetch_url else None:
        case FeedMoved(url):
            columns |= {"fetch_url": url, "moved_to": "", "moved_times": 0}
        case refresh_schedule.Moving(to, times):
            columns |= {"moved_to": to, "moved_times": times}
        case None:
            pass
    pushed = refresh_schedule.is_pushed(feed, ingest.policy.public_url, now)
    regular, respect = ingest.next_time(now), ingest.policy.hints
    columns["next_fetch_at"] = refresh_schedule.after_success(
        now, regular, hints, respect, ingest.chance(), pushed=pushed
    )
    return columns


def failed(ingest: Ingest, feed: Feed, reason: str, answer: FetchFailed | None = None) -> Look:
    """A look that brought nothing: the feed is tried again later, the later the oftener it fails."""
    now, failures = ingest.clock.now(), feed.failures + 1
    retry_after = answer.retry_after if answer else None
    again = refresh_schedule.after_failure(now, ingest.next_time(now), failures, retry_after, ingest.chance())
    columns: Columns = {
        "fetched_at": now,
        "failures": failures,
        "last_error": _sentence(reason),
        "next_fetch_at": again,
    }
    return Look(feed=feed, state=LookState.FAILED, reason=_sentence(reason), columns=columns)


def _sentence(reason: str) -> str:
    reason = reason.strip()
    return f"{reason[:1].upper()}{reason[1:]}" + ("" if reason.endswith((".", "!", "?")) else ".")


async def look_after_missing(ingest: Ingest, feed_id: int, suspects: list[int]) -> int:
    """Take back the articles whose own pages are gone, of those that vanished from this feed; how many.

    All of it has one deadline; those that it leaves no time to ask for stay in `suspects`.
    """
    if ingest.read_page is None:
        suspects.clear()
        return 0
    withdraw = partial(store.take_back, feed_id=feed_id, named=ingest.policy.authority)
    limit = DEADLINE * ingest.policy.timeout
    return await enrich.take_back(
        ingest.db, ingest.read_page, ingest.clock, suspects, limit, withdraw, ingest.stored
    )


def write(connection: Connection, looks: list[Look]) -> None:
    """Write what looks that kept nothing say of their feeds, all in one transaction."""
    feeds.change_many(connection, {one.feed.id: one.columns for one in looks})
