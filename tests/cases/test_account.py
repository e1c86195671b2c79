"""Changes by others, of the webhook or the bot's username, are noticed, reported and undone."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from telegram import Bot

from bot.app.account_monitor import MOST_WAITING, BotNameMonitor, TokenMisuseReporter, is_webhook_changed
from bot.app.container import Container, open_container
from bot.app.update_receiver import UpdateReceiver
from bot.commands import BotName
from bot.config import Settings
from bot.locale import unquote_text
from bot.sandbox.telegram.chats import Chat, User
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.limits import NO_LIMITS
from bot.sandbox.transport.in_process import InProcessRequest
from bot.telegram.account import WebhookInfo, fetch_bot_name
from storage import articles
from storage.schema import posts
from tests.conftest import MovedClock
from tests.jobs.publish.harness import DatabaseHere
from tests.stories.house import desk
from tests.stories.test_newsroom_goes_live import feed, item

OPERATOR = 77
OURS = "https://news.example/telegram"
KINDS = ["message", "callback_query", "my_chat_member", "channel_post"]


@dataclass
class RunningReceiver:
    """An update receiver that runs, with a clock that the test advances."""

    container: Container
    box: FakeTelegram
    clock: MovedClock
    receiver: UpdateReceiver
    group: Chat
    reader: User

    @property
    def webhook(self) -> str:
        now = self.box.state.updates.webhook
        return now.url if now else ""

    async def call(self, method: str, **given: Any) -> None:
        """Call the Bot API with the bot's token, as somebody else."""
        status, _ = await self.box.call(method, given)
        assert status == 200

    def notices(self) -> list[str]:
        return self.container.db.run_sync(lambda c: list(c.execute(select(posts.c.text)).scalars()))

    def answers(self) -> list[str]:
        shown = self.box.visible_messages(self.group.id)
        return [message.content.text.plain for message in shown if message.author.is_bot]

    async def within(self, seconds: int, true: Callable[[], bool]) -> None:
        """Advance the clock until `true` returns True, at most so many seconds."""
        for _ in range(seconds):
            await self.clock.advance(1)
            if true():
                return
        raise AssertionError("the condition did not become true")


@asynccontextmanager
async def running_receiver(
    folder: Path, clock: MovedClock, **settings: Any
) -> AsyncIterator[RunningReceiver]:
    box = FakeTelegram(clock, random.Random(7), limits=NO_LIMITS)
    reader = box.add_person("Aye Aye")
    group = box.add_supergroup("Readers", [reader.id])
    given: dict[str, Any] = {
        "telegram_bot_token": box.token,
        "database_url": f"sqlite:///{folder / 'newswire.db'}",
        "operators": (OPERATOR,),
    }
    async with open_container(
        Settings(**given | settings), clock=clock, request=InProcessRequest(box)
    ) as opened:
        container = replace(opened, db=DatabaseHere(opened.db.engine))
        receiver, stop = UpdateReceiver(container), asyncio.Event()
        task = asyncio.create_task(receiver.receive_updates(stop))
        try:
            await clock.advance(1)
            yield RunningReceiver(container, box, clock, receiver, group, reader)
        finally:
            stop.set()
            await clock.advance(15)
            await task
            await box.close()


async def test_i1_a_deleted_webhook_is_restored_within_a_minute_and_reported_once(
    tmp_path: Path, clock: MovedClock
) -> None:
    async with running_receiver(tmp_path, clock, public_url="https://news.example") as there:
        assert there.webhook == OURS
        await clock.advance(300)
        assert there.notices() == []
        for _ in range(3):
            await there.call("deleteWebhook")
            await there.within(61, lambda: there.webhook == OURS)
        [notice] = there.notices()
        assert "Somebody has changed this bot's webhook (removed)" in notice
        assert "new token" in notice
        assert there.receiver.list_problems() == []


async def test_i1_a_changed_webhook_is_restored(tmp_path: Path, clock: MovedClock) -> None:
    async with running_receiver(tmp_path, clock, public_url="https://news.example") as there:
        secret = there.box.state.updates.webhook
        assert secret

        def right() -> bool:
            return there.box.state.updates.webhook == secret and there.box.state.updates.allowed == tuple(
                KINDS
            )

        for given in ({"url": "https://evil.example/x"}, {"url": OURS, "allowed_updates": ["poll"]}):
            await there.call("setWebhook", secret_token=secret.secret, **given)
            assert not right()
            await there.within(61, right)
        assert "(to evil.example)" in there.notices()[0]
        assert len(there.notices()) == 1


async def test_i1_the_bot_is_unready_while_the_webhook_cannot_be_checked(
    tmp_path: Path, clock: MovedClock
) -> None:
    async with running_receiver(tmp_path, clock, public_url="https://news.example") as there:
        await there.call("deleteWebhook")
        there.box.faults.script("error_500", times=3, methods=["getWebhookInfo"])
        await there.within(61, lambda: bool(there.receiver.list_problems()))
        await there.within(61, lambda: there.webhook == OURS and not there.receiver.list_problems())


async def test_i1_a_webhook_that_telegram_refuses_to_restore_does_not_end_the_bot(
    tmp_path: Path, clock: MovedClock
) -> None:
    async with running_receiver(tmp_path, clock, public_url="https://news.example") as there:
        await there.call("deleteWebhook")
        refusal = "400 Bad Request: bad webhook: Failed to resolve host: Temporary failure in name resolution"
        there.box.faults.script(refusal, times=4, methods=["setWebhook"])
        await there.within(62, lambda: bool(there.receiver.list_problems()))
        await there.within(61, lambda: there.webhook == OURS)


async def test_i1_a_webhook_set_during_polling_is_deleted_and_reported_once(
    tmp_path: Path, clock: MovedClock
) -> None:
    async with running_receiver(tmp_path, clock) as there:
        for _ in range(3):
            await there.call("setWebhook", url="https://evil.example/x")
            await there.within(60, lambda: there.webhook == "")
            await clock.advance(5)
        [notice] = there.notices()
        assert "Somebody has changed this bot's webhook (to evil.example)" in notice
        there.box.say(there.reader.id, there.group.id, "/latest@newswire_bot")
        await there.within(5, lambda: len(there.answers()) == 1)


async def test_m2_a_renamed_bot_answers_to_its_new_name_and_posts_link_to_it(tmp_path: Path) -> None:
    async with desk(tmp_path, operators=(OPERATOR,)) as paper:
        editor = paper.box.add_person("Editor", id=OPERATOR)
        reader = paper.box.add_person("Aye Aye")
        paper.box.say(editor.id, editor.id, "/start")
        group = paper.box.add_supergroup("Readers", [reader.id])
        paper.site.says(feed(item(1, "The river rises")))
        while not await paper.house.db.read(articles.list_latest, 1):
            await paper.looks(1)  # a busy machine may need more than one
        paper.box.rename_bot("the_new_name_bot")
        paper.box.say(reader.id, group.id, "/latest@The_New_Name_Bot")

        def answers(chat_id: int) -> list[str]:
            shown = paper.box.visible_messages(chat_id)
            return [unquote_text(message.content.text.plain) for message in shown if message.author.is_bot]

        await paper.until(lambda: len(answers(group.id)) == 1)
        assert "The river rises" in answers(group.id)[0]
        paper.site.says(feed(item(1, "The river rises"), item(2, "The bridge is closed")))
        await paper.until(lambda: len(paper.posts()) == 1)
        assert "https://t.me/the_new_name_bot?start=related_" in str(paper.posts()[0].content.markup)
        await paper.until(lambda: any("is @the_new_name_bot now" in each for each in answers(OPERATOR)))


async def test_m2_the_name_is_requested_every_few_minutes(tmp_path: Path, clock: MovedClock) -> None:
    async with running_receiver(tmp_path, clock) as there:
        there.box.rename_bot("the_new_name_bot")
        await there.within(300, lambda: there.container.post_renderer.bot_name.username == "the_new_name_bot")


class Counting(InProcessRequest):
    """Counts the requests."""

    asked = 0

    async def do_request(self, *args: Any, **more: Any) -> tuple[int, bytes]:
        self.asked += 1
        return await super().do_request(*args, **more)


async def test_m2_commands_for_other_bots_cost_one_request_a_minute(
    clock: MovedClock,
) -> None:
    box = FakeTelegram(clock, random.Random(7))
    request, name, told = Counting(box), BotName("newswire_bot"), list[str]()

    async def tell(words: str) -> None:
        told.append(words)

    ask = partial(fetch_bot_name, request, Bot(box.token, request=request))
    names = BotNameMonitor(ask, name, clock, tell, asyncio.Event())
    await names.refresh_name()
    assert request.asked == 1
    waiting = [asyncio.create_task(names.refresh_name()) for _ in range(3 * MOST_WAITING)]
    await clock.advance(30)
    box.rename_bot("the_new_name_bot")
    await clock.advance(29)
    assert request.asked == 1
    assert sum(task.done() for task in waiting) == 2 * MOST_WAITING
    await clock.advance(1)
    await asyncio.gather(*waiting)
    assert (request.asked, name.username, len(told)) == (2, "the_new_name_bot", 1)


async def test_another_poller_is_reported_unless_it_may_be_a_restart(clock: MovedClock) -> None:
    told = list[str]()

    async def tell(words: str) -> None:
        told.append(words)

    interference = TokenMisuseReporter(clock, tell)
    await interference.report_conflict()
    clock.move(400)
    for _ in range(2):
        await interference.report_conflict()
    assert told == []
    for _ in range(20):
        await interference.report_conflict()
    assert len(told) == 1


@pytest.mark.parametrize(
    ("found", "forged", "is_changed"),
    [
        (WebhookInfo(url=OURS), False, False),
        (WebhookInfo(url=OURS, kinds=frozenset(KINDS)), True, False),
        (WebhookInfo(url=OURS, error="Connection timed out"), True, False),
        (
            WebhookInfo(url=OURS, error="Wrong response from the webhook: 403 Forbidden"),
            False,
            False,
        ),
        (WebhookInfo(url=OURS, error="Wrong response from the webhook: 403 Forbidden"), True, True),
        (WebhookInfo(url=OURS, kinds=frozenset({"message"})), False, True),
        (WebhookInfo(url=OURS, own_certificate=True), False, True),
        (WebhookInfo(url=f"{OURS}/x"), False, True),
        (WebhookInfo(url=""), False, True),
    ],
)
def test_i1_whether_somebody_else_changed_the_webhook(
    found: WebhookInfo, forged: bool, is_changed: bool
) -> None:
    assert is_webhook_changed(found, OURS, tuple(KINDS), forged) is is_changed


@pytest.mark.parametrize("answer", [True, [], {"username": ""}, {"username": 7}, {}])
async def test_m2_a_malformed_response_changes_no_name(clock: MovedClock, answer: Any) -> None:
    class Strange(InProcessRequest):
        async def do_request(self, *args: Any, **more: Any) -> tuple[int, bytes]:
            return 200, json.dumps({"ok": True, "result": answer}).encode()

    async def tell(words: str) -> None:
        raise AssertionError(words)

    request, name = Strange(FakeTelegram(clock, random.Random(7))), BotName("newswire_bot")
    ask = partial(fetch_bot_name, request, Bot("7:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", request=request))
    await BotNameMonitor(ask, name, clock, tell, asyncio.Event()).refresh_name()
    assert name.username == "newswire_bot"
