"""A reader searches for articles."""

from datetime import timedelta

import pytest

from storage.database import Database
from tests.bot.newsroom import BURMESE, Newsroom
from tests.conftest import MovedClock


@pytest.fixture
def room(archive: Database, clock: MovedClock) -> Newsroom:
    room = Newsroom(archive, clock)
    for number in range(1, 8):
        room.publish(f"Harvest report {number}", summary="Rice prices rise in the delta again this week.")
    room.publish("Rice, rice, rice", summary="All about rice.", published_at=clock.now() - timedelta(days=3))
    room.publish(
        "Football cup", summary="Yangon United wins <b>3 & 2</b> over Mandalay.", sections=("Sport",)
    )
    return room


async def test_results_show_the_found_words_in_context(room: Newsroom) -> None:
    answer = await room.reader().types("/search yangon united")
    assert answer.text.startswith("“yangon united” · 1 article")
    assert answer.headlines == ["Football cup"]
    assert answer.bold == ["“yangon united”", "Yangon", "United"]
    assert "wins <b>3 & 2</b> over Mandalay." in answer.text


async def test_more_and_back_page_through_the_results(room: Newsroom) -> None:
    reader = room.reader()
    first = await reader.types("/search rice")
    assert (len(first.headlines), "8 articles" in first.text) == (5, True)
    second = await reader.presses("More ›")
    assert len(second.headlines) == 3
    assert not set(first.headlines) & set(second.headlines)
    assert (await reader.presses("‹ Back")).headlines == first.headlines


async def test_sorting_by_date_and_back_again(room: Newsroom) -> None:
    reader = room.reader()
    best = await reader.types("/search rice")
    assert best.headlines[0] == "Rice, rice, rice"
    newest = await reader.presses("Newest first")
    assert newest.headlines[0] == "Harvest report 7"
    assert (await reader.presses("More ›")).headlines[-1] == "Rice, rice, rice"
    assert (await reader.presses("Most relevant first")).headlines == best.headlines


async def test_plain_words_are_searched_for(room: Newsroom) -> None:
    assert (await room.reader().types("mandalay football")).headlines == ["Football cup"]


async def test_a_number_refers_to_the_last_results(room: Newsroom) -> None:
    reader = room.reader()
    await reader.types("/search football")
    assert (await reader.types("/related 1")).text.startswith("Related to Football cup")


async def test_phrases_exclusions_and_sections_are_understood(room: Newsroom) -> None:
    reader = room.reader()
    assert (await reader.types('/search "yangon united"')).headlines == ["Football cup"]
    assert (await reader.types("/search cup section:sport")).headlines == ["Football cup"]
    assert (await reader.types("/search rice -prices")).headlines == ["Rice, rice, rice"]


@pytest.mark.parametrize("typed", ["/search", "/search   ", "/search \u200b"])
async def test_a_search_for_nothing_is_answered_with_an_example(room: Newsroom, typed: str) -> None:
    assert (
        await room.reader().types(typed)
    ).text == "What are you looking for? For example: /search river flood"


async def test_a_search_without_results_is_answered(room: Newsroom) -> None:
    answer = await room.reader().types("/search <b>zeppelin & co</b>")
    assert answer.text == "“<b>zeppelin & co</b>”\n\nNo articles found. Try fewer or different words."


async def test_burmese_is_found_without_spaces_and_long_questions_are_paged(
    archive: Database, clock: MovedClock
) -> None:
    room = Newsroom(archive, clock, BURMESE)
    for number in range(7):
        room.publish(
            f"မြစ်ရေကြီးမှု {number}", summary="ဧရာဝတီမြစ်ရေသည် စိုးရိမ်ရေမှတ်ကို ကျော်လွန်နေပြီး ရွာများ ရေကြီးသည်။", language="my"
        )
    reader = room.reader("အေးအေး", language="my")
    answer = await reader.types("/search ဧရာဝတီမြစ်ရေ စိုးရိမ်ရေမှတ် ကျော်လွန်")
    assert "သတင်း ၇ ပုဒ်" in answer.text
    assert any("စိုးရိမ်ရေမှတ်" in bold for bold in answer.bold[1:])
    assert all(len(command.encode()) <= 64 for command in answer.commands)
    assert len((await reader.presses("ထပ်ကြည့်ရန် ›")).headlines) == 2
    assert len((await reader.presses("အသစ်ဆုံး အရင်")).headlines) == 5
