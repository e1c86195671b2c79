"""A newsroom that publishes and listens against one Telegram in a box, while the test moves the clock."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from telegram import Bot, Update

from bot.commands import BotName
from bot.commands import CommandContext as CommandDesk
from bot.dispatch import UpdateDispatcher
from bot.locale import unquote_text
from bot.sandbox.transport.in_process import InProcessRequest
from bot.telegram.paced_answers import RateLimitedSender
from bot.telegram.sender import TelegramSender
from bot.web.health import find_problems
from jobs.config import Edition
from jobs.publish.context import PublishContext
from storage.database import Database
from storage.reports import Backlog, collect_statistics, delivery_backlog
from tests.conftest import MovedClock
from tests.jobs.publish.harness import Desk, desk
from tests.jobs.publish.newsroom import FEED

OPERATOR = 50


@dataclass(frozen=True)
class Asked:
    """A request to the Bot API."""

    at: datetime
    method: str
    chat_id: Any


class WatchedRequest(InProcessRequest):
    """Notes every request."""

    def __init__(self, made: Desk, asked: list[Asked]) -> None:
        super().__init__(made.box)
        self._clock, self._asked = made.clock, asked

    async def do_request(self, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        data = args[1] if len(args) > 1 else kwargs.get("request_data")
        chat_id = data.parameters.get("chat_id") if data else None
        self._asked.append(Asked(self._clock.now(), url.rpartition("/")[2], chat_id))
        return await super().do_request(url, *args, **kwargs)


@dataclass
class Newsdesk:
    """`desk` publishes; `hear` takes the updates that wait."""

    desk: Desk
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        made, watched = self.desk, WatchedRequest(self.desk, self.asked)
        usual = made.publish()
        self.parts = replace(usual, sender=TelegramSender(watched, made.box.token))
        made.publish = lambda: self.parts  # type: ignore[method-assign]
        self._bot = Bot(made.box.token, request=watched, get_updates_request=watched)
        self._listen()

    def _listen(self) -> None:
        made, parts = self.desk, self.parts
        words = CommandDesk(
            db=made.db,
            index=made.index,
            policy=made.policy,
            bot_name=BotName(made.box.bot.username),
            bot_id=made.box.bot.id,
            wake_publisher=made.bell.notify,
        )
        assert isinstance(parts.sender, TelegramSender)
        self.dispatch = UpdateDispatcher(
            words, RateLimitedSender(parts.sender, parts.rate_limiter, made.clock), made.clock
        )

    def restart(self, *channels: int | str) -> None:
        """The next `working` is a new process, with these CHANNELS."""
        if channels:
            edition = Edition(name="", channels=channels, feed_urls=(FEED,))
            self.desk.policy = replace(self.desk.policy, editions=(edition,))
        fresh: PublishContext = Desk.publish(self.desk)
        self.parts = replace(fresh, sender=self.parts.sender)
        self._listen()

    async def hear(self) -> None:
        """Take what Telegram has to tell."""
        waiting = self.desk.box.state.updates.pending(1000)
        self.desk.box.state.updates.confirm(max((each["update_id"] for each in waiting), default=0) + 1)
        for update in waiting:
            found = Update.de_json(update, self._bot)
            assert found
            await self.dispatch.dispatch_update(found)

    async def pass_time(self, seconds: float, step: float = 1.0) -> None:
        """Time passes, and what Telegram tells meanwhile is heard."""
        while seconds > 0:
            await self.hear()
            await self.desk.pass_time(min(step, seconds), step)
            seconds -= step

    def told(self) -> list[str]:
        """What the operator was told."""
        return [unquote_text(text) for text in self.desk.said(OPERATOR)]

    def sends(self, chat_id: int, method: str = "sendMessage") -> list[Asked]:
        return [each for each in self.asked if (each.method, each.chat_id) == (method, chat_id)]

    def wrong(self) -> list[str]:
        """What /readyz says."""
        now = self.desk.clock.now()
        return find_problems(self.desk.db.read_sync(collect_statistics, now), now)

    def backlog(self) -> Backlog:
        return self.desk.db.read_sync(delivery_backlog, self.desk.clock.now())


def newsdesk(db: Database, clock: MovedClock, *channels: int | str, **policy: Any) -> Newsdesk:
    """A newsroom with an operator who has started the bot."""
    policy.setdefault("operators", (OPERATOR,))
    made = desk(db, clock, *channels, **policy)
    made.box.add_person("Operator", id=OPERATOR)
    return Newsdesk(made)
