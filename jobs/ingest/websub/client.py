"""The WebSub subscriber: subscribe to hubs, verify intent, check signatures, renew leases, unsubscribe.

Feeds with a hub are polled as well. Each lease has its own unguessable callback URL; its row is stored before
the hub is contacted, because hubs verify at once.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, assert_never

from jobs.clock import Clock
from jobs.config import FetchPolicy
from jobs.ingest.http.results import FetchFailed, PostResult
from jobs.ingest.websub.protocol import (
    ConfirmSubscribe,
    ConfirmUnsubscribe,
    ForgetLease,
    LeaseStep,
    Subscribe,
    SubscriptionDenied,
    UnknownCallback,
    Unsubscribe,
    answer_hub,
    build_form,
    is_signed,
    may_know_secret,
    plan_steps,
)
from storage import websub_subscriptions
from storage.database import Database
from storage.records import Feed, Lease, LeaseState

#: The path of callbacks below PUBLIC_URL.
CALLBACK_PATH = "/websub/"
#: How often `sync_leases` should run.
SYNC_INTERVAL = timedelta(minutes=1)


class FormPoster(Protocol):
    """Posts a form; implemented by `http.fetcher.Fetcher`."""

    async def post(self, url: str, form: Mapping[str, str]) -> PostResult | FetchFailed: ...


def generate_token() -> str:
    """256 random bits, for a callback URL or a secret."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class WebSubContext:
    """The dependencies of the WebSub client."""

    db: Database
    poster: FormPoster
    clock: Clock
    policy: FetchPolicy
    make_token: Callable[[], str] = generate_token


@dataclass(frozen=True, slots=True)
class Push:
    """A hub's push: the feed's document, or b"" if it is only a reason to update the feed."""

    feed_id: int
    body: bytes
    content_type: str


async def sync_leases(websub: WebSubContext) -> dict[str, int]:
    """Send the requests that are due to hubs; return the counts. Does nothing without PUBLIC_URL."""
    counts = {"asked": 0, "left": 0, "forgotten": 0}
    if not websub.policy.public_url:
        return counts
    wanted = await websub.db.read(websub_subscriptions.list_feeds_with_hub)
    held = await websub.db.read(websub_subscriptions.list_all)
    for step in plan_steps(wanted, held, websub.clock.now()):
        counts[await _run_step(websub, step)] += 1
    return counts


async def unsubscribe_all(websub: WebSubContext) -> int:
    """Send unsubscribe requests for all leases; return how many. The hubs verify them afterwards."""
    if not websub.policy.public_url:
        return 0  # hubs could not verify it; the leases expire
    running = [
        one for one in await websub.db.read(websub_subscriptions.list_all) if one.state is LeaseState.RUNNING
    ]
    for lease in running:
        await _run_step(websub, Unsubscribe(lease))
    return len(running)


async def _run_step(websub: WebSubContext, step: LeaseStep) -> str:
    match step:
        case Subscribe(feed):
            lease = _new_lease(websub, feed)
            await websub.db.run(websub_subscriptions.add_lease, lease)
            await _post_to_hub(websub, "subscribe", lease)
            return "asked"
        case Unsubscribe(lease):
            now = websub.clock.now()
            await websub.db.run(
                websub_subscriptions.update_columns, lease.callback, state=LeaseState.LEAVING, asked_at=now
            )
            await _post_to_hub(websub, "unsubscribe", lease)
            return "left"
        case ForgetLease(lease):
            await websub.db.run(websub_subscriptions.end_lease, lease)
            return "forgotten"
        case _:
            assert_never(step)


def _new_lease(websub: WebSubContext, feed: Feed) -> Lease:
    confidential = may_know_secret(feed.hub, websub.policy.private_networks)
    return Lease(
        callback=websub.make_token(),
        feed_id=feed.id,
        hub=feed.hub,
        topic=feed.topic,
        secret=websub.make_token() if confidential else "",
        state=LeaseState.ASKED,
        asked_at=websub.clock.now(),
        until=None,
        error="",
    )


async def _post_to_hub(websub: WebSubContext, mode: str, lease: Lease) -> None:
    """Post a request; an error is stored with the lease, and the request is retried when it is due."""
    address = websub.policy.public_url.rstrip("/") + CALLBACK_PATH + lease.callback
    answer = await websub.poster.post(lease.hub, build_form(mode, lease, address))
    if isinstance(answer, FetchFailed):
        error = answer.reason
    elif answer.status >= 300:
        error = f"the hub answers {answer.status}: {answer.body[:200].decode('utf-8', 'replace')!r}"
    else:
        return
    await websub.db.run(websub_subscriptions.update_columns, lease.callback, error=error)


async def verify_intent(websub: WebSubContext, callback: str, said: Mapping[str, str]) -> str | None:
    """Answer a hub's verification: the body of a 200 response, or None for 404."""
    lease = await websub.db.read(websub_subscriptions.get, callback)
    answer = answer_hub(lease, said, websub.clock.now())
    if lease is None:
        return None
    match answer:
        case ConfirmSubscribe(challenge, until):
            await websub.db.run(websub_subscriptions.confirm_lease, lease, until)
            return challenge
        case ConfirmUnsubscribe(challenge):
            await websub.db.run(websub_subscriptions.end_lease, lease)
            return challenge
        case SubscriptionDenied(reason):
            await websub.db.run(
                websub_subscriptions.deny_lease, lease, f"the hub denies it: {reason}", websub.clock.now()
            )
            return ""
        case UnknownCallback():
            return None
        case _:
            assert_never(answer)


async def accept_push(
    websub: WebSubContext, callback: str, signature: str, body: bytes, content_type: str
) -> Push | None:
    """The accepted push; None if there is no such subscription or the signature is wrong."""
    lease = await websub.db.read(websub_subscriptions.get, callback)
    if lease is None or lease.state not in (LeaseState.RUNNING, LeaseState.LEAVING):
        return None
    if not lease.secret:
        return Push(lease.feed_id, b"", "")
    # in a thread: hashing ten megabytes takes about 50 ms
    signed = await asyncio.to_thread(is_signed, lease.secret, signature, body)
    return Push(lease.feed_id, body, content_type) if signed else None


async def is_known_callback(websub: WebSubContext, callback: str) -> bool:
    """Whether there is a lease with this callback; if not, the hub gets 410 and stops."""
    return await websub.db.read(websub_subscriptions.get, callback) is not None
