"""A reader asks for articles related to a link, a number, a post, words, or the newest article."""

from dataclasses import replace

import pytest

from storage import articles, chats
from storage.database import Database
from storage.records import ChatKind
from tests.bot.newsroom import BURMESE, Newsroom
from tests.conftest import MovedClock

FLOODS = [
    "Irrawaddy river floods villages in Magway",
    "Flood victims in Magway wait for boats on the Irrawaddy",
    "Irrawaddy flood: army sends boats to Magway villages",
    "Water of the Irrawaddy river falls in Magway after the flood",
    "Magway villages clean up after the Irrawaddy river flood",
    "Irrawaddy flood in Magway was the worst in decades",
    "Boats leave Magway as the Irrawaddy flood ends",
]
OTHERS = ["Football: Yangon United wins the cup", "New cinema opens in Mandalay", "Garment workers strike"]


@pytest.fixture
def room(archive: Database, clock: MovedClock) -> Newsroom:
    room = Newsroom(archive, clock)
    room.publish_many([*OTHERS, *FLOODS])
    return room


def about_the_flood(headlines: list[str]) -> bool:
    return bool(headlines) and set(headlines) <= set(FLOODS)


async def test_a_number_means_the_last_list(room: Newsroom) -> None:
    reader = room.reader()
    listed = (await reader.types("/latest")).headlines
    answer = await reader.types("/related 2")
    assert answer.text.startswith(f"Related to {listed[1]}")
    assert about_the_flood(answer.headlines)
    assert answer.headlines.count(listed[1]) == 1  # as the subject, not among its own results


async def test_the_answer_is_itself_a_list_to_go_on_from(room: Newsroom) -> None:
    reader = room.reader()
    await reader.types("/latest")
    found = (await reader.types("/related 1")).headlines[1:]
    assert (await reader.types("/related 3")).text.startswith(f"Related to {found[2]}")


async def test_five_come_at_a_time_and_more_shows_the_rest_in_place(room: Newsroom) -> None:
    reader = room.reader()
    first = await reader.types("/related https://news.example/4")
    assert len(first.headlines) == 6
    second = await reader.presses("More ›")
    assert second.message.id == first.message.id
    assert len(second.headlines) == 2
    assert set(first.headlines) | set(second.headlines) == set(FLOODS)


@pytest.mark.parametrize(
    "link",
    [
        "https://news.example/4",
        "http://www.news.example/4?utm_source=telegram",
        "news.example/4",
        "<https://news.example/4>.",
        "see https://news.example/4, please",
    ],
)
async def test_a_link_finds_its_article_however_it_is_written(room: Newsroom, link: str) -> None:
    answer = await room.reader().types(f"/related {link}")
    assert answer.text.startswith(f"Related to {FLOODS[0]}")


async def test_an_unknown_link_is_answered_with_another_way(room: Newsroom) -> None:
    answer = await room.reader().types("/related https://elsewhere.example/x")
    assert (
        answer.text == "That link isn't one of our articles. You can use words instead: /related river flood"
    )
    assert answer.buttons == ["Latest news"]


async def test_words_find_what_belongs_to_them(room: Newsroom) -> None:
    answer = await room.reader().types("/related boats in Magway")
    assert answer.text.startswith("Related to “boats in Magway”")
    assert about_the_flood(answer.headlines)


async def test_a_bare_number_under_a_list_means_the_same(room: Newsroom) -> None:
    reader = room.reader()
    listed = (await reader.types("/latest")).headlines
    assert (await reader.types("2")).text.startswith(f"Related to {listed[1]}")


async def test_a_message_without_a_word_is_not_taken_for_the_newest_article(room: Newsroom) -> None:
    channel = room.box.add_channel("Elsewhere")
    status, body = await room.box.call(
        "sendPhoto", {"chat_id": channel.id, "photo": "https://elsewhere.example/p.jpg"}
    )
    assert status == 200
    answer = await room.reader().forwards(channel.id, body["result"]["message_id"])
    assert answer.text.startswith("There's no article of ours in that message.")


async def test_nothing_means_the_newest_article(room: Newsroom) -> None:
    assert (await room.reader().types("/related")).text.startswith(f"Related to {FLOODS[-1]}")


async def test_a_reply_to_a_list_counts_in_that_list(room: Newsroom) -> None:
    reader = room.reader()
    flood = await reader.types("/latest 3")
    await reader.types("/search cinema")
    answer = await reader.types("/related 3", reply_to=flood.message.id)
    assert answer.text.startswith(f"Related to {flood.headlines[2]}")


async def test_a_reply_to_a_list_works_after_a_restart_forgot_it(room: Newsroom) -> None:
    reader = room.reader()
    flood = await reader.types("/latest 3")
    room.desk.memory.forget_chat(reader.chat_id)
    answer = await reader.types("/related 3", reply_to=flood.message.id)
    assert answer.text.startswith(f"Related to {flood.headlines[2]}")


async def test_a_number_beyond_the_list_is_answered_with_its_range(room: Newsroom) -> None:
    reader = room.reader()
    await reader.types("/latest")
    for wrong in ("9", "0", "-1"):
        answer = await reader.types(f"/related {wrong}")
        assert answer.text == "That list has 5 articles: /related 1 to /related 5."


async def test_a_number_without_a_list_is_answered_with_how_to_get_one(room: Newsroom) -> None:
    reader = room.reader()
    answer = await reader.types("/related 2")
    assert answer.text == "There's no recent list in this chat. Send /latest first, then /related 2."
    assert (await reader.presses("Latest news")).headlines[0] == FLOODS[-1]


async def test_what_belongs_to_nothing_is_said_so_and_not_guessed(room: Newsroom) -> None:
    answer = await room.reader().types("/related https://news.example/2")
    assert answer.text.endswith("No related articles found.")


async def test_a_withdrawn_article_is_not_shown_again(room: Newsroom) -> None:
    reader = room.reader()
    await reader.types("/latest")
    room.db.run_sync(articles.withdraw, 10, room.clock.now())
    answer = await reader.types("/related 1")
    assert answer.text == "This article was withdrawn."


async def test_a_forwarded_post_of_ours_means_its_article(room: Newsroom) -> None:
    channel = room.box.add_channel("News", username="dailynews")
    article = room.publish("Dam above Magway opens its gates")
    post = await room.post(article, channel.id)
    answer = await room.reader().forwards(channel.id, post)
    assert answer.text.startswith("Related to Dam above Magway opens its gates")
    assert answer.links[0] == article.url


@pytest.mark.parametrize("link", ["https://t.me/dailynews/{post}", "https://t.me/c/1000000001/{post}"])
async def test_a_link_to_a_post_of_ours_means_its_article(room: Newsroom, link: str) -> None:
    channel = room.box.add_channel("News", username="dailynews")
    known = replace(chats.empty_chat(channel.id, ChatKind.CHANNEL, room.clock.now()), username="dailynews")
    room.db.run_sync(chats.upsert_chat, known)
    article = room.publish("Dam above Magway opens its gates")
    post = await room.post(article, channel.id)
    answer = await room.reader().types("/related " + link.format(post=post))
    assert answer.text.startswith("Related to Dam above Magway opens its gates")


async def test_a_stranger_channels_forwarded_post_is_compared_by_its_words(room: Newsroom) -> None:
    channel = room.box.add_channel("Elsewhere")
    post = room.box.post(channel.id, FLOODS[0])
    answer = await room.reader().forwards(channel.id, post.id)
    assert answer.text.startswith(f"Related to “{FLOODS[0]}”")
    assert about_the_flood(answer.headlines)


async def test_a_reply_to_a_post_that_links_an_article_means_that_article(room: Newsroom) -> None:
    group = room.box.add_supergroup("Talk")
    reader = room.reader()
    room.box.join(reader.user_id, group.id)
    post = room.box.say(1000, group.id, "Read this: https://news.example/4")
    answer = await reader.in_chat(group.id).types("/related", reply_to=post.id)
    assert answer.text.startswith(f"Related to {FLOODS[0]}")


async def test_words_too_long_for_a_button_are_paged_while_they_are_remembered(
    archive: Database, clock: MovedClock
) -> None:
    room = Newsroom(archive, clock, BURMESE)
    title = "ဧရာဝတီမြစ်ရေ မြင့်တက်ပြီး မကွေးတိုင်းရှိ ကျေးရွာများ ရေကြီး"
    room.publish_many([f"{title} ({number})" for number in range(1, 9)], language="my")
    room.publish_many(["ရန်ကုန် ဘောလုံးအသင်း ဖလားရ", "မန္တလေးတွင် ရုပ်ရှင်ရုံသစ် ဖွင့်"], language="my")
    reader = room.reader("အေးအေး", language="my")
    answer = await reader.types(f"/related {title}")
    assert answer.text.startswith("ဆက်စပ်သတင်းများ − “ဧရာဝတီမြစ်ရေ")
    assert all(len(command.encode()) <= 64 for command in answer.commands)
    assert len((await reader.presses("ထပ်ကြည့်ရန် ›")).headlines) == 3
    await reader.presses("‹ ပြန်သွားရန်")
    room.desk.memory.forget_chat(reader.chat_id)
    before = reader.sees().text
    assert (await reader.presses("ထပ်ကြည့်ရန် ›")).text == before
    assert room.toasts[-1] == "ကြာသွားလို့ မမှတ်မိတော့ပါ။ ထပ်မေးပေးပါ။"


async def test_a_burmese_number_means_the_last_list(archive: Database, clock: MovedClock) -> None:
    room = Newsroom(archive, clock, BURMESE)
    room.publish_many(["မြစ်ရေကြီးမှု", "ဘောလုံးပွဲ"], language="my")
    reader = room.reader("အေးအေး", language="my")
    await reader.types("/latest")
    assert (await reader.types("/related ၂")).text.startswith("ဆက်စပ်သတင်းများ − မြစ်ရေကြီးမှု")
    wrong = await reader.types("/related ၉")
    assert "သတင်း ၂ ပုဒ်" in wrong.text


async def test_one_readers_long_question_is_no_other_readers_to_see(room: Newsroom) -> None:
    asker, other = room.reader(), room.reader("Ba Ba")
    handle = room.desk.memory.remember_question(asker.chat_id, "what I asked in private")
    assert (await other.types(f"/related {handle}")).text.startswith("That button has expired")
