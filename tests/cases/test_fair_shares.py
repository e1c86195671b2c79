"""Shares: nobody waits because somebody else is loud. Time is the test's, so that no machine is too slow."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select
from telegram import Update

from bot import commands
from bot.dispatch import UpdateDispatcher
from bot.locale import unquote_text
from bot.sandbox.telegram.limits import NO_LIMITS
from bot.telegram.paced_answers import RateLimitedSender
from bot.telegram.sender import TelegramSender
from jobs.config import Edition, Rate
from jobs.publish import pipeline
from storage.database import Database
from storage.schema import decisions
from tests.conftest import THOROUGH, MovedClock
from tests.jobs.publish.harness import Desk, desk
from tests.jobs.publish.newsroom import FEED, correct
from tests.stories.house import desk as whole_house
from tests.stories.test_newsroom_goes_live import feed, item

CHANNEL = -1001000000001
LOUD = "https://loud.example/feed"
STEP = 0.1


@dataclass
class Evening:
    """A newsroom that posts and answers by one pace, and people who write to it."""

    desk: Desk
    dispatch: UpdateDispatcher

    async def pass_time(self, seconds: float) -> None:
        """Let time pass; what people wrote is taken as it comes."""
        for _ in range(round(seconds / STEP)):
            waiting = self.desk.box.state.updates.pending(1000)
            self.desk.box.state.updates.confirm(max((each["update_id"] for each in waiting), default=0) + 1)
            for update in waiting:
                self.dispatch.accept(Update.de_json(update))
            await self.desk.pass_time(STEP, STEP)

    def waits(self, chat_id: int, words: str, since: datetime) -> list[float]:
        """How many seconds after `since` the bot said something with these words there, each time."""
        shown = [message for message in self.desk.box.visible_messages(chat_id) if message.author.is_bot]
        times = [message.at for message in shown if words in message.content.text.plain]
        return [(at - since).total_seconds() for at in times if at >= since]


@asynccontextmanager
async def evening(made: Desk) -> AsyncIterator[Evening]:
    publish = made.publish()
    made.policy = publish.policy
    asked = commands.CommandContext(
        db=made.db,
        index=made.index,
        policy=made.policy,
        bot_name=commands.BotName(made.box.bot.username),
        bot_id=made.box.bot.id,
    )
    assert isinstance(publish.sender, TelegramSender)
    paced = RateLimitedSender(publish.sender, publish.rate_limiter, made.clock)
    dispatch = UpdateDispatcher(asked, paced, made.clock)
    stop = asyncio.Event()
    made.bell = publish.planning_due
    working = asyncio.create_task(pipeline.run(publish, stop))
    await made.pass_time(0.5)
    yield Evening(made, dispatch)
    ended = asyncio.ensure_future(dispatch.finish())
    stop.set()
    while not (working.done() and ended.done()):
        await made.pass_time(0.5)
    await working


@pytest.fixture
def two_feeds() -> tuple[Edition, ...]:
    return (Edition(name="", channels=(CHANNEL,), feed_urls=(FEED, LOUD)),)


async def flood(night: Evening, seconds: int, people: range, news: dict[int, str]) -> dict[str, datetime]:
    """Everybody asks once a second; `news` comes at its second, and when that was is told."""
    published = {}
    for second in range(seconds):
        for person in people:
            night.desk.box.say(person, person, "/help")
        if second in news:
            night.desk.news(news[second])
            published[news[second]] = night.desk.clock.now()
        await night.pass_time(1.0)
    return published


async def test_3a_articles_are_posted_while_forty_readers_ask_all_the_time(
    archive: Database, clock: MovedClock
) -> None:
    made = desk(archive, clock, CHANNEL)
    made.box.add_channel("Daily", id=CHANNEL)
    people = made.box.add_people(40, first_id=100_000)
    async with evening(made) as night:
        news = {5: "River rises", 12: "Bridge closed", 19: "Ferry late"}
        published = await flood(night, 25, people, news)
        for title, at in published.items():
            [wait] = night.waits(CHANNEL, title, at)
            assert wait < 2
        answers = sum(len(night.waits(person, "", min(published.values()))) for person in people)
        assert answers > 100  # the flood was one


async def test_3a_in_a_group_of_the_newsroom_that_goes_on_asking(
    archive: Database, clock: MovedClock
) -> None:
    made = desk(archive, clock, CHANNEL)
    group = made.box.add_supergroup("Talk", id=CHANNEL)
    people = [made.box.add_person(f"Member {number}").id for number in range(12)]
    for person in people:
        made.box.join(person, group.id)
    async with evening(made) as night:
        for second in range(60):
            for person in people:
                made.box.say(person, group.id, f"/help@{made.box.bot.username}")
            if second in (25, 40):
                made.news(f"News of second {second}")
                moment = clock.now()
            await night.pass_time(1.0)
            if second in (28, 43):
                assert night.waits(group.id, f"News of second {second - 3}", moment)


async def test_3b_somebody_who_asks_now_and_then_is_answered_at_once_meanwhile(
    archive: Database, clock: MovedClock
) -> None:
    made = desk(archive, clock, CHANNEL)
    made.box.add_channel("Daily", id=CHANNEL)
    [honest, *_] = people = made.box.add_people(81, first_id=100_000)
    made.news("River rises")
    async with evening(made) as night:
        waits = []
        for second in range(20):
            for person in people[1:]:
                made.box.say(person, person, "/help")
            if second % 5 == 3:
                made.box.say(honest, honest, "/latest")
                asked = clock.now()
            await night.pass_time(1.0)
            if second % 5 == 4:
                waits += night.waits(honest, "River rises", asked)[:1]
    assert len(waits) == 4
    assert max(waits) < 1


async def test_10a_one_article_does_not_stand_behind_a_thousand_of_another_feed(
    archive: Database, clock: MovedClock, two_feeds: tuple[Edition, ...]
) -> None:
    made = desk(archive, clock, editions=two_feeds, rate_group=Rate(2, 1.0), limits=NO_LIMITS)
    made.box.add_channel("Daily", id=CHANNEL)
    loud = [made.news(f"Loud {number:03}", feed=LOUD) for number in range(150 if THOROUGH else 60)]
    async with made.working():
        await made.pass_time(10)
        made.news("Quiet one")
        await made.pass_time(1)
        made.news("Quiet two")
        await made.pass_time(5)
        said = made.said(CHANNEL)
        assert {"Quiet one", "Quiet two"} <= set(said)
        assert abs(said.index("Quiet one") - said.index("Quiet two")) > 1
        assert len(said) < len(loud)
        await made.pass_time(len(loud) + 20, 0.5)
    said = [title for title in made.said(CHANNEL) if title.startswith("Loud")]
    assert said == [article.title for article in loud]  # whole, and in their order


async def test_10a_a_feed_that_calls_everything_breaking_takes_turns_too(
    archive: Database, clock: MovedClock
) -> None:
    edition = Edition(name="", channels=(CHANNEL,), feed_urls=(FEED, LOUD), breaking=("loud",))
    made = desk(archive, clock, editions=(edition,), rate_group=Rate(2, 1.0), limits=NO_LIMITS)
    made.box.add_channel("Daily", id=CHANNEL)
    for number in range(20):
        made.news(f"Loud {number:03}", feed=LOUD)
    async with made.working():
        for number in range(3):
            made.news(f"Quiet {number}")
        await made.pass_time(12)
    said = made.said(CHANNEL)
    places = [said.index(f"Quiet {number}") for number in range(3)]
    assert places[-1] < 8
    assert all(later - earlier == 2 for earlier, later in pairwise(places))


async def test_corrections_of_one_feed_hold_up_nothing_of_another(
    archive: Database, clock: MovedClock, two_feeds: tuple[Edition, ...]
) -> None:
    made = desk(
        archive,
        clock,
        editions=two_feeds,
        rate_chat=Rate(20, 1.0),
        rate_group=Rate(20, 1.0),
        limits=NO_LIMITS,
    )
    made.box.add_channel("Daily", id=CHANNEL)
    loud = [made.news(f"Loud {number:03}", feed=LOUD) for number in range(120)]
    old = made.news("Quiet old")
    async with made.working():
        await made.pass_time(15)
        assert len(made.said(CHANNEL)) == 121
        for each in loud:
            made.db.run_sync(correct, each, f"{each.title} again", clock.now())
        made.news("Quiet new")
        made.correct(old, "Quiet old, corrected")
        await made.pass_time(1, 0.05)
        said = made.said(CHANNEL)
        assert "Quiet new" in said
        assert "Quiet old, corrected" in "\n".join(said)
        assert sum("again" in title for title in said) < 30
        await made.pass_time(15)
        assert sum("again" in title for title in made.said(CHANNEL)) == len(loud)


async def test_10b_operators_are_told_once_of_a_feed_that_brings_very_much(tmp_path: Path) -> None:
    numbers = iter(range(1, 10_000))

    def items(count: int) -> list[str]:
        return [item(number, f"News {number}") for number in (next(numbers) for _ in range(count))]

    async with whole_house(tmp_path, operators=(500,), page_wait=timedelta()) as paper:
        paper.box.add_people(1, first_id=500)

        async def brings(count: int) -> list[str]:
            """A look brings so many new articles; what the operator has been told by then."""
            before = len(paper.posts())
            paper.site.says(feed(*items(count)))
            await paper.until(lambda: len(paper.posts()) == before + count, 60)
            return [
                message.content.text.plain
                for message in paper.box.visible_messages(500)
                if message.author.is_bot
            ]

        paper.site.says(feed(*items(40)))
        while not paper.house.db.read_sync(lambda c: c.execute(select(decisions)).first()):
            await paper.looks(1)  # the first look: a backlog
        assert await brings(30) == []
        [told] = await brings(31)
        assert f"{paper.site.url('/feed')} brought 31 new articles" in unquote_text(told)
        assert await brings(35) == [told]
        assert await brings(1) == [told]
        assert len(await brings(31)) == 2
