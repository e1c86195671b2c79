"""Typed commands are understood: aliases, typos, links and invisible characters."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.commands.invisible_characters import remove_stray_characters
from bot.commands.post_links import parse_post_link
from bot.dispatch import UpdateDispatcher
from jobs.config import Withdrawals
from storage import articles, chats
from storage.database import Database
from storage.records import Article, ArticleState, ChatKind
from tests.bot.newsroom import OPERATOR, Newsroom, Person, Shown
from tests.conftest import MovedClock

FORGOTTEN = "That button has expired. Please ask again."
LONG = "the ferry that capsized below Pyay on the night of the flood " * 4


@pytest.fixture
def room(archive: Database, clock: MovedClock) -> Newsroom:
    room = Newsroom(archive, clock)
    room.publish("Ferry capsized near Pyay", summary="A ferry capsized.")
    room.publish("Rice harvest begins", summary="Three weeks early.")
    return room


def restart(room: Newsroom) -> None:
    """Forget everything that is only in memory."""
    room.desk = replace(room.desk, memory=type(room.desk.memory)())
    room.dispatch = UpdateDispatcher(room.desk, room.sender, room.clock)


# --- X1: /stop


async def test_x1_stop_is_unsubscribe(room: Newsroom) -> None:
    reader = room.reader()
    await reader.types("/subscribe")
    assert (await reader.types("/stop")).text == "Done. No more alerts. To get them again, send /subscribe."
    assert room.db.read_sync(chats.get, reader.chat_id) is None
    assert (await reader.types("/STOP")).text == "You're not getting alerts. To start, send /subscribe."


async def test_x1_both_stand_in_help_and_a_mistyped_one_is_found(room: Newsroom) -> None:
    reader = room.reader()
    text = (await reader.types("/help")).text
    assert "/unsubscribe no more alerts\n/stop the same" in text
    assert (await reader.types("/stp")).text == "I don't know /stp. Did you mean /stop?"


# --- X2: "Did you mean" keeps the words


@pytest.mark.parametrize("words", ["ferry capsized", "“ferry  capsized”", LONG, "ferry\ncapsized", "~ferry"])
async def test_x2_the_button_answers_what_was_typed(room: Newsroom, words: str) -> None:
    reader = room.reader()
    asked = await reader.types(f"/serch {words}")
    assert (asked.text, asked.buttons) == ("I don't know /serch. Did you mean /search?", ["/search"])
    by_button = (await reader.presses("/search")).text
    assert by_button == (await room.reader().types(f"/search {words}")).text
    assert "What are you looking for" not in by_button


async def test_x2_words_that_no_button_holds_are_said_to_be_forgotten_after_a_restart(room: Newsroom) -> None:
    reader = room.reader()
    asked = await reader.types(f"/serch {LONG}")
    restart(room)
    assert (await reader.presses("/search")).text == asked.text
    assert room.toasts == [FORGOTTEN]


async def test_x2_what_was_pointed_at_is_kept_too(room: Newsroom) -> None:
    channel = room.box.add_channel("News", username="dailynews")
    old = room.publish("Ferry capsized again")
    post = await room.post(old, channel.id)
    reader = room.reader()
    forwarded = room.box.forward(reader.user_id, reader.chat_id, channel.id, post)
    room.updates()
    await reader.types("/relatd", reply_to=forwarded.id)
    assert (await reader.presses("/related")).text.startswith("Related to Ferry capsized again")


async def test_x2_what_is_remembered_cannot_be_asked_for_by_hand_nor_elsewhere(room: Newsroom) -> None:
    reader, other = room.reader(), room.reader()
    [button] = (await reader.types(f"/serch {LONG}")).commands
    assert (await reader.types(f"/{button}")).text.startswith("I don't know /again.")
    assert room.desk.memory.recall_command(other.chat_id, button.split()[1]) is None


async def test_x2_no_did_you_mean_withdraws_an_article_without_its_question(room: Newsroom) -> None:
    operator = room.operator()
    await operator.types("/retrct yes 1 wrong photo")
    await operator.presses("/retract")
    await operator.types("/retract yes 1 wrong photo")
    assert state_of(room) is ArticleState.LIVE
    assert room.changes == 0


# --- X4: /retract asks


def state_of(room: Newsroom, number: int = 1) -> ArticleState:
    kept = room.db.read_sync(articles.get, number)
    assert kept
    return kept.state


async def posted(room: Newsroom) -> tuple[Article, Person]:
    """An article in two channels and with one reader, and an operator."""
    article = room.publish("Minister resigns")
    for name in ("News", "More news"):
        channel = room.box.add_channel(name)
        known = chats.empty_chat(channel.id, ChatKind.CHANNEL, room.clock.now())
        room.db.run_sync(chats.upsert_chat, known)
        await room.post(article, channel.id)
    reader = room.reader()
    await reader.types("/subscribe")
    await room.post(article, reader.chat_id)
    return article, room.operator()


@pytest.mark.parametrize("reason", ["", "wrong photo & name", "wrong photo " * 20, "ဓာတ်ပုံ မှားနေ", "~photo"])
async def test_x4_retract_asks_and_touches_nothing_until_withdraw_is_pressed(
    room: Newsroom, reason: str
) -> None:
    article, operator = await posted(room)
    asked = await operator.types(f"/retract {article.url} {reason}")
    assert asked.buttons == ["Withdraw", "Cancel"]
    assert asked.text.startswith("Withdraw “Minister resigns”?")
    assert "in 2 channels and to 1 reader." in asked.text
    assert ("Reason:" in asked.text) == bool(reason)
    assert (state_of(room, article.id), room.changes) == (ArticleState.LIVE, 0)
    done = await operator.presses("Withdraw")
    assert done.text == "“Minister resigns” is withdrawn and is being removed from every chat."
    kept = room.db.read_sync(articles.get, article.id)
    assert kept
    assert (kept.state, kept.withdrawn_because) == (ArticleState.WITHDRAWN, reason.strip())
    assert room.changes == 1


async def test_x4_cancel_withdraws_nothing(room: Newsroom) -> None:
    article, operator = await posted(room)
    await operator.types(f"/retract {article.url}")
    cancelled = await operator.presses("Cancel")
    assert (cancelled.text, cancelled.buttons) == ("Nothing was withdrawn.", [])
    assert (state_of(room, article.id), room.changes) == (ArticleState.LIVE, 0)


async def test_x4_withdraw_works_once(room: Newsroom) -> None:
    article, operator = await posted(room)
    asked = await operator.types(f"/retract {article.url}")
    for _ in range(2):  # twice before the first is answered
        room.box.press(operator.user_id, operator.chat_id, asked.message.id, "Withdraw")
    await room.answer()
    assert operator.sees().text.startswith("“Minister resigns” is withdrawn and is being removed")
    assert (room.changes, room.toasts) == (1, ["", "“Minister resigns” is already withdrawn."])
    again = await operator.types(f"/retract {article.url}")
    assert (again.text, again.buttons) == ("“Minister resigns” is already withdrawn.", [])


async def test_x4_a_reason_forgotten_by_a_restart_withdraws_nothing(room: Newsroom) -> None:
    article, operator = await posted(room)
    asked = await operator.types(f"/retract {article.url} {'wrong photo ' * 10}")
    restart(room)
    assert (await operator.presses("Withdraw")).text == asked.text
    assert room.toasts == [FORGOTTEN]
    assert (state_of(room, article.id), room.changes) == (ArticleState.LIVE, 0)


async def test_x4_a_short_reason_outlives_a_restart(room: Newsroom) -> None:
    article, operator = await posted(room)
    await operator.types(f"/retract {article.url} wrong photo")
    restart(room)
    await operator.presses("Withdraw")
    assert state_of(room, article.id) is ArticleState.WITHDRAWN


async def test_x4_only_an_operators_press_counts(room: Newsroom) -> None:
    article, operator = await posted(room)
    await operator.types(f"/retract {article.url}")
    [yes, _] = operator.sees().commands
    policy = replace(room.desk.policy, operators=())
    room.desk = replace(room.desk, policy=policy)
    room.dispatch = UpdateDispatcher(room.desk, room.sender, room.clock)
    await operator.presses("Withdraw")
    room.desk = replace(room.desk, policy=replace(policy, operators=(OPERATOR,)))
    room.dispatch = UpdateDispatcher(room.desk, room.sender, room.clock)
    await room.reader().types(f"/{yes}")
    group = room.box.add_supergroup("Desk", [OPERATOR])
    await operator.in_chat(group.id).types(f"/{yes.replace(' ', '@newswire_bot ', 1)}")
    assert (state_of(room, article.id), room.changes) == (ArticleState.LIVE, 0)


async def test_x4_an_article_that_reached_nobody_says_so(room: Newsroom) -> None:
    asked = await room.operator().types("/retract https://news.example/1")
    assert "It hasn't been sent to anyone, and isn't about to be." in asked.text


@pytest.mark.parametrize(
    ("withdrawals", "meaning"),
    [
        (Withdrawals.DELETE, "Each post will be deleted, with its views and replies"),
        (Withdrawals.NOTE, "Each post will be replaced by a note"),
        (Withdrawals.OFF, "Its posts stay (WITHDRAWALS=off)"),
    ],
)
async def test_x4_the_question_says_what_the_settings_make_of_it(
    room: Newsroom, withdrawals: Withdrawals, meaning: str
) -> None:
    room.desk = replace(room.desk, policy=replace(room.desk.policy, withdrawals=withdrawals))
    room.dispatch = UpdateDispatcher(room.desk, room.sender, room.clock)
    asked = await room.operator().types("/retract https://news.example/1")
    assert meaning in asked.text


# --- M4: deep links to articles that are gone


@pytest.mark.parametrize("link", ["related_2", "read_2"])
async def test_m4_a_link_to_a_withdrawn_article_says_so(room: Newsroom, link: str) -> None:
    room.db.run_sync(articles.withdraw, 2, room.clock.now(), "wrong photo")
    answer = await room.reader().types(f"/start {link}")
    assert (answer.text, answer.commands) == ("This article was withdrawn.", ["latest 5"])


@pytest.mark.parametrize("which", ["99", "0", "", "x", "-1", "9" * 50, "1_2", "၁"])
@pytest.mark.parametrize("what", ["related", "read"])
async def test_m4_a_link_to_an_unknown_article_says_so(room: Newsroom, what: str, which: str) -> None:
    answer = await room.reader().types(f"/start {what}_{which}")
    assert answer.text == "I don't know the article behind this link."


async def test_m4_a_link_to_an_article_with_a_long_number_is_followed(room: Newsroom) -> None:
    answer = await room.reader().types("/start read_000000001")
    assert answer.text.startswith("Ferry capsized near Pyay")


# --- M5: links to posts

ONE = -1001000000001


@pytest.mark.parametrize(
    "link",
    [
        "https://t.me/c/1000000001/7777/{post}",
        "https://t.me/c/1000000001/{post}",
        "https://t.me/c/1000000001/{post}?single",
        "https://t.me/c/1000000001/{post}?thread=7777",
        "https://t.me/c/1000000001/7777/{post}?single&t=5#x",
        "https://t.me/dailynews/7777/{post}",
        "https://t.me/dailynews/{post}?single",
        "https://t.me/dailynews/{post}?comment=12",
        "https://t.me/s/dailynews/{post}",
        "https://dailynews.t.me/{post}",
        "https://www.telegram.me/DailyNews/{post}/",
        "HTTPS://T.ME/dailynews/{post}",
        "http://telegram.dog/dailynews/{post}",
        "t.me/c/1000000001/7777/{post}",
        "tg://privatepost?channel=1000000001&post={post}",
        "tg://privatepost?channel=1000000001&post={post}&thread=7777&single",
        "tg://resolve?domain=dailynews&post={post}",
        "tg:resolve?domain=dailynews&post={post}&single",
        "TG://Resolve/?domain=dailynews&post={post}",
        "look at tg://privatepost?channel=1000000001&post={post}.",
        "(https://t.me/c/1000000001/7777/{post})",
    ],
)
@pytest.mark.parametrize("command", ["/related ", ""])
async def test_m5_every_form_of_a_link_to_a_post_means_that_post(
    room: Newsroom, link: str, command: str
) -> None:
    channel = room.box.add_channel("News", id=ONE, username="dailynews")
    known = replace(chats.empty_chat(channel.id, ChatKind.CHANNEL, room.clock.now()), username="dailynews")
    room.db.run_sync(chats.upsert_chat, known)
    first = await room.post(room.publish("Dam above Magway opens its gates"), channel.id)
    await room.post(room.publish("Something else altogether"), channel.id)
    answer = await room.reader().types(command + link.format(post=first))
    assert answer.text.startswith("Related to Dam above Magway opens its gates")


async def test_m5_a_link_that_is_replied_to_means_its_post(room: Newsroom) -> None:
    channel = room.box.add_channel("News", id=ONE)
    post = await room.post(room.publish("Dam above Magway opens its gates"), channel.id)
    reader = room.reader()
    said = room.box.say(reader.user_id, reader.chat_id, f"see https://t.me/c/1000000001/7777/{post}")
    room.updates()
    answer = await reader.types("/related", reply_to=said.id)
    assert answer.text.startswith("Related to Dam above Magway opens its gates")


@pytest.mark.parametrize("link", ["https://t.me/c/1000000001/7777/9", "tg://resolve?domain=nobody&post=1"])
async def test_m5_a_link_to_a_post_that_we_do_not_know_is_said_to_be_unknown(
    room: Newsroom, link: str
) -> None:
    answer = await room.reader().types(f"/related {link}")
    assert (
        answer.text == "That link isn't one of our articles. You can use words instead: /related river flood"
    )


async def test_m5_a_channel_that_was_known_by_its_name_alone_is_found_by_its_name(room: Newsroom) -> None:
    channel = room.box.add_channel("News", id=ONE, username="dailynews")
    [placeholder] = room.db.run_sync(chats.resolve_channels, ["@dailynews"], room.clock.now(), "")
    room.db.run_sync(chats.move, placeholder.id, channel.id, ChatKind.CHANNEL)
    post = await room.post(room.publish("Dam above Magway opens its gates"), channel.id)
    answer = await room.reader().types(f"/related https://t.me/dailynews/7777/{post}")
    assert answer.text.startswith("Related to Dam above Magway opens its gates")


@pytest.mark.parametrize(
    "link",
    [
        "https://t.me/dailynews",
        "https://t.me/c/1000000001",
        "https://t.me/c/x/7",
        "https://t.me/dailynews/x",
        "https://t.me/a/b/c/5",
        "https://t.me.evil.example/dailynews/5",
        "https://evil.example/t.me/dailynews/5",
        "https://evilt.me/dailynews/5",
        "https://t.me/dailynews/" + "9" * 30,
        "tg://privatepost?channel=&post=5",
        "tg://privatepost?channel=1&post=x",
        "tg://resolve?domain=dailynews",
        "tg://user?id=777000",
        "https://[",
    ],
)
def test_m5_other_links_mean_no_post(link: str) -> None:
    assert parse_post_link(link) is None


@given(st.text() | st.text("tgme:/.?=&c0123456789postchannelresolvedomain", max_size=80))
def test_m5_no_link_whatever_it_is_breaks_the_reading(link: str) -> None:
    found = parse_post_link(link)
    assert found is None or (bool(found[0]) and found[1] >= 0)


# --- M8: invisible characters

#: Characters that are invisible everywhere (Unicode, Default_Ignorable_Code_Point).
NEVER = "\u200b\u200e\u200f\u2060\u2061\u2063\ufeff\u00ad\u061c\u202a\u202e\u2066\u2069\u206a\u180e\uffa0"
#: And those that only shape their neighbors in other scripts.
NOT_HERE = "\u200c\u200d\u034f\ufe0e\ufe0f\u17b4\u180b\u115f\U000e0100\U000e0067\U000e007f"
UNSEEN = st.text(NEVER + NOT_HERE, min_size=1, max_size=3)


@pytest.mark.parametrize("letter", NEVER + NOT_HERE)
@pytest.mark.parametrize(
    "typed",
    ["/latest{} 1", "/latest 1{}", "/{}latest 1", "{}/latest 1", "/lat{}est {}1", "/latest{}@newswire_bot 1"],
)
async def test_m8_invisible_letters_are_no_letters(room: Newsroom, typed: str, letter: str) -> None:
    shown = await room.reader().types(typed.replace("{}", letter))
    assert shown.headlines == ["Rice harvest begins"]


@pytest.mark.parametrize(
    "typed", ["\u200b\n/latest 1", "\u2060 /latest 1 \u2060\n", "/latest\u28001", "/latest\u00a01"]
)
async def test_m8_what_looks_like_spaces_is_spaces(room: Newsroom, typed: str) -> None:
    assert (await room.reader().types(typed)).headlines == ["Rice harvest begins"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_m8_wherever_they_stand_the_answer_is_the_same(room: Newsroom, data: st.DataObject) -> None:
    typed = data.draw(st.sampled_from(["/search ferry capsized", "/related 1", "news.example/1", "ferry"]))
    places = sorted(data.draw(st.lists(st.integers(0, len(typed)), min_size=1, max_size=4)), reverse=True)
    spoilt = typed
    for place in places:
        spoilt = spoilt[:place] + data.draw(UNSEEN) + spoilt[place:]
    assert await told(room, spoilt) == await told(room, typed)


async def told(room: Newsroom, typed: str) -> Sequence[Any]:
    reader = room.reader()
    await reader.types("/latest 2")
    shown: Shown = await reader.types(typed)
    return shown.text, shown.links


async def test_m8_a_section_is_found_though_invisible_letters_stand_in_it(room: Newsroom) -> None:
    room.publish("Stocks rise", sections=("Bu\u200dsiness",))
    assert (await room.reader().types("/latest 1 Busi\u2060ness")).headlines == ["Stocks rise"]


KEPT = [
    "می\u200cخواهم",  # Persian
    "ශ්\u200dරී",  # Sinhala
    "क्\u200dष",  # Hindi
    "👩\u200d👩\u200d👧",
    "❤\ufe0f\u200d🔥",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "葛\U000e0100城",
    "မြန်မာ",
]


@pytest.mark.parametrize("word", KEPT)
def test_m8_joiners_that_a_word_or_sign_needs_stay(word: str) -> None:
    assert remove_stray_characters(f"/search {word} 5") == f"/search {word} 5"


@given(st.text())
def test_m8_what_is_seen_is_never_lost_and_twice_is_once(text: str) -> None:
    seen = remove_stray_characters(text)
    assert remove_stray_characters(seen) == seen
    letters = [letter for letter in text if letter.isalnum()]
    assert [letter for letter in seen if letter.isalnum()] == letters
