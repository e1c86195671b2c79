"""A newsroom whose readers write to the bot on a fake Telegram, over a real database and index."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from telegram import Bot, Update

from bot.commands import BotName, CommandContext
from bot.dispatch import WANTED_UPDATES, UpdateDispatcher
from bot.render import render_post
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.limits import NO_LIMITS, Limits
from bot.sandbox.telegram.messages import Message
from bot.sandbox.transport.in_process import InProcessRequest
from bot.telegram.sender import TelegramSender
from jobs.config import Edition, PublishPolicy
from storage import articles, identities
from storage.database import Connection, Database
from storage.index import Index
from storage.records import Article, DeliveryState, Lane, PostKind
from storage.schema import deliveries, posts
from tests.conftest import MovedClock

ENGLISH = Edition(name="", channels=(), feed_urls=(), language="en", timezone=ZoneInfo("Asia/Yangon"))
BURMESE = replace(ENGLISH, name="burmese", language="my")
OPERATOR = 77


def _delivered(connection: Connection, article: Article, chat_id: int, message_id: int) -> None:
    now = article.seen_at
    post = insert(posts).values(
        kind=PostKind.ARTICLE, lane=Lane.ROUTINE, article_id=article.id, not_before=now, created_at=now
    )
    facts = {"lane": Lane.ROUTINE, "state": DeliveryState.SETTLED, "shown_revision": 1, "not_before": now}
    [post_id] = connection.execute(post).inserted_primary_key or [0]
    owed = insert(deliveries).values(
        **facts, post_id=post_id, chat_id=chat_id, public=True, message_id=message_id, settled_at=now
    )
    connection.execute(owed)


class Newsroom:
    """The bot's dispatcher and database, and the people who write to it."""

    def __init__(
        self,
        db: Database,
        clock: MovedClock,
        *editions: Edition,
        limits: Limits = NO_LIMITS,
    ) -> None:
        self.db, self.clock = db, clock
        self.box = FakeTelegram(clock, random.Random(7), limits=limits)
        self.bot = Bot(
            self.box.token, request=InProcessRequest(self.box), get_updates_request=InProcessRequest(self.box)
        )
        self.index = Index()
        self.changes = 0
        policy = PublishPolicy(editions=editions or (ENGLISH,), operators=(OPERATOR,))
        self.sender = TelegramSender(InProcessRequest(self.box), self.box.token)
        self.desk = CommandContext(
            db=db,
            index=self.index,
            policy=policy,
            bot_name=BotName(self.box.bot.username),
            bot_id=self.box.bot.id,
            wake_publisher=self._changed,
            is_administrator=self.sender.is_administrator,
        )
        self.dispatch = UpdateDispatcher(self.desk, self.sender, clock)

    @property
    def toasts(self) -> list[str]:
        """The toasts that answered pressed buttons, in order."""
        events = self.box.state.event_log.events_since(0)
        return [event.details["text"] for event in events if event.kind == "callback_answered"]

    def _changed(self) -> None:
        self.changes += 1

    def publish(self, title: str, **said: Any) -> Article:
        """Store an article as ingest does, by default a minute newer than the last one."""
        return self.db.run_sync(self._publish, title, said)

    def _publish(self, connection: Connection, title: str, said: dict[str, Any]) -> Article:
        count = articles.list_latest(connection, 1)
        number = (count[0].id if count else 0) + 1
        usual: dict[str, Any] = {
            "url": f"https://news.example/{number}",
            "title": title,
            "summary": "",
            "language": "en",
            "published_at": self.clock.now() - timedelta(hours=10) + timedelta(minutes=number),
        }
        draft = articles.ArticleDraft(**{**usual, **said})
        [article_id] = articles.add(connection, [draft], self.clock.now())
        identities.add_keys(connection, {identities.link_key(draft.url): article_id}, self.clock.now())
        self.index.catch_up(connection)
        article = articles.get(connection, article_id)
        assert article
        return article

    def publish_many(self, titles: Sequence[str], **said: Any) -> list[Article]:
        """Store articles with these titles, oldest first."""
        return [self.publish(title, **said) for title in titles]

    def alert(self, article: Article) -> str:
        """The content of the alert for an article."""
        zone = self.desk.policy.timezone
        content = render_post(article, language="en", timezone=zone, now=self.clock.now(), private=True)
        return content.to_json()

    async def post(self, article: Article, chat_id: int) -> int:
        """Post the article in a channel as the publisher does, and return the message's id."""
        message = await self.bot.send_message(chat_id, article.title)
        self.db.run_sync(_delivered, article, chat_id, message.message_id)
        return message.message_id

    def reader(self, name: str = "Aye Aye", **facts: Any) -> "Person":
        """A reader with a private chat with the bot."""
        person = self.box.add_person(name, **facts)
        return Person(self, person.id, person.id)

    def operator(self) -> "Person":
        return self.reader("Editor", id=OPERATOR)

    def updates(self) -> list[Update]:
        """The updates waiting at Telegram, confirmed as they are fetched."""
        waiting = self.box.state.updates.pending(1000)
        self.box.state.updates.confirm(max((update["update_id"] for update in waiting), default=0) + 1)
        found = [Update.de_json(update, self.bot) for update in waiting]
        return [update for update in found if any(getattr(update, kind) for kind in WANTED_UPDATES)]

    async def answer(self) -> None:
        """Handle every waiting update."""
        for update in self.updates():
            await self.dispatch.dispatch_update(update)


class Person:
    """A person in a chat: what they do, and the bot's last message there."""

    def __init__(self, room: Newsroom, user_id: int, chat_id: int) -> None:
        self._room, self.user_id, self.chat_id = room, user_id, chat_id

    def in_chat(self, chat_id: int) -> "Person":
        return Person(self._room, self.user_id, chat_id)

    async def types(self, text: str, *, reply_to: int = 0) -> "Shown":
        """Send a message, wait for the answer if any, and return the bot's last message."""
        self._room.box.say(self.user_id, self.chat_id, text, reply_to=reply_to)
        await self._room.answer()
        return self.sees()

    async def forwards(self, chat_id: int, message_id: int) -> "Shown":
        """Forward a post from another chat to the bot."""
        self._room.box.forward(self.user_id, self.chat_id, chat_id, message_id)
        await self._room.answer()
        return self.sees()

    async def presses(self, label: str, *, message_id: int = 0) -> "Shown":
        """Press a button under the bot's last message, or under another."""
        self._room.box.press(self.user_id, self.chat_id, message_id or self.sees().message.id, label)
        await self._room.answer()
        return self.sees()

    def messages(self) -> list["Shown"]:
        """The bot's messages in this chat that are not deleted."""
        mine = (message for message in self._room.box.visible_messages(self.chat_id) if not message.service)
        return [Shown(message) for message in mine if message.author.id == self._room.box.bot.id]

    def sees(self) -> "Shown":
        return self.messages()[-1]


class Shown:
    """A message as a reader sees it."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self._content = message.content  # the present content: the message may be edited later

    @property
    def text(self) -> str:
        return self._content.text.plain

    @property
    def links(self) -> list[str]:
        return [entity.url for entity in self._content.text.entities if entity.type == "text_link"]

    @property
    def bold(self) -> list[str]:
        raw = self.text.encode("utf-16-le")
        marks = (entity for entity in self._content.text.entities if entity.type == "bold")
        return [raw[2 * mark.offset : 2 * mark.end].decode("utf-16-le") for mark in marks]

    @property
    def headlines(self) -> list[str]:
        """The linked headlines, in order."""
        raw = self.text.encode("utf-16-le")
        marks = (entity for entity in self._content.text.entities if entity.type == "text_link")
        return [raw[2 * mark.offset : 2 * mark.end].decode("utf-16-le") for mark in marks]

    @property
    def buttons(self) -> list[str]:
        rows = (self._content.markup or {}).get("inline_keyboard", ())
        return [button["text"] for row in rows for button in row]

    @property
    def commands(self) -> list[str]:
        rows = (self._content.markup or {}).get("inline_keyboard", ())
        return [button["callback_data"] for row in rows for button in row if "callback_data" in button]

    @property
    def urls(self) -> list[str]:
        rows = (self._content.markup or {}).get("inline_keyboard", ())
        return [button["url"] for row in rows for button in row if "url" in button]

    @property
    def edited(self) -> bool:
        return bool(self.message.edited_at)
