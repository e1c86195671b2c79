"""Quality and speed of related articles, search and stories, for the table in docs/related.md.

The peers are SQLite FTS5, PostgreSQL, tantivy, scikit-learn's TF-IDF, rank-bm25 and plain BM25 over other
tokenizations; for stories, average-link clustering and K-means. The open data is read from
`material/related`; what is missing or not installed is left out and named. Run: `python -m
benchmarks.related`.
"""

import argparse
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.related import material, measures, plot
from benchmarks.related.cuts import CUTS
from benchmarks.related.measuring import (
    Figures,
    average_link,
    events,
    headlines,
    k_means,
    replies,
    sample,
    stream,
    topics,
    twins_apart,
)
from benchmarks.related.postgres import BINARIES, Postgres
from benchmarks.related.systems import Bm25, Fts5, Newswire, System, peers
from storage.index import Index

console = Console(width=120)
IMAGE = Path(__file__).parents[2] / "docs" / "images" / "related.svg"


class Tracker:
    """A `Track` that draws a progress bar."""

    def __init__(self, label: str) -> None:
        self.label = label

    def __call__(self, asked: Iterable[int]) -> Iterable[int]:
        return track(list(asked), self.label, console=console, transient=True)


def report(title: str, rows: Sequence[Figures], of: Sequence[str], *, times: bool) -> None:
    """Print a table of systems, and the gain of the first over the best peer with its 95 % interval."""
    table = Table("system", *of, *(("ms p50", "ms p95") if times else ()), title=title, title_justify="left")
    for row in rows:
        figures = [f"{row.mean(measure):.4f}" for measure in of]
        speeds = [f"{row.quantile(0.5):.1f}", f"{row.quantile(0.95):.1f}"] if times else []
        table.add_row(row.system, *figures, *speeds)
    console.print(table)
    ours, others = rows[0], rows[1:]
    for measure in of if others else ():
        best = max(others, key=lambda row: row.mean(measure))
        gain, low, high = measures.interval(ours.values[measure], best.values[measure])
        sure = "significant" if low > 0 else "not significant"
        console.print(
            f"  {measure}: {gain:+.4f} over {best.system}, 95 % interval {low:+.4f} to {high:+.4f}: {sure}"
        )


def small_pool(split: str) -> list[Figures]:
    """Row 1: articles on the same event, in ECB+ alone."""
    texts = material.ecb(split)
    systems: list[System] = [Newswire(), *peers(quick_only=False)[0]]
    if BINARIES is not None:
        systems.append(Postgres())
    rows = []
    for system in systems:
        system.fill(texts)
        rows.append(events(system, texts, range(len(texts)), Tracker(f"ECB+ {split}: {system.name}")))
        if isinstance(system, Postgres):
            system.close()
    report(f"ECB+ {split}, {len(texts)} texts: same event", rows, ("nDCG@5", "MAP"), times=False)
    return rows


def large_pool(size: int) -> list[Figures]:
    """Row 2: articles on the same event, in ECB+ among distractors, with the time of each query."""
    asked_of = [*material.ecb("Dev"), *material.ecb("Train")]
    texts = [*asked_of, *material.distractors(size - len(asked_of))]
    dev = range(len(material.ecb("Dev")))
    rows: list[Figures] = []
    systems: list[System] = [Newswire(), *peers(quick_only=True)[0]]
    if BINARIES is not None:
        systems.append(Postgres())
    for system in systems:
        with console.status(f"{size:,} texts into {system.name}"):
            system.fill(texts)
        rows.append(events(system, texts, dev, Tracker(f"ECB+ Dev in {size:,}: {system.name}"), depth=5))
        if isinstance(system, Postgres):
            system.close()
        if isinstance(system, Newswire):
            train = range(len(dev), len(asked_of))
            figures = events(system, texts, train, Tracker("ECB+ Train"), depth=5)
            console.print(f"ECB+ Train in {size:,} (the tuning data): nDCG@5 {figures.mean('nDCG@5'):.4f}")
            footprint(system, texts[: size // 10])
    report(f"ECB+ Dev in {size:,} articles: same event", rows, ("nDCG@5",), times=True)
    return rows


def footprint(system: Newswire, texts: Sequence[material.Text]) -> None:
    """Print the memory per article and the times to add one, to save the index and to open it."""
    count = len(system.index)
    with tempfile.TemporaryDirectory() as folder:
        system.index.path = Path(folder) / "index"
        start = time.perf_counter()
        system.index.save()
        saved = time.perf_counter() - start
        tracemalloc.start()
        start = time.perf_counter()
        again = Index.open(system.index.path)
        opened = time.perf_counter() - start
        memory = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert len(again) == count
    from benchmarks.related.systems import arrival

    times = []
    for number, text in enumerate(texts[:2000]):
        start = time.perf_counter()
        again.add([arrival(count + number, text)])
        times.append((time.perf_counter() - start) * 1000)
    console.print(
        f"{count:,} articles: {memory / count:.0f} bytes per article in memory, saved in {saved:.2f} s, "
        f"opened in {opened:.2f} s, one added in {np.median(times):.2f} ms "
        f"(p95 {np.quantile(times, 0.95):.2f})"
    )


def languages() -> list[tuple[str, Figures, dict[str, Figures]]]:
    """Row 3: sentences on the same topic, in each language of SIB-200."""
    found = []
    table = Table(
        "language", "P@5", "best peer", "", "MRR", "best peer", "", title="SIB-200, 801 sentences each"
    )
    for language in material.sib_languages():
        texts = material.sib(language)
        systems: list[System] = [Newswire(), *(Bm25(name, cut) for name, cut in CUTS.items())]
        ours, *others = [_topics(system, texts, language) for system in systems]
        row = [language]
        for measure in ("P@5", "MRR"):
            best = max(others, key=lambda figures: figures.mean(measure))
            row += [f"{ours.mean(measure):.3f}", f"{best.mean(measure):.3f}", best.system]
        table.add_row(*row)
        found.append((language, ours, {figures.system: figures for figures in others}))
    console.print(table)
    for measure in ("P@5", "MRR"):
        mean = np.mean([figures.mean(measure) for _, figures, _ in found])
        best_mean = np.mean([max(row.mean(measure) for row in rows.values()) for _, _, rows in found])
        console.print(
            f"  {measure}, mean of {len(found)}: {mean:.4f}; mean of the best peers: {best_mean:.4f}"
        )
    return found


def _topics(system: System, texts: Sequence[material.Text], label: str) -> Figures:
    system.fill(texts)
    return topics(system, texts, range(len(texts)), Tracker(f"SIB-200 {label}: {system.name}"))


def burmese(count: int) -> None:
    """Row 4: Burmese sentences of the same section, of four."""
    texts = material.mm_news()
    systems: list[System] = [
        Newswire(), *(Bm25(name, cut) for name, cut in CUTS.items()), Fts5("unicode61"), Fts5("trigram"),
    ]  # fmt: skip
    rows = []
    for system in systems:
        system.fill(texts)
        rows.append(topics(system, texts, sample(count, len(texts)), Tracker(f"mm_news: {system.name}")))
    report(f"mm_news, {len(texts)} Burmese sentences: same section", rows, ("P@5",), times=False)


def bodies(count: int) -> None:
    """Row 5: the search for a headline finds its body among all of Reuters."""
    texts = material.reuters()
    found, _ = peers(quick_only=True)
    rows = [
        headlines(system, texts, sample(count, len(texts)), Tracker(f"headlines: {system.name}"))
        for system in (Newswire(), *found)
    ]
    report(f"Reuters, {len(texts)} bodies found by their headlines", rows, ("MRR@10",), times=True)


def into_stories(seeds: Sequence[int]) -> None:
    """Row 6: articles in random order are assigned to stories, beside clusterings of all articles at once."""
    columns = (
        "ECB+",
        "method",
        "B3 P",
        "B3 R",
        "B3 F1",
        "V",
        "twins apart",
        "reply precision",
        "reply recall",
    )
    table = Table(*columns, title="Stories", title_justify="left")
    for split in ("Train", "Dev"):
        texts = material.ecb(split)
        groups = [text.group for text in texts]
        runs = [stream(texts, seed) for seed in seeds]
        threads = [f"{value:.3f}" for value in np.mean([replies(*run) for run in runs], axis=0)]
        table.add_row(split, f"Newswire, one by one, {len(seeds)} orders", *_clustered(runs), *threads)
        table.add_row(split, "average link, all at once", *_clustered([(average_link(texts, 0.2), groups)]))
        if find_spec("sklearn"):
            told = [(k_means(texts, seed), groups) for seed in seeds]
            table.add_row(split, "K-means, given the number of events", *_clustered(told))
    console.print(table)


def _clustered(runs: Sequence[tuple[list[int], list[str]]]) -> list[str]:
    rows = [
        (*measures.b_cubed(found, wanted), measures.v_measure(found, wanted), twins_apart(found, wanted))
        for found, wanted in runs
    ]
    return [f"{value:.3f}" for value in np.mean(rows, axis=0)]


def main() -> int:
    """Run the selected rows. Exit code 1 if the data is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.related", description=__doc__)
    parser.add_argument("--size", type=int, default=100_000, help="articles in the large archive")
    parser.add_argument("--sample", type=int, default=1000, help="queries of mm_news and Reuters")
    parser.add_argument("--only", choices=["events", "large", "languages", "burmese", "headlines", "stories"])
    asked = parser.parse_args()
    missing = peers(quick_only=False)[1]
    if missing:
        console.print(
            f"Left out because not installed: {', '.join(missing)} (see benchmarks/related/requirements.txt)."
        )
    try:
        train_and_dev = (
            [small_pool(split) for split in ("Train", "Dev")] if asked.only in (None, "events") else []
        )
        large = large_pool(asked.size) if asked.only in (None, "large") else []
        scripts = languages() if asked.only in (None, "languages") else []
        if asked.only in (None, "burmese"):
            burmese(asked.sample)
        if asked.only in (None, "headlines"):
            bodies(asked.sample)
        if asked.only in (None, "stories"):
            into_stories(range(5))
    except FileNotFoundError as error:
        console.print(f"Not measured: {error}")
        return 1
    if train_and_dev and large and scripts:
        plot.draw(IMAGE, train_and_dev[1], large, scripts)
        console.print(f"Plot: {IMAGE.relative_to(IMAGE.parents[2])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
