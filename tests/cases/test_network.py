"""Proxies for Telegram and feeds: one that is set is always used, or the bot does not start."""

import asyncio
import os
import random
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Settings, read_settings
from bot.config.policies import fetch_policy
from bot.config.proxies import telegram_route
from bot.sandbox.telegram.fake_telegram import FAKE_TOKEN, FakeTelegram
from bot.sandbox.transport.http_server import create_app
from bot.telegram.sender import TelegramSender
from bot.telegram.transport import AiohttpRequest, NotWritten
from jobs.clock import SystemClock
from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.http.results import Fetched, FetchFailed
from jobs.proxies import Proxy as Value
from jobs.proxies import parse_proxy, should_bypass_proxy
from jobs.publish.send_result import Outcome, Sent, TryLater, Unclear
from tests.cases.proxy import Proxy, a_proxy
from tests.jobs.ingest.site import FEED, POLICY, Names, a_site
from tests.stories.operator import free_port, newsroom, newswire, running
from tests.stories.test_newsroom_goes_live import feed, item

CONTENT = '{"above":false,"buttons":[],"large":false,"photo":"","preview":"","silent":false,"text":"x"}'
ELSEWHERE = "http://telegram.example:8081"  #: a name that cannot be resolved here
SCHEMES = ("http", "socks5", "socks5h")


def environment(**given: str) -> Settings:
    return read_settings(given, None)


@asynccontextmanager
async def telegram() -> AsyncIterator[tuple[FakeTelegram, int]]:
    """Serve the Bot API; yields the fake Telegram and the port."""
    box = FakeTelegram(SystemClock(), random.Random(7))
    async with TestServer(create_app(box)) as server:
        yield box, server.port or 0
        await box.close()


async def send(settings: Settings, box: FakeTelegram) -> Outcome:
    """Send one message to a new channel, by the route of the settings."""
    channel = box.add_channel("The Paper")
    async with AiohttpRequest(proxy=telegram_route(settings).proxy, read_timeout=5.0) as request:
        sender = TelegramSender(request, box.token, settings.telegram_api_url)
        return await sender.send(channel.id, CONTENT)


# --- the route to Telegram ---


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy", "TELEGRAM_PROXY"])
async def test_l1_l2_a_proxy_is_used_and_resolves_telegrams_name(name: str, scheme: str) -> None:
    async with telegram() as (box, port), a_proxy(names={"telegram.example": ("127.0.0.1", port)}) as proxy:
        given = {name: f"{scheme}://127.0.0.1:{proxy.port}", "TELEGRAM_API_URL": ELSEWHERE}
        assert isinstance(await send(environment(**given), box), Sent)
        kind = "SOCKS " if scheme.startswith("socks") else "POST http://"
        assert proxy.asked[0].startswith(f"{kind}telegram.example:8081")


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_proxy_credentials_are_sent_and_never_shown(scheme: str) -> None:
    async with telegram() as (box, port), a_proxy(password="wire:p@ss/word") as proxy:
        at, api = f"127.0.0.1:{proxy.port}", f"http://127.0.0.1:{port}"
        good = environment(TELEGRAM_PROXY=f"{scheme}://wire:p%40ss%2Fword@{at}", TELEGRAM_API_URL=api)
        assert isinstance(await send(good, box), Sent)
        for secret in ("wire:wrong-one@", ""):
            settings = environment(TELEGRAM_PROXY=f"{scheme}://{secret}{at}", TELEGRAM_API_URL=api)
            outcome = await send(settings, box)
            assert isinstance(outcome, TryLater)
            assert "through TELEGRAM_PROXY" in outcome.reason
            assert "wrong-one" not in f"{outcome}{settings}{telegram_route(settings)}"
        assert "p@ss" not in f"{good!r}{telegram_route(good)!r}"


@pytest.mark.parametrize(
    "value", ["socks4://h:1", "ftp://h:1", "socks5://", "socks5://h:99999", "//", "http://h/x"]
)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY", "TELEGRAM_PROXY"])
async def test_an_invalid_proxy_prevents_the_start(tmp_path: Path, name: str, value: str) -> None:
    given = {"TELEGRAM_BOT_TOKEN": FAKE_TOKEN, "FEED_URLS": "https://news.example/", name: value}
    for command in ("run", "check"):
        said = await newswire(tmp_path, command, **given)
        assert said.status == 2
        [sentence] = said.err.splitlines()
        assert sentence.startswith(f"{name.upper()}: the value is not valid; expected an address such as ")
        assert sentence.endswith(".")
    said = await newswire(tmp_path, "status", **{name: value})
    assert said.status == (2 if name == "TELEGRAM_PROXY" else 1)  # there is no database yet


async def test_an_invalid_feeds_proxy_prevents_the_start_without_showing_its_password(tmp_path: Path) -> None:
    said = await newswire(tmp_path, "run", FEEDS_PROXY="socks9://me:hunter2@h:1080")
    assert (said.status, "hunter2" in said.err) == (2, False)
    assert said.err.startswith("FEEDS_PROXY: ")


def test_an_unused_proxy_may_be_invalid() -> None:
    assert (
        telegram_route(environment(TELEGRAM_PROXY="http://p:1", ALL_PROXY="socks4://h")).setting
        == "TELEGRAM_PROXY"
    )
    assert telegram_route(environment(HTTPS_PROXY="nonsense://x", NO_PROXY="*")).proxy is None


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (
            {"TELEGRAM_PROXY": "http://t:1", "HTTPS_PROXY": "http://s:1", "ALL_PROXY": "http://a:1"},
            "TELEGRAM_PROXY",
        ),
        ({"HTTPS_PROXY": "http://s:1", "ALL_PROXY": "http://a:1", "HTTP_PROXY": "http://h:1"}, "HTTPS_PROXY"),
        ({"ALL_PROXY": "http://a:1", "HTTP_PROXY": "http://h:1"}, "ALL_PROXY"),
        ({"HTTP_PROXY": "http://h:1"}, "HTTP_PROXY"),
        ({"HTTPS_PROXY": "http://s:1", "TELEGRAM_API_URL": "http://bot-api:8081"}, ""),
        ({"ALL_PROXY": "http://a:1", "TELEGRAM_API_URL": "http://bot-api:8081"}, "ALL_PROXY"),
        ({"HTTPS_PROXY": "", "https_proxy": "", "ALL_PROXY": " "}, ""),
        ({"TELEGRAM_PROXY": "http://t:1", "NO_PROXY": "telegram.org"}, "NO_PROXY"),
        ({"NO_PROXY": "telegram.org"}, ""),
    ],
)
def test_which_setting_the_proxy_comes_from(given: dict[str, str], named: str) -> None:
    assert telegram_route(environment(**given)).setting == named


def test_lower_case_wins_over_upper_case_and_the_environment_over_the_file(tmp_path: Path) -> None:
    both = {"HTTPS_PROXY": "http://big:1", "https_proxy": "http://small:1"}
    assert str(telegram_route(environment(**both)).proxy) == "http://small:1"
    (tmp_path / ".env").write_text("https_proxy=http://file:1\n")
    assert str(telegram_route(read_settings({}, tmp_path / ".env")).proxy) == "http://file:1"
    found = read_settings({"HTTPS_PROXY": "http://big:1"}, tmp_path / ".env")
    assert str(telegram_route(found).proxy) == "http://big:1"


def test_a_proxys_scheme_and_port_have_defaults() -> None:
    assert parse_proxy("10.0.0.1:3128") == Value("http", "10.0.0.1", 3128)
    assert [str(parse_proxy(f"{scheme}://h")) for scheme in ("http", "https", "socks5", "socks5h")] == [
        "http://h:80",
        "https://h:443",
        "socks5://h:1080",
        "socks5h://h:1080",
    ]
    assert str(parse_proxy("socks5h://u:p@[::1]:9050")) == "socks5h://[::1]:9050"


@pytest.mark.parametrize(
    ("host", "exempt", "directly"),
    [
        ("bot-api", "bot-api", True),
        ("bot-api", "localhost,bot-api", True),
        ("BOT-API", "Bot-Api", True),
        ("bot-api", "bot-api:8081", True),
        ("bot-api", "bot-api:8082", False),
        ("bot-api", "*", True),
        ("bot-api", "", False),
        ("bot-api", "api", False),
        ("bot-api", "robot-api", False),
        ("api.telegram.org", "telegram.org", True),
        ("api.telegram.org", ".telegram.org", True),
        ("api.telegram.org", "*.telegram.org", True),
        ("api.telegram.org.", "telegram.org.", True),
        ("api.telegram.org", "elegram.org", False),
        ("api.telegram.org", "org.telegram", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.3:8081", True),
        ("10.1.2.3", "2.3", False),
        ("10.1.2.3", "10.0.0.0/99", False),
        ("::1", "::1", True),
        ("::1", "[::1]:8081", True),
        ("fd00::7", "fd00::/8", True),
        ("bücher.example", "xn--bcher-kva.example", True),
        ("xn--bcher-kva.example", "bücher.example", True),
    ],
)
def test_no_proxy_matches_hosts_as_in_curl_and_requests(host: str, exempt: str, directly: bool) -> None:
    assert should_bypass_proxy(host, 8081, exempt.split(",")) is directly


@given(st.text(max_size=40), st.lists(st.text(max_size=30), max_size=4))
def test_no_proxy_accepts_any_text(host: str, exempt: list[str]) -> None:
    assert should_bypass_proxy(host, 443, exempt) in (True, False)


@given(st.text(max_size=60))
def test_any_text_is_a_proxy_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert parse_proxy(text).port


async def test_a_bot_api_server_in_no_proxy_is_reached_directly() -> None:
    async with telegram() as (box, port), a_proxy() as proxy:
        settings = environment(
            TELEGRAM_API_URL=f"http://localhost:{port}",
            NO_PROXY="localhost",
            HTTP_PROXY=f"http://127.0.0.1:{proxy.port}",
        )
        assert isinstance(await send(settings, box), Sent)
        assert proxy.asked == []


# --- what was certainly not sent ---


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_an_unreachable_proxy_means_not_sent_and_no_direct_connection(scheme: str) -> None:
    async with telegram() as (box, port):
        there = {"TELEGRAM_API_URL": f"http://127.0.0.1:{port}"}
        outcome = await send(environment(TELEGRAM_PROXY=f"{scheme}://127.0.0.1:{free_port()}", **there), box)
        assert isinstance(outcome, TryLater)
        assert (
            outcome.reason
            == "no connection through TELEGRAM_PROXY: cannot connect to it (Connection refused)"
            or (outcome.reason == "no connection through TELEGRAM_PROXY: Connection refused")
        )
        assert box.visibility.send_times(None) == []


REFUSALS = [
    ("socks5", b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"),  # connection refused
    ("socks5", b"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"),  # not allowed by the rules
    ("socks5", b"\x05"),
    ("socks5", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    ("https over http", b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
    ("https over http", b"HTTP/1.1 502 Bad Gateway\r\n\r\n"),
    ("https over http", b"HTTP/1.1 2"),
    ("https over http", b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
]


@pytest.mark.parametrize(("kind", "answers"), REFUSALS)
async def test_a_failed_handshake_means_not_sent(kind: str, answers: bytes) -> None:
    async with telegram() as (box, port), a_proxy(answers=answers) as proxy:
        scheme, own = ("https", "http") if kind == "https over http" else ("http", "socks5h")
        settings = environment(
            TELEGRAM_API_URL=f"{scheme}://127.0.0.1:{port}", TELEGRAM_PROXY=f"{own}://127.0.0.1:{proxy.port}"
        )
        outcome = await send(settings, box)
        assert isinstance(outcome, TryLater), outcome
        assert outcome.reason.startswith("no connection through TELEGRAM_PROXY: ")
        assert box.token not in outcome.reason
        assert len(proxy.asked) == 1


@pytest.mark.parametrize("way", ["http", "socks5"])
async def test_a_proxy_that_times_out_means_not_sent(way: str) -> None:
    never = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await never.wait()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        proxy = Value(way, "127.0.0.1", server.sockets[0].getsockname()[1], named="ALL_PROXY")
        async with AiohttpRequest(proxy=proxy, connect_timeout=0.2) as request:
            with pytest.raises(NotWritten, match="through ALL_PROXY"):
                await request.do_request("https://127.0.0.1:8443/", "POST")
        never.set()


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_failure_behind_the_tunnel_is_unclear(scheme: str) -> None:
    async with telegram() as (box, port), a_proxy(dies_after=1) as proxy:
        settings = environment(
            TELEGRAM_API_URL=f"http://127.0.0.1:{port}", TELEGRAM_PROXY=f"{scheme}://127.0.0.1:{proxy.port}"
        )
        if scheme == "socks5":
            assert isinstance(await send(settings, box), Unclear)
        else:
            # whether this is from the server or from the proxy cannot be told
            proxy.answers = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
            assert isinstance(await send(settings, box), Unclear)


# --- feeds ---


def through(proxy: Proxy, scheme: str, names: Any = None, **more: Any) -> Fetcher:
    policy = replace(POLICY, proxy=Value(scheme, "127.0.0.1", proxy.port), **more)
    return Fetcher(policy, SystemClock(), names)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_feeds_name_is_resolved_here_and_the_proxy_gets_the_address(scheme: str) -> None:
    async with a_site() as site, a_proxy() as proxy:
        site.says(FEED)
        names, port = Names(news=["127.0.0.1"]), site.address.partition(":")[2]
        async with through(proxy, scheme, names) as fetcher:
            found = await fetcher.fetch(f"http://news.example:{port}/feed")
        assert isinstance(found, Fetched), found
        assert names.asked == ["news.example"]
        assert proxy.asked == [f"{'SOCKS' if scheme.startswith('socks') else 'CONNECT'} 127.0.0.1:{port}"]
        assert site.asked[0].headers["Host"] == f"news.example:{port}"


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_no_private_address_is_reached_through_the_proxy(scheme: str) -> None:
    """The proxy itself may have a private address: that is the operator's choice."""
    async with a_site() as site, a_proxy() as proxy:
        names, port = Names(evil=["127.0.0.1"], news=["10.0.0.7"]), site.address.partition(":")[2]
        site.redirects("/feed", f"http://evil.example:{port}/secret")
        hosts = ("evil.example", "news.example", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]")
        async with through(proxy, scheme, names, private_networks=()) as fetcher:
            for host in hosts:
                found = await fetcher.fetch(f"http://{host}:{port}/feed")
                assert isinstance(found, FetchFailed)
                assert "an address that is not allowed" in found.reason, found
        assert (proxy.asked, site.asked) == ([], [])


async def test_each_redirect_is_checked_like_the_first_address() -> None:
    async with a_site() as site, a_proxy() as proxy:
        names, port = Names(news=["127.0.0.1"], inner=["169.254.169.254"]), site.address.partition(":")[2]
        site.redirects("/feed", "http://inner.example/latest/meta-data/")
        async with through(proxy, "socks5", names) as fetcher:
            found = await fetcher.fetch(f"http://news.example:{port}/feed")
        assert isinstance(found, FetchFailed)
        assert "169.254.169.254 is a link-local address" in found.reason
        assert proxy.asked == [f"SOCKS 127.0.0.1:{port}"]


async def test_only_hosts_in_no_proxy_are_fetched_directly() -> None:
    async with a_site() as site, a_proxy() as proxy:
        site.says(FEED)
        names, port = Names(news=["127.0.0.1"], own=["127.0.0.1"]), site.address.partition(":")[2]
        async with through(proxy, "http", names, no_proxy=("own.example",)) as fetcher:
            assert isinstance(await fetcher.fetch(f"http://own.example:{port}/feed"), Fetched)
            assert proxy.asked == []
            assert isinstance(await fetcher.fetch(f"http://news.example:{port}/feed"), Fetched)
            assert len(proxy.asked) == 1


async def test_the_environments_proxies_are_not_used_for_feeds() -> None:
    settings = environment(
        HTTP_PROXY="http://p:1",
        HTTPS_PROXY="http://p:1",
        ALL_PROXY="socks5://p:1",
        TELEGRAM_PROXY="socks5://p:1",
    )
    assert fetch_policy(settings).proxy is None


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_an_unreachable_feeds_proxy_is_reported_and_the_site_not_contacted(scheme: str) -> None:
    async with a_site() as site:
        policy = replace(POLICY, proxy=Value(scheme, "127.0.0.1", free_port()))
        async with Fetcher(policy, SystemClock()) as fetcher:
            found = await fetcher.fetch(site.url())
        assert isinstance(found, FetchFailed)
        words = "cannot be reached through FEEDS_PROXY: cannot connect to it (Connection refused)"
        assert found.reason == f"{site.address} {words}"
        assert site.asked == []


# --- encrypted ---


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a key and certificate for telegram.example, news.example and 127.0.0.1, in one file."""
    folder = tmp_path_factory.mktemp("certificate")
    names = "subjectAltName=DNS:telegram.example,DNS:news.example,IP:127.0.0.1"
    ask = (
        f"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -addext {names} -keyout key -out certificate"
    )
    subprocess.run(ask.split(), cwd=folder, check=True, capture_output=True)
    both = folder / "both"
    both.write_text((folder / "key").read_text() + (folder / "certificate").read_text())
    return both


SPEAK = """
import asyncio, sys
from dataclasses import replace
from bot.telegram.transport import AiohttpRequest
from jobs.clock import SystemClock
from jobs.ingest.http.fetcher import Fetcher
from jobs.proxies import parse_proxy
from tests.jobs.ingest.site import POLICY, Names
async def main():
    proxy, port = parse_proxy(sys.argv[1], "TELEGRAM_PROXY"), sys.argv[2]
    async with AiohttpRequest(proxy=proxy, read_timeout=5.0) as request:
        try:
            print(await request.do_request(f"https://telegram.example:{port}/feed", "POST"))
        except Exception as error:
            print(repr(error))
    names = Names(news=["127.0.0.1"])
    async with Fetcher(replace(POLICY, proxy=proxy), SystemClock(), names) as fetcher:
        print(await fetcher.fetch(f"https://news.example:{port}/feed"))
asyncio.run(main())
"""


async def speak(proxy: str, port: str, **trusted: str) -> list[str]:
    """Fetch from Telegram and a feed in a process of its own; returns a line for each result."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SPEAK, proxy, port), stdout=subprocess.PIPE, env={**os.environ, **trusted}
    )
    out, _ = await child.communicate()
    return out.decode().splitlines()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on this machine")
@pytest.mark.parametrize("scheme", [*SCHEMES, "https"])
async def test_tls_is_end_to_end_through_the_proxy(certificate: Path, scheme: str) -> None:
    """The certificate is verified for the name although the proxy gets the address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with a_site(context=context) as site:
        site.says(FEED)
        port = site.address.partition(":")[2]
        names = {"telegram.example": ("127.0.0.1", int(port))}
        async with a_proxy(names=names, context=context if scheme == "https" else None) as proxy:
            at = f"{scheme}://127.0.0.1:{proxy.port}"
            telegram_said, feed_said = await speak(at, port, SSL_CERT_FILE=str(certificate))
            assert telegram_said.startswith("(200, b'<?xml")
            assert feed_said.startswith("Fetched(")
            kind = "SOCKS" if scheme.startswith("socks") else "CONNECT"
            assert proxy.asked == [f"{kind} telegram.example:{port}", f"{kind} 127.0.0.1:{port}"]
            telegram_said, feed_said = await speak(at, port)
            assert telegram_said.startswith("NotWritten(")
            assert "FetchFailed" in feed_said
            assert len(site.asked) == 2


# --- the whole bot ---


@pytest.mark.slow
async def test_l1_the_bot_runs_through_a_socks_proxy_and_check_shows_it(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room, a_proxy(password="wire:hunter2") as proxy:
        room.site.says(feed(item(1, "The river rises")))
        way = f"socks5://wire:hunter2@127.0.0.1:{proxy.port}"
        settings = room.settings(HTTP_PROXY=way, FEEDS_PROXY=way.replace("socks5", "http"))
        async with running(tmp_path, "run", **settings) as bot:
            said = await bot.until_it_says("newswire started")
            assert f"through socks5://127.0.0.1:{proxy.port} (HTTP_PROXY)" in said
            await bot.until_it_says("feeds updated")
            room.site.says(feed(item(1, "The river rises"), item(2, "The bridge is closed")))
            await room.telegram.until_shown(room.telegram.channels[0], "The bridge is closed")
            assert "hunter2" not in "".join(bot.lines)
        telegram_at, site_at = room.telegram.address.removeprefix("http://"), room.site.address
        assert {*proxy.asked} == {f"SOCKS {telegram_at}", f"CONNECT {site_at}"}
        checked = await newswire(tmp_path, "check", **settings)
        assert f"route to Telegram: through socks5://127.0.0.1:{proxy.port} (HTTP_PROXY)" in checked.out
        assert f"route to feeds: through http://127.0.0.1:{proxy.port} (FEEDS_PROXY)" in checked.out
        assert "hunter2" not in checked.out + checked.err
        dead = f"socks5h://wire:hunter2@127.0.0.1:{free_port()}"
        checked = await newswire(tmp_path, "check", **{**settings, "HTTP_PROXY": dead, "FEEDS_PROXY": dead})
        assert checked.status == 1
        assert "fix HTTP_PROXY: " in checked.out
        assert "cannot be reached through FEEDS_PROXY" in checked.out
        assert "hunter2" not in checked.out + checked.err
