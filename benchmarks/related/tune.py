"""Tries other values of the index weights and the story thresholds, one at a time.

Uses only ECB+ Train (alone, and among distractors) and three languages of the train and dev parts of SIB-200,
with a fixed seed. It changes nothing: copy a better value into `storage/index/weights.py` or
`jobs/publish/story_clustering.py`. Run: `python -m benchmarks.related.tune`.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.related import material, measures
from benchmarks.related.measuring import events, replies, stream, topics, twins_apart
from benchmarks.related.systems import Newswire
from jobs.publish.story_clustering import RULES
from storage.index.weights import TUNED, Weights

SEED = 5
LANGUAGES = ("eng_Latn", "mya_Mymr", "rus_Cyrl")
#: The values that are tried for each weight, beside the present one.
TRIED: dict[str, tuple[float, ...]] = {
    "k1": (0.9, 1.5),
    "b": (0.7, 0.95),
    "terms": (30, 80),
    "names": (0.5, 1.5),
    "looked_at": (30, 60),
    "apart": (0.6, 1.5),
    "near": (2, 4),
    "near_share": (0.5, 1.1),
    "near_share_unsure": (0.15, 0.4),
    "sure_at": (0.35, 0.55),
    "sure_power": (2.0, 4.0),
}
#: The tried similarities at which an article joins a story, and the margins of twin events.
ALIKE = (0.22, 0.24, 0.25, 0.26, 0.28)
APART = (0.0, 0.45, 0.55, 0.65)


def trials() -> Iterator[tuple[str, Weights]]:
    """The present weights, then each variant with one weight changed."""
    yield "present weights", TUNED
    for name, values in TRIED.items():
        for value in values:
            kind = type(getattr(TUNED, name))
            yield f"{name} {value}", replace(TUNED, **{name: kind(value)})


def main() -> int:
    """Print the table of all variants."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.related.tune", description=__doc__)
    parser.add_argument("--distractors", type=int, default=19_000)
    size = parser.parse_args().distractors
    console = Console(width=110)
    train = material.ecb("Train")
    alone, among = Newswire(), Newswire()
    alone.fill(train)
    among.fill([*train, *material.distractors(size, SEED)])
    others = [(Newswire(), material.sib(language)) for language in LANGUAGES]
    for system, texts in others:
        system.fill(texts)
    table = Table("weights", "Train alone", f"among {size:,}", "MAP", "SIB P@5", "SIB MRR")
    asked = range(len(train))
    for label, weights in trials():
        for system in (alone, among, *(system for system, _ in others)):
            system.index.archive.weights = weights
        small, large = events(alone, train, asked, iter), events(among, train, asked, iter)
        sib = [topics(system, texts, range(len(texts)), iter) for system, texts in others]
        topical = [float(np.mean([one.mean(measure) for one in sib])) for measure in ("P@5", "MRR")]
        figures = (small.mean("nDCG@5"), large.mean("nDCG@5"), large.mean("MAP"), *topical)
        table.add_row(label, *(f"{value:.4f}" for value in figures))
        console.print(label, " ".join(f"{value:.4f}" for value in figures))
    console.print(table)
    stories(console, train)
    return 0


def stories(console: Console, train: list[material.Text]) -> None:
    """Print the results for other story thresholds."""
    columns = ("alike", "apart", "B-cubed F1", "V-measure", "twins apart", "right", "possible")
    table = Table(*columns, title="Stories, three orders")
    for rules in (*(replace(RULES, alike=at) for at in ALIKE), *(replace(RULES, apart=at) for at in APART)):
        runs = [stream(train, seed, rules) for seed in range(SEED, SEED + 3)]
        rows = [
            (measures.b_cubed(*run)[2], measures.v_measure(*run), twins_apart(*run), *replies(*run))
            for run in runs
        ]
        means = (f"{value:.4f}" for value in np.mean(rows, axis=0))
        table.add_row(f"{rules.alike:.2f}", f"{rules.apart:.2f}", *means)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
