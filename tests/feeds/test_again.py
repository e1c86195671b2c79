"""Real feeds parsed with their caches give exactly what they give without."""

import random
from pathlib import Path

import pytest

from benchmarks.snapshots import MATERIAL, snapshots
from jobs.ingest.parse.encoding import decode_body
from jobs.ingest.parse.feed import parse_feed_cached
from jobs.ingest.parse.repair import repair_document
from tests.feeds.material import CORPUS, URL, files, needs_material, read

#: Characters; larger feeds take long and test nothing more.
LONGEST = 40_000
SNAPSHOTS = ("bbc", "wsj", "rnzcovid19")

needs_snapshots = pytest.mark.skipif(
    not (MATERIAL / "snapshots").is_dir(), reason="material/feeds/snapshots is not unpacked here"
)


def earlier(path: Path) -> bytes:
    """The feed without about every third item; b"" if it has too few."""
    document, chance = repair_document(decode_body(path.read_bytes())), random.Random(path.name)
    if len(document.parts) < 5 or len(document.text) > LONGEST:
        return b""
    kept = [part for at, part in enumerate(document.parts) if at % 2 == 0 or chance.random() < 0.7]
    return "".join(kept).encode("utf-8", "replace")


@needs_material
def test_the_corpus_read_again_says_the_same() -> None:
    helped = 0
    for path in files(CORPUS)[::3]:
        before = earlier(path)
        _, memory = parse_feed_cached(before, "", URL, b"") if before else (None, b"")
        if memory:
            helped += 1
            assert parse_feed_cached(path.read_bytes(), "", URL, memory)[0] == read(path), path.name
    assert helped > 25


@needs_snapshots
@pytest.mark.parametrize("feed", SNAPSHOTS)
def test_a_feed_over_its_days_read_again_and_again_says_the_same(feed: str) -> None:
    memory, helped = b"", 0
    for look in snapshots([feed], 15):
        body = look.path.read_bytes()
        helped += bool(memory)
        found, memory = parse_feed_cached(body, "", URL, memory)
        assert found == parse_feed_cached(body, "", URL, b"")[0], look.name
    assert helped > 10
