"""Update one feed: fetch | parse | store. The result is a value with the feed's next columns."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from hashlib import sha256
from typing import Protocol, assert_never

from jobs.clock import Clock, with_timeout
from jobs.config import FetchPolicy
from jobs.ingest import refresh_schedule, store
from jobs.ingest.http.results import FeedGone, FeedMoved, Fetched, FetchFailed, FetchOutcome, NotModified
from jobs.ingest.page import enrich
from jobs.ingest.parse import autodiscovery
from jobs.ingest.parse.model import ParsedFeed, ParseFailed
from jobs.ingest.websub import protocol
from storage import entries, feeds
from storage.database import Connection, Database
from storage.records import Feed, FeedState

#: URLs tried if a site's address was given instead of a feed's.
MAX_CANDIDATES = 8
#: Fetching may take this many times FETCH_TIMEOUT: to wait for a slot at the host, to read the body and, on a
#: first update, to try the feeds that a site's page names.
TIMEOUT_FACTOR = 3
#: Bytes hashed on the event loop: about a millisecond.
INLINE_HASH_BYTES = 500_000
Columns = dict[str, object]


class FeedFetcher(Protocol):
    """Fetches a URL; implemented by `http.fetcher.Fetcher`."""

    async def fetch(self, url: str, *, etag: str = "", last_modified: str = "") -> FetchOutcome: ...


class FeedParser(Protocol):
    """Parses a body; implemented by `parse.parser.Parser`."""

    async def parse(self, body: bytes, charset: str, url: str) -> ParsedFeed | ParseFailed: ...

    async def find_feeds(self, page: bytes, url: str, charset: str) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestContext:
    """The dependencies of ingest. `on_stored` is called after articles were stored or changed."""

    db: Database
    fetcher: FeedFetcher
    parser: FeedParser
    clock: Clock
    policy: FetchPolicy
    on_stored: Callable[[], None]
    next_time: Callable[[datetime], datetime]  #: the next regular update by the operator's schedule
    random: Callable[[], float]  #: from 0 to 1
    read_page: enrich.PageReader | None = None  #: without it no article pages are read
    check_image: enrich.ImageChecker | None = None  #: without it only Telegram checks images


class UpdateState(StrEnum):
    READ = "read"  #: parsed and stored
    UNCHANGED = "unchanged"
    FAILED = "failed"  #: the document was not usable, or only in part
    GONE = "gone"  #: 410: removed for good


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedUpdate:
    """The result of updating a feed."""

    feed: Feed
    state: UpdateState
    reason: str = ""  #: of a failure, a sentence
    stored: store.StoreResult = field(default_factory=store.StoreResult)
    omissions: tuple[str, ...] = ()  #: a sentence for each item that cannot be shown
    columns: Columns = field(
        default_factory=dict
    )  #: of the feed; the caller writes them if nothing was stored


async def fetch_update(ingest: IngestContext, feed: Feed) -> FeedUpdate:
    """Update a feed now. A document is stored; otherwise the caller must write the result's columns."""
    limit = TIMEOUT_FACTOR * ingest.policy.timeout
    try:
        brought = await with_timeout(ingest.clock, limit, _fetch_feed(ingest, feed))
    except TimeoutError:
        return failed_update(ingest, feed, f"The feed update took longer than {limit:g} s in all.")
    return brought if isinstance(brought, FeedUpdate) else await _store_document(ingest, feed, *brought)


async def _fetch_feed(ingest: IngestContext, feed: Feed) -> FeedUpdate | tuple[ParsedFeed, Columns]:
    """The document to store, or the update if there is none."""
    now = ingest.clock.now()
    etag, last_modified = refresh_schedule.choose_validators(feed, now, ingest.random())
    answer = await ingest.fetcher.fetch(feed.fetch_url, etag=etag, last_modified=last_modified)
    match answer:
        case FetchFailed():
            return failed_update(ingest, feed, answer.reason, answer)
        case FeedGone():
            reason = _to_sentence(answer.reason)
            columns: Columns = {"state": FeedState.GONE, "last_error": reason, "fetched_at": now}
            return FeedUpdate(feed=feed, state=UpdateState.GONE, reason=reason, columns=columns)
        case NotModified():
            return FeedUpdate(
                feed=feed, state=UpdateState.UNCHANGED, columns=_success_columns(ingest, feed, answer, None)
            )
        case Fetched():
            return await _parse_body(ingest, feed, answer)
        case _:
            assert_never(answer)


async def _parse_body(
    ingest: IngestContext, feed: Feed, answer: Fetched
) -> FeedUpdate | tuple[ParsedFeed, Columns]:
    said = await _hash_body(answer.body)
    if said == feed.body_hash:
        return FeedUpdate(
            feed=feed, state=UpdateState.UNCHANGED, columns=_success_columns(ingest, feed, answer, None)
        )
    parsed = await ingest.parser.parse(answer.body, answer.charset, answer.final_url)
    if isinstance(parsed, ParseFailed) and feed.succeeded_at is None:
        found = await discover_feed(ingest, answer)
        if found is None:
            return failed_update(ingest, feed, parsed.reason)
        answer, parsed = found
        columns = _success_columns(ingest, feed, answer, parsed) | {"fetch_url": answer.url}
        return parsed, columns | {"body_hash": await _hash_body(answer.body)}
    if isinstance(parsed, ParseFailed):
        return failed_update(ingest, feed, parsed.reason)
    return parsed, _success_columns(ingest, feed, answer, parsed) | {"body_hash": said}


async def _hash_body(body: bytes) -> bytes:
    """The SHA-256 of a body; that of a long one is computed in a thread."""
    work = sha256(body[:INLINE_HASH_BYTES])
    if len(body) > INLINE_HASH_BYTES:
        await asyncio.to_thread(work.update, memoryview(body)[INLINE_HASH_BYTES:])
    return work.digest()


async def discover_feed(ingest: IngestContext, page: Fetched) -> tuple[Fetched, ParsedFeed] | None:
    """The first feed with items that a site's page names, or that is at one of the usual URLs."""
    if not autodiscovery.is_html_page(page.body):
        return None
    named = await ingest.parser.find_feeds(page.body, page.final_url, page.charset)
    for address in (named or autodiscovery.guess_feed_urls(page.final_url))[:MAX_CANDIDATES]:
        answer = await ingest.fetcher.fetch(address)
        if isinstance(answer, Fetched):
            parsed = await ingest.parser.parse(answer.body, answer.charset, answer.final_url)
            if isinstance(parsed, ParsedFeed) and parsed.items:
                return answer, parsed
    return None


async def _store_document(
    ingest: IngestContext, feed: Feed, parsed: ParsedFeed, columns: Columns
) -> FeedUpdate:
    doubtful = parsed.cut or not parsed.items
    if doubtful and (reason := await ingest.db.read(find_anomaly, feed, parsed)):
        return failed_update(ingest, feed, reason)
    if parsed.cut:
        columns = failed_update(ingest, feed, parsed.cut).columns
    kept = await _enrich_and_store(ingest, feed, parsed, columns)
    state = UpdateState.FAILED if parsed.cut else UpdateState.READ
    return FeedUpdate(feed=feed, state=state, reason=parsed.cut, stored=kept, omissions=parsed.omissions)


async def _enrich_and_store(
    ingest: IngestContext,
    feed: Feed,
    parsed: ParsedFeed,
    columns: Columns,
    push: store.PushMode | None = None,
) -> store.StoreResult:
    read: dict[int, enrich.PageFields] = {}
    if ingest.read_page or ingest.check_image:
        new = await ingest.db.read(store.find_news, feed.id, parsed, ingest.policy.authority)
        read = await enrich.enrich_new(
            new, ingest.read_page, ingest.check_image, ingest.clock, ingest.policy.page_wait
        )
    kept = await ingest.db.run_batched(
        store.store_update, feed.id, parsed, ingest.policy, ingest.clock.now(), columns, read, push
    )
    if kept.new or kept.revised or kept.newly_listed:
        ingest.on_stored()
    return kept


def find_anomaly(connection: Connection, feed: Feed, parsed: ParsedFeed) -> str:
    """Why a parsed feed is implausible; "" if it is not."""
    known = entries.has_entries(connection, feed.id)
    if known and not parsed.items:
        return "The feed is suddenly empty."
    if not known and parsed.cut:
        return parsed.cut
    return ""


async def store_push(
    ingest: IngestContext, feed: Feed, body: bytes, charset: str
) -> tuple[FeedUpdate, ParsedFeed | None]:
    """Store what is new in a push; return its document too, None if it cannot be parsed."""
    parsed = await ingest.parser.parse(body, charset, feed.fetch_url)
    if isinstance(parsed, ParseFailed) or not parsed.items:
        reason = parsed.reason if isinstance(parsed, ParseFailed) else "The push has no items."
        return FeedUpdate(feed=feed, state=UpdateState.FAILED, reason=reason), None
    kept = await _enrich_and_store(ingest, feed, parsed, {}, store.PushMode.FIRST)
    return FeedUpdate(feed=feed, state=UpdateState.READ, stored=kept, omissions=parsed.omissions), parsed


async def store_doubtful_push(
    ingest: IngestContext, feed: Feed, parsed: ParsedFeed, *, updated: bool
) -> store.StoreResult:
    """Store what no update overrules of a doubtful push; `updated`: one succeeded since it arrived."""
    push = store.PushMode.AFTER_UPDATE if updated else store.PushMode.WITHOUT_UPDATE
    return await _enrich_and_store(ingest, feed, parsed, {}, push)


def _success_columns(
    ingest: IngestContext, feed: Feed, answer: Fetched | NotModified, parsed: ParsedFeed | None
) -> Columns:
    """The feed's columns after a successful update; `parsed` if the feed had changed."""
    now = ingest.clock.now()
    hints = refresh_schedule.stored_hints(feed, answer.fresh_for)
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
        offer = protocol.choose_hub(answer.links, parsed.hubs, parsed.topic, answer.final_url)
        columns |= {"hub": offer.hub, "topic": offer.topic}
        columns |= refresh_schedule.hint_columns(hints)
        columns |= {"title": parsed.title or feed.title, "language": parsed.language or feed.language}
    match refresh_schedule.check_moved(feed, answer.permanent_url) if answer.url == feed.fetch_url else None:
        case FeedMoved(url):
            columns |= {"fetch_url": url, "moved_to": "", "moved_times": 0}
        case refresh_schedule.PendingMove(to, times):
            columns |= {"moved_to": to, "moved_times": times}
        case None:
            pass
    pushed = refresh_schedule.is_pushed(feed, ingest.policy.public_url, now)
    regular, respect = ingest.next_time(now), ingest.policy.hints
    columns["next_fetch_at"] = refresh_schedule.next_after_success(
        now, regular, hints, respect, ingest.random(), pushed=pushed
    )
    return columns


def failed_update(
    ingest: IngestContext, feed: Feed, reason: str, answer: FetchFailed | None = None
) -> FeedUpdate:
    """A failed update: the feed is retried with exponential backoff."""
    now, failures = ingest.clock.now(), feed.failures + 1
    retry_after = answer.retry_after if answer else None
    again = refresh_schedule.next_after_failure(
        now, ingest.next_time(now), failures, retry_after, ingest.random()
    )
    columns: Columns = {
        "fetched_at": now,
        "failures": failures,
        "last_error": _to_sentence(reason),
        "next_fetch_at": again,
    }
    return FeedUpdate(feed=feed, state=UpdateState.FAILED, reason=_to_sentence(reason), columns=columns)


def _to_sentence(reason: str) -> str:
    reason = reason.strip()
    return f"{reason[:1].upper()}{reason[1:]}" + ("" if reason.endswith((".", "!", "?")) else ".")


async def check_missing(ingest: IngestContext, feed_id: int, suspects: list[int]) -> int:
    """Withdraw the missing articles of a feed whose own pages are gone; return how many.

    There is one deadline for all; those not checked in time stay in `suspects`.
    """
    if ingest.read_page is None:
        suspects.clear()
        return 0
    withdraw = partial(store.withdraw_missing, feed_id=feed_id, named=ingest.policy.authority)
    limit = TIMEOUT_FACTOR * ingest.policy.timeout
    return await enrich.withdraw_gone_pages(
        ingest.db, ingest.read_page, ingest.clock, suspects, limit, withdraw, ingest.on_stored
    )


def write_feed_columns(connection: Connection, updates: list[FeedUpdate]) -> None:
    """Write the columns of updates that stored nothing, in one transaction."""
    feeds.update_many(connection, {one.feed.id: one.columns for one in updates})
