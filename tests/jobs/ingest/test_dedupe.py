"""Deduplication is pure: the same document always gives the same articles."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest.dedupe import DedupeResult, key_items, match_items
from jobs.ingest.parse.model import ParsedFeed, ParsedItem

SITE = "https://news.example/"
items = st.builds(
    ParsedItem,
    guid=st.sampled_from(["", "a", "b", "c", "https://news.example/a#0", "https://news.example/a#1"]),
    link=st.sampled_from(
        ["", SITE, "https://news.example/a", "https://news.example/b", "http://www.news.example/b/?utm_x=1"]
    ),
    title=st.sampled_from(["One", "Two", "Three"]),
)
documents = st.lists(items, max_size=8)


def match(document: list[ParsedItem], known: dict[bytes, int]) -> DedupeResult:
    """Match the items, and remember their keys as the database would."""
    named = key_items(1, ParsedFeed(items=tuple(document), link=SITE))
    asked = named.all_keys()
    found = match_items(named, {key: article for key, article in known.items() if key in asked})
    known.update(dict.fromkeys(found.shared_keys, 0))
    number = max(known.values(), default=0)
    for index, one in enumerate(found.new, number + 1):
        for key in one.keys:
            known.setdefault(key, index)
    for seen in found.known:
        for key in seen.keys:
            known.setdefault(key, seen.article_id)
    return found


@given(documents)
def test_what_was_seen_once_is_never_new_again(document: list[ParsedItem]) -> None:
    known: dict[bytes, int] = {}
    match(document, known)
    assert match(document, known).new == ()
    assert match(document[::-1], known).new == ()
    for item in document:
        assert match([item], known).new == ()


@given(documents, documents)
def test_every_item_is_new_old_or_a_repeat(first: list[ParsedItem], then: list[ParsedItem]) -> None:
    known: dict[bytes, int] = {}
    match(first, known)
    found = match(then, known)
    assert len(found.new) + len(found.known) + found.repeats == len(then)
    positions = [one.keyed.position for one in found.new] + [one.keyed.position for one in found.known]
    assert len(positions) == len(set(positions))


@given(documents)
def test_items_that_differ_in_guid_and_link_are_never_one(document: list[ParsedItem]) -> None:
    alone = [
        replace(item, guid=f"g{index}", link=f"https://news.example/story/{index}")
        for index, item in enumerate(document)
    ]
    assert len(match(alone, {}).new) == len(document)


@given(documents, st.randoms(use_true_random=False))
def test_order_makes_no_difference(document: list[ParsedItem], chance: object) -> None:
    shuffled = list(document)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert len(match(document, {}).new) == len(match(shuffled, {}).new)
