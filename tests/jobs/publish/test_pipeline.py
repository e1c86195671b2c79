"""From a stored article to what chats show: once, in order, whatever happens on the way."""

import sys
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from bot.sandbox.telegram.chats import MemberStatus
from bot.sandbox.telegram.limits import NO_LIMITS
from jobs.config import Corrections, Edition, Withdrawals
from jobs.publish import pipeline
from jobs.publish.prepare import PreparedRequest
from storage import chats, reports, subscriptions
from storage.database import Database
from storage.records import DeliveryState, Verdict
from tests.conftest import MovedClock
from tests.jobs.publish.harness import Desk, desk
from tests.jobs.publish.newsroom import FEED, followers

CHANNEL = -1001000000001


@pytest.fixture
def newsroom(db: Database, clock: MovedClock) -> Desk:
    made = desk(db, clock, CHANNEL)
    made.box.add_channel("Daily", id=CHANNEL)
    return made


async def test_an_article_is_posted_once_and_the_bell_makes_it_at_once(newsroom: Desk) -> None:
    async with newsroom.working():
        river = newsroom.news("River rises")
        await newsroom.pass_time(0.5, 0.05)
        assert newsroom.said(CHANNEL) == ["River rises"]
        await newsroom.pass_time(120, 5)
    assert newsroom.said(CHANNEL) == ["River rises"]
    life = newsroom.life(river)
    assert [each.verdict for each in life.decisions] == [Verdict.PLANNED]
    assert [each.state for each in life.deliveries] == [DeliveryState.SETTLED]


async def test_articles_come_in_the_order_of_their_publication(newsroom: Desk) -> None:
    for minutes, title in ((1, "Third"), (3, "First"), (2, "Second")):
        newsroom.news(title, published=newsroom.clock.now() - timedelta(minutes=minutes))
    async with newsroom.working():
        await newsroom.pass_time(5)
        assert newsroom.said(CHANNEL) == ["First", "Second", "Third"]


async def test_followers_get_it_too(newsroom: Desk) -> None:
    readers = newsroom.box.add_people(5, first_id=100)
    newsroom.db.run_sync(followers, readers)
    async with newsroom.working():
        newsroom.clock.move(1)
        newsroom.news("River rises")
        await newsroom.pass_time(2)
        assert [newsroom.said(reader) for reader in readers] == [["River rises"]] * 5


async def test_a_breaking_story_overtakes_a_running_fan_out(db: Database, clock: MovedClock) -> None:
    edition = Edition(name="", channels=(), feed_urls=(FEED,), breaking=("earthquake",))
    newsroom = desk(db, clock, editions=(edition,))
    readers = newsroom.box.add_people(120, first_id=1000)
    newsroom.db.run_sync(followers, readers)
    clock.move(1)
    async with newsroom.working():
        newsroom.news("River rises")
        await newsroom.pass_time(3)
        newsroom.news("Earthquake in the south")
        await newsroom.pass_time(4.6)
        quick = [reader for reader in readers if "Earthquake in the south" in newsroom.said(reader)]
        slow = [reader for reader in readers if "River rises" in newsroom.said(reader)]
        assert len(quick) == 120
        assert len(slow) < 115
        await newsroom.pass_time(6)
    assert all("River rises" in newsroom.said(reader) for reader in readers)
    assert newsroom.box.visibility.peak_count(1.0) <= 30


async def test_a_correction_edits_the_post_and_says_when(newsroom: Desk) -> None:
    async with newsroom.working():
        river = newsroom.news("River rises")
        await newsroom.pass_time(2)
        newsroom.correct(river, "River falls")
        await newsroom.pass_time(2)
        assert newsroom.said(CHANNEL) == [f"River falls\nUpdated {newsroom.clock.now():%H:%M}"]
    life = newsroom.life(river)
    assert [(chat, revision) for chat, revision, _ in life.shown] == [(CHANNEL, 1), (CHANNEL, 2)]


async def test_a_correction_may_be_silent(db: Database, clock: MovedClock) -> None:
    newsroom = desk(db, clock, CHANNEL, corrections=Corrections.SILENT)
    newsroom.box.add_channel("Daily", id=CHANNEL)
    async with newsroom.working():
        river = newsroom.news("River rises")
        await newsroom.pass_time(2)
        newsroom.correct(river, "River falls")
        await newsroom.pass_time(2)
        assert newsroom.said(CHANNEL) == ["River falls"]


async def test_a_correction_before_the_send_takes_its_place(newsroom: Desk) -> None:
    newsroom.correct(newsroom.news("River rises"), "River falls")
    async with newsroom.working():
        await newsroom.pass_time(2)
    assert newsroom.said(CHANNEL) == ["River falls"]
    assert len(newsroom.box.visibility.send_times(CHANNEL)) == 1


async def test_a_withdrawn_article_is_taken_back(newsroom: Desk) -> None:
    async with newsroom.working():
        river = newsroom.news("River rises")
        await newsroom.pass_time(2)
        newsroom.withdraw(river)
        await newsroom.pass_time(2)
        assert newsroom.said(CHANNEL) == []
        await newsroom.pass_time(60, 5)
    assert [each.state for each in newsroom.deliveries()] == [DeliveryState.SETTLED]


async def test_a_withdrawn_article_may_leave_a_note(db: Database, clock: MovedClock) -> None:
    newsroom = desk(db, clock, CHANNEL, withdrawals=Withdrawals.NOTE)
    newsroom.box.add_channel("Daily", id=CHANNEL)
    async with newsroom.working():
        river = newsroom.news("River rises")
        await newsroom.pass_time(2)
        newsroom.withdraw(river)
        await newsroom.pass_time(2)
        assert newsroom.said(CHANNEL) == ["withdrawn"]


async def test_what_telegram_no_longer_deletes_is_replaced_by_a_note(db: Database, clock: MovedClock) -> None:
    newsroom = desk(db, clock)
    [reader] = newsroom.box.add_people(1, first_id=100)
    newsroom.db.run_sync(followers, [reader])
    clock.move(1)
    async with newsroom.working():
        river = newsroom.news("River rises")
        await newsroom.pass_time(2)
        clock.move(49 * 3600)
        newsroom.withdraw(river)
        await newsroom.pass_time(5)
        assert newsroom.said(reader) == ["withdrawn"]


async def test_withdrawals_may_be_off(db: Database, clock: MovedClock) -> None:
    newsroom = desk(db, clock, CHANNEL, withdrawals=Withdrawals.OFF)
    newsroom.box.add_channel("Daily", id=CHANNEL)
    async with newsroom.working():
        river = newsroom.news("River rises")
        await newsroom.pass_time(2)
        newsroom.withdraw(river)
        await newsroom.pass_time(2)
        assert newsroom.said(CHANNEL) == ["River rises"]


async def test_a_post_deleted_by_hand_stays_deleted(newsroom: Desk) -> None:
    async with newsroom.working():
        river = newsroom.news("River rises")
        await newsroom.pass_time(2)
        newsroom.box.delete(CHANNEL, newsroom.deliveries()[0].message_id or 0)
        newsroom.correct(river, "River falls")
        await newsroom.pass_time(5)
        newsroom.correct(river, "River falls further")
        await newsroom.pass_time(5)
    assert newsroom.said(CHANNEL) == []
    assert [each.state for each in newsroom.deliveries()] == [DeliveryState.REMOVED]


async def test_a_refused_picture_goes_without_it(newsroom: Desk) -> None:
    newsroom.box.state.find_picture_error = lambda url: "WEBPAGE_CURL_FAILED"
    river = newsroom.news("River rises", image="https://news.example/1.jpg")
    async with newsroom.working():
        await newsroom.pass_time(3)
        newsroom.correct(river, "River falls")
        await newsroom.pass_time(3)
    assert newsroom.said(CHANNEL)[0].startswith("River falls")
    assert newsroom.deliveries()[0].state is DeliveryState.SETTLED


async def test_rights_that_are_lost_and_regained_lose_nothing(db: Database, clock: MovedClock) -> None:
    newsroom = desk(db, clock, CHANNEL, operators=(50,))
    newsroom.box.add_channel("Daily", id=CHANNEL)
    newsroom.box.add_person("Operator", id=50)
    async with newsroom.working():
        newsroom.box.set_bot(CHANNEL, MemberStatus.ADMINISTRATOR, ())
        newsroom.news("River rises")
        newsroom.news("Bridge closed")
        await newsroom.pass_time(30, 1)
        assert newsroom.said(CHANNEL) == []
        assert len([text for text in newsroom.said(50) if "cannot be written to" in text]) == 1
        newsroom.box.set_bot(CHANNEL, MemberStatus.ADMINISTRATOR, ("can_post_messages",))
        await newsroom.pass_time(70, 1)
        assert newsroom.said(CHANNEL) == ["River rises", "Bridge closed"]
        assert "can be written to again" in newsroom.said(50)[-1]


async def test_a_reader_who_blocked_the_bot_is_erased_by_the_first_refusal(newsroom: Desk) -> None:
    [reader] = newsroom.box.add_people(1, first_id=100)
    newsroom.db.run_sync(followers, [reader])
    newsroom.clock.move(1)
    newsroom.box.block(reader)
    async with newsroom.working():
        newsroom.news("River rises")
        await newsroom.pass_time(3)
        newsroom.news("Bridge closed")
        await newsroom.pass_time(3)
    assert newsroom.db.read_sync(chats.get, reader) is None
    assert newsroom.db.read_sync(subscriptions.list_subscriptions, reader) == []
    assert not [each for each in newsroom.deliveries() if each.chat_id == reader]
    assert newsroom.db.erasure.is_pending


async def test_a_group_that_becomes_a_supergroup_is_followed(db: Database, clock: MovedClock) -> None:
    newsroom = desk(db, clock, -4001)
    newsroom.box.add_group("Desk", id=-4001)
    async with newsroom.working():
        newsroom.news("River rises")
        await newsroom.pass_time(2)
        newsroom.box.add_supergroup("Desk", id=-1002)
        newsroom.box.upgrade(-4001, -1002)
        newsroom.news("Bridge closed")
        await newsroom.pass_time(5)
        newsroom.news("Bridge open")
        await newsroom.pass_time(5)
    assert newsroom.said(-4001) == ["River rises"]
    assert newsroom.said(-1002) == ["Bridge closed", "Bridge open"]


async def test_a_channel_named_by_its_name_is_found_and_owed_what_came_before(
    db: Database, clock: MovedClock
) -> None:
    newsroom = desk(db, clock, "@daily_news")
    newsroom.news("River rises")
    async with newsroom.working():
        await newsroom.pass_time(5)
        channel = newsroom.box.add_channel("Daily", username="daily_news")
        await newsroom.pass_time(65, 1)
        newsroom.news("Bridge closed")
        await newsroom.pass_time(5)
        assert newsroom.said(channel.id) == ["River rises", "Bridge closed"]


async def test_a_flood_is_waited_out_without_a_single_request(newsroom: Desk) -> None:
    async with newsroom.working():
        await newsroom.pass_time(1)
        newsroom.box.faults.script("flood", seconds=34, methods=["sendMessage"])
        newsroom.news("River rises")
        await newsroom.pass_time(33, 1)
        before = [event for event in newsroom.box.state.event_log.events_since(0) if event.kind == "refused"]
        assert (newsroom.said(CHANNEL), before) == ([], [])
        await newsroom.pass_time(5)
        assert newsroom.said(CHANNEL) == ["River rises"]


async def test_a_flood_is_waited_out_across_a_restart(newsroom: Desk) -> None:
    async with newsroom.working():
        await newsroom.pass_time(1)
        newsroom.box.faults.script("flood", seconds=34, methods=["sendMessage"])
        newsroom.news("River rises")
        await newsroom.pass_time(2)
    async with newsroom.working():
        await newsroom.pass_time(25, 1)
        assert newsroom.said(CHANNEL) == []
        await newsroom.pass_time(10, 1)
        assert newsroom.said(CHANNEL) == ["River rises"]


async def test_after_an_outage_what_is_too_old_comes_in_one_post(newsroom: Desk) -> None:
    async with newsroom.working():
        newsroom.news("Before")
        await newsroom.pass_time(2)
        newsroom.box.set_bot(CHANNEL, MemberStatus.ADMINISTRATOR, ())
        for title in ("One", "Two", "Three"):
            newsroom.news(title)
        await newsroom.pass_time(10, 1)
        newsroom.clock.move(30 * 3600)
        newsroom.box.set_bot(CHANNEL, MemberStatus.ADMINISTRATOR, ("can_post_messages",))
        await newsroom.pass_time(70, 1)
        assert newsroom.said(CHANNEL) == ["Before", "One\nTwo\nThree"]


async def test_a_held_post_that_was_retracted_in_time_is_never_sent(db: Database, clock: MovedClock) -> None:
    edition = Edition(name="", channels=(CHANNEL,), feed_urls=(FEED,), hold=timedelta(minutes=5))
    newsroom = desk(db, clock, editions=(edition,))
    newsroom.box.add_channel("Daily", id=CHANNEL)
    async with newsroom.working():
        river = newsroom.news("River rises")
        newsroom.news("Bridge closed")
        await newsroom.pass_time(60, 5)
        newsroom.withdraw(river)
        await newsroom.pass_time(250, 5)
        assert newsroom.said(CHANNEL) == ["Bridge closed"]


async def test_stopping_settles_what_is_under_way_and_hands_the_rest_back(
    db: Database, clock: MovedClock
) -> None:
    newsroom = desk(db, clock, limits=NO_LIMITS)
    readers = newsroom.box.add_people(100, first_id=1000)
    newsroom.db.run_sync(followers, readers)
    clock.move(1)
    newsroom.box.faults.latency = 3.0
    async with newsroom.working():
        newsroom.news("River rises")
        await newsroom.pass_time(1)
    states = {each.state for each in newsroom.deliveries()}
    assert states == {DeliveryState.SETTLED, DeliveryState.OWED}
    newsroom.box.faults.latency = 0
    async with newsroom.working():
        await newsroom.pass_time(5)
    assert newsroom.box.visibility.count_marks(["River rises"], readers).shown_once == 100


async def test_the_rate_holds_whatever_is_owed(db: Database, clock: MovedClock) -> None:
    newsroom = desk(db, clock, CHANNEL)
    newsroom.box.add_channel("Daily", id=CHANNEL)
    for number in range(30):
        newsroom.news(f"Story {number}")
    async with newsroom.working():
        await newsroom.pass_time(120, 0.5)
    assert len(newsroom.said(CHANNEL)) == 30
    assert newsroom.box.visibility.peak_count(60.0, CHANNEL) == 20
    assert newsroom.box.visibility.peak_count(1.0, CHANNEL) == 1


async def test_the_backlog_is_empty_in_the_end(newsroom: Desk) -> None:
    async with newsroom.working():
        newsroom.news("River rises")
        await newsroom.pass_time(3)
    found = newsroom.db.read_sync(reports.delivery_backlog, newsroom.clock.now())
    assert (sum(found.owed.values()), found.unclear, found.paused) == (0, 0, [])


async def test_readers_alerts_that_came_too_late_just_go(db: Database, clock: MovedClock) -> None:
    newsroom = desk(db, clock)
    readers = newsroom.box.add_people(3, first_id=100)
    newsroom.db.run_sync(followers, readers)
    clock.move(1)
    newsroom.box.faults.script("flood", seconds=3 * 24 * 3600, methods=["sendMessage"], times=2)
    async with newsroom.working():
        newsroom.news("River rises")
        await newsroom.pass_time(30, 1)
        clock.move(2 * 24 * 3600)
        await newsroom.pass_time(65, 1)
        clock.move(2 * 24 * 3600)
        newsroom.news("Bridge closed")
        await newsroom.pass_time(65, 1)
    assert [newsroom.said(reader)[-1:] for reader in readers] == [["Bridge closed"]] * 3
    late = [each.state for each in newsroom.deliveries()[:3]]
    assert DeliveryState.SKIPPED in late
    assert DeliveryState.OWED not in late


#: The stages from the claim to the settled row, and what a prepared request merely says of itself.
WAY = {"_claim_batch", "_start_requests", "_send_request", "flush"}
FACTS = {
    each.fget.__code__ for each in vars(PreparedRequest).values() if isinstance(each, property) and each.fget
}
#: The rate limiter's own parts.
BEHIND = {"sliding_windows": "rate_limiter", "circuit_breaker": "rate_limiter"}


class EnteredFiles:
    """The files of `jobs/publish` whose functions run in the stages of `WAY` from claim to result."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._claimed = False

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        path, name = Path(frame.f_code.co_filename), frame.f_code.co_name
        if event == "return" and name in ("claim_deliveries", "settle"):
            self._claimed = name == "claim_deliveries"
        if not self._claimed or event != "call" or path.parent != Path(pipeline.__file__).parent:
            return
        caller: FrameType | None = frame
        while caller and caller.f_code.co_name not in WAY:
            caller = caller.f_back
        if caller and frame.f_code not in FACTS:
            self.names.add(BEHIND.get(path.stem, path.stem))


async def test_from_claim_to_settled_row_a_delivery_enters_four_files_and_a_withdrawal_at_most_five(
    archive: Database, clock: MovedClock
) -> None:
    newsroom = desk(archive, clock, CHANNEL)
    newsroom.box.add_channel("Daily", id=CHANNEL)
    sent, corrected, withdrawn = EnteredFiles(), EnteredFiles(), EnteredFiles()
    refusal = "400 Bad Request: message can't be deleted"
    newsroom.box.faults.script(refusal, times=1, methods=["deleteMessage"], chat_id=CHANNEL)
    async with newsroom.working():
        river = newsroom.news("River rises")
        await _traced(newsroom, sent)
        newsroom.correct(river, "River falls")
        await _traced(newsroom, corrected)
        newsroom.withdraw(river)
        await _traced(newsroom, withdrawn)
    assert newsroom.said(CHANNEL) == ["withdrawn"]
    four = {"dispatcher", "rate_limiter", "settlement", "result_writer"}
    assert [sent.names, corrected.names, withdrawn.names] == [four, four, four | {"prepare"}]


async def _traced(newsroom: Desk, entered: EnteredFiles) -> None:
    before = sys.getprofile()
    sys.setprofile(entered)
    try:
        await newsroom.pass_time(5)
    finally:
        sys.setprofile(before)
