"""Real feeds and other parsers' expectations, where they are unpacked: they are other people's work."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from jobs.ingest.parse.feed import parse_feed
from jobs.ingest.parse.model import ParsedFeed, ParseFailed

#: Where all files are said to come from.
URL = "https://base.example/"
ROOT = Path(__file__).parents[2] / "material" / "feeds"
CORPUS = ROOT / "corpus" / "feeds"
CONFORMANCE = ROOT / "conformance"

needs_material = pytest.mark.skipif(
    not (CORPUS.is_dir() and CONFORMANCE.is_dir()), reason="material/feeds is not unpacked here"
)


@cache
def read(path: Path) -> ParsedFeed | ParseFailed:
    """What we make of a file; read once for all the tests of one process."""
    return parse_feed(path.read_bytes(), "", URL)


def files(root: Path, *endings: str) -> list[Path]:
    """Every file below `root` with one of these endings, or with any."""
    found = (path for path in root.rglob("*") if path.is_file())
    return sorted(path for path in found if not endings or path.name.endswith(endings))


@dataclass(frozen=True, slots=True)
class Row:
    """What another parser says of one entry; "" where it says nothing."""

    file: str
    entry: int
    title: str
    link: str
    published: str
    image: str


def oracle() -> list[Row]:
    """All of ORACLE.tsv."""
    with (CONFORMANCE / "ORACLE.tsv").open(encoding="utf-8", newline="") as lines:
        return [
            Row(
                row["file"], int(row["entry"]), row["title"], row["link"], row["published_unix"], row["image"]
            )
            for row in csv.DictReader(lines, delimiter="\t")
            if row["oracle"] != "oracle"
        ]
