"""Questions that change something are always handled; of the others a few wait, and askers are told once."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update

from bot.dispatch import UpdateDispatcher
from bot.dispatch.throttle import FREE_PREMATURE, LONGEST_DELAY, Throttle
from bot.sandbox.telegram.limits import Limits
from bot.telegram.paced_answers import RateLimitedSender
from jobs.publish.rate_limiter import RateLimiter
from storage import chats, subscriptions
from storage.database import Database
from tests.bot.newsroom import OPERATOR, Newsroom
from tests.cases.recorded import RecordedRequest
from tests.conftest import MovedClock, quiet
from tests.jobs.publish.harness import DatabaseHere
from tests.stories.house import desk, world
from tests.stories.test_newsroom_goes_live import OLD, feed, item

PACED = Limits(burst=1)
SLOW = "That's a lot of questions at once. Please wait for each answer; I'll reply again in a moment."


def paced(archive: Database, clock: MovedClock) -> tuple[Newsroom, UpdateDispatcher]:
    """A newsroom with Telegram's limits, and a dispatcher at the default rates."""
    clock.settle = quiet
    room = Newsroom(DatabaseHere(archive.engine), clock, limits=PACED)
    room.publish_many(["Rice harvest begins", "Rice harvest ends"])
    policy = room.desk.policy
    pace = RateLimiter(policy.rate_overall, policy.rate_chat, policy.rate_group)
    return room, UpdateDispatcher(room.desk, RateLimitedSender(room.sender, pace, clock), clock)


async def typing(
    room: Newsroom, dispatch: UpdateDispatcher, seconds: float, every: float, types: Callable[[], Any]
) -> None:
    """Type repeatedly for a while."""
    for _ in range(int(seconds / every)):
        types()
        for update in room.updates():
            dispatch.accept(update)
        await room.clock.advance(every)


async def test_3d_who_never_pauses_is_answered_ever_more_slowly(archive: Database, clock: MovedClock) -> None:
    room, dispatch = paced(archive, clock)
    reader = room.reader()
    began = clock.now()
    await typing(room, dispatch, 24, 0.5, lambda: room.box.say(reader.user_id, reader.chat_id, "/help"))
    times = [(shown.message.at - began).total_seconds() for shown in reader.messages()]
    first, last = sum(at < 8 for at in times), sum(at >= 16 for at in times)
    assert first > 0
    assert last <= first / 2
    assert [shown.text for shown in reader.messages()].count(SLOW) == 1
    await clock.advance(5)
    before = len(reader.messages())
    await typing(room, dispatch, 1, 1, lambda: room.box.say(reader.user_id, reader.chat_id, "/latest 1"))
    await clock.advance(1)
    assert len(reader.messages()) > before
    assert reader.sees().headlines == ["Rice harvest ends"]


async def test_3d_who_waits_for_each_answer_is_not_slowed_down(archive: Database, clock: MovedClock) -> None:
    room, dispatch = paced(archive, clock)
    reader = room.reader()
    await typing(room, dispatch, 60, 1.5, lambda: room.box.say(reader.user_id, reader.chat_id, "/latest 1"))
    assert len(reader.messages()) == 40


async def test_a1_update_ids_may_start_again_lower(tmp_path: Path) -> None:
    async with world() as around:
        request = RecordedRequest(around.box)
        anna, bo, chit = (around.box.add_person(name) for name in ("Anna", "Bo", "Chit"))
        async with desk(tmp_path, around=around, request=request) as paper:
            paper.site.says(feed(*OLD))
            await paper.looks(2)
            around.box.inject(said(anna.id, "/latest 1", 100_789_000))
            await paper.until(lambda: len(around.box.visible_messages(anna.id)) == 1)
            around.box.inject(said(anna.id, "/latest 1", 1_000_000))
            await paper.until(lambda: len(around.box.visible_messages(anna.id)) == 2)
            around.box.say(bo.id, bo.id, "/help")  # A2
            around.box.say(chit.id, chit.id, "/subscribe")
            await paper.until(
                lambda: (
                    len(around.box.visible_messages(bo.id)) == len(around.box.visible_messages(chit.id)) == 2
                )
            )
            assert paper.house.db.read_sync(subscriptions.list_subscriptions, chit.id)
            asked = [given["offset"] for name, given in request.made if name == "getUpdates"]
            assert 1_000_001 in asked
            assert len(around.box.visible_messages(anna.id)) == 2
            assert len(asked) < 20


def said(user_id: int, text: str, number: int) -> dict[str, Any]:
    """A message from a reader, as an update with its own id."""
    chat = {"id": user_id, "type": "private", "first_name": "A"}
    user = {"id": user_id, "is_bot": False, "first_name": "A"}
    entity = {"type": "bot_command", "offset": 0, "length": len(text.split()[0])}
    message = {"message_id": 9, "date": 1, "chat": chat, "from": user, "text": text, "entities": [entity]}
    return {"update_id": number, "message": message}


async def test_a1_an_update_that_was_just_handled_is_not_handled_again(
    archive: Database, clock: MovedClock
) -> None:
    room = Newsroom(archive, clock)
    reader = room.reader()
    update = Update.de_json(said(reader.user_id, "/privacy", 1000), room.bot)
    for _ in range(5):
        room.dispatch.accept(update)
    await room.dispatch.finish()
    assert len(reader.messages()) == 1


async def test_b1_what_was_typed_while_the_bot_was_down_is_heeded(tmp_path: Path) -> None:
    async with world() as around:
        box = around.box
        anna, bo = box.add_person("Anna"), box.add_person("Bo")
        async with desk(tmp_path, around=around) as paper:
            paper.site.says(feed(*OLD))
            for reader in (anna, bo):
                box.say(reader.id, reader.id, "/subscribe")
            await paper.until(lambda: all(len(box.visible_messages(reader.id)) == 2 for reader in (anna, bo)))
            await paper.looks(2)
        for reader, count, last in ((anna, 5, "/forget"), (bo, 4, "/unsubscribe")):
            for _ in range(count):
                box.say(reader.id, reader.id, "/latest")
            box.say(reader.id, reader.id, last)
        async with desk(tmp_path, around=around) as paper:
            await paper.until(lambda: not len(box.state.updates))
            await paper.looks(1)
            paper.site.says(feed(item(3, "The bridge opens again"), *OLD))
            await paper.until(lambda: "The bridge opens again" in paper.headlines())
            for reader in (anna, bo):
                assert paper.house.db.read_sync(chats.get, reader.id) is None
                texts = [message.content.text.plain for message in box.visible_messages(reader.id)]
                assert not [text for text in texts if text.startswith("The bridge opens again")]


async def test_b2_who_stops_the_alerts_in_a_hurry_gets_no_more(archive: Database, clock: MovedClock) -> None:
    room, dispatch = paced(archive, clock)
    reader = room.reader()
    await reader.types("/subscribe")
    for text in ["/latest"] * 5 + ["/unsubscribe"]:
        room.box.say(reader.user_id, reader.chat_id, text)
    for update in room.updates():
        dispatch.accept(update)
    await clock.advance(0)
    assert room.db.read_sync(chats.get, reader.chat_id) is None  # at once, although answers wait
    await clock.advance(30)
    assert "Done. No more alerts. To get them again, send /subscribe." in [
        one.text for one in reader.messages()
    ]


async def test_b2_changes_are_made_in_the_order_in_which_they_came(
    archive: Database, clock: MovedClock
) -> None:
    room, dispatch = paced(archive, clock)
    reader = room.reader()
    for text in ["/subscribe", "/unsubscribe"] * 3 + ["/subscribe"]:
        room.box.say(reader.user_id, reader.chat_id, text)
    for update in room.updates():
        dispatch.accept(update)
    finished = asyncio.ensure_future(dispatch.finish())
    while not finished.done():  # erased data leaves the disk a little later
        await clock.advance(1)
    assert room.db.read_sync(subscriptions.list_subscriptions, reader.chat_id)


async def test_b2_an_operators_command_is_done_however_many_questions_wait(
    archive: Database, clock: MovedClock
) -> None:
    room, dispatch = paced(archive, clock)
    editor = room.operator()
    for text in ["/latest"] * 30 + ["/status"]:
        room.box.say(OPERATOR, OPERATOR, text)
    for update in room.updates():
        dispatch.accept(update)
    await clock.advance(60)
    assert any(shown.text.startswith("Feeds:") for shown in editor.messages())


async def test_b3_seven_readers_of_one_group_are_all_answered(archive: Database, clock: MovedClock) -> None:
    room, dispatch = paced(archive, clock)
    people = [room.box.add_person(f"Reader {number}") for number in range(7)]
    group = room.box.add_supergroup("Talk", [person.id for person in people])
    for person in people:
        room.box.say(person.id, group.id, f"/latest@{room.box.bot.username}")
    for update in room.updates():
        dispatch.accept(update)
    await clock.advance(20)
    said_there = [one for one in room.box.visible_messages(group.id) if not one.service]
    assert sum(one.author.id == room.box.bot.id for one in said_there) == 7


async def test_b5_who_asks_too_much_is_told_so_once(archive: Database, clock: MovedClock) -> None:
    room, dispatch = paced(archive, clock)
    reader = room.reader()
    for _ in range(20):
        room.box.say(reader.user_id, reader.chat_id, "/latest 1")
        for update in room.updates():
            dispatch.accept(update)
        await clock.advance(0.15)
    await clock.advance(20)
    texts = [shown.text for shown in reader.messages()]
    assert texts.count(SLOW) == 1
    assert sum(text.startswith("Latest news") for text in texts) > 1


async def test_16_what_another_bot_wrote_is_not_obeyed(archive: Database, clock: MovedClock) -> None:
    room = Newsroom(archive, clock)
    article = room.publish("Dam opens")
    editor = room.operator()
    evil = {"id": 55, "is_bot": True, "first_name": "x", "username": "evil_inline_bot"}
    for number, text in enumerate(("/status", f"/retract {article.url}", "/forget", "/subscribe")):
        update = said(OPERATOR, text, number + 1)
        update["message"]["via_bot"] = evil
        await room.dispatch.dispatch_update(Update.de_json(update, room.bot))
    assert {shown.text for shown in editor.messages()} == {
        "I only follow commands that you type yourself, not what another bot wrote."
    }
    assert room.changes == 0


async def test_m6_somebody_who_writes_as_a_channel_is_a_person(archive: Database, clock: MovedClock) -> None:
    room = Newsroom(archive, clock)
    room.publish("Dam opens")
    group = room.box.add_supergroup("Talk")
    where = {"id": group.id, "type": "supergroup", "title": "Talk"}
    author = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
    channel = {"id": -1001777777777, "type": "channel", "title": "Mine"}
    message = {"message_id": 3, "date": 1, "chat": where, "from": author, "sender_chat": channel}
    await room.dispatch.dispatch_update(
        Update.de_json({"update_id": 1, "message": message | {"text": "/latest"}}, room.bot)
    )
    assert room.box.visible_messages(group.id)[-1].content.text.plain.startswith("Latest news")


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=60))
def test_3d_nobody_is_slowed_beyond_half_a_minute_and_silence_frees_everybody(
    asked: list[tuple[float, bool]],
) -> None:
    throttle, now = Throttle(), 0.0
    for pause, premature in asked:
        now += pause
        throttle.record_question("somebody", now, premature=premature)
        assert throttle.remaining_wait("somebody", now) <= LONGEST_DELAY
        if throttle.remaining_wait("somebody", now) == 0:
            throttle.record_answer("somebody", now)
    assert throttle.remaining_wait("somebody", now + 1 + FREE_PREMATURE + 5) == 0
    assert throttle.remaining_wait("nobody", now) == 0


@given(st.lists(st.floats(0, 20), max_size=60))
def test_3d_who_is_answered_before_asking_again_never_waits(pauses: list[float]) -> None:
    throttle, now = Throttle(), 0.0
    for pause in pauses:
        now += pause
        throttle.record_question("somebody", now, premature=False)
        assert throttle.remaining_wait("somebody", now) == 0
        throttle.record_answer("somebody", now)


def test_3d_only_so_many_askers_are_remembered() -> None:
    throttle = Throttle(remembered=2)
    for asker in range(3):
        for _ in range(20):
            throttle.record_question(asker, 0.0, premature=True)
        throttle.record_answer(asker, 0.0)
    assert [throttle.remaining_wait(asker, 1.0) > 0 for asker in range(3)] == [False, True, True]


@pytest.mark.parametrize("text", ["/forget", "/unsubscribe", "/subscribe"])
async def test_b1_what_changes_something_is_never_dropped(
    archive: Database, clock: MovedClock, text: str
) -> None:
    room, dispatch = paced(archive, clock)
    reader = room.reader()
    for typed in ["/help"] * 100 + [text] + ["/help"] * 100:
        room.box.say(reader.user_id, reader.chat_id, typed)
    for update in room.updates():
        dispatch.accept(update)
    await clock.advance(120)
    assert any(one.text.startswith(("Done.", "You're not getting alerts.")) for one in reader.messages())
