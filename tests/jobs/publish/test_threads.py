"""A post that continues a story replies to the story's last post in its channel, whatever happens between."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.config import Edition
from storage import stories
from storage.database import Database
from storage.records import DeliveryState
from tests.conftest import MovedClock
from tests.jobs.publish.harness import Desk, desk
from tests.jobs.publish.newsroom import FEED, followers
from tests.jobs.publish.test_story_assignment import ENGINEERS, FAMILIES, ORCHIDS, RIVER

CHANNEL, OTHER = -1001000000001, -1001000000002
READER, OPERATOR = 60, 50


def newsroom(db: Database, clock: MovedClock, *channels: int, **policy: object) -> Desk:
    made = desk(db, clock, *(channels or (CHANNEL,)), **policy)
    for number in channels or (CHANNEL,):
        made.box.add_channel(f"Daily {number}", id=number)
    return made


def threads(made: Desk, chat_id: int = CHANNEL) -> dict[str, str]:
    """The bot's posts in a chat, each with the post that it is a reply to, "" for none."""
    shown = [
        message
        for message in made.box.visible_messages(chat_id)
        if message.author.is_bot and not message.service
    ]
    text = {message.id: message.content.text.plain.splitlines()[0] for message in shown}
    return {text[each.id]: text.get(each.reply_to.id, "?") if each.reply_to else "" for each in shown}


async def test_a_story_goes_on_as_replies_to_its_last_post(db: Database, clock: MovedClock) -> None:
    made = newsroom(db, clock, CHANNEL, OTHER, threads=True)
    async with made.working():
        for title, summary in (RIVER, ORCHIDS, FAMILIES, ENGINEERS):
            made.news(title, summary=summary)
            await made.pass_time(10, 1)
    expected = {RIVER[0]: "", ORCHIDS[0]: "", FAMILIES[0]: RIVER[0], ENGINEERS[0]: FAMILIES[0]}
    assert threads(made) == threads(made, OTHER) == expected
    first, *_ = made.deliveries()
    assert first.message_id
    assert [each.reply_to for each in made.deliveries() if each.chat_id == CHANNEL] == [
        0, 0, first.message_id, first.message_id + 2,
    ]  # fmt: skip


async def test_articles_of_one_look_thread_among_themselves(db: Database, clock: MovedClock) -> None:
    made = newsroom(db, clock, threads=True)
    async with made.working():
        for title, summary in (RIVER, FAMILIES, ENGINEERS):
            clock.move(1)
            made.news(title, summary=summary)
        await made.pass_time(20, 1)
    assert threads(made) == {RIVER[0]: "", FAMILIES[0]: RIVER[0], ENGINEERS[0]: FAMILIES[0]}


async def test_the_operator_may_do_without_threads(db: Database, clock: MovedClock) -> None:
    made = newsroom(db, clock, threads=False)
    async with made.working():
        made.news(RIVER[0], summary=RIVER[1])
        made.news(FAMILIES[0], summary=FAMILIES[1])
        await made.pass_time(10, 1)
    assert threads(made) == {RIVER[0]: "", FAMILIES[0]: ""}


async def test_readers_alerts_are_no_thread(db: Database, clock: MovedClock) -> None:
    made = newsroom(db, clock, threads=True)
    made.box.add_person("Reader", id=READER)
    made.box.say(READER, READER, "/start")
    db.run_sync(followers, [READER])
    async with made.working():
        made.news(RIVER[0], summary=RIVER[1])
        await made.pass_time(5, 1)
        made.news(FAMILIES[0], summary=FAMILIES[1])
        await made.pass_time(5, 1)
    assert threads(made)[FAMILIES[0]] == RIVER[0]
    assert set(threads(made, READER).values()) == {""}


async def test_a_post_deleted_by_hand_costs_the_next_one_nothing(db: Database, clock: MovedClock) -> None:
    made = newsroom(db, clock, threads=True)
    async with made.working():
        made.news(RIVER[0], summary=RIVER[1])
        await made.pass_time(5, 1)
        [shown] = [message for message in made.box.visible_messages(CHANNEL) if message.author.is_bot]
        made.box.delete(CHANNEL, shown.id)
        made.news(FAMILIES[0], summary=FAMILIES[1])
        await made.pass_time(5, 1)
    assert threads(made) == {FAMILIES[0]: ""}
    assert made.deliveries()[-1].state is DeliveryState.SETTLED


async def test_a_withdrawn_post_is_answered_by_nobody(db: Database, clock: MovedClock) -> None:
    made = newsroom(db, clock, threads=True)
    async with made.working():
        made.news(RIVER[0], summary=RIVER[1])
        await made.pass_time(5, 1)
        families = made.news(FAMILIES[0], summary=FAMILIES[1])
        await made.pass_time(5, 1)
        made.withdraw(families)
        made.news(ENGINEERS[0], summary=ENGINEERS[1])
        await made.pass_time(5, 1)
    assert threads(made) == {RIVER[0]: "", ENGINEERS[0]: RIVER[0]}


async def test_an_earlier_article_that_comes_out_later_answers_nothing(
    db: Database, clock: MovedClock
) -> None:
    made = newsroom(db, clock, threads=True)
    async with made.working():
        made.news(FAMILIES[0], summary=FAMILIES[1])
        await made.pass_time(5, 1)
        made.news(RIVER[0], summary=RIVER[1], published=clock.now().replace(hour=8))
        await made.pass_time(5, 1)
    assert threads(made) == {FAMILIES[0]: "", RIVER[0]: ""}


async def test_a_correction_leaves_the_reply_as_it_is(db: Database, clock: MovedClock) -> None:
    made = newsroom(db, clock, threads=True)
    async with made.working():
        made.news(RIVER[0], summary=RIVER[1])
        await made.pass_time(5, 1)
        families = made.news(FAMILIES[0], summary=FAMILIES[1])
        await made.pass_time(5, 1)
        made.correct(families, "Families leave Lanmadaw by boat")
        await made.pass_time(10, 1)
    assert threads(made) == {RIVER[0]: "", "Families leave Lanmadaw by boat": RIVER[0]}
    first, second = made.deliveries()
    assert second.reply_to == first.message_id


@pytest.mark.parametrize("fault", ["closed", "closed_applied", "gateway_502_applied", "timeout", "truncated"])
@pytest.mark.parametrize("through_an_operator", [False, True])
async def test_an_unclear_reply_is_found_again_and_neither_repeated_nor_lost(
    db: Database, clock: MovedClock, fault: str, through_an_operator: bool
) -> None:
    operators = (OPERATOR,) if through_an_operator else ()
    made = desk(db, clock, CHANNEL, operators=operators, threads=True)
    rights = ("can_post_messages", *(["can_edit_messages"] if through_an_operator else []))
    made.box.add_channel("Daily", id=CHANNEL, rights=rights)
    made.box.add_person("Operator", id=OPERATOR)
    made.box.say(OPERATOR, OPERATOR, "/start")
    async with made.working():
        made.news(RIVER[0], summary=RIVER[1])
        await made.pass_time(5, 1)
        made.box.faults.script(fault, methods=["sendMessage"])
        made.news(FAMILIES[0], summary=FAMILIES[1])
        await made.pass_time(200, 2)
        made.news(ENGINEERS[0], summary=ENGINEERS[1])
        await made.pass_time(5, 1)
    assert threads(made) == {RIVER[0]: "", FAMILIES[0]: RIVER[0], ENGINEERS[0]: FAMILIES[0]}
    assert len(made.box.visibility.messages_with(CHANNEL, FAMILIES[0])) == 1


@pytest.mark.parametrize("seconds", [0.0, 0.25, 0.5, 1.0, 2.0])
async def test_after_a_crash_the_story_goes_on_where_it_stood(
    db: Database, clock: MovedClock, seconds: float
) -> None:
    made = newsroom(db, clock, threads=True)
    async with made.working():
        made.news(RIVER[0], summary=RIVER[1])
        await made.pass_time(5, 1)
    made.news(FAMILIES[0], summary=FAMILIES[1])
    await made.killed_while_working(seconds)
    after = replace(made, index=type(made.index)())  # what was in memory is lost
    async with after.working():
        await after.pass_time(200, 2)
    assert threads(after) == {RIVER[0]: "", FAMILIES[0]: RIVER[0]}
    assert len(after.box.visibility.messages_with(CHANNEL, FAMILIES[0])) == 1


async def test_what_an_editor_splits_and_joins_while_posts_are_held_counts_when_they_are_sent(
    db: Database, clock: MovedClock
) -> None:
    edition = Edition(name="", channels=(CHANNEL,), feed_urls=(FEED,), hold=timedelta(minutes=5))
    made = newsroom(db, clock, CHANNEL, editions=(edition,), threads=True)
    async with made.working():
        river = made.news(RIVER[0], summary=RIVER[1])
        await made.pass_time(310, 10)
        families = made.news(FAMILIES[0], summary=FAMILIES[1])
        orchids = made.news(ORCHIDS[0], summary=ORCHIDS[1])
        await made.pass_time(5, 1)
        db.run_sync(stories.split_off, families.id, clock.now())
        db.run_sync(stories.merge_stories, river.id, orchids.id, clock.now())
        await made.pass_time(310, 10)
    assert threads(made) == {RIVER[0]: "", FAMILIES[0]: "", ORCHIDS[0]: RIVER[0]}


async def test_the_same_text_twice_is_one_post(db: Database, clock: MovedClock) -> None:
    made = newsroom(db, clock, threads=True)
    async with made.working():
        made.news(RIVER[0], summary=RIVER[1])
        await made.pass_time(5, 1)
        twice = made.news(RIVER[0].upper(), summary=RIVER[1])
        await made.pass_time(5, 1)
    assert threads(made) == {RIVER[0]: ""}
    assert [decision.detail for decision in made.life(twice).decisions] == ["of article 1"]


async def test_a_withdrawn_articles_duplicate_takes_its_place(db: Database, clock: MovedClock) -> None:
    made = newsroom(db, clock, threads=True)
    async with made.working():
        river = made.news(RIVER[0], summary=RIVER[1])
        await made.pass_time(5, 1)
        made.news(RIVER[0].upper(), summary=RIVER[1])
        await made.pass_time(5, 1)
        made.withdraw(river)
        await made.pass_time(10, 1)
    assert threads(made) == {RIVER[0].upper(): ""}
