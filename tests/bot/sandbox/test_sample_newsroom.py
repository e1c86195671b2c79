"""The sample site's schedule and stories."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.sample.sample_newsroom import (
    NewsroomState,
    correct_story,
    open_newsroom,
    publish_story,
    related_stories,
    run_next_step,
    withdraw_story,
)
from bot.sandbox.sample.sample_site import render_feed, render_story
from bot.sandbox.sample.sample_stories import load_collections

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SHELVES = load_collections()
ACTS = st.lists(st.sampled_from(["en", "my", "correct", "withdraw", "beat"]), max_size=60)


def after(acts: list[str]) -> NewsroomState:
    desk = open_newsroom(SHELVES, NOW)
    for minute, act in enumerate(acts):
        now = NOW + timedelta(minutes=minute)
        match act:
            case "correct":
                desk = correct_story(desk, now)
            case "withdraw":
                desk = withdraw_story(desk, now)
            case "beat":
                desk = run_next_step(desk, now)
            case language:
                desk = publish_story(desk, now, language)
    return desk


def test_when_the_site_opens_every_story_is_already_some_minutes_old() -> None:
    desk = open_newsroom(SHELVES, NOW)
    assert {item.language for item in desk.published} == {"en", "my"}
    assert all(NOW - timedelta(hours=12) < item.at < NOW for item in desk.published)


def test_the_schedule_soon_shows_a_new_story_a_correction_and_a_withdrawal() -> None:
    desk = after(["beat"] * 14)
    assert sum(item.corrected_at is not None for item in desk.published) == 2
    assert sum(not item.is_live for item in desk.published) == 1
    assert len(desk.published) > len(open_newsroom(SHELVES, NOW).published) + 8


@given(ACTS)
def test_no_two_stories_ever_share_their_place_and_the_newest_stands_first(acts: list[str]) -> None:
    desk = after(acts)
    assert len({item.path for item in desk.published}) == len(desk.published)
    for language in SHELVES:
        times = [item.at for item in desk.newest_stories(language)]
        assert times == sorted(times, reverse=True)
        assert all(item.is_live for item in desk.newest_stories(language))


@given(ACTS)
def test_a_correction_changes_one_live_story_and_never_its_place(acts: list[str]) -> None:
    before = after(acts)
    desk = correct_story(before, NOW + timedelta(days=1))
    changed = [(a, b) for a, b in zip(before.published, desk.published, strict=True) if a != b]
    assert len(changed) <= 1
    for old, new in changed:
        assert old.is_live
        assert (old.headline, old.standfirst) != (new.headline, new.standfirst)
        assert old.path == new.path


def test_the_reports_behind_the_last_story_never_repeat_themselves() -> None:
    for shelf in SHELVES.values():
        told = [shelf.get_story(number) for number in range(400)]
        assert len({story.headline for story in told}) == 400
        assert not any("{" in story.headline + story.standfirst for story in told)


def test_there_is_enough_to_read_in_both_languages() -> None:
    assert len(SHELVES["en"].stories) >= 24
    assert len(SHELVES["my"].stories) >= 12
    for shelf in SHELVES.values():
        threads = [story.thread for story in shelf.stories if story.thread]
        assert sum(threads.count(thread) >= 2 for thread in set(threads)) >= 3
        for story in (*shelf.stories, *shelf.reports):
            assert story.note
            assert story.corrected_headline or story.corrected_standfirst
            assert len(story.standfirst) < 300


def test_burmese_stories_are_in_burmese_and_spelt_in_unicode_order() -> None:
    for story in SHELVES["my"].stories:
        words = story.headline + story.standfirst + "".join(story.paragraphs)
        assert not any(letter.isascii() and letter.isalpha() for letter in words)
        assert "\u1031" not in {
            words[0],
            *(after for before, after in pairwise(words) if before == " "),
        }


def test_what_is_read_beside_a_story_continues_it_first() -> None:
    desk = after(["en"] * 10)
    flood = desk.story_at("en/hintha-recedes")
    assert flood
    assert [item.story.thread for item in related_stories(desk, flood)][:2] == ["hintha-flood"] * 2


def test_a_headline_with_angle_brackets_is_escaped_on_the_page_and_in_the_feed() -> None:
    desk = after(["en"] * 12)
    play = desk.story_at("en/puppet-theatre")
    assert play
    assert "<Romeo" in play.headline
    for text in (render_feed(desk, "en", "http://127.0.0.1"), render_story(desk, play, "http://127.0.0.1")):
        assert "&lt;Romeo &amp; Juliet&gt;" in text
        assert "<Romeo" not in text
