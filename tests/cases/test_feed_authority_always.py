"""Whatever other feeds list, in any order: a site's own articles have its content and are posted."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from jobs.config import Edition, FetchPolicy, PublishPolicy
from jobs.ingest import store
from jobs.ingest.page.enrich import PageFields
from jobs.ingest.parse.model import ParsedFeed, ParsedItem
from jobs.publish.rules import make_plan
from storage import articles, entries, feeds
from storage.database import Database
from storage.delivery import planning, turns
from storage.records import Article, ArticleState, PostKind
from storage.schema import posts

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
A, B, C = "https://a.example/feed", "https://b.example:8443/feed", "https://www.c.example/rss"
EVIL = ("https://b.example:8443/evil", "https://c.example/evil")
POLICY = FetchPolicy(user_agent="test")
NUMBERS = range(1, 6)


def link_of(number: int, moved: bool = False) -> str:
    return f"https://a.example/art/{number}" + ("-moved" if moved else "")


#: An update of A: which articles it lists, whether the first is corrected, and whether it has moved.
ours = st.tuples(st.just("A"), st.sets(st.sampled_from(NUMBERS)), st.booleans(), st.booleans())
#: An item of other feeds, which know A's links and content before A lists them.
claims = st.builds(
    ParsedItem,
    guid=st.sampled_from(["", "g1", "g2", link_of(1), link_of(2)]),
    link=st.one_of(
        st.sampled_from([*map(link_of, NUMBERS), *(link_of(number, moved=True) for number in NUMBERS)]),
        st.sampled_from([link_of(1) + "?utm_source=b", link_of(2).replace("https", "http") + "/#x", *EVIL]),
    ),
    title=st.sampled_from(["HIJACKED 1", "HIJACKED 2", "HIJACKED 3", "A's 1", "A's 2"]),
    summary=st.sampled_from(["", "Send money.", "Go away."]),
    published=st.sampled_from([None, NOW, NOW - timedelta(days=3), NOW + timedelta(days=3)]),
    image_url=st.sampled_from(["", "https://b.example:8443/evil.jpg"]),
)
theirs = st.tuples(
    st.sampled_from(["B", "C", "B pushed"]), st.lists(claims, max_size=5), st.booleans(), st.booleans()
)


@dataclass
class World:
    """A's site, the other feeds, and Newswire."""

    db: Database
    now: datetime = NOW
    versions: dict[int, int] = field(default_factory=dict)
    moved: set[int] = field(default_factory=set)
    said: dict[int, ParsedItem] = field(default_factory=dict)  #: what A last said of what it brought
    news: set[int] = field(default_factory=set)  #: listed after A's first update

    def __post_init__(self) -> None:
        self.db.run_sync(feeds.register_urls, [A, B, C], self.now)
        self.numbers = {feed.url: feed.id for feed in self.db.read_sync(feeds.list_all)}

    def item(self, number: int, guids: bool) -> ParsedItem:
        title = f"A's {number}" + ", corrected" * self.versions.get(number, 0)
        link = link_of(number, number in self.moved)
        guid = f"tag:{number}" if guids else ""
        return ParsedItem(guid=guid, link=link, title=title, summary="Found.", published=self.now)

    def a_says(self, shown: set[int], corrected: bool, moved: bool, guids: bool) -> None:
        first = sorted(shown)[:1]
        if corrected:
            self.versions |= {number: self.versions.get(number, 0) + 1 for number in first}
        if moved and guids:
            self.moved |= {*first}
        past = self.db.read_sync(entries.has_entries, self.numbers[A])
        items = [self.item(number, guids) for number in sorted(shown, reverse=True)]
        self.update(A, items)
        self.news |= {number for number in shown if past and number not in self.said}
        self.said |= dict(zip(sorted(shown, reverse=True), items, strict=True))

    def update(self, url: str, items: list[ParsedItem], push: bool = False, canonical: bool = False) -> None:
        """Update once; the pages of missing articles are gone, and other pages claim A's links."""
        self.now += timedelta(minutes=1)
        pages = {at: PageFields(page_url=link_of(at + 1)) for at in range(len(items))} if canonical else {}
        how = store.PushMode.WITHOUT_UPDATE if push else None
        parsed = ParsedFeed(items=tuple(items), link="https://a.example/")
        kept = self.db.run_sync(
            store.store_update,
            self.numbers[url],
            parsed,
            POLICY,
            self.now,
            {"succeeded_at": self.now},
            pages,
            how,
        )
        suspects = [] if url == A else self.db.read_sync(articles.get_many, kept.missing)
        for article in suspects:
            self.db.run_sync(store.withdraw_missing, article, "404", self.now, self.numbers[url], {})

    def plan(self) -> None:
        policy = PublishPolicy(editions=(Edition(name="", channels=(), feed_urls=(A, B, C)),))
        rows = self.db.read_sync(planning.articles_for_planning, self.db.read_sync(turns.next_unplanned, 100))
        made = make_plan(rows, policy, {}, {}, self.now)
        self.db.run_sync(planning.save_plan, made.decisions, made.posts, made.articles, self.now)

    def of_a(self) -> list[Article]:
        """The articles that A listed."""
        every = self.db.read_sync(articles.get_many, range(1, 500))
        return [
            one
            for one in every
            if any(
                each.feed_id == self.numbers[A] for each in self.db.read_sync(entries.list_entries, one.id)
            )
        ]

    def posted(self) -> list[int]:
        query = select(posts.c.article_id).where(posts.c.kind == PostKind.ARTICLE)
        return self.db.read_sync(lambda connection: list(connection.execute(query).scalars()))

    def check(self) -> None:
        found = {one.url: one for one in self.of_a()}
        assert len(found) == len(self.of_a()) == len(self.said)
        for item in self.said.values():
            one = found[item.link]
            assert (one.title, one.summary, one.image_url) == (item.title, item.summary, "")
            assert one.state is ArticleState.LIVE
            assert self.db.read_sync(articles.get_by_url, item.link) == one


@contextmanager
def a_world(engine: Engine, empty: Path) -> Iterator[World]:
    path = Path(str(engine.url.database))
    for old in path.parent.iterdir():
        old.unlink()
    shutil.copy(empty, path)
    db = Database(engine)
    try:
        yield World(db)
    finally:
        db.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.one_of(ours, theirs), max_size=10), st.booleans())
def test_2_nothing_that_a_feed_brought_of_its_own_site_is_anothers(
    sqlite_engine: Engine, migrated_file: Path, steps: list[tuple[object, ...]], guids: bool
) -> None:
    with a_world(sqlite_engine, migrated_file) as world:
        for who, what, one, other in steps:
            if who == "A":
                world.a_says(what, one, other, guids)  # type: ignore[arg-type]
            else:
                url = C if who == "C" else B
                world.update(url, what, push=who == "B pushed", canonical=bool(other))  # type: ignore[arg-type]
            world.check()
            if one:
                world.plan()
        world.plan()
        posted, named = world.posted(), {article.url: article.id for article in world.of_a()}
        for number in world.news:
            assert posted.count(named[world.said[number].link]) == 1
        assert len(posted) == len(set(posted))
