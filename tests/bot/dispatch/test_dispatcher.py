"""Updates are bounded per asker; failures are answered, and logged without quoting the reader."""

import asyncio
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import structlog
from telegram import Update

from bot.dispatch import UpdateDispatcher
from bot.sandbox.telegram.limits import Limits
from bot.telegram.paced_answers import RateLimitedSender
from jobs.publish.rate_limiter import RateLimiter
from jobs.publish.send_result import Outcome, Sent
from storage import chats
from storage.database import Database
from tests.bot.newsroom import Newsroom
from tests.conftest import MovedClock


@pytest.fixture
def room(archive: Database, clock: MovedClock) -> Newsroom:
    room = Newsroom(archive, clock)
    room.publish_many(["Rice harvest begins", "Rice harvest ends"])
    return room


class HeldAnswers:
    """Answers that wait until the test releases them."""

    def __init__(self) -> None:
        self.said: list[int] = []
        self.acknowledged: list[str] = []
        self.gate = asyncio.Event()
        self._spoke = asyncio.Condition()

    async def spoken_to(self, chat_id: int) -> None:
        """Wait until something was sent there."""
        async with self._spoke:
            await self._spoke.wait_for(lambda: chat_id in self.said)

    async def send(self, chat_id: int, content: str, *, reply_to: int = 0) -> Outcome:
        async with self._spoke:
            self.said.append(chat_id)
            self._spoke.notify_all()
        await self.gate.wait()
        return Sent(1)

    async def edit(self, chat_id: int, message_id: int, content: str) -> Outcome:
        return await self.send(chat_id, content)

    async def acknowledge_press(self, query_id: str, toast: str) -> None:
        self.acknowledged.append(query_id)


async def test_one_readers_flood_is_bounded_and_others_are_answered(room: Newsroom) -> None:
    answers = HeldAnswers()
    dispatch = UpdateDispatcher(room.desk, answers, room.clock)
    loud, quiet = room.reader("Loud"), room.reader("Quiet")
    for _ in range(50):
        room.box.say(loud.user_id, loud.chat_id, "/latest")
    room.box.say(quiet.user_id, quiet.chat_id, "/latest")
    for update in room.updates():
        dispatch.accept(update)
    await answers.spoken_to(loud.chat_id)
    await answers.spoken_to(quiet.chat_id)
    answers.gate.set()
    finished = asyncio.ensure_future(dispatch.finish())
    while not finished.done():
        await room.clock.advance(1)
    answered, told = 1, 1  # an asker this fast gets the first answer and one notice, and is throttled
    assert answered + told <= answers.said.count(loud.chat_id) <= 4
    await room.clock.advance(30)
    said = answers.said.count(loud.chat_id)
    room.box.say(loud.user_id, loud.chat_id, "/latest")
    await UpdateDispatcher(room.desk, answers, room.clock).dispatch_update(room.updates()[0])
    assert answers.said.count(loud.chat_id) == said + 1


async def test_a_pressed_button_is_acknowledged_even_in_a_flood(room: Newsroom) -> None:
    reader = room.reader()
    await reader.types("/latest 1")
    answers = HeldAnswers()
    dispatch = UpdateDispatcher(room.desk, answers, room.clock)
    for _ in range(10):
        room.box.press(reader.user_id, reader.chat_id, reader.sees().message.id, "More ›")
    for update in room.updates():
        dispatch.accept(update)
    answers.gate.set()
    finished = asyncio.ensure_future(dispatch.finish())
    while not finished.done():
        await room.clock.advance(1)
    assert len(answers.acknowledged) == len(set(answers.acknowledged)) == 10
    assert len(answers.said) < 5


async def test_answers_come_in_the_order_of_the_questions(room: Newsroom) -> None:
    reader = room.reader()
    for typed in ("/latest 1", "/privacy", "/search rice"):
        room.box.say(reader.user_id, reader.chat_id, typed)
    for update in room.updates():
        room.dispatch.accept(update)
    await room.dispatch.finish()
    assert [shown.text.split()[0] for shown in reader.messages()] == ["Latest", "I", "“rice”"]


async def test_a_failing_command_is_answered_and_logged_without_the_question(
    room: Newsroom, archive: Database
) -> None:
    reader = room.reader()
    archive.close()
    with structlog.testing.capture_logs() as logs:
        broken = replace(room.desk, db=_Broken(archive))
        dispatch = UpdateDispatcher(broken, room.sender, room.clock)
        room.box.say(reader.user_id, reader.chat_id, "/search my secret illness")
        await dispatch.dispatch_update(room.updates()[0])
    assert reader.sees().text == "Something went wrong on our side. Please try again in a minute."
    [log] = logs
    assert (log["event"], log["command"], log["log_level"]) == ("command failed", "search", "error")
    assert "secret" not in str(logs)
    assert str(reader.user_id) not in str(logs)


class _Broken(Database):
    """A database that has only chats, and whose errors quote the question."""

    def __init__(self, real: Database) -> None:
        self._real = real

    async def read(self, work: Any, *args: Any, **kwargs: Any) -> Any:
        if work is chats.get:
            return None
        raise RuntimeError(f"cannot find {args}")


async def test_the_notice_about_a_flood_comes_when_the_rate_limit_allows(
    archive: Database, clock: MovedClock
) -> None:
    room = Newsroom(archive, clock, limits=Limits(burst=1))
    policy = room.desk.policy
    pace = RateLimiter(policy.rate_overall, policy.rate_chat, policy.rate_group)
    dispatch = UpdateDispatcher(room.desk, RateLimitedSender(room.sender, pace, clock), clock)
    reader = room.reader()
    for _ in range(3):
        room.box.say(reader.user_id, reader.chat_id, "/privacy")
    for update in room.updates():
        dispatch.accept(update)
    finished = asyncio.ensure_future(dispatch.finish())
    while not finished.done():
        await clock.advance(0.1)
    times = [shown.message.at for shown in reader.messages()]
    assert len(times) == 3
    assert all((later - earlier).total_seconds() >= 1 for earlier, later in pairwise(times))


async def test_what_is_not_a_question_is_ignored(room: Newsroom) -> None:
    for update in (
        {"update_id": 1},
        {"update_id": 2, "poll_answer": {"poll_id": "1", "option_ids": [], "option_persistent_ids": []}},
        {"update_id": 3, "callback_query": {"id": "1", "from": ANNA, "chat_instance": "1", "data": "latest"}},
        {"update_id": 4, "callback_query": {**PRESSED, "game_short_name": "chess"}},
        {"update_id": 5, "message": {**SAID, "new_chat_title": "x"}},
        {"update_id": 6, "edited_message": {**SAID, "text": "/latest", "edit_date": 2}},
    ):
        given = Update.de_json(update, room.bot)
        await room.dispatch.dispatch_update(given)
    events = room.box.state.event_log.events_since(0)
    assert [event.details["method"] for event in events] == ["answerCallbackQuery"] * 2


ANNA = {"id": 5, "is_bot": False, "first_name": "Anna"}
SAID = {"message_id": 3, "date": 1, "chat": {"id": 5, "type": "private", "first_name": "Anna"}, "from": ANNA}
PRESSED = {"id": "1", "from": ANNA, "chat_instance": "1", "message": SAID}


async def test_a_sticker_is_answered_with_a_hint(room: Newsroom) -> None:
    reader = room.reader()
    sticker = {"file_id": "x", "file_unique_id": "y", "type": "regular", "width": 1, "height": 1}
    sticker |= {"is_animated": False, "is_video": False}
    said = {**SAID, "chat": {"id": reader.chat_id, "type": "private"}, "sticker": sticker}
    await room.dispatch.dispatch_update(Update.de_json({"update_id": 1, "message": said}, room.bot))
    assert reader.sees().text == "Send me a few words, a link or a forwarded post. /help shows all commands."


async def test_a_button_whose_message_is_out_of_reach_is_acknowledged_only(room: Newsroom) -> None:
    reader = room.reader()
    gone = {"message_id": 2, "date": 0, "chat": {"id": reader.chat_id, "type": "private"}}
    pressed = {"id": "9", "from": ANNA, "chat_instance": "1", "data": "latest 1", "message": gone}
    await room.dispatch.dispatch_update(Update.de_json({"update_id": 1, "callback_query": pressed}, room.bot))
    assert reader.messages() == []


async def test_a_list_deleted_by_the_reader_is_sent_again(room: Newsroom) -> None:
    reader = room.reader()
    first = await reader.types("/latest 1")
    room.box.press(reader.user_id, reader.chat_id, first.message.id, "More ›")
    room.box.delete(reader.chat_id, first.message.id)
    await room.answer()
    assert reader.sees().headlines == ["Rice harvest begins"]
    assert reader.sees().message.id != first.message.id


async def test_a_reply_in_another_chat_to_a_post_means_that_post(room: Newsroom) -> None:
    channel = room.box.add_channel("News")
    post = await room.post(room.publish("Dam opens"), channel.id)
    reader = room.reader()
    where = {"id": channel.id, "type": "channel", "title": "News"}
    origin = {"type": "channel", "date": 1, "chat": where, "message_id": post}
    said = {**SAID, "chat": {"id": reader.chat_id, "type": "private"}, "text": "/related"}
    said |= {"external_reply": {"origin": origin, "chat": where, "message_id": post}}
    await room.dispatch.dispatch_update(Update.de_json({"update_id": 1, "message": said}, room.bot))
    assert reader.sees().text.startswith("Related to Dam opens")


async def test_an_anonymous_administrator_of_a_group_is_answered(room: Newsroom) -> None:
    group = room.box.add_supergroup("Talk")
    where = {"id": group.id, "type": "supergroup", "title": "Talk"}
    nameless = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    said = {**SAID, "chat": where, "from": nameless, "sender_chat": where, "text": "/latest 1"}
    await room.dispatch.dispatch_update(Update.de_json({"update_id": 1, "message": said}, room.bot))
    assert [message.author.is_bot for message in room.box.visible_messages(group.id)][-1]


async def test_a_channels_post_copied_into_its_group_is_not_a_question(room: Newsroom) -> None:
    group = room.box.add_supergroup("Talk")
    before = len(room.box.visible_messages(group.id))
    where = {"id": group.id, "type": "supergroup", "title": "Talk"}
    said = {**SAID, "chat": where, "from": {"id": 777000, "is_bot": False, "first_name": "Telegram"}}
    said |= {"text": "/latest", "is_automatic_forward": True}
    await room.dispatch.dispatch_update(Update.de_json({"update_id": 1, "message": said}, room.bot))
    assert len(room.box.visible_messages(group.id)) == before
