"""Every real feed is parsed without an exception, and completely."""

import pytest
from lxml import etree

from jobs.ingest.content.images import MIN_WIDTH
from jobs.ingest.parse.model import ParsedFeed, ParseFailed
from tests.conftest import THOROUGH
from tests.feeds.material import CONFORMANCE, CORPUS, files, needs_material, read

#: The number of tests among which the files are divided.
SHARES = 3
XML = (".xml", ".rss", ".rdf", ".atom", ".feed", ".json")
MEDIA = "{http://search.yahoo.com/mrss/}"


@needs_material
@pytest.mark.parametrize("share", range(SHARES))
def test_every_file_of_the_corpus_is_read_or_refused_with_a_sentence(share: int) -> None:
    found = [read(path) for path in files(CORPUS)[share::SHARES]]
    for one in found:
        sound(one)
    assert sum(isinstance(one, ParsedFeed) for one in found) > len(found) * 0.9


@needs_material
@pytest.mark.parametrize("share", range(SHARES))
def test_every_conformance_file_is_read_or_refused_with_a_sentence(share: int) -> None:
    for path in files(CONFORMANCE, *XML)[share :: SHARES * (1 if THOROUGH else 3)]:
        sound(read(path))


def sound(found: ParsedFeed | ParseFailed) -> None:
    """The invariants of any parsed feed."""
    if isinstance(found, ParseFailed):
        assert found.reason[0].isupper()
        assert found.reason.endswith(".")
        return
    for item in found.items:
        assert item.title == " ".join(item.title.split()) != ""
        assert item.link == "" or item.link.startswith(("http://", "https://"))
        assert item.image_url == "" or item.image_url.startswith(("http://", "https://"))
        assert item.published is None or item.published.tzinfo is not None
        assert not set(f"{item.title}{item.summary}{item.text}") & set("\0\x07\x1b\u202e\u2066\ufffd")


@needs_material
def test_the_picture_is_wide_wherever_the_feed_offers_a_wide_one() -> None:
    offered, chosen = 0, 0
    for path in files(CORPUS, ".xml", ".rss"):
        if b"mrss" in (source := path.read_bytes()):
            wide = widest(source)
            found = read(path)
            if isinstance(found, ParsedFeed) and len(found.items) == len(wide):
                pairs = [(width, item) for width, item in zip(wide, found.items, strict=True) if width]
                offered += len(pairs)
                chosen += sum(item.image_width >= MIN_WIDTH for _, item in pairs)
    assert offered > 500
    assert chosen == offered


def widest(source: bytes) -> list[int]:
    """The width of the widest image that each item declares, 0 if none is wide."""
    root = etree.fromstring(source, etree.XMLParser(recover=True, huge_tree=True))
    items = [] if root is None else [one for one in root.iter() if str(one.tag).endswith(("item", "entry"))]
    return [max(map(width, item.iter(f"{MEDIA}content", f"{MEDIA}thumbnail")), default=0) for item in items]


def width(media: etree._Element) -> int:
    kind, declared = media.get("type", ""), media.get("width", "")
    is_picture = kind.startswith("image/") or (not kind and media.get("medium", "image") == "image")
    wide = int(declared) if declared.isdigit() else 0
    return wide if is_picture and wide >= MIN_WIDTH else 0
