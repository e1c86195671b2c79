"""Take the README's picture of the sandbox's page, from a sandbox that is running.

newswire sandbox                                     # in one terminal; let a few stories come
python docs/images/make_sandbox_picture.py           # in another; writes docs/images/sandbox.png
"""

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ADDRESS = "http://127.0.0.1:8090/"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZE = {"width": 1360, "height": 830}


def take_picture(address: str, target: Path) -> None:
    """Ask the bot what is new and what belongs to it, and take the picture when it has answered."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport=SIZE, device_scale_factor=1.25, color_scheme="light")
        page.goto(address)
        page.locator(".channel .message").first.wait_for()
        _ask(page, "/latest 3")
        _ask(page, "/related 1")
        page.mouse.move(0, 0)
        page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
        page.screenshot(path=target, animations="disabled")
        browser.close()


def _ask(page: Page, words: str) -> None:
    answers = page.locator(".chat .message.theirs")
    before = answers.count()
    line = page.get_by_role("textbox", name="Write to the bot")
    line.fill(words)
    line.press("Enter")
    answers.nth(before).wait_for()


if __name__ == "__main__":
    take_picture(sys.argv[1] if len(sys.argv) > 1 else ADDRESS, Path(__file__).with_name("sandbox.png"))
