"""Accuracy and speed of the page parser on real article pages.

Measured against the pages' own metadata, and against the sentences that trafilatura's evaluation data wants
and does not want in the text.
"""

import csv
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from jobs.ingest.content import clean
from jobs.ingest.http.results import ReadPage
from jobs.ingest.page.extract import parse_page
from jobs.ingest.parse.dates import parse_date

CORPUS = Path("material/feeds/corpus")
PAGES = CORPUS / "PAGES.tsv"
SENTENCES = Path("material/feeds/conformance/trafilatura/evaldata.json")
TRAPS = ("{{", ".svg", "favicon", "/logo.", "blank.")

Rates = dict[str, tuple[float, int]]


def agreement(every: int = 1, times: list[float] | None = None) -> Rates:
    """For each field: the share of pages (every `every`-th one) that agree, and the number compared."""
    counts: dict[str, list[bool]] = defaultdict(list)
    for row in list(_rows())[::every]:
        began = time.perf_counter()
        page = parse_page((CORPUS / "pages" / row["file"]).read_bytes(), "", _address(row))
        if times is not None:
            times.append(time.perf_counter() - began)
        for name, agrees in _compared(row, page if isinstance(page, ReadPage) else None):
            counts[name].append(agrees)
    return {name: (sum(found) / len(found), len(found)) for name, found in counts.items()}


def _rows() -> Iterator[dict[str, str]]:
    csv.field_size_limit(sys.maxsize)
    with PAGES.open(newline="", encoding="utf-8") as table:
        yield from csv.DictReader(table, delimiter="\t")


def _address(row: dict[str, str]) -> str:
    known = (row["canonical"], row["og_url"], f"https://{row['site'] or 'paper.example'}/a/b")
    return next(url for url in known if url.startswith("http"))


def _compared(row: dict[str, str], page: ReadPage | None) -> Iterator[tuple[str, bool]]:
    """For each field, whether the parsed page agrees with the page's own metadata."""
    yield "text", page is not None and len(page.text) > 200
    if page is None:
        return
    wanted = clean.clean_title(row["og_title"], True)
    if wanted:
        yield "title", wanted.startswith(page.title)
    if row["section"]:
        yield (
            "section",
            clean.clean_line(row["section"]).casefold() in [one.casefold() for one in page.sections],
        )
    if row["published"]:
        yield "published", parse_date(row["published"]) == page.published
    if row["modified"]:
        yield "modified", parse_date(row["modified"]) == page.modified
    if row["html_lang"]:
        yield "language", _base(row["html_lang"]) == _base(page.language)
    if row["canonical"].startswith("http"):
        yield "address", page.url == row["canonical"]
    if row["og_image"]:
        yield "picture", bool(page.image_url) and not any(trap in page.image_url for trap in TRAPS)
    yield from _sentences(row["file"], page)


def _base(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()


def _sentences(file: str, page: ReadPage) -> Iterator[tuple[str, bool]]:
    text = " ".join(page.text.split())
    expected = _expected().get(file.rpartition("__")[2], {}) if file.startswith("trafilatura/") else {}
    for sentence in expected.get("with", []):
        yield "wanted sentences", " ".join(sentence.split()) in text
    for sentence in expected.get("without", []):
        yield "unwanted sentences left out", " ".join(sentence.split()) not in text


def _expected(kept: dict[str, dict[str, list[str]]] = {}) -> dict[str, dict[str, list[str]]]:  # noqa: B006
    """Trafilatura's expected sentences by file name; read once."""
    if not kept and SENTENCES.exists():
        kept.update({one["file"]: one for one in json.loads(SENTENCES.read_text("utf-8")).values()})
    return kept


def main() -> None:
    if not PAGES.exists():
        print(f"{PAGES} is missing: run `make material FROM=folder` first.")
        return
    times: list[float] = []
    rates = agreement(times=times)
    table = Table("field", "agrees", "of", title=f"{len(times)} real article pages")
    for name, (rate, count) in sorted(rates.items()):
        table.add_row(name, f"{rate:.1%}", str(count))
    times.sort()
    Console().print(table)
    median, late = statistics.median(times) * 1e3, times[int(len(times) * 0.95)] * 1e3
    print(f"ms per page: median {median:.0f}, p95 {late:.0f}, longest {times[-1] * 1e3:.0f}")


if __name__ == "__main__":
    main()
