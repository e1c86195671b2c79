"""A reader lists the latest headlines and pages through them."""

import pytest

from storage import chats
from storage.database import Database
from tests.bot.newsroom import BURMESE, ENGLISH, Newsroom
from tests.conftest import MovedClock


@pytest.fixture
def room(archive: Database, clock: MovedClock) -> Newsroom:
    room = Newsroom(archive, clock)
    room.publish_many([f"Old story {number}" for number in range(1, 8)], sections=("World",))
    room.publish_many(["Bridge opens", "Rice harvest begins"], sections=("Business news",))
    return room


async def test_the_five_newest_headlines_come_linked_and_with_times(room: Newsroom) -> None:
    answer = await room.reader().types("/latest")
    assert answer.headlines == [
        "Rice harvest begins",
        "Bridge opens",
        "Old story 7",
        "Old story 6",
        "Old story 5",
    ]
    assert answer.links[0] == "https://news.example/9"
    assert "Business news · 05:39" in answer.text
    assert answer.buttons == ["More ›"]


async def test_more_turns_the_page_in_place_and_back_returns(room: Newsroom) -> None:
    reader = room.reader()
    first = await reader.types("/latest")
    second = await reader.presses("More ›")
    assert second.headlines == ["Old story 4", "Old story 3", "Old story 2", "Old story 1"]
    assert second.message.id == first.message.id
    assert second.buttons == ["‹ Back"]
    assert (await reader.presses("‹ Back")).headlines[0] == "Rice harvest begins"
    assert len(reader.messages()) == 1
    assert room.toasts == ["", ""]


async def test_pressing_the_same_button_twice_changes_nothing_and_is_answered(room: Newsroom) -> None:
    reader = room.reader()
    await reader.types("/latest")
    await reader.presses("More ›")
    room.box.press(reader.user_id, reader.chat_id, reader.sees().message.id, "‹ Back")
    room.box.press(reader.user_id, reader.chat_id, reader.sees().message.id, "‹ Back")
    await room.answer()
    assert reader.sees().headlines[0] == "Rice harvest begins"
    assert len(room.toasts) == 3


@pytest.mark.parametrize(
    "typed", ["/latest 2", "/latest ၂", "/LATEST 2", "/latest@newswire_bot 2", "/latest\n2"]
)
async def test_the_number_of_headlines_can_be_given(room: Newsroom, typed: str) -> None:
    assert (await room.reader().types(typed)).headlines == ["Rice harvest begins", "Bridge opens"]


@pytest.mark.parametrize(
    "typed",
    ["/latest 1 business news", "/latest Business 1", "/latest 1 #Business_news", "/latest 1 BUSINESS NEWS"],
)
async def test_a_section_is_found_however_it_is_written(room: Newsroom, typed: str) -> None:
    answer = await room.reader().types(typed)
    assert answer.text.startswith("Latest news · Business news")
    assert answer.headlines == ["Rice harvest begins"]


@pytest.mark.parametrize("typed", ["/latest 0", "/latest 21", "/latest -3", "/latest 999999"])
async def test_an_invalid_number_is_answered_with_valid_ones(room: Newsroom, typed: str) -> None:
    reader = room.reader()
    answer = await reader.types(typed)
    assert answer.text == "I can show 1 to 20 headlines at a time: /latest 5 or /latest 20."
    assert (await reader.presses("/latest 5")).headlines[0] == "Rice harvest begins"


async def test_an_unknown_section_is_answered_with_the_sections_there_are(room: Newsroom) -> None:
    reader = room.reader()
    answer = await reader.types("/latest moon")
    assert answer.text == "There is no section “moon”. These are the sections:"
    assert answer.buttons == ["World", "Business news"]
    assert (await reader.presses("World")).headlines[0] == "Old story 7"


async def test_before_any_news_it_says_so(archive: Database, clock: MovedClock) -> None:
    assert (await Newsroom(archive, clock).reader().types("/latest")).text == "There is no news yet."


async def test_an_unknown_section_of_an_empty_archive_offers_all_news(
    archive: Database, clock: MovedClock
) -> None:
    answer = await Newsroom(archive, clock).reader().types("/latest moon")
    assert answer.text == "There is no section “moon”. Try /latest 5."


async def test_twenty_long_burmese_headlines_fit_one_message(archive: Database, clock: MovedClock) -> None:
    room = Newsroom(archive, clock, BURMESE)
    long = "ရန်ကုန်မြို့တွင် မိုးသည်းထန်စွာ ရွာသွန်းပြီး မြစ်ရေမြင့်တက်လာသဖြင့် " * 6
    links = "https://news.example/" + "a" * 1900
    for number in range(20):
        room.publish(long, url=f"{links}{number}", language="my", sections=("ကမ္ဘာ့သတင်း",))
    answer = await room.reader().types("/latest ၂၀")
    assert answer.text.count("ကမ္ဘာ့သတင်း · ") == 20
    assert "၂၀။ ရန်ကုန်" in answer.text


async def test_a_burmese_reader_pages_through_a_burmese_section(archive: Database, clock: MovedClock) -> None:
    room = Newsroom(archive, clock, BURMESE)
    section = "နိုင်ငံတကာသတင်းနှင့် ဆောင်းပါးများ"
    room.publish_many([f"သတင်း {number}" for number in range(1, 8)], language="my", sections=(section,))
    reader = room.reader("အေးအေး", language="my")
    answer = await reader.types(f"/latest {section}")
    assert answer.text.startswith(f"နောက်ဆုံးရ သတင်းများ · {section}")
    assert answer.headlines[0] == "သတင်း 7"
    assert all(len(command.encode()) <= 64 for command in answer.commands)
    assert (await reader.presses("ထပ်ကြည့်ရန် ›")).headlines == ["သတင်း 2", "သတင်း 1"]
    wrong = await reader.types("/latest လ")
    assert wrong.text == "“လ” ဆိုတဲ့ ကဏ္ဍ မရှိပါ။ ရှိတဲ့ ကဏ္ဍများကတော့"
    assert (await reader.presses(section)).headlines[0] == "သတင်း 7"


async def test_readers_of_two_editions_see_their_own_language(archive: Database, clock: MovedClock) -> None:
    room = Newsroom(archive, clock, ENGLISH, BURMESE)
    room.publish("Rice harvest begins")
    room.publish("စပါးရိတ်သိမ်းမှု စတင်", language="my")
    assert (await room.reader("Anna", language="en-GB").types("/latest")).headlines == ["Rice harvest begins"]
    assert (await room.reader("အေးအေး", language="my").types("/latest")).headlines == ["စပါးရိတ်သိမ်းမှု စတင်"]
    assert (await room.reader("Jean", language="fr").types("/latest")).headlines == ["Rice harvest begins"]


async def test_queries_store_nothing_of_the_reader(room: Newsroom) -> None:
    reader = room.reader()
    for typed in ("/start", "/latest 3", "/related", "/search rice", "/help", "/privacy", "hello"):
        await reader.types(typed)
    assert room.db.read_sync(chats.get, reader.chat_id) is None
