"""A minimal bot for the tests of the page: posts, /latest, /related."""

import asyncio
import contextlib
from html import escape
from typing import Any

from telegram import Bot

from bot.sandbox.page.app import Sandbox
from bot.sandbox.sample.sample_newsroom import PublishedStory
from bot.sandbox.sample.site_server import SampleSite
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.transport.in_process import InProcessRequest

COMMANDS = (
    ("latest", "The newest headlines"),
    ("related", "What belongs to a story"),
    ("help", "What I can do"),
)


class TinyBot:
    """Posts what the sample site publishes, and answers a few commands."""

    def __init__(self, telegram: FakeTelegram, sandbox: Sandbox, newsroom: SampleSite) -> None:
        self.telegram, self.sandbox, self.newsroom = telegram, sandbox, newsroom
        self.bot = Bot(
            telegram.token, request=InProcessRequest(telegram), get_updates_request=InProcessRequest(telegram)
        )
        self.posts: dict[str, tuple[PublishedStory, int]] = {}
        self.changed = asyncio.Event()
        newsroom.on_change = self.changed.set

    async def run(self) -> None:
        await self.bot.set_my_commands(COMMANDS)
        await asyncio.gather(self._post(), self._answer())

    async def _post(self) -> None:
        for item in self.newsroom.state.published[:-3]:
            self.posts[item.path] = (item, 0)
        while True:
            for item in self.newsroom.state.published:
                await self._show(item)
            await self.changed.wait()
            self.changed.clear()

    async def _show(self, item: PublishedStory) -> None:
        known, message_id = self.posts.get(item.path, (None, 0))
        if known == item:
            return
        chat = self.sandbox.channels[item.language].id
        url = f"{self.newsroom.base_url}/{item.path}"
        words = f"{escape(item.standfirst)}\n\n#{item.story.section}"
        html = f'<b><a href="{url}">{escape(item.headline)}</a></b>\n\n{words}'
        content: dict[str, Any] = {
            "chat_id": chat,
            "text": html,
            "parse_mode": "HTML",
            "link_preview_options": {"url": url, "prefer_large_media": True},
        }
        if not known:
            _, body = await self.telegram.call("sendMessage", content)
            message_id = body["result"]["message_id"]
        elif message_id and item.is_live:
            await self.telegram.call("editMessageText", content | {"message_id": message_id})
        elif message_id:
            await self.telegram.call("deleteMessage", {"chat_id": chat, "message_id": message_id})
        self.posts[item.path] = (item, message_id)

    async def _answer(self) -> None:
        offset = 0
        while True:
            for update in await self.bot.get_updates(offset=offset, timeout=50):
                offset = update.update_id + 1
                await self._one(update.to_dict())

    async def _one(self, update: dict[str, Any]) -> None:
        query = update.get("callback_query")
        if query:
            words = query["data"].split()
            await self.bot.answer_callback_query(query["id"])
            await self._say(query["from"]["id"], int(words[1]), query["message"]["message_id"])
        elif update["message"].get("text", "").startswith("/latest"):
            await self._say(update["message"]["chat"]["id"], 0, 0)
        else:
            text = "<b>I echo.</b> Try /latest.\n\n" + escape(update["message"].get("text", ""))
            chat_id = update["message"]["chat"]["id"]
            await self.telegram.call("sendMessage", {"chat_id": chat_id, "text": text, "parse_mode": "HTML"})

    async def _say(self, chat_id: int, skip: int, message_id: int) -> None:
        items = self.newsroom.state.newest_stories("en")[skip : skip + 5]
        lines = [
            f'{skip + place}. <a href="{self.newsroom.base_url}/{item.path}">{escape(item.headline)}</a>'
            for place, item in enumerate(items, 1)
        ]
        keys = [{"text": "Older stories", "callback_data": f"latest {skip + 5}"}]
        if skip:
            keys.insert(0, {"text": "Newer", "callback_data": f"latest {skip - 5}"})
        content = {
            "chat_id": chat_id,
            "text": "<b>The newest stories</b>\n\n" + "\n".join(lines),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
            "reply_markup": {"inline_keyboard": [keys]},
        }
        if message_id:
            await self.telegram.call("editMessageText", content | {"message_id": message_id})
        else:
            await self.telegram.call("sendMessage", content)


@contextlib.asynccontextmanager
async def running(bot: TinyBot) -> Any:
    """The bot runs inside the `with` block."""
    task = asyncio.create_task(bot.run())
    try:
        yield bot
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
