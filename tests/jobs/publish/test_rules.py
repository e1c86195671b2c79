"""What each edition makes of an article."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.config import Edition, PublishPolicy, QuietHours, QuietMode
from jobs.publish.rules import Plan, make_plan, quiet_end
from storage import chats
from storage.delivery.planning import ArticleForPlanning, EntryForPlanning
from storage.records import Article, ArticleState, Chat, ChatKind, Lane, PostKind, Verdict
from tests.jobs.publish.newsroom import CHANNEL, FEED, NOW, later

YANGON = ZoneInfo("Asia/Yangon")
NIGHT = QuietHours(time(22), time(6))


def story(number: int = 1, title: str = "River rises", **known: Any) -> Article:
    usual: dict[str, Any] = {
        "id": number,
        "url": f"https://news.example/{number}",
        "title": title,
        "summary": "It rises.",
        "text": "",
        "author": "",
        "sections": (),
        "language": "en",
        "image_url": "",
        "image_width": 0,
        "published_at": NOW,
        "revised_at": None,
        "seen_at": NOW,
        "revision": 1,
        "duplicate_of": None,
        "story_id": None,
        "state": ArticleState.LIVE,
        "backfill": False,
        "planned_at": None,
        "page_read_at": None,
    }
    return Article(**(usual | known))


def unplanned(
    article: Article, *, newest: datetime | None = None, twins: tuple[str, ...] = (), feed: str = FEED
) -> ArticleForPlanning:
    seen = EntryForPlanning(feed, article.published_at, article.backfill, newest)
    return ArticleForPlanning(article, (seen,), frozenset(twins))


def channel(number: int = CHANNEL) -> Chat:
    return chats.empty_chat(number, ChatKind.CHANNEL, NOW)


def edition(**known: Any) -> Edition:
    usual: dict[str, Any] = {"name": "", "channels": (CHANNEL,), "feed_urls": (FEED,)}
    return Edition(**(usual | known))


def planned(*rows: ArticleForPlanning, now: datetime = NOW, last: Any = None, **policy: Any) -> Plan:
    editions = policy.pop("editions", (edition(),))
    channels = {each.name: [channel(number) for number in each.channels] for each in editions}
    return make_plan(rows, PublishPolicy(editions=editions, **policy), channels, last or {}, now)


def verdict(*rows: ArticleForPlanning, **policy: Any) -> tuple[Verdict, str]:
    decision = planned(*rows, **policy).decisions[-1]
    return decision.verdict, decision.detail


def test_an_article_is_owed_to_the_editions_channels_and_followers() -> None:
    made = planned(unplanned(story()))
    [post] = made.posts
    assert (post.article_id, post.chats, post.followers, post.lane) == (
        1,
        ((CHANNEL, NOW),),
        True,
        Lane.ROUTINE,
    )
    assert [each.verdict for each in made.decisions] == [Verdict.PLANNED]
    assert made.articles == [story()]


def test_a_feed_that_no_edition_names_posts_nothing_and_says_why() -> None:
    made = planned(unplanned(story(), feed="https://other.example/feed"))
    assert made.posts == []
    assert (made.decisions[0].verdict, made.decisions[0].detail) == (
        Verdict.NOT_INCLUDED,
        "no edition has its feed",
    )


def test_what_was_known_from_the_first_look_is_kept_and_not_posted() -> None:
    assert verdict(unplanned(story(backfill=True)))[0] is Verdict.BACKFILL


def test_what_was_withdrawn_before_it_was_planned_is_not_posted() -> None:
    assert verdict(unplanned(story(state=ArticleState.WITHDRAWN)))[0] is Verdict.WITHDRAWN


def test_included_and_excluded_words_decide_and_excluding_wins() -> None:
    rules = edition(include=("river", "Sport"), exclude=("opinion",))
    assert verdict(unplanned(story()), editions=(rules,))[0] is Verdict.PLANNED
    assert verdict(unplanned(story(title="Rain")), editions=(rules,))[0] is Verdict.NOT_INCLUDED
    assert (
        verdict(unplanned(story(title="Rain", sections=("SPORT",))), editions=(rules,))[0] is Verdict.PLANNED
    )
    opinion = story(sections=("Opinion",))
    assert verdict(unplanned(opinion), editions=(rules,)) == (Verdict.EXCLUDED, "opinion")


def test_an_article_older_than_max_age_is_kept_and_not_posted() -> None:
    old = story(published_at=NOW - timedelta(hours=25))
    assert verdict(unplanned(old))[0] is Verdict.TOO_OLD
    assert verdict(unplanned(old, newest=NOW - timedelta(hours=24)))[0] is Verdict.TOO_OLD
    assert verdict(unplanned(old), max_age=timedelta(hours=26))[0] is Verdict.PLANNED


def test_after_an_outage_what_is_too_old_comes_in_one_post() -> None:
    before = NOW - timedelta(hours=40)
    rows = [
        unplanned(story(number, published_at=NOW - timedelta(hours=age)), newest=before)
        for number, age in ((1, 30), (2, 28), (3, 2))
    ]
    made = planned(*rows)
    assert [each.verdict for each in made.decisions] == [Verdict.CATCH_UP, Verdict.CATCH_UP, Verdict.PLANNED]
    own, together = made.posts
    assert own.article_id == 3
    assert (together.kind, together.text, together.chats) == (PostKind.CATCH_UP, "1 2", ((CHANNEL, NOW),))


def test_breaking_news_is_not_folded_into_a_catch_up_held_silenced_or_spaced() -> None:
    rules = edition(
        breaking=("earthquake",), quiet_hours=QuietHours(time(0), time(23, 59)), hold=timedelta(minutes=5)
    )
    quake = story(title="Earthquake in the south", published_at=NOW - timedelta(hours=30))
    row = unplanned(quake, newest=NOW - timedelta(hours=40))
    [post] = planned(row, editions=(rules,), min_gap=timedelta(hours=1), last={CHANNEL: NOW}).posts
    assert (post.lane, post.silent, post.not_before, post.chats) == (
        Lane.BREAKING,
        False,
        NOW,
        ((CHANNEL, NOW),),
    )


def test_the_same_news_is_posted_once_an_edition() -> None:
    original, repeated = story(1), story(2, duplicate_of=1)
    assert verdict(unplanned(repeated, twins=("",))) == (Verdict.DUPLICATE, "of article 1")
    assert verdict(unplanned(repeated, twins=("burmese",)))[0] is Verdict.PLANNED
    assert verdict(unplanned(original), unplanned(repeated))[0] is Verdict.DUPLICATE


def test_an_edition_that_has_decided_before_keeps_to_it() -> None:
    rules = (edition(), edition(name="burmese", channels=(CHANNEL - 1,)))
    row = unplanned(story())
    seen = tuple(replace(one, planned=True) for one in row.entries)
    again = replace(row, entries=seen, decided=frozenset({""}), posted=frozenset({""}))
    made = planned(again, editions=rules)
    assert [(each.edition, each.verdict) for each in made.decisions] == [("burmese", Verdict.PLANNED)]
    assert [post.edition for post in made.posts] == ["burmese"]
    both = replace(row, entries=seen, decided=frozenset({"", "burmese"}))
    assert planned(both, editions=rules).decisions == []
    assert planned(replace(row, entries=(), decided=frozenset({""})), editions=rules).decisions == []


def test_a_channel_of_two_editions_that_has_an_article_is_not_given_it_again() -> None:
    rules = (edition(), edition(name="burmese"))
    again = replace(unplanned(story()), decided=frozenset({""}), posted=frozenset({""}))
    [post] = planned(again, editions=rules).posts
    assert (post.edition, post.chats) == ("burmese", ())


def test_a_held_article_waits_for_its_editor() -> None:
    rules = edition(hold=timedelta(minutes=10), timezone=YANGON)
    made = planned(unplanned(story()), editions=(rules,))
    assert made.posts[0].not_before == later(minutes=10)
    assert (made.decisions[0].verdict, made.decisions[0].detail) == (
        Verdict.HELD,
        "held for an editor, until 2026-11-23 15:40",
    )


@pytest.mark.parametrize(
    ("mode", "hour", "silent"),
    [(QuietMode.SILENT, NOW, True), (QuietMode.HOLD, NOW + timedelta(hours=14, minutes=30), False)],
)
def test_quiet_hours_are_the_newsrooms_and_silence_or_hold(
    mode: QuietMode, hour: datetime, silent: bool
) -> None:
    quiet = QuietHours(time(15), time(6))  # it is 15:30 in Yangon
    rules = edition(quiet_hours=quiet, quiet_mode=mode, timezone=YANGON)
    [post] = planned(unplanned(story()), editions=(rules,)).posts
    assert (post.not_before, post.silent) == (hour, silent)


def test_outside_quiet_hours_posts_have_a_sound() -> None:
    rules = edition(quiet_hours=NIGHT, timezone=YANGON)
    [post] = planned(unplanned(story()), editions=(rules,)).posts
    assert not post.silent


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.times(), st.times())  # noqa: DTZ001  (hypothesis wants them so)
def test_quiet_hours_end_within_a_day_and_are_then_over(moment: datetime, start: time, end: time) -> None:
    hours = QuietHours(start.replace(microsecond=0), end.replace(microsecond=0))
    now = moment.replace(tzinfo=UTC)
    over = quiet_end(hours, YANGON, now)
    assert now < over <= now + timedelta(days=1)
    assert over.astimezone(YANGON).time() == hours.end
    assert hours.start == hours.end or not hours.includes_time(over.astimezone(YANGON).time())


def test_routine_posts_of_a_channel_keep_their_gap() -> None:
    rows = [unplanned(story(number)) for number in (1, 2, 3)]
    made = planned(*rows, min_gap=timedelta(minutes=10), last={CHANNEL: NOW - timedelta(minutes=4)})
    hours = [hour for post in made.posts for _, hour in post.chats]
    assert hours == [later(minutes=6), later(minutes=16), later(minutes=26)]
    assert all(post.not_before == NOW for post in made.posts)


def test_a_chat_of_two_editions_gets_an_article_once() -> None:
    other = edition(name="weekly", channels=(CHANNEL, CHANNEL - 1))
    first, second = planned(unplanned(story()), editions=(edition(), other)).posts
    assert [chat for chat, _ in first.chats] == [CHANNEL]
    assert [chat for chat, _ in second.chats] == [CHANNEL - 1]


def test_a_corrected_article_is_owed_as_it_is_now() -> None:
    assert planned(unplanned(replace(story(), revision=3))).posts[0].revision == 3
