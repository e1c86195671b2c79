"""Articles come into stories in the transaction that plans them; corrections and withdrawals matter there."""

import pytest
from sqlalchemy import insert, select

from jobs.config import Edition, PublishPolicy
from jobs.publish import planner
from jobs.publish.story_assignment import assign_left_over
from storage import articles, reports, stories
from storage.database import Connection, Database
from storage.index import Index, Neighbourhood
from storage.records import Article, Story, Verdict
from storage.schema import entries
from tests.jobs.publish.newsroom import CHANNEL, FEED, NOW, article, correct, later

OTHER_FEED = "https://news.example/burmese"
OTHER_CHANNEL = CHANNEL - 1
RIVER = ("Sittaung river floods Lanmadaw", "The Sittaung broke its dam near Lanmadaw; 40 families left.")
FAMILIES = (
    "Families leave Lanmadaw as the Sittaung rises",
    "Forty families fled the flooded river town.",
)
ENGINEERS = (
    "Dam on the Sittaung failed, engineers say",
    "The flood at Lanmadaw came after the dam broke.",
)
ORCHIDS = ("Orchid growers meet in spring", "A prize went to a white orchid.")


class Room:
    """A newsroom with its planner, without its courier."""

    def __init__(self, db: Database) -> None:
        self.db, self.index = db, Index()
        edition = Edition(name="", channels=(CHANNEL,), feed_urls=(FEED,))
        other = Edition(name="burmese", channels=(OTHER_CHANNEL,), feed_urls=(OTHER_FEED,))
        self.policy = PublishPolicy(editions=(edition, other))
        self.hours = 0.0

    def news(self, said: tuple[str, str], **about: object) -> Article:
        self.hours += 0.1
        now = later(hours=self.hours)
        return self.db.run_sync(article, said[0], summary=said[1], now=now, **about)  # type: ignore[arg-type]

    def plan(self) -> int:
        """One batch, with what the index then knows."""
        self.db.read_sync(self.index.catch_up)
        return self.db.run_sync(planner._plan_batch, self.policy, later(hours=self.hours), 20, self.index)

    def tell(self) -> int:
        return self.db.run_sync(planner._propagate_changes, self.policy, later(hours=self.hours))

    def now(self, known: Article) -> Article:
        found = self.db.read_sync(articles.get, known.id)
        assert found
        return found

    def story(self, known: Article) -> Story:
        number = self.now(known).story_id
        assert number is not None
        found = self.db.read_sync(stories.get, number)
        assert found
        return found

    def told_together(self, *some: Article) -> bool:
        return len({self.now(one).story_id for one in some} - {None}) == 1

    def verdicts(self, known: Article) -> dict[str, Verdict]:
        life = self.db.read_sync(reports.article_history, known.id)
        return {decision.edition: decision.verdict for decision in life.decisions}

    def posts(self, known: Article) -> list[str]:
        return [post.edition for post in self.db.read_sync(reports.article_history, known.id).posts]

    def withdraw(self, known: Article) -> None:
        self.db.run_sync(articles.withdraw, known.id, later(hours=self.hours))


@pytest.fixture
def room(db: Database) -> Room:
    return Room(db)


def test_an_article_joins_the_story_that_it_continues_in_the_plan_that_posts_it(room: Room) -> None:
    river = room.news(RIVER)
    room.plan()
    families, orchids = room.news(FAMILIES), room.news(ORCHIDS)
    room.plan()
    assert room.told_together(river, families)
    assert not room.told_together(river, orchids)
    story = room.story(river)
    assert (story.title, story.first_article_id, story.last_article_id) == (RIVER[0], river.id, families.id)
    assert room.posts(families) == [""]


def test_articles_of_one_look_come_together_in_the_order_of_their_publication(room: Room) -> None:
    some = [room.news(ENGINEERS), room.news(RIVER), room.news(ORCHIDS), room.news(FAMILIES)]
    assert room.plan() == 4
    assert room.told_together(some[0], some[1], some[3])
    assert room.story(some[3]).first_article_id == some[0].id


def test_a_look_that_comes_while_others_are_planned_waits_for_the_index(room: Room) -> None:
    room.db.read_sync(room.index.catch_up)
    first = room.news(RIVER)
    room.db.read_sync(room.index.catch_up)
    second = room.news(FAMILIES)
    count = room.db.run_sync(planner._plan_batch, room.policy, later(hours=1), 20, room.index)
    assert count == 1
    assert room.now(second).planned_at is None
    assert room.plan() == 1
    assert room.told_together(first, second)


def test_an_index_that_reads_nothing_holds_no_post_back(room: Room) -> None:
    river = room.news(RIVER)
    assert room.db.run_sync(planner._plan_batch, room.policy, NOW, 20, room.index) == 1
    assert room.posts(river) == [""]
    assert room.now(river).story_id is None


def test_what_was_left_over_is_put_into_stories_beside_it(room: Room) -> None:
    backlog = [room.news(RIVER, backfill=True), room.news(FAMILIES, backfill=True)]
    room.plan()
    assert room.now(backlog[0]).story_id is None
    assert room.db.run_sync(assign_left_over, room.index, {}, later(hours=1)) == 2
    assert room.told_together(*backlog)
    assert room.db.run_sync(assign_left_over, room.index, {}, later(hours=1)) == 0
    assert room.db.run_sync(assign_left_over, room.index, {}, later(days=99)) == 0


def test_putting_articles_into_stories_does_not_make_the_index_read_them_again(room: Room) -> None:
    room.news(RIVER)
    room.news(FAMILIES)
    room.plan()
    assert room.db.read_sync(room.index.catch_up) == 0


def test_a_withdrawn_article_leaves_its_story_and_the_later_ones_stay(room: Room) -> None:
    river, families, engineers = room.news(RIVER), room.news(FAMILIES), room.news(ENGINEERS)
    room.plan()
    room.withdraw(river)
    room.tell()
    assert room.now(river).story_id is None
    assert room.told_together(families, engineers)
    story = room.story(engineers)
    assert (story.title, story.first_article_id) == (FAMILIES[0], families.id)


def test_a_withdrawn_article_draws_nobody_into_its_story(room: Room) -> None:
    river = room.news(RIVER)
    room.plan()
    room.withdraw(river)
    families = room.news(FAMILIES)
    room.plan()
    assert room.story(families).first_article_id == families.id


def test_a_corrected_headline_corrects_the_storys_title(room: Room) -> None:
    river = room.news(RIVER)
    room.plan()
    room.db.run_sync(correct, river, "Sittaung dam breaks at Lanmadaw", later(hours=1))
    room.tell()
    assert room.story(river).title == "Sittaung dam breaks at Lanmadaw"


# Duplicates


def again(room: Room, **about: object) -> Article:
    """The river's news once more, under another link."""
    return room.news((RIVER[0] + " ", RIVER[1]), **about)


def test_the_same_text_under_another_link_is_not_posted_again_and_why_says_so(room: Room) -> None:
    river, twice = room.news(RIVER), again(room)
    room.plan()
    assert (room.now(river).duplicate_of, room.now(twice).duplicate_of) == (None, river.id)
    assert room.verdicts(twice) == {"": Verdict.DUPLICATE}
    [decision] = room.db.read_sync(reports.article_history, twice.id).decisions
    assert decision.detail == f"of article {river.id}"
    assert room.posts(twice) == []
    assert room.told_together(river, twice)


def test_another_edition_posts_what_the_first_one_has_posted(room: Room) -> None:
    river, twice = room.news(RIVER), again(room, feed=OTHER_FEED)
    room.plan()
    assert room.now(twice).duplicate_of == river.id
    assert (room.posts(river), room.posts(twice)) == ([""], ["burmese"])


def test_2_no_feed_holds_anothers_article_back_by_copying_its_words(room: Room) -> None:
    copy = room.news(RIVER, feed="https://copycat.example/feed")
    room.plan()
    river = room.news(RIVER)
    room.plan()
    assert room.now(river).duplicate_of is None
    assert room.posts(river) == [""]
    assert room.told_together(copy, river)


def test_a_third_time_repeats_the_first(room: Room) -> None:
    river, twice = room.news(RIVER), again(room)
    room.plan()
    thrice = room.news((RIVER[0].upper(), RIVER[1]))
    room.plan()
    assert {room.now(one).duplicate_of for one in (twice, thrice)} == {river.id}


def test_when_the_first_is_withdrawn_its_duplicate_is_posted_in_its_place(room: Room) -> None:
    river, twice = room.news(RIVER), again(room)
    thrice = room.news((RIVER[0].upper(), RIVER[1]))
    room.plan()
    room.withdraw(river)
    room.tell()
    assert room.plan() == 1
    assert room.now(twice).duplicate_of is None
    assert room.now(thrice).duplicate_of == twice.id
    assert room.verdicts(twice) == {"": Verdict.PLANNED}
    assert room.posts(twice) == [""]
    assert room.posts(thrice) == []
    assert room.plan() == 0


def test_a_duplicate_that_is_corrected_is_an_article_of_its_own(room: Room) -> None:
    river, twice = room.news(RIVER), again(room)
    room.plan()
    room.db.run_sync(correct, twice, "Sittaung: what we know of the dam", later(hours=1))
    room.tell()
    assert room.plan() == 1
    assert room.posts(twice) == [""]
    assert room.told_together(river, twice)


def test_a_duplicate_of_what_is_corrected_is_an_article_of_its_own(room: Room) -> None:
    river, twice = room.news(RIVER), again(room)
    room.plan()
    room.db.run_sync(correct, river, "Sittaung: what we know of the dam", later(hours=1))
    room.tell()
    room.plan()
    assert room.posts(twice) == [""]


def test_an_edition_that_has_posted_a_duplicate_does_not_post_it_again(room: Room) -> None:
    river = room.news(RIVER)
    room.plan()
    twice = again(room, feed=OTHER_FEED)
    room.db.run_sync(_in_both_feeds, river, twice)
    room.plan()
    assert room.verdicts(twice) == {"": Verdict.DUPLICATE, "burmese": Verdict.PLANNED}
    room.withdraw(river)
    room.tell()
    room.plan()
    assert room.verdicts(twice) == {"": Verdict.PLANNED, "burmese": Verdict.PLANNED}
    assert sorted(room.posts(twice)) == ["", "burmese"]


def _in_both_feeds(connection: Connection, one: Article, other: Article) -> None:
    """The other article stands in the feed of the first, too."""
    [entry] = connection.execute(select(entries).where(entries.c.article_id == one.id))
    row = {**entry._mapping, "article_id": other.id}
    connection.execute(insert(entries), [row])


def test_a_first_that_was_never_posted_leaves_its_duplicate_to_be_posted(room: Room) -> None:
    room.news(RIVER, backfill=True)
    twice = again(room)
    room.plan()
    assert room.posts(twice) == [""]


# Editors


def test_what_an_editor_split_stays_split_whatever_comes(room: Room) -> None:
    river, families = room.news(RIVER), room.news(FAMILIES)
    room.plan()
    assert room.db.run_sync(stories.split_off, families.id, later(hours=1))
    room.news(ENGINEERS)
    room.plan()
    room.db.run_sync(assign_left_over, room.index, {}, later(hours=1))
    room.db.run_sync(correct, families, "Families leave Lanmadaw at night", later(hours=1))
    room.tell()
    room.plan()
    assert not room.told_together(river, families)
    assert room.story(river).title == RIVER[0]


def test_what_an_editor_joined_stays_joined(room: Room) -> None:
    river, orchids = room.news(RIVER), room.news(ORCHIDS)
    room.plan()
    one = room.story(river).id
    assert room.db.run_sync(stories.merge_stories, orchids.id, river.id, later(hours=1))
    families = room.news(FAMILIES)
    room.plan()
    assert room.told_together(river, orchids, families)
    assert [each.id for each in room.db.read_sync(stories.list_members, one)] == [
        river.id,
        orchids.id,
        families.id,
    ]


class Forgetful(Index):
    """An index with a mistake in it."""

    def find_neighbourhood(self, article_id: int, count: int) -> Neighbourhood:
        raise IndexError(article_id)


def test_an_article_whose_story_cannot_be_found_out_is_posted_all_the_same(room: Room) -> None:
    room.index = Forgetful()
    river, families = room.news(RIVER), room.news(FAMILIES)
    assert room.plan() == 2
    assert (room.posts(river), room.posts(families)) == ([""], [""])
    assert not room.told_together(river, families)
