"""The WebSub protocol: requests to hubs, answers to their verifications, and signatures. Pure.

Facts: W3C WebSub, sections 4 (discovery), 5 (subscribing) and 7 (authenticated distribution).
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from jobs.ingest.http.results import Link
from jobs.ingest.http.ssrf import Network, address_refusal, url_refusal
from storage.records import Feed, Lease, LeaseState

#: The lease if the hub does not say: ten days, as in the specification's example.
DEFAULT_LEASE = timedelta(days=10)
MIN_LEASE = timedelta(minutes=1)
MAX_LEASE = timedelta(days=90)
#: Time to the next request if the hub did not verify; if it denied the subscription, a day.
RETRY_DELAY = timedelta(hours=1)
DENIED_RETRY_DELAY = timedelta(days=1)
#: A lease is renewed when this share of it is left, which leaves time for retries.
RENEWAL_FRACTION = 1 / 3
MAX_CHALLENGE_LENGTH = 4096
_DIGESTS = frozenset({"sha1", "sha256", "sha384", "sha512"})


@dataclass(frozen=True, slots=True)
class HubOffer:
    """A hub and the topic it pushes; both "" if there is none."""

    hub: str = ""
    topic: str = ""


def choose_hub(links: Sequence[Link], hubs: Sequence[str], topic: str, url: str) -> HubOffer:
    """The hub and topic of a feed at `url`: Link headers take precedence over the document.

    `links` are those of the response's headers, `hubs` and `topic` those in the document.
    """
    named = [link.url for link in links if link.rel == "hub"] or list(hubs)
    itself = next((link.url for link in links if link.rel == "self"), "") or topic or url
    hub = next((hub for hub in named if not url_refusal(hub)), "")
    return HubOffer(hub, itself) if hub and not url_refusal(itself) else HubOffer()


@dataclass(frozen=True, slots=True)
class Subscribe:
    feed: Feed


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    lease: Lease


@dataclass(frozen=True, slots=True)
class ForgetLease:
    """Delete a lease that has expired or was never verified."""

    lease: Lease


LeaseStep = Subscribe | Unsubscribe | ForgetLease


def plan_steps(wanted: Iterable[Feed], leases: Sequence[Lease], now: datetime) -> list[LeaseStep]:
    """The requests to send now, for the active feeds that name a hub and the existing leases."""
    feeds = {feed.id: feed for feed in wanted}
    todo: list[LeaseStep] = []
    for lease in leases:
        if _is_over(lease, now):
            todo.append(ForgetLease(lease))
        elif lease.state is LeaseState.RUNNING and _is_unwanted(lease, feeds.get(lease.feed_id), leases):
            todo.append(Unsubscribe(lease))
    for feed in feeds.values():
        mine = [lease for lease in leases if lease.feed_id == feed.id and _is_for(lease, feed)]
        if not any(_is_current(lease, now) for lease in mine):
            todo.append(Subscribe(feed))
    return todo


def _is_for(lease: Lease, feed: Feed) -> bool:
    return (lease.hub, lease.topic) == (feed.hub, feed.topic)


def _is_current(lease: Lease, now: datetime) -> bool:
    """Whether no new subscribe request is needed because of this lease."""
    match lease.state:
        case LeaseState.ASKED:
            return now < lease.asked_at + RETRY_DELAY
        case LeaseState.DENIED:
            return now < lease.asked_at + DENIED_RETRY_DELAY
        case LeaseState.RUNNING:
            return lease.until is not None and now < renewal_time(lease.asked_at, lease.until)
        case LeaseState.LEAVING:
            return False


def renewal_time(asked: datetime, until: datetime) -> datetime:
    """When to renew a lease."""
    return until - (until - asked) * RENEWAL_FRACTION


def _is_over(lease: Lease, now: datetime) -> bool:
    timeout = {
        LeaseState.LEAVING: RETRY_DELAY,
        LeaseState.ASKED: DENIED_RETRY_DELAY,
        LeaseState.DENIED: DENIED_RETRY_DELAY,
    }
    if lease.state in timeout and now >= lease.asked_at + timeout[lease.state]:
        return True
    return lease.until is not None and now >= lease.until


def _is_unwanted(lease: Lease, feed: Feed | None, leases: Sequence[Lease]) -> bool:
    """Whether the feed has another hub or topic now, or a newer lease has replaced this one."""
    if feed is None or not _is_for(lease, feed):
        return True
    return any(
        other.feed_id == lease.feed_id
        and other.state is LeaseState.RUNNING
        and (other.asked_at, other.callback) > (lease.asked_at, lease.callback)
        for other in leases
    )


def build_form(mode: str, lease: Lease, callback_url: str) -> dict[str, str]:
    """The form to post to the hub; `mode` is "subscribe" or "unsubscribe"."""
    said = {"hub.callback": callback_url, "hub.mode": mode, "hub.topic": lease.topic}
    if mode == "subscribe" and lease.secret:
        said["hub.secret"] = lease.secret
    return said


def may_know_secret(hub: str, private: Sequence[Network]) -> bool:
    """Whether a hub may be sent a secret: over https, or within one of the operator's private networks."""
    parts = urlsplit(hub)
    if parts.scheme == "https":
        return True
    inside = not address_refusal(parts.hostname or "", private)
    return inside and bool(address_refusal(parts.hostname or ""))


@dataclass(frozen=True, slots=True)
class ConfirmSubscribe:
    """Answer the challenge; the lease is active until `until`."""

    challenge: str
    until: datetime


@dataclass(frozen=True, slots=True)
class ConfirmUnsubscribe:
    """Answer the challenge; we did unsubscribe."""

    challenge: str


@dataclass(frozen=True, slots=True)
class SubscriptionDenied:
    """The hub refuses or ends the subscription."""

    reason: str


@dataclass(frozen=True, slots=True)
class UnknownCallback:
    """We did not request this: 404."""


HubAnswer = ConfirmSubscribe | ConfirmUnsubscribe | SubscriptionDenied | UnknownCallback


def answer_hub(lease: Lease | None, said: Mapping[str, str], now: datetime) -> HubAnswer:
    """The answer to a hub's request to a callback with the query parameters `said`."""
    mode, challenge = said.get("hub.mode", ""), said.get("hub.challenge", "")
    if lease is None or said.get("hub.topic", "") != lease.topic or len(challenge) > MAX_CHALLENGE_LENGTH:
        return UnknownCallback()
    if mode == "denied":
        return SubscriptionDenied(said.get("hub.reason", "")[:200] or "without a reason")
    if not challenge:
        return UnknownCallback()
    if mode == "subscribe" and lease.state in (LeaseState.ASKED, LeaseState.RUNNING):
        return ConfirmSubscribe(challenge, now + _parse_lease(said.get("hub.lease_seconds", "")))
    if mode == "unsubscribe" and lease.state is LeaseState.LEAVING:
        return ConfirmUnsubscribe(challenge)
    return UnknownCallback()


def _parse_lease(seconds: str) -> timedelta:
    if not (seconds.isascii() and seconds.isdigit()):
        return DEFAULT_LEASE
    return max(MIN_LEASE, min(timedelta(seconds=int(seconds[:9])), MAX_LEASE))


def is_signed(secret: str, signature: str, body: bytes) -> bool:
    """Whether `signature`, an X-Hub-Signature (`sha256=hex`), is the HMAC of the body with this secret."""
    method, _, digest = signature.strip().partition("=")
    method = method.lower()
    if method not in _DIGESTS or not secret:
        return False
    wanted = hmac.new(secret.encode(), body, method).hexdigest()
    return hmac.compare_digest(wanted.encode(), digest.strip().lower().encode())
