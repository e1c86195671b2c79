"""/story: listing a story, splitting an article off and joining two stories."""

import pytest

from jobs.publish.story_assignment import assign_arrivals
from storage import articles, stories
from storage.database import Database
from storage.records import Article
from tests.bot.newsroom import BURMESE, Newsroom
from tests.conftest import MovedClock
from tests.jobs.publish.test_story_assignment import ENGINEERS, FAMILIES, ORCHIDS, RIVER


class Room(Newsroom):
    """A newsroom with articles in stories."""

    def news(self, said: tuple[str, str], **more: object) -> Article:
        known = self.publish(said[0], summary=said[1], **more)
        self.db.run_sync(assign_arrivals, self.index, [known.id], {}, self.clock.now())
        return self.now(known)

    def now(self, known: Article) -> Article:
        found = self.db.read_sync(articles.get, known.id)
        assert found
        return found

    def together(self, *some: Article) -> bool:
        return len({self.now(one).story_id for one in some} - {None}) == 1


@pytest.fixture
def room(archive: Database, clock: MovedClock) -> Room:
    return Room(archive, clock)


async def test_a_storys_articles_are_listed_oldest_first(room: Room) -> None:
    river, orchids, families = room.news(RIVER), room.news(ORCHIDS), room.news(FAMILIES)
    answer = await room.operator().types(f"/story {families.url}")
    assert answer.text.startswith(f"{RIVER[0]}\nA story of 2 articles\n")
    assert answer.headlines == [RIVER[0], FAMILIES[0]]
    alone = await room.operator().types(f"/story {orchids.url}")
    assert alone.headlines == [ORCHIDS[0]]
    assert "A story of 1 article\n" in alone.text
    assert river.story_id == families.story_id


async def test_a_story_can_be_asked_for_by_number_or_by_a_reply(room: Room) -> None:
    room.news(RIVER)
    operator = room.operator()
    listed = await operator.types("/latest")
    assert (await operator.types("/story 1")).headlines == [RIVER[0]]
    assert (await operator.types("/story", reply_to=listed.message.id)).headlines == [RIVER[0]]


async def test_a_duplicate_is_marked_in_its_story(room: Room) -> None:
    river, again = room.news(RIVER), room.news((RIVER[0].upper(), RIVER[1]))
    answer = await room.operator().types(f"/story {river.url}")
    assert answer.text.count("the same text again") == 1
    assert room.now(again).duplicate_of == river.id


async def test_an_article_is_split_off_and_the_story_shown(room: Room) -> None:
    river, families, engineers = room.news(RIVER), room.news(FAMILIES), room.news(ENGINEERS)
    operator = room.operator()
    answer = await operator.types(f"/story split {families.url}")
    assert answer.text == f"“{FAMILIES[0]}” is now a story of its own."
    assert room.together(river, engineers)
    assert not room.together(river, families)
    assert (await operator.presses("Show the story")).headlines == [FAMILIES[0]]
    again = await operator.types(f"/story split {families.url}")
    assert again.text == f"“{FAMILIES[0]}” is already a story of its own."


async def test_two_stories_become_one(room: Room) -> None:
    river, orchids, families = room.news(RIVER), room.news(ORCHIDS), room.news(FAMILIES)
    operator = room.operator()
    answer = await operator.types(f"/story join {orchids.url} {families.url}")
    assert answer.text == "Both are now one story."
    assert room.together(river, orchids, families)
    shown = await operator.presses("Show the story")
    assert shown.headlines == [RIVER[0], ORCHIDS[0], FAMILIES[0]]
    again = await operator.types(f"/story join {river.url} {orchids.url}")
    assert again.text == "Both are already in one story."


async def test_numbers_and_capitals_are_accepted(room: Room) -> None:
    river, orchids = room.news(RIVER), room.news(ORCHIDS)
    operator = room.operator()
    await operator.types("/latest")
    await operator.types("/story JOIN ၁ 2")
    assert room.together(river, orchids)
    await operator.types("/story Split 1")
    assert not room.together(river, orchids)


async def test_an_article_without_a_story_can_be_joined(room: Room) -> None:
    river, orchids = room.publish(*RIVER[:1]), room.publish(*ORCHIDS[:1])
    await room.operator().types(f"/story join {river.url} {orchids.url}")
    assert room.together(river, orchids)
    assert (await room.operator().types(f"/story {river.url}")).headlines == [RIVER[0], ORCHIDS[0]]


async def test_a_duplicate_that_is_split_off_is_posted(room: Room) -> None:
    river, again = room.news(RIVER), room.news((RIVER[0].upper(), RIVER[1]))
    answer = await room.operator().types(f"/story split {again.url}")
    assert answer.text.endswith(
        "It's no longer treated as a duplicate; channels that skipped it will get it now."
    )
    assert (room.now(again).duplicate_of, room.now(again).planned_at) == (None, None)
    assert room.changes == 1
    assert not room.together(river, again)


async def test_duplicates_move_with_the_article_that_is_split_off(room: Room) -> None:
    river, families = room.news(RIVER), room.news(FAMILIES)
    again = room.news((FAMILIES[0].upper(), FAMILIES[1]))
    await room.operator().types(f"/story split {families.url}")
    assert room.together(families, again)
    assert not room.together(river, again)


async def test_a_long_story_is_paged(room: Room) -> None:
    first = room.publish("Flood 0")
    for number in range(1, 13):
        more = room.publish(f"Flood {number}")
        room.db.run_sync(stories.merge_stories, first.id, more.id, room.clock.now())
    operator = room.operator()
    shown = await operator.types(f"/story {first.url}")
    assert len(shown.headlines) == 10
    assert (await operator.presses("More ›")).headlines == ["Flood 10", "Flood 11", "Flood 12"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/story", "Which article? Put its link after the command, or reply to its post."),
        ("/story river flood", "Which article? Put its link after the command, or reply to its post."),
        ("/story split", "Which article? Put its link after the command, or reply to its post."),
        ("/story join", "Which article? Put its link after the command, or reply to its post."),
        ("/story join https://news.example/1", "With which article? /story join needs two."),
        (
            "/story https://elsewhere.example/x",
            "That link isn't one of our articles. You can use words instead: /related river flood",
        ),
        ("/story id:99", "That article is no longer in the archive."),
        ("/story id:x", "That article is no longer in the archive."),
    ],
)
async def test_missing_articles_are_reported_and_nothing_changes(room: Room, typed: str, said: str) -> None:
    room.news(RIVER)
    assert (await room.operator().types(typed)).text == said
    assert room.changes == 0


async def test_a_withdrawn_article_is_in_no_story(room: Room) -> None:
    river, families = room.news(RIVER), room.news(FAMILIES)
    operator = room.operator()
    await operator.types(f"/retract {river.url}")
    await operator.presses("Withdraw")
    withdrawn = f"“{RIVER[0]}” was withdrawn and belongs to no story."
    for typed in ("/story {0}", "/story split {0}", "/story join {0} {1}", "/story join {1} {0}"):
        assert (await operator.types(typed.format(river.url, families.url))).text == withdrawn


async def test_joining_an_article_to_itself_changes_nothing(room: Room) -> None:
    river = room.news(RIVER)
    answer = await room.operator().types(f"/story join {river.url} {river.url}")
    assert answer.text == "Both are already in one story."


async def test_readers_cannot_use_the_command(room: Room) -> None:
    river, families = room.news(RIVER), room.news(FAMILIES)
    reader = room.reader()
    for typed in (f"/story {river.url}", f"/story split {families.url}"):
        assert (await reader.types(typed)).text.startswith("I don't know /story.")
    assert "/story" not in (await reader.types("/help")).text
    room.box.say(reader.user_id, reader.chat_id, "/latest")
    assert room.together(river, families)


async def test_a_hostile_headline_is_only_text(room: Room) -> None:
    title = '<b>"&amp;' + "\u202e" + "x" * 5000 + "</b><script>"
    known = room.news((title, "It & <i>that</i>."))
    operator = room.operator()
    shown = await operator.types(f"/story {known.url}")
    assert shown.text.startswith('<b>"&amp;')
    split = await operator.types(f"/story split {known.url}")
    assert split.text.startswith('“<b>"&amp;')
    assert len(split.text) < 300


async def test_in_burmese_the_answers_are_burmese(archive: Database, clock: MovedClock) -> None:
    room = Room(archive, clock, BURMESE)
    river = room.news(RIVER)
    answer = await room.operator().types(f"/story split {river.url}")
    assert answer.text == f"“{RIVER[0]}” က အရင်ကတည်းက သီးခြား သတင်းဖြစ်စဉ် ဖြစ်ပါတယ်။"


async def test_why_names_the_story(room: Room) -> None:
    river, _ = room.news(RIVER), room.news(FAMILIES)
    answer = await room.operator().types(f"/why {river.url}")
    assert f"A story of 2 articles · /story {river.url}" in answer.text
