"""`newswire sandbox` end to end: a separate process and a real browser."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

ROOT = Path(__file__).parents[4]
PATIENCE = 120_000  #: milliseconds; many times longer than any step here, on a loaded machine too


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox_process(tmp_path: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """`newswire sandbox`, and the address that it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "sandbox", "--port", "0"),
        cwd=tmp_path,
        # a late feed on a loaded machine is a warning; the test expects no error
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LOG_LEVEL": "error"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    address = ""
    async with asyncio.timeout(PATIENCE / 1000):
        while not address:
            line = (await process.stdout.readline()).decode()
            assert line, (await process.communicate())[1].decode()
            address = next(iter(re.findall(r"http://\S+", line)), "")
    yield process, address
    if process.returncode is None:
        process.terminate()
        await process.communicate()


async def test_a_post_appears_and_the_bot_answers_and_it_ends_when_told(
    sandbox_process: tuple[asyncio.subprocess.Process, str], browser: Browser
) -> None:
    process, address = sandbox_process
    page = await browser.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    await page.goto(address)
    posts = page.get_by_role("log", name="The Sandbox Gazette").get_by_role("listitem")
    await expect(posts.filter(has_text="Read the full story").first).to_be_visible()

    line = page.get_by_role("textbox", name="Write to the bot")
    await line.fill("/latest")
    await line.press("Enter")
    chat = page.get_by_role("log", name="Newswire")
    answer = chat.get_by_role("listitem").filter(has_text="Latest news")
    await expect(answer).to_contain_text("1. ")
    first = await answer.inner_text()
    await answer.get_by_role("button", name="More").click()
    await expect(answer).not_to_have_text(first, use_inner_text=True)

    await line.fill("/related 1")
    await line.press("Enter")
    await expect(chat.get_by_role("listitem").last).to_contain_text("Related to")
    await page.close()

    process.terminate()
    _, said = await process.communicate()
    assert process.returncode == 0
    assert said.decode() == ""
