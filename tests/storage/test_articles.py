"""Articles are kept once, corrected with a trail, withdrawn, and found by any form of their link."""

from datetime import UTC, datetime, timedelta

from storage import articles, entries, feeds, identities
from storage.articles import ArticleDraft
from storage.database import Connection, Database
from storage.records import ArticleState, Entry

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def draft(number: int, **fields: object) -> ArticleDraft:
    said: dict[str, object] = {
        "url": f"https://news.example/{number}",
        "title": f"Title {number}",
        "summary": f"Standfirst {number}",
        "published_at": NOW + timedelta(minutes=number),
    }
    return ArticleDraft(**(said | fields))  # type: ignore[arg-type]


def add(db: Database, *drafts: ArticleDraft) -> list[int]:
    def work(c: Connection) -> list[int]:
        numbers = articles.add(c, drafts, NOW)
        keys = {identities.link_key(one.url): number for one, number in zip(drafts, numbers, strict=True)}
        identities.add_keys(c, keys, NOW)
        return numbers

    return db.run_sync(work)


def test_articles_are_numbered_in_the_order_given(db: Database) -> None:
    first = add(db, draft(1), draft(2), draft(3))
    assert first == sorted(first)
    found = db.read_sync(articles.get_many, [first[2], 999, first[0]])
    assert [article.title for article in found] == ["Title 3", "Title 1"]


def test_the_newest_published_come_first_and_withdrawn_ones_not_at_all(db: Database) -> None:
    ids = add(db, draft(5), draft(9), draft(7))
    assert db.run_sync(articles.withdraw, ids[1], NOW)
    assert not db.run_sync(articles.withdraw, ids[1], NOW)
    assert [article.title for article in db.read_sync(articles.list_latest, 5)] == ["Title 7", "Title 5"]
    assert [article.title for article in db.read_sync(articles.list_latest, 5, offset=1)] == ["Title 5"]
    withdrawn = db.read_sync(articles.get, ids[1])
    assert withdrawn is not None
    assert withdrawn.state is ArticleState.WITHDRAWN


def test_sections_are_found_in_any_case_and_script_and_never_by_a_part(db: Database) -> None:
    add(
        db,
        draft(1, sections=("World", "Asia")),
        draft(2, sections=("world",)),
        draft(3, sections=("နိုင်ငံရေး", "Élysée")),
        draft(4, sections=("World Cup", 'the "world" today')),
    )

    def titles(section: str) -> list[str]:
        return [article.title for article in db.read_sync(articles.list_latest, 9, section=section)]

    assert titles("WORLD") == ["Title 2", "Title 1"]
    assert titles("နိုင်ငံရေး") == ["Title 3"]
    assert titles("élysÉe") == ["Title 3"]
    assert titles("100%") == []
    assert set(db.read_sync(articles.list_sections)[:2]) <= {"World", "world", "Asia"} | {"World Cup"} | {
        "Élysée"
    } | {
        "နိုင်ငံရေး",
        'the "world" today',
    }


def test_the_most_used_section_comes_first(db: Database) -> None:
    add(db, draft(1, sections=("B", "A")), draft(2, sections=("B",)), draft(3, sections=("C",)))
    assert db.read_sync(articles.list_sections) == ["B", "A", "C"]


def test_a_language_is_found_with_its_regions(db: Database) -> None:
    add(
        db,
        draft(1, language="en-GB"),
        draft(2, language="my"),
        draft(3, language="en"),
        draft(4, language="enx"),
    )
    found = db.read_sync(articles.list_latest, 9, language="en")
    assert [article.title for article in found] == ["Title 3", "Title 1"]


def test_a_correction_leaves_a_trail_and_the_date_of_publication(db: Database) -> None:
    [number] = add(db, draft(1, image_url="https://news.example/a.jpg"))
    later = NOW + timedelta(hours=1)
    new = draft(1, title="Corrected", summary="", published_at=later)
    assert db.run_sync(articles.revise, number, new, ["title"], later) == 2
    article = db.read_sync(articles.get, number)
    assert article is not None
    assert (article.title, article.summary, article.revision) == ("Corrected", "Standfirst 1", 2)
    assert (article.published_at, article.revised_at) == (NOW + timedelta(minutes=1), later)
    trail = db.read_sync(articles.list_revisions, number)
    assert [(one.number, one.title, one.summary, one.changed) for one in trail] == [
        (1, "Title 1", "Standfirst 1", ()),
        (2, "Corrected", "Standfirst 1", ("title",)),
    ]
    assert trail[1].image_url == "https://news.example/a.jpg"


def test_any_form_of_its_link_finds_an_article(db: Database) -> None:
    [number] = add(db, draft(1))
    for link in (
        "http://www.news.example/1/?utm_source=x#top",
        "https://news.example/1",
        "HTTPS://News.Example:443/1",
    ):
        found = db.read_sync(articles.get_by_url, link)
        assert found is not None
        assert found.id == number
    assert db.read_sync(articles.get_by_url, "https://news.example/2") is None
    assert db.read_sync(articles.get_by_url, "") is None
    assert db.read_sync(articles.get_by_url, "no link") is None


def test_what_the_page_said_is_no_correction(db: Database) -> None:
    [number] = add(db, draft(1))
    said = {"text": "Long text", "image_url": "https://news.example/i.jpg", "page_read_at": NOW}
    db.run_sync(articles.update_columns, number, **said)
    article = db.read_sync(articles.get, number)
    assert article is not None
    assert (article.text, article.revision, article.page_read_at) == ("Long text", 1, NOW)


def test_a_known_key_keeps_its_article_until_several_share_it(db: Database) -> None:
    key = identities.guid_key(1, "x")
    db.run_sync(identities.add_keys, {key: 7}, NOW)
    db.run_sync(identities.add_keys, {key: 8}, NOW)
    assert db.read_sync(identities.find_articles, [key, b"other"]) == {key: 7}
    db.run_sync(identities.mark_ambiguous, [key, b"new"], NOW)
    assert db.read_sync(identities.find_articles, [key, b"new"]) == {
        key: identities.NO_ARTICLE,
        b"new": identities.NO_ARTICLE,
    }


def test_a_thousand_keys_are_asked_for_at_once(db: Database) -> None:
    keys = {identities.guid_key(1, str(n)): n + 1 for n in range(2500)}
    db.run_sync(identities.add_keys, keys, NOW)
    assert db.read_sync(identities.find_articles, keys) == keys


def test_guids_belong_to_their_feed() -> None:
    assert identities.guid_key(1, "23") != identities.guid_key(12, "3")
    assert identities.guid_key(1, "a") != identities.guid_key(1, "A")


def test_an_entry_remembers_when_it_was_first_and_last_seen(db: Database) -> None:
    db.run_sync(feeds.register_urls, ["https://news.example/feed"], NOW)
    [feed] = db.read_sync(feeds.list_all)
    ids = add(db, draft(1), draft(2))

    def entry(number: int, moment: datetime, position: int) -> Entry:
        return Entry(
            feed_id=feed.id,
            article_id=number,
            content_hash=b"x",
            seen_at=moment,
            last_seen_at=moment,
            position=position,
            changes=0,
        )

    later = NOW + timedelta(minutes=5)
    db.run_sync(entries.save_entries, [entry(ids[0], NOW, 0), entry(ids[1], NOW, 1)])
    db.run_sync(entries.save_entries, [entry(ids[1], later, 0)])
    [kept] = db.read_sync(entries.list_entries, ids[1])
    assert (kept.seen_at, kept.last_seen_at, kept.position) == (NOW, later, 0)
    assert [one.article_id for one in db.read_sync(entries.latest_entries, feed.id)] == [ids[1]]
    assert set(db.read_sync(entries.entries_of_feed, feed.id, ids)) == set(ids)


def test_pages_that_were_never_read_are_found_newest_first(db: Database) -> None:
    first, second, third = add(db, draft(1), draft(2), draft(3, url=""))
    db.run_sync(articles.update_columns, first, page_read_at=NOW)
    assert [article.id for article in db.read_sync(articles.list_without_page, 9)] == [second]
    db.run_sync(articles.withdraw, second, NOW)
    assert db.read_sync(articles.list_without_page, 9) == []
    assert third


def test_a_feeds_habit_and_who_shows_an_article_are_in_its_entries(db: Database) -> None:
    db.run_sync(feeds.register_urls, ["https://news.example/a", "https://news.example/b"], NOW)
    one, two = (feed.id for feed in db.read_sync(feeds.list_all))
    shared, other = add(db, draft(1), draft(2))
    later = NOW + timedelta(minutes=5)

    def entry(feed_id: int, number: int, first: datetime, last: datetime) -> Entry:
        return Entry(
            feed_id=feed_id,
            article_id=number,
            content_hash=b"",
            seen_at=first,
            last_seen_at=last,
            position=0,
            changes=0,
        )

    def shown() -> list[tuple[int, bool]]:
        return [
            (each.feed_id, each.in_last_update)
            for each in db.read_sync(entries.entries_for_authority, shared)
        ]

    assert not db.read_sync(entries.has_entries, one)
    db.run_sync(entries.save_entries, [entry(one, shared, NOW, NOW), entry(two, shared, later, later)])
    assert db.read_sync(entries.has_entries, one)
    assert shown() == [(one, True), (two, True)]
    db.run_sync(entries.save_entries, [entry(one, other, later, later)])
    assert shown() == [(one, False), (two, True)]
    assert db.read_sync(entries.arrival_times, one) == [later, NOW]
    db.run_sync(feeds.register_urls, ["https://news.example/b"], later)
    assert [each.listed for each in db.read_sync(entries.entries_for_authority, shared)] == [False, True]
    assert db.read_sync(entries.entries_for_authority, 999) == []
