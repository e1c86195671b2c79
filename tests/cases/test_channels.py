"""What becomes of channels and groups: lost, regained, renamed, upgraded, made to wait; each told once."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.check_telegram import check_channel_name
from bot.sandbox.telegram.chats import MemberStatus
from jobs.config import Edition
from jobs.publish import chat_status
from jobs.publish.chat_status import StatusSource, next_status
from storage import channel_names, chats
from storage.database import Database
from storage.records import ChatKind, ChatState, DeliveryState
from tests.cases.newsdesk import Newsdesk, newsdesk
from tests.conftest import MovedClock
from tests.jobs.publish.newsroom import FEED, NOW

CHANNEL, OTHER, STRANGER = -1001000000001, -1001000000002, -1001000000666
GROUP, SUPERGROUP = -500004, -1001000000006
POSTING = ("can_post_messages",)


def a_newsroom(db: Database, clock: MovedClock, **policy: Any) -> Newsdesk:
    made = newsdesk(db, clock, CHANNEL, **policy)
    made.desk.box.add_channel("Lake News", id=CHANNEL, username="lake_news_x")
    return made


async def lost_and_regained(room: Newsdesk, how: tuple[MemberStatus, tuple[str, ...]]) -> None:
    desk = room.desk
    async with desk.working():
        await room.pass_time(3)
        assert room.wrong() == []
        desk.box.set_bot(CHANNEL, *how)
        await room.pass_time(10)
        [notice] = room.told()
        assert "Lake News cannot be written to" in notice
        assert "Administrators, the bot, Post Messages" in notice
        assert room.wrong() != []
        assert [chat.id for chat in room.backlog().paused] == [CHANNEL]
        desk.news("River rises")
        await room.pass_time(200, 5)
        assert len(room.told()) == 1
        desk.box.set_bot(CHANNEL, MemberStatus.ADMINISTRATOR, POSTING)
        await room.pass_time(10)
        assert desk.said(CHANNEL) == ["River rises"]
        await room.pass_time(120, 5)
    assert room.told()[1:] == ["✅ Lake News can be written to again."]
    assert room.wrong() == []


async def test_c1_and_c4_a_kicked_bot_is_told_once_and_what_was_owed_comes_when_it_is_back(
    db: Database, clock: MovedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    await lost_and_regained(a_newsroom(db, clock), (MemberStatus.KICKED, ()))
    assert "Lake News cannot be written to" in capsys.readouterr().out


@pytest.mark.parametrize(
    "how", [(MemberStatus.ADMINISTRATOR, ()), (MemberStatus.MEMBER, ()), (MemberStatus.LEFT, ())]
)
async def test_c2_so_are_rights_that_are_lost(archive: Database, clock: MovedClock, how: Any) -> None:
    await lost_and_regained(a_newsroom(archive, clock), how)


async def test_c1_a_loss_that_nobody_told_of_is_seen_when_we_look(
    archive: Database, clock: MovedClock
) -> None:
    room = a_newsroom(archive, clock)
    async with room.desk.working():
        await room.pass_time(3)
        room.desk.box.set_bot(CHANNEL, MemberStatus.KICKED)
        room.desk.box.state.updates.clear()
        await room.pass_time(700, 5)
        assert ["cannot be written to" in text for text in room.told()] == [True]
        room.desk.box.set_bot(CHANNEL, MemberStatus.ADMINISTRATOR, POSTING)
        room.desk.box.state.updates.clear()
        await room.pass_time(70)
    assert "again" in room.told()[-1]
    assert len(room.told()) == 2


async def test_c1_a_group_that_is_no_channel_of_ours_concerns_no_operator(
    archive: Database, clock: MovedClock
) -> None:
    room = a_newsroom(archive, clock)
    room.desk.box.add_supergroup("Friends", id=OTHER)
    archive.run_sync(chats.upsert_chat, chats.empty_chat(OTHER, ChatKind.SUPERGROUP, clock.now()))
    async with room.desk.working():
        room.desk.box.set_bot(OTHER, MemberStatus.KICKED)
        await room.pass_time(70)
    assert (room.told(), room.wrong()) == ([], [])


async def test_h1_removed_and_back_while_an_article_waits_for_its_hour(
    db: Database, clock: MovedClock
) -> None:
    edition = Edition(name="", channels=(CHANNEL,), feed_urls=(FEED,), hold=timedelta(seconds=12))
    room = a_newsroom(db, clock, editions=(edition,))
    async with room.desk.working():
        room.desk.news("River rises")
        await room.pass_time(3)
        room.desk.box.set_bot(CHANNEL, MemberStatus.LEFT)
        await room.pass_time(2)
        room.desk.box.set_bot(CHANNEL, MemberStatus.ADMINISTRATOR, POSTING)
        await room.pass_time(6)
        assert room.desk.said(CHANNEL) == []
        await room.pass_time(3)
    assert room.desk.said(CHANNEL) == ["River rises"]


async def test_d1_a_channel_known_by_its_id_and_then_by_its_name_stays_itself_when_the_name_is_gone(
    db: Database, clock: MovedClock
) -> None:
    room = a_newsroom(db, clock)
    desk = room.desk
    names: tuple[int | str, ...] = (CHANNEL, "@lake_news_x", "@lake_news_x", "@Lake_News_X")
    for number, named in enumerate(names):
        if number == 2:
            desk.box.set_username(CHANNEL, "")
        room.restart(named)
        desk.news(f"Story {number}")
        async with desk.working():
            await room.pass_time(5)
            desk.news(f"Late story {number}")
            await room.pass_time(70, 5)
    stories = [f"{kind} {number}" for number in range(4) for kind in ("Story", "Late story")]
    assert desk.said(CHANNEL) == stories
    [notice] = room.told()
    assert "@lake_news_x is gone" in notice
    assert str(CHANNEL) in notice
    assert room.backlog().oldest is None


async def test_d2_a_renamed_channel_is_followed_by_its_id(db: Database, clock: MovedClock) -> None:
    room = newsdesk(db, clock, "@harbour_times")
    desk = room.desk
    desk.box.add_channel("Harbour Times", id=CHANNEL, username="harbour_times")
    async with desk.working():
        await room.pass_time(5)
    desk.box.set_username(CHANNEL, "harbour_times_new")
    for _ in range(2):
        room.restart()
        async with desk.working():
            desk.news(f"Story {len(desk.said(CHANNEL))}")
            await room.pass_time(70, 5)
    assert desk.said(CHANNEL) == ["Story 0", "Story 1"]
    [notice] = room.told()
    assert "write @harbour_times_new or" in notice


@pytest.mark.parametrize("before", ["@lake_news_x", CHANNEL])
async def test_d2_a_stranger_who_takes_the_name_gets_nothing(
    archive: Database, clock: MovedClock, before: int | str
) -> None:
    room = a_newsroom(archive, clock)
    desk = room.desk
    room.restart(before)
    desk.box.set_bot(CHANNEL, MemberStatus.ADMINISTRATOR, POSTING)
    async with desk.working():
        await room.pass_time(5)
        desk.box.set_bot(CHANNEL, MemberStatus.KICKED)
        await room.pass_time(5)
        desk.news("Owed")
        await room.pass_time(5)
    desk.box.add_channel("Evil", id=STRANGER)
    desk.box.set_username(STRANGER, "lake_news_x")
    told = len(room.told())
    for _ in range(3):
        room.restart("@LAKE_news_x")
        async with desk.working():
            desk.news(f"Story {clock.now():%H%M%S}")
            await room.pass_time(70, 5)
    assert desk.said(STRANGER) == []
    assert ["leads to another chat now" in text for text in room.told()[told:]] == [True]
    desk.box.set_bot(CHANNEL, MemberStatus.ADMINISTRATOR, POSTING)
    async with desk.working():
        await room.pass_time(70, 5)
    assert len(desk.said(CHANNEL)) == 4
    room.restart(STRANGER)  # the operator means it
    async with desk.working():
        desk.news("New home")
        await room.pass_time(70, 5)
    assert desk.said(STRANGER) == ["New home"]


async def test_d_a_name_that_leads_where_the_bot_may_not_post_means_nothing_yet(
    archive: Database, clock: MovedClock
) -> None:
    room = newsdesk(archive, clock, "@lake_news_x")
    desk = room.desk
    desk.box.add_channel("Squatter", id=STRANGER, username="lake_news_x", bot=MemberStatus.LEFT)
    async with desk.working():
        desk.news("River rises")
        await room.pass_time(70, 5)
        desk.box.add_channel("Lake News", id=CHANNEL)
        desk.box.set_username(CHANNEL, "lake_news_x")
        await room.pass_time(70, 5)
    assert desk.said(CHANNEL) == ["River rises"]
    assert ["again" in text for text in room.told()] == [False, True]
    assert archive.read_sync(channel_names.get, "lake_news_x").chat_id == CHANNEL  # type: ignore[union-attr]


async def test_d_check_says_where_a_name_leads(archive: Database, clock: MovedClock) -> None:
    room = a_newsroom(archive, clock)
    desk, sender = room.desk, room.parts.sender
    async with desk.working():
        await room.pass_time(3)
    known = archive.read_sync(channel_names.get, "@lake_news_x")
    assert known
    assert (
        await check_channel_name(
            "@lake_news_x", known, sender, await sender.fetch_chat_access("@lake_news_x")
        )
        is None
    )
    desk.box.set_username(CHANNEL, "")
    gone = await check_channel_name(
        "@lake_news_x", known, sender, await sender.fetch_chat_access("@lake_news_x")
    )
    assert gone
    assert "write -1001000000001" in gone.problem
    desk.box.add_channel("Evil", id=STRANGER, username="lake_news_x")
    other = await check_channel_name(
        "@lake_news_x", known, sender, await sender.fetch_chat_access("@lake_news_x")
    )
    assert other
    assert str(STRANGER) in other.problem


@pytest.mark.usefixtures("seldom_idle")
async def test_e1_a_closed_topic_is_told_once_and_tried_ever_more_seldom(
    db_of_hours: Database, clock: MovedClock
) -> None:
    room = newsdesk(db_of_hours, clock, SUPERGROUP)
    desk = room.desk
    desk.box.add_supergroup("Forum", id=SUPERGROUP)
    desk.box.faults.script(
        "400 Bad Request: TOPIC_CLOSED", times=10**6, methods=["sendMessage"], chat_id=SUPERGROUP
    )
    async with desk.working():
        desk.news("River rises"), desk.news("Bridge closed")
        await room.pass_time(130)
        assert len(room.sends(SUPERGROUP)) <= 4
        assert len(room.told()) == 1
        assert "open the topic General" in room.told()[0]
    room.restart()
    async with desk.working():
        await room.pass_time(3 * 3600, 20)
        first = room.sends(SUPERGROUP)[0].at
        minutes = [round((each.at - first).total_seconds() / 60) for each in room.sends(SUPERGROUP)]
        assert minutes == [0, 1, 3, 7, 15, 31, 63, 123]
        assert len(room.told()) == 1
        desk.box.faults.clear()
        await room.pass_time(3700, 20)
        assert desk.said(SUPERGROUP) == ["River rises", "Bridge closed"]
    assert room.told()[1:] == ["✅ Forum can be written to again."]


async def test_e1_a_membership_that_changed_ends_such_a_pause(archive: Database, clock: MovedClock) -> None:
    room = newsdesk(archive, clock, SUPERGROUP)
    desk = room.desk
    desk.box.add_supergroup("Forum", id=SUPERGROUP)
    desk.box.faults.script("400 Bad Request: TOPIC_CLOSED", methods=["sendMessage"], chat_id=SUPERGROUP)
    async with desk.working():
        desk.news("River rises")
        await room.pass_time(10)
        desk.box.set_bot(SUPERGROUP, MemberStatus.ADMINISTRATOR, ("can_manage_topics",))
        await room.pass_time(3)
    assert desk.said(SUPERGROUP) == ["River rises"]
    assert len(room.told()) == 2


@pytest.mark.parametrize(
    "words", ["TOPIC_CLOSED", "not enough rights to send text messages to the chat", "PEER_ID_INVALID"]
)
async def test_f1_an_answer_that_is_refused_says_nothing_about_the_channel(
    archive: Database, clock: MovedClock, words: str
) -> None:
    room = newsdesk(archive, clock, SUPERGROUP)
    desk = room.desk
    [reader] = desk.box.add_people(1, first_id=100)
    desk.box.add_supergroup("Forum", [reader], id=SUPERGROUP)
    async with desk.working():
        await room.pass_time(2)
        desk.box.faults.script(f"400 Bad Request: {words}", methods=["sendMessage"], chat_id=SUPERGROUP)
        desk.box.say(reader, SUPERGROUP, "/latest@newswire_bot")
        await room.pass_time(3)
        assert len(room.sends(SUPERGROUP)) == 1
        desk.news("River rises")
        await room.pass_time(5)
    assert desk.said(SUPERGROUP) == ["River rises"]
    assert (room.told(), room.wrong()) == ([], [])


@pytest.mark.parametrize("refusal", ["", "400 Bad Request: message can't be edited", "403 Forbidden: gone"])
async def test_g1_to_g3_a_group_that_became_a_supergroup(
    archive: Database, clock: MovedClock, refusal: str
) -> None:
    room = newsdesk(archive, clock, GROUP)
    desk = room.desk
    desk.box.add_group("Desk", id=GROUP)
    async with desk.working():
        corrected, retracted = desk.news("River rises"), desk.news("Rumour")
        await room.pass_time(10)
        desk.box.add_supergroup("Desk", id=SUPERGROUP)
        desk.box.upgrade(GROUP, SUPERGROUP)
        await room.pass_time(3)
        desk.news("Bridge closed")
        await room.pass_time(10)
        assert desk.said(SUPERGROUP) == ["Bridge closed"]
        if refusal:
            methods = ["editMessageText", "deleteMessage"]
            desk.box.faults.script(refusal, times=99, methods=methods, chat_id=GROUP)
        desk.correct(corrected, "River falls")
        desk.withdraw(retracted)
        await room.pass_time(120)
    shown = desk.said(GROUP)
    if not refusal:
        assert shown[0].startswith("River falls")
        assert shown[1] == "withdrawn"
    assert {each.state for each in desk.deliveries()} == (
        {DeliveryState.SETTLED, DeliveryState.REMOVED} if refusal else {DeliveryState.SETTLED}
    )
    assert len(room.sends(GROUP, "deleteMessage")) == 1
    assert len(room.sends(GROUP, "editMessageText")) == 2
    assert room.backlog().oldest is None
    assert (room.told(), room.wrong()) == ([], [])


async def test_g2_an_edit_that_tells_of_the_upgrade_is_not_repeated(
    archive: Database, clock: MovedClock
) -> None:
    room = newsdesk(archive, clock, GROUP)
    desk = room.desk
    desk.box.add_group("Desk", id=GROUP)
    async with desk.working():
        known = desk.news("River rises")
        await room.pass_time(10)
        desk.box.add_supergroup("Desk", id=SUPERGROUP)
        desk.box.upgrade(GROUP, SUPERGROUP)
        desk.box.state.updates.clear()
        desk.withdraw(known)
        await room.pass_time(60)
        desk.news("Bridge closed")
        await room.pass_time(10)
    assert desk.said(GROUP) == ["withdrawn"]
    assert desk.said(SUPERGROUP) == ["Bridge closed"]
    assert {each.state for each in desk.deliveries()} == {DeliveryState.SETTLED}


@pytest.mark.usefixtures("seldom_idle")
async def test_m1_a_long_wait_is_told_once_and_kept_over_a_restart(
    db_of_hours: Database, clock: MovedClock
) -> None:
    room = newsdesk(db_of_hours, clock, CHANNEL, OTHER)
    desk = room.desk
    desk.box.add_channel("Lake News", id=CHANNEL), desk.box.add_channel("Weekly", id=OTHER)
    desk.box.faults.script("flood", seconds=7200, methods=["sendMessage"], chat_id=CHANNEL)
    async with desk.working():
        desk.news("River rises")
        await room.pass_time(120, 5)
        desk.news("Bridge closed")
        await room.pass_time(10)
    room.restart()
    async with desk.working():
        await room.pass_time(600, 10)
        assert desk.said(OTHER) == ["River rises", "Bridge closed"]
        [notice] = room.told()
        assert "Telegram lets nothing be sent to Lake News until 2026-11-23 11:00 UTC" in notice
        [waiting] = room.backlog().waiting
        assert (waiting.display_name, f"{waiting.flooded_until:%H:%M}") == ("Lake News", "11:00")
        assert "Lake News until" in room.wrong()[-1]
        assert len(room.sends(CHANNEL)) == 1
        await room.pass_time(7000, 20)
    assert desk.said(CHANNEL) == ["River rises", "Bridge closed"]
    assert room.told()[1:] == ["✅ Lake News can be written to again."]
    assert room.wrong() == []


async def test_m1_a_short_wait_is_nobodys_concern(archive: Database, clock: MovedClock) -> None:
    room = a_newsroom(archive, clock)
    room.desk.box.faults.script("flood", seconds=300, methods=["sendMessage"], chat_id=CHANNEL)
    async with room.desk.working():
        room.desk.news("River rises")
        await room.pass_time(320, 2)
    assert room.desk.said(CHANNEL) == ["River rises"]
    assert (room.told(), room.wrong()) == ([], [])


@pytest.mark.usefixtures("seldom_idle")
async def test_a_channel_that_was_lost_for_days_catches_up_with_one_post(
    archive: Database, clock: MovedClock
) -> None:
    room = a_newsroom(archive, clock, max_age=timedelta(hours=1))
    desk = room.desk
    async with desk.working():
        await room.pass_time(3)
        desk.box.set_bot(CHANNEL, MemberStatus.KICKED)
        for number in range(4):
            desk.news(f"Story {number}")
            await room.pass_time(1200, 20)
        await room.pass_time(3700, 20)
        desk.box.set_bot(CHANNEL, MemberStatus.ADMINISTRATOR, POSTING)
        await room.pass_time(30)
    assert desk.said(CHANNEL) == ["Story 0\nStory 1\nStory 2\nStory 3"]


LEARNED = st.tuples(
    st.sampled_from(StatusSource), st.sampled_from(["", "TOPIC_CLOSED", "kicked"]), st.integers(0, 90)
).filter(lambda each: each[1] or each[0] is not StatusSource.ERROR)


@given(st.lists(LEARNED, max_size=30))
def test_whatever_we_learn_loss_and_return_alternate_and_an_errors_pause_ends_by_a_send(
    learned: list[tuple[StatusSource, str, int]],
) -> None:
    chat = chats.empty_chat(CHANNEL, ChatKind.CHANNEL, NOW)
    now = NOW
    for source, why_not, minutes in learned:
        if source is StatusSource.SENT:
            why_not = ""
        now += timedelta(minutes=minutes)
        then = next_status(chat, source, now, why_not)
        if chat.tries and then.state is ChatState.ACTIVE:
            assert source in (StatusSource.SENT, StatusSource.MEMBERSHIP)
        if source is StatusSource.ERROR and then.tries > 1 and then != chat:
            assert then.retry_at
            assert timedelta(minutes=2) <= then.retry_at - now <= chat_status.MAX_RETRY_DELAY
        assert (then.state is ChatState.ACTIVE) == (not then.reason)
        chat = then
