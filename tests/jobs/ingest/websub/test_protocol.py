"""The requests to hubs, the answers to theirs, and signatures."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jobs.ingest.http.results import Link
from jobs.ingest.websub.protocol import (
    ConfirmSubscribe,
    HubOffer,
    answer_hub,
    choose_hub,
    is_signed,
    may_know_secret,
    renewal_time,
)
from storage.records import Lease, LeaseState

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FEED = "https://paper.example/feed"
HUB = "https://hub.example/"


def test_the_headers_count_before_the_document() -> None:
    links = (Link("https://one.example/", "hub"), Link(FEED + "?self", "self"), Link("x", "alternate"))
    assert choose_hub(links, [HUB], FEED + "?other", FEED) == HubOffer("https://one.example/", FEED + "?self")
    assert choose_hub((), [HUB], FEED + "?other", FEED) == HubOffer(HUB, FEED + "?other")


def test_a_feed_that_does_not_name_itself_is_the_topic() -> None:
    assert choose_hub((), [HUB], "", FEED) == HubOffer(HUB, FEED)


def test_the_first_hub_that_can_be_asked_is_taken() -> None:
    assert choose_hub((), ["ftp://hub.example/", "", HUB], "", FEED).hub == HUB
    assert choose_hub((), ["javascript:alert(1)"], "", FEED) == HubOffer()
    assert choose_hub((), [HUB], "urn:x", FEED) == HubOffer()
    assert choose_hub((), [], FEED, FEED) == HubOffer()


@given(
    some.text(min_size=1, max_size=60),
    some.binary(max_size=500),
    some.sampled_from(["sha1", "sha256", "sha384", "sha512"]),
)
def test_a_signature_of_the_agreed_secret_is_believed_and_no_other(
    secret: str, body: bytes, method: str
) -> None:
    if not secret.isprintable():
        return
    right = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
    assert is_signed(secret, f"{method}={right}", body)
    assert is_signed(secret, f" {method.upper()}={right.upper()} ", body)
    assert not is_signed(secret, f"{method}={right}", body + b"x")
    assert not is_signed(secret + "x", f"{method}={right}", body)
    assert not is_signed(secret, f"{method}={right[:-1]}", body)


@given(some.text(), some.binary(max_size=50))
def test_any_signature_is_judged_without_an_exception(signature: str, body: bytes) -> None:
    assert not is_signed("secret", signature, body)
    assert not is_signed("secret", f"sha256={signature}", body)
    assert not is_signed("", "sha256=" + hmac.new(b"", body, "sha256").hexdigest(), body)


def test_a_secret_is_told_over_https_or_at_home_only() -> None:
    home = (ip_network("10.0.0.0/8"),)
    assert may_know_secret(HUB, ())
    assert may_know_secret("http://10.0.0.5/hub", home)
    assert not may_know_secret("http://hub.example/", home)
    assert not may_know_secret("http://10.0.0.5/hub", ())
    assert not may_know_secret("http://1.1.1.1/hub", home)


@pytest.mark.parametrize(
    ("said", "granted"),
    [
        ("864000", timedelta(days=10)),
        ("", timedelta(days=10)),
        ("-5", timedelta(days=10)),
        ("0", timedelta(minutes=1)),
        ("99999999999999999999", timedelta(days=90)),
    ],
)
def test_a_lease_is_as_long_as_the_hub_says_within_reason(said: str, granted: timedelta) -> None:
    lease = Lease(
        callback="c",
        feed_id=1,
        hub=HUB,
        topic=FEED,
        secret="",
        state=LeaseState.ASKED,
        asked_at=NOW,
        until=None,
        error="",
    )
    query = {"hub.mode": "subscribe", "hub.topic": FEED, "hub.challenge": "x", "hub.lease_seconds": said}
    assert answer_hub(lease, query, NOW) == ConfirmSubscribe("x", NOW + granted)


@given(some.timedeltas(timedelta(minutes=1), timedelta(days=90)))
def test_a_lease_is_renewed_before_it_ends_and_not_at_once(length: timedelta) -> None:
    when = renewal_time(NOW, NOW + length) - NOW
    assert length / 2 < when < length
