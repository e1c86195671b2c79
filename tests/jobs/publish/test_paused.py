"""A group that follows and closes for a while gets what it is owed once it opens, and nobody is told."""

from dataclasses import replace

import pytest

from bot.sandbox.chats import MEMBER_RIGHTS
from bot.sandbox.chats import Chat as Group
from bot.telegram.sender import TelegramSender
from jobs.publish.ledger import write
from jobs.publish.outcome import ChatGone
from jobs.publish.paused import PausedGroups
from jobs.publish.settling import Aftermath
from storage import chats
from storage.database import Connection, Database
from storage.outbox import Settled
from storage.records import ChatKind, ChatState, DeliveryState
from tests.cases.recorded import RecordedRequest
from tests.conftest import MovedClock
from tests.jobs.publish.desk import Desk, desk
from tests.jobs.publish.newsroom import NOW, chat, post

CHANNEL, OPERATOR = -1001000000001, 77


@pytest.fixture
def newsroom(db: Database, clock: MovedClock) -> Desk:
    made = desk(db, clock, CHANNEL, operators=(OPERATOR,))
    made.box.add_channel("Daily", id=CHANNEL)
    made.box.add_person("Editor", id=OPERATOR)
    return made


def followed(newsroom: Desk) -> Group:
    """A group that follows since a second ago."""

    def follow(connection: Connection) -> None:
        chat(connection, group.id, ChatKind.SUPERGROUP, title="Talk")
        chats.subscribe(connection, group.id, chats.EVERYTHING, chats.AT_ONCE, NOW)

    group = newsroom.box.add_supergroup("Talk")
    newsroom.db.run_here(follow)
    newsroom.clock.move(1)
    return group


async def test_what_it_is_owed_comes_when_its_members_may_write_again(newsroom: Desk) -> None:
    group = followed(newsroom)
    async with newsroom.working():
        group.allowed = frozenset()
        newsroom.news("River rises")
        await newsroom.pass_time(5)
        assert newsroom.said(CHANNEL) == ["River rises"]
        paused = newsroom.db.read_here(chats.get, group.id)
        assert paused
        assert paused.state is ChatState.PAUSED
        group.allowed = frozenset(MEMBER_RIGHTS)
        await newsroom.pass_time(125, 1)
        assert newsroom.said(group.id) == ["River rises"]
    assert newsroom.said(OPERATOR) == []


async def test_one_that_stays_closed_is_asked_about_ever_more_seldom(newsroom: Desk) -> None:
    group = followed(newsroom)
    group.allowed = frozenset()
    newsroom.db.run_here(chats.set_state, group.id, ChatState.PAUSED, "not enough rights")
    request = RecordedRequest(newsroom.box)
    groups = PausedGroups(replace(newsroom.publish(), sender=TelegramSender(request, newsroom.box.token)))
    minutes = []
    for minute in range(4 * 60):
        before = request.count("getChat")
        assert not await groups.look()
        if request.count("getChat") > before:
            minutes.append(minute)
        newsroom.clock.move(60)
    assert minutes == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    group.allowed = frozenset(MEMBER_RIGHTS)
    newsroom.clock.move(3600)
    assert await groups.look()
    assert not await groups.look()


async def test_what_an_operator_paused_and_who_does_not_follow_is_left_alone(newsroom: Desk) -> None:
    group = followed(newsroom)
    newsroom.db.run_here(chats.set_state, group.id, ChatState.PAUSED, chats.BY_OPERATOR)
    newsroom.db.run_here(chat, -1001000000055, ChatKind.SUPERGROUP, state=ChatState.PAUSED)
    assert newsroom.db.read_here(chats.paused_followers) == []


def test_a_group_that_was_forgotten_stays_so_though_a_send_under_way_finds_it_gone(newsroom: Desk) -> None:
    group = followed(newsroom)
    number = newsroom.db.run_here(post, group.id)
    [delivery] = newsroom.deliveries()
    assert delivery.post_id == number
    newsroom.db.run_here(chats.forget, group.id)
    settled = Settled(delivery_id=delivery.id, state=DeliveryState.SKIPPED, shown_revision=0, message_id=None)
    gone = Aftermath(settled, group.id, ChatGone(ChatState.LEFT, "the bot was kicked"))
    newsroom.db.run_here(write, [gone], (OPERATOR,), NOW)
    assert newsroom.db.read_here(chats.get, group.id) is None
    assert newsroom.deliveries() == []
