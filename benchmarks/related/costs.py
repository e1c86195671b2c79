"""The cost of the semantic extra: query time in a large archive, and time to embed a text."""

import time
from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.related import material
from benchmarks.related.extra import Extra, compare, quiet
from benchmarks.related.material import Text
from benchmarks.related.measuring import events, sample
from benchmarks.related.systems import Newswire
from benchmarks.related.vectors import Vectors, embeddings
from jobs.embed.model import is_installed

console = Console(width=120)


def of_speed(vectors: Vectors, size: int, read: int) -> None:
    """Query times in a large archive: ECB+ Dev among distractors, and half of it in another language.

    The articles that are found by words have real vectors. All others only cost time: their vectors are drawn
    around real ones. The foreign half shares no words with the queries, as in an archive in two languages.
    """
    dev, half = material.ecb("Dev"), size // 2
    texts = [*dev, *material.distractors(half - len(dev))]
    extra, plain = Extra(vectors), Newswire()
    Newswire.fill(extra, texts)
    plain.index = extra.index
    burmese = _drawn(vectors.of(material.sib("mya_Mymr")), size - half)
    english = _drawn(vectors.of(material.sib("eng_Latn")), half)
    began = time.process_time()
    for start in range(0, half, 2000):
        numbers = range(start + 1, min(start + 2000, half) + 1)
        extra.dense.add_batch(embeddings(numbers, english[start : start + 2000], "en"))
        numbers = range(half + start + 1, min(half + start + 2000, size) + 1)
        extra.dense.add_batch(embeddings(numbers, burmese[start : start + 2000], "my"))
    console.print(f"{size:,} vectors added: {time.process_time() - began:.2f} s of CPU")
    wanted = set(range(len(dev)))
    questions = sample(read, len(dev))
    for at in questions:
        wanted |= set(plain.related(at, 40))
    extra.give(sorted(wanted), texts)
    if read:
        by_words, by_both = (events(system, texts, questions, quiet, depth=5) for system in (plain, extra))
        table = Table("texts", "nDCG@5: words, with extra (gain)", title=f"ECB+ in {half:,}")
        table.add_row(*compare(f"{read} of Dev", by_words, by_both, ("nDCG@5",)))
        console.print(table)
    asked = [at + 1 for at in sample(400, half)] + list(range(1, len(dev) + 1))
    table = Table(
        "related", "CPU ms p50", "p95", "p99", title=f"five related of {size:,}, {half:,} of them with words"
    )
    for name, dense in (("words", None), ("with the extra", extra.dense)):
        extra.index.dense = dense
        spent = []
        for number in asked:
            began = time.thread_time()
            extra.index.find_related(number, 5)
            spent.append((time.thread_time() - began) * 1000)
        table.add_row(name, *(f"{np.quantile(spent, share):.2f}" for share in (0.5, 0.95, 0.99)))
    console.print(table)


def _drawn(real: Sequence[bytes], count: int, seed: int = 5) -> list[bytes]:
    """Vectors between two real ones, with some noise."""
    chance = np.random.default_rng(seed)
    rows = np.stack([np.frombuffer(one, np.int8) for one in real]).astype(np.float32)
    made: list[bytes] = []
    while len(made) < count:
        some = min(5000, count - len(made))
        one, other = chance.integers(0, len(rows), (2, some))
        share = chance.random((some, 1), np.float32)
        drawn = share * rows[one] + (1 - share) * rows[other] + chance.normal(0, 8, (some, rows.shape[1]))
        largest = np.abs(drawn).max(axis=1, keepdims=True)
        made += [row.tobytes() for row in np.round(drawn * (127 / largest)).astype(np.int8)]
    return made


def of_reading(vectors: Vectors) -> None:
    """CPU time to embed a text, on one thread."""
    if not is_installed():
        console.print("Embedding is not measured: the wheel is not installed.")
        return
    table = Table("texts", "characters", "CPU ms p50", "p95", title="Embedding, one thread")
    some = {
        "English posts": material.ecb("Dev")[:40],
        "Burmese posts": material.mm_news()[1:121:3],
        "English, 600 characters": [text for text in material.reuters() if len(text.body) > 700][:40],
        "queries of five words": [
            Text("", "", " ".join(t.body.split()[:5])) for t in material.ecb("Dev")[:40]
        ],
    }
    for name, texts in some.items():
        fresh = Vectors(vectors.path.with_name("nothing"))
        fresh.keep = lambda: None  # type: ignore[method-assign]
        fresh.of(texts)
        spent = [seconds * 1000 for seconds in fresh.seconds[1:]]
        length = np.mean([min(len(text.title) + len(text.body), 600) for text in texts])
        table.add_row(
            name, f"{length:.0f}", f"{np.quantile(spent, 0.5):.0f}", f"{np.quantile(spent, 0.95):.0f}"
        )
    console.print(table)
