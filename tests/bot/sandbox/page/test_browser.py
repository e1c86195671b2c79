"""The page in a real browser: posts appear, a reader writes and presses buttons, an editor corrects."""

import pytest
from playwright.async_api import Page, expect

from bot.sandbox.page.app import Sandbox
from bot.sandbox.sample.site_server import SampleSite
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from tests.bot.sandbox.page.tiny_bot import TinyBot

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_a_post_appears_and_latest_is_answered_and_a_button_pressed(
    page: Page, tiny_bot: TinyBot, newsroom: SampleSite
) -> None:
    english = page.get_by_role("log", name="The Sandbox Gazette")
    await page.get_by_role("button", name="Publish a story").click()
    newest = newsroom.state.newest_stories("en")[0]
    post = english.get_by_role("listitem").filter(has_text=newest.headline)
    await expect(post.locator("strong").first).to_have_text(newest.headline)
    await expect(post.locator(".preview.large img")).to_be_visible()

    line = page.get_by_role("textbox", name="Write to the bot")
    await line.fill("/latest")
    await line.press("Enter")
    chat = page.get_by_role("log", name="Newswire")
    answer = chat.get_by_role("listitem").filter(has_text="The newest stories")
    await expect(answer).to_contain_text(f"1. {newest.headline}")

    await answer.get_by_role("button", name="Older stories").click()
    sixth = newsroom.state.newest_stories("en")[5]
    await expect(answer).to_contain_text(f"6. {sixth.headline}")
    await expect(answer).to_contain_text("edited")


async def test_a_corrected_story_is_marked_and_a_withdrawn_one_goes(
    page: Page, tiny_bot: TinyBot, newsroom: SampleSite
) -> None:
    posts = page.get_by_role("log", name="The Sandbox Gazette").get_by_role("listitem")
    await page.get_by_role("button", name="Publish a story").click()
    newest = newsroom.state.newest_stories("en")[0]
    post = posts.filter(has_text=newest.headline)
    await expect(post).to_contain_text(newest.standfirst)
    await page.get_by_role("button", name="Correct it").click()
    await expect(post).to_contain_text(newest.story.corrected_standfirst)
    await expect(post).to_contain_text("15:30· edited 15:30")
    await page.get_by_role("button", name="Withdraw it").click()
    await expect(post).to_have_count(0)


async def test_a_post_is_forwarded_to_the_bot_by_keyboard_alone(page: Page, tiny_bot: TinyBot) -> None:
    post = page.get_by_role("log", name="The Sandbox Gazette").get_by_role("listitem").last
    await post.get_by_role("button", name="Actions for this post").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Ask the bot for related stories")).to_be_focused()
    await page.keyboard.press("Enter")
    chat = page.get_by_role("log", name="Newswire")
    await expect(
        chat.get_by_role("listitem").filter(has_text="Forwarded from The Sandbox Gazette")
    ).to_be_visible()


async def test_the_command_menu_offers_what_the_bot_has_set(page: Page, tiny_bot: TinyBot) -> None:
    line = page.get_by_role("textbox", name="Write to the bot")
    await line.press_sequentially("/la")
    await expect(page.locator("#commands").get_by_role("option")).to_have_text(
        ["/latestThe newest headlines"]
    )
    await line.press("ArrowDown")
    await line.press("Enter")
    await expect(page.get_by_role("log", name="Newswire")).to_contain_text("The newest stories")


async def test_text_that_looks_like_html_is_shown_as_text(
    page: Page, telegram: FakeTelegram, sandbox: Sandbox
) -> None:
    attack = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    line = page.get_by_role("textbox", name="Write to the bot")
    await line.fill(attack)
    await line.press("Enter")
    await telegram.call("sendMessage", {"chat_id": sandbox.channels["en"].id, "text": attack})
    for name in ("Newswire", "The Sandbox Gazette"):
        log = page.get_by_role("log", name=name)
        await expect(log).to_contain_text(attack)
        await expect(log.locator("img, script")).to_have_count(0)
    await expect(page).to_have_title("Newswire sandbox")


async def test_entities_become_elements_and_only_web_links_become_links(page: Page) -> None:
    shown = await page.evaluate(
        """async () => {
          const { formatted } = await import("./text.js");
          const root = document.createElement("div");
          const at = (type, offset, length, url) => ({ type, offset, length, url });
          root.append(formatted("😀 bold link bad <b>", [
            at("bold", 3, 9), at("italic", 8, 4), at("text_link", 8, 4, "https://example.org/a"),
            at("text_link", 13, 3, "javascript:alert(1)"), at("underline", 15, 900),
          ]));
          return [root.innerHTML, root.textContent, [...root.querySelectorAll("a")].map((link) => link.href)];
        }"""
    )
    html, text, links = shown
    assert text == "😀 bold link bad <b>"
    assert links == ["https://example.org/a"]
    assert html.startswith('😀 <strong>bold <em><a href="https://example.org/a"')
    assert "&lt;b&gt;" in html


async def test_a_link_to_the_bot_under_a_post_asks_it_in_the_private_chat(
    page: Page, telegram: FakeTelegram, sandbox: Sandbox
) -> None:
    url = f"https://t.me/{telegram.bot.username}?start=related_7"
    keys = [[{"text": "Related articles", "url": url}]]
    content = {"text": "A post", "reply_markup": {"inline_keyboard": keys}}
    await telegram.call("sendMessage", {"chat_id": sandbox.channels["en"].id} | content)
    await page.get_by_role("button", name="Related articles").click()
    await expect(page.get_by_role("log", name="Newswire")).to_contain_text("/start related_7")


async def test_a_reader_who_scrolled_up_is_told_of_new_posts_and_stays(
    page: Page, telegram: FakeTelegram, sandbox: Sandbox
) -> None:
    channel = sandbox.channels["en"].id
    log = page.get_by_role("log", name="The Sandbox Gazette")
    for number in range(3):
        await telegram.call(
            "sendMessage", {"chat_id": channel, "text": f"Post {number}\n" + "line\n" * 20 + "end"}
        )
    await expect(log.get_by_role("listitem").last).to_be_in_viewport()
    await log.focus()
    await page.keyboard.press("Home")
    newest = page.locator(".channel .newest").first
    await expect(newest).to_be_visible()
    await expect(log).to_have_js_property("scrollTop", 0)
    await telegram.call("editMessageText", {"chat_id": channel, "message_id": 2, "text": "Post 0, corrected"})
    telegram.post(channel, "A new one")
    await expect(newest).to_have_text("1")
    await expect(log.get_by_text("A new one")).not_to_be_in_viewport()
    await newest.click()
    await expect(log.get_by_text("A new one")).to_be_in_viewport()


async def test_nothing_is_wider_than_the_window(page: Page, tiny_bot: TinyBot) -> None:
    preview = page.get_by_role("log", name="The Sandbox Gazette").locator(".preview").last
    for width in (360, 760, 1000, 1200, 1440):
        await page.set_viewport_size({"width": width, "height": 800})
        await expect(preview).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        ends = await page.locator(".pane.shown").bounding_box()
        assert ends
        assert 780 < ends["y"] + ends["height"] <= 800


async def test_on_a_phone_the_chats_are_tabs(page: Page, tiny_bot: TinyBot) -> None:
    await page.set_viewport_size({"width": 390, "height": 800})
    line = page.get_by_role("textbox", name="Write to the bot")
    await expect(line).to_be_hidden()
    await page.get_by_role("tab", name="Ask the bot").click()
    await expect(line).to_be_visible()
    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_role("log", name="သဲပုံ ဂေဇက်")).to_be_visible()
