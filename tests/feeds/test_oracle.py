"""Titles, links and dates agree with what other parsers expect for their own test feeds."""

from collections import Counter
from functools import cache
from urllib.parse import urljoin

from jobs.ingest.content import clean
from jobs.ingest.parse.model import ParsedItem, ParseFailed
from storage.text.urls import normalize_url
from tests.feeds.material import CONFORMANCE, URL, Row, needs_material, oracle, read

FLOOR = 0.995


def same_title(item: ParsedItem, row: Row) -> bool:
    """Equal as readers see them: some parsers leave HTML in titles."""
    wanted = (clean.fold_text(row.title), clean.fold_text(clean.clean_title(row.title, True)))
    return clean.fold_text(item.title) in wanted


def same_link(item: ParsedItem, row: Row) -> bool:
    return normalize_url(item.link) == normalize_url(urljoin(URL, row.link))


def same_date(item: ParsedItem, row: Row) -> bool:
    return item.published is not None and abs(item.published.timestamp() - float(row.published)) < 1


def item_of(row: Row) -> ParsedItem | None:
    """Our item for a row: by its position, or by its title if earlier items were left out."""
    found = read(CONFORMANCE / row.file)
    if isinstance(found, ParseFailed):
        return None
    if not found.omissions:
        return found.items[row.entry] if row.entry < len(found.items) else None
    return next((item for item in found.items if row.title and same_title(item, row)), None)


@cache
def disagreements() -> tuple[Counter[str], list[tuple[str, Row]]]:
    """How many fields were compared, and which rows disagree in which field."""
    compared: Counter[str] = Counter()
    differ: list[tuple[str, Row]] = []
    for row in oracle():
        item = item_of(row)
        if item is None:
            differ.append(("item", row))
            continue
        for name, said, same in (
            ("title", row.title, same_title),
            ("link", row.link, same_link),
            ("date", row.published, same_date),
        ):
            if said:
                compared[name] += 1
                if not same(item, row):
                    differ.append((name, row))
    return compared, differ


@needs_material
def test_titles_links_and_dates_agree_with_other_parsers() -> None:
    compared, differ = disagreements()
    for name in ("title", "link", "date"):
        assert compared[name] > 1400
        assert 1 - sum(field == name for field, _ in differ) / compared[name] >= FLOOR


#: Entries with a headline that are left out, each for a reason (docs/feeds.md lists them).
NOT_SHOWN = {
    "rss-parser-npm/input/instant-article.rss",  # its link leads to localhost
    "fastfeedparser/osm-pl.xml",  # the file ends in the middle of that entry
    "feed-rs/atom/atom_entry_1.xml",  # a lone entry, no feed
}


@needs_material
def test_an_entry_with_a_headline_is_only_left_out_for_a_reason() -> None:
    _, differ = disagreements()
    missing = {row.file for field, row in differ if field == "item" and row.title}
    assert missing == NOT_SHOWN
