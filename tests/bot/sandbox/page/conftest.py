"""The sandbox on a free local port with the tiny bot; its clock stands still.

The tests of a file share a loop, so that they can share a browser, which takes a second to start.
"""

import random
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from bot.sandbox.page.app import Sandbox, open_sandbox
from bot.sandbox.sample.site_server import SampleSite
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.limits import NO_LIMITS
from tests.bot.sandbox.page.tiny_bot import TinyBot, running
from tests.conftest import MovedClock

CHROMIUM = shutil.which("chromium") or ("/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def telegram(clock: MovedClock) -> FakeTelegram:
    # no limits: the clock stands still, so a wait would never end
    return FakeTelegram(clock, random.Random(7), limits=NO_LIMITS)


@pytest.fixture
def newsroom(clock: MovedClock) -> SampleSite:
    return SampleSite(clock, pace=20.0)


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(telegram: FakeTelegram, newsroom: SampleSite) -> AsyncIterator[Sandbox]:
    opened = await open_sandbox(telegram, newsroom, port=0)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="module")
async def tiny_bot(telegram: FakeTelegram, sandbox: Sandbox, newsroom: SampleSite) -> AsyncIterator[TinyBot]:
    async with running(TinyBot(telegram, sandbox, newsroom)) as bot:
        yield bot


class Visitor:
    """Sends HTTP requests to the sandbox as its page does."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self.session, self.address = session, address

    async def get(self, path: str, **headers: str) -> tuple[int, str, Mapping[str, str]]:
        async with self.session.get(self.address + path, headers=headers) as answer:
            return answer.status, await answer.text(), answer.headers

    async def state(self) -> Any:
        async with self.session.get(self.address + "state") as answer:
            return await answer.json()

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        own = {"Origin": self.address.rstrip("/"), "Sec-Fetch-Site": "same-origin"} | headers
        async with self.session.post(self.address + path, json=body, headers=own) as answer:
            return answer.status, await answer.json()


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(sandbox: Sandbox) -> AsyncIterator[Visitor]:
    async with aiohttp.ClientSession() as session:
        yield Visitor(session, sandbox.address)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not on this machine")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, sandbox: Sandbox) -> AsyncIterator[Page]:
    """The sandbox's page; a script error or a request to another site fails the test."""
    troubles: list[str] = []
    opened = await browser.new_page(viewport={"width": 1440, "height": 860}, timezone_id="Asia/Yangon")
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on(
        "request",
        lambda request: None if request.url.startswith(sandbox.address) else troubles.append(request.url),
    )
    await opened.goto(sandbox.address)
    yield opened
    await opened.close()
    assert troubles == []
