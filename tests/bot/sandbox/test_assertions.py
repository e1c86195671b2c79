"""VisibilityLog proves "exactly once" and "never above the rate"; the event log has every event."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.formatting.entities import Entity, FormattedText, format_text
from bot.sandbox.formatting.parse_html import parse_html
from bot.sandbox.formatting.show_html import to_html
from bot.sandbox.telegram.assertions import peak_in_window
from bot.sandbox.telegram.event_log import EventLog
from bot.sandbox.telegram.message_views import event_view
from tests.bot.sandbox.conftest import Harness
from tests.conftest import settle

ONE, TEN, BUTTON = "https://example.org/1", "https://example.org/10", "https://example.org/button"


def post(link: str) -> dict[str, str]:
    return {"text": f'<a href="{link}">News</a> {link}', "parse_mode": "HTML"}


async def test_what_was_shown_once_twice_or_never_is_told_apart(harness: Harness) -> None:
    other = harness.telegram.add_channel("Other")
    for link in (ONE, TEN, TEN):
        await harness.ask("sendMessage", chat_id=harness.channel.id, **post(link))
    tally = harness.telegram.visibility.count_marks([ONE, TEN], [harness.channel.id, other.id])
    assert tally.shown_once == 1
    assert tally.duplicated == ((harness.channel.id, TEN),)
    assert tally.missing == ((other.id, ONE), (other.id, TEN))


async def test_a_deleted_message_still_counts_and_an_edited_one_counts_once(harness: Harness) -> None:
    first = await harness.ask("sendMessage", chat_id=harness.channel.id, **post(ONE))
    there = {"chat_id": harness.channel.id, "message_id": first["message_id"]}
    await harness.ask("editMessageText", text=f"Corrected {ONE}", **there)
    assert harness.telegram.visibility.count_marks([ONE], [harness.channel.id]).shown_once == 1
    await harness.ask("deleteMessage", **there)
    await harness.ask("sendMessage", chat_id=harness.channel.id, **post(ONE))
    assert harness.telegram.visibility.count_marks([ONE], [harness.channel.id]).duplicated == (
        (harness.channel.id, ONE),
    )


async def test_marks_are_looked_for_in_buttons_previews_and_words(harness: Harness) -> None:
    keys = {"inline_keyboard": [[{"text": "Read", "url": BUTTON}]]}
    await harness.ask(
        "sendMessage",
        chat_id=harness.channel.id,
        text="Harbour reopens",
        reply_markup=keys,
        link_preview_options={"url": ONE},
    )
    assert (
        harness.telegram.visibility.count_marks([BUTTON, ONE, "Harbour"], [harness.channel.id]).shown_once
        == 3
    )
    assert len(harness.telegram.visibility.messages_with(harness.channel.id, "Harbour")) == 1


async def test_others_messages_are_not_the_bots(harness: Harness) -> None:
    harness.telegram.post(harness.channel.id, ONE)
    harness.telegram.say(harness.reader.id, harness.reader.id, ONE)
    assert list(harness.telegram.visibility.messages()) == []


async def test_every_version_has_its_time(harness: Harness) -> None:
    message = await harness.send(harness.channel.id, "One")
    harness.clock.move(10)
    await harness.ask("editMessageText", chat_id=harness.channel.id, message_id=message.id, text="Two")
    harness.clock.move(10)
    await harness.ask("deleteMessage", chat_id=harness.channel.id, message_id=message.id)
    first, second = harness.telegram.visibility.visible_versions(harness.channel.id)
    assert (first.content.text.plain, second.content.text.plain) == ("One", "Two")
    assert first.until == second.at
    assert (second.until or second.at) > second.at
    assert harness.telegram.visibility.peak_count(10) == 1
    assert harness.telegram.visibility.peak_count(10.001) == 2


@given(st.lists(st.floats(0, 50), max_size=60).map(sorted), st.floats(0.1, 20))
def test_the_busiest_window_is_the_one_a_slow_count_finds(times: list[float], seconds: float) -> None:
    slow = max((sum(begin <= at and at - begin < seconds for at in times) for begin in times), default=0)
    assert peak_in_window(times, seconds) == slow


async def test_events_are_numbered_and_can_be_followed_from_anywhere(harness: Harness) -> None:
    await harness.send(harness.channel.id)
    start = harness.telegram.state.event_log.last_number
    following = asyncio.ensure_future(anext(harness.telegram.follow_events()))
    await settle()
    await harness.refused("sendMessage", chat_id=harness.channel.id, text="")
    event = await following
    assert (event.number, event.kind, event.details["description"]) == (
        start + 1,
        "refused",
        "Bad Request: message text is empty",
    )
    past = harness.telegram.follow_events(after=0)
    assert [(await anext(past)).number for _ in range(start + 1)] == list(range(1, start + 2))


async def test_who_is_too_slow_is_told_of_the_gap(harness: Harness) -> None:
    event_log = EventLog(kept=3)
    for _ in range(10):
        event_log.append(harness.clock.now(), "message")
    seen = event_log.follow(2)
    events = [await anext(seen) for _ in range(4)]
    assert [(event.kind, event.number) for event in events] == [
        ("gap", 7),
        ("message", 8),
        ("message", 9),
        ("message", 10),
    ]


async def test_an_event_shows_the_message_as_it_was_then(harness: Harness) -> None:
    message = await harness.send(harness.channel.id, "<b>One</b>", parse_mode="HTML")
    await harness.ask("editMessageText", chat_id=harness.channel.id, message_id=message.id, text="Two")
    sent, edited = harness.telegram.state.event_log.events_since(
        harness.telegram.state.event_log.last_number - 2
    )
    assert event_view(harness.telegram.state, sent)["message"]["html"] == "<b>One</b>"
    assert event_view(harness.telegram.state, edited)["message"]["html"] == "Two"
    assert harness.telegram.view_message(message)["versions"][0]["html"] == "<b>One</b>"


async def test_a_preview_is_of_the_chosen_link_or_the_first(harness: Harness) -> None:
    message = await harness.send(harness.channel.id, f"a {ONE} b {TEN}")
    assert harness.telegram.view_message(message)["preview"]["url"] == ONE
    chosen = await harness.send(
        harness.channel.id, ONE, link_preview_options={"url": TEN, "prefer_large_media": True}
    )
    preview = harness.telegram.view_message(chosen)["preview"]
    assert (preview["url"], preview["large"], preview["above"]) == (TEN, True, False)
    none = await harness.send(harness.channel.id, ONE, link_preview_options={"is_disabled": True})
    assert harness.telegram.view_message(none)["preview"] is None


def test_html_to_show_is_telegrams_own_again() -> None:
    for text in (
        "<b>one </b><b><i>two</i></b>",
        '<pre><code class="language-py">x &lt; y</code></pre>',
        "<blockquote expandable>q</blockquote>",
        '<a href="https://example.org/?a=1&amp;b=2" rel="noopener nofollow">x</a>',
        "😀 <u>မြန်မာ</u>",
    ):
        merged = format_text(*parse_html(text))
        assert format_text(*parse_html(to_html(merged))) == merged


def test_nothing_in_a_text_becomes_markup() -> None:
    evil = '<script>alert("x")</script>'
    link = Entity("text_link", 0, 4, url='https://x.org/"onclick="alert(1)')
    assert "<script" not in to_html(FormattedText(evil, (Entity("bold", 0, len(evil)),)))
    assert 'onclick="' not in to_html(FormattedText("here", (link,)))


SPANS = st.lists(
    st.tuples(st.sampled_from(["bold", "text_link", "code"]), st.integers(0, 9), st.integers(1, 9))
)


@given(st.text(alphabet="<>&\"'ab /မ"), SPANS)
def test_html_to_show_reads_back_as_the_same_plain_text(
    plain: str, spans: list[tuple[str, int, int]]
) -> None:
    marks = [Entity(kind, begin, size) for kind, begin, size in spans if begin + size <= len(plain)]
    assert parse_html(to_html(FormattedText(plain, tuple(marks))))[0] == plain
