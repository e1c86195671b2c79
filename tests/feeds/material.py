"""Real feeds and other parsers' expectations, if unpacked: they are other people's work."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from jobs.ingest.parse.feed import parse_feed
from jobs.ingest.parse.model import ParsedFeed, ParseFailed

#: The URL under which all files are parsed.
URL = "https://base.example/"
ROOT = Path(__file__).parents[2] / "material" / "feeds"
CORPUS = ROOT / "corpus" / "feeds"
CONFORMANCE = ROOT / "conformance"

needs_material = pytest.mark.skipif(
    not (CORPUS.is_dir() and CONFORMANCE.is_dir()), reason="material/feeds is not unpacked here"
)


@cache
def read(path: Path) -> ParsedFeed | ParseFailed:
    """The parsed file, once for all tests of a process."""
    return parse_feed(path.read_bytes(), "", URL)


def files(root: Path, *endings: str) -> list[Path]:
    """All files below `root`, or those with one of these endings."""
    found = (path for path in root.rglob("*") if path.is_file())
    return sorted(path for path in found if not endings or path.name.endswith(endings))


@dataclass(frozen=True, slots=True)
class Row:
    """What another parser expects of one entry; "" if nothing."""

    file: str
    entry: int
    title: str
    link: str
    published: str
    image: str


def oracle() -> list[Row]:
    """The rows of ORACLE.tsv."""
    with (CONFORMANCE / "ORACLE.tsv").open(encoding="utf-8", newline="") as lines:
        return [
            Row(
                row["file"], int(row["entry"]), row["title"], row["link"], row["published_unix"], row["image"]
            )
            for row in csv.DictReader(lines, delimiter="\t")
            if row["oracle"] != "oracle"
        ]
