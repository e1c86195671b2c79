"""The measured systems: Newswire and its peers, each filled with texts and queried for related ones."""

import importlib.util
import math
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np

from benchmarks.related.material import Text
from storage.index import Index
from storage.index.source import ArticleForIndex
from storage.index.weights import TUNED, Weights

Cut = Callable[[str], list[str]]
WHEN = datetime(2026, 11, 1, tzinfo=UTC)
WORD = re.compile(r"\w+")


class System(Protocol):
    """A system that is filled with texts and queried. Positions of texts count from 0."""

    name: str

    def fill(self, texts: Sequence[Text]) -> None: ...

    def related(self, position: int, count: int) -> list[int]: ...

    def find(self, words: str, count: int) -> list[int]: ...


class Newswire:
    """Newswire's index, filled and queried as by the bot."""

    def __init__(self, weights: Weights = TUNED) -> None:
        self.name = "Newswire"
        self.index = Index(None, weights)

    def fill(self, texts: Sequence[Text]) -> None:
        for start in range(0, len(texts), 500):
            self.index.add(arrival(at, texts[at]) for at in range(start, min(start + 500, len(texts))))

    def related(self, position: int, count: int) -> list[int]:
        return [hit.article_id - 1 for hit in self.index.find_related(position + 1, count)]

    def find(self, words: str, count: int) -> list[int]:
        return [hit.article_id - 1 for hit in self.index.search(words, count).hits]


def arrival(position: int, text: Text) -> ArticleForIndex:
    """A text as the index gets it from the database."""
    number = position + 1
    return ArticleForIndex(number, number, text.title, text.body, text.language, (), WHEN, None, False)


class Bm25:
    """Plain BM25 (k1 1.2, b 0.75), the default of most search engines, over any tokenization."""

    def __init__(self, name: str, cut: Cut) -> None:
        self.name, self.cut = name, cut

    def fill(self, texts: Sequence[Text]) -> None:
        self.counts = [Counter(self.cut(f"{text.title} {text.body}")) for text in texts]
        lengths = np.array([sum(count.values()) for count in self.counts], float)
        self.damp = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
        postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for position, count in enumerate(self.counts):
            for term, times in count.items():
                postings[term].append((position, times))
        self.postings = {term: np.array(found) for term, found in postings.items()}

    def _ask(self, terms: Counter[str], but: int, count: int) -> list[int]:
        score = np.zeros(len(self.counts))
        for term, times in terms.items():
            found = self.postings.get(term)
            if found is not None:
                rare = math.log1p((len(score) - len(found) + 0.5) / (len(found) + 0.5))
                here, how_often = found[:, 0], found[:, 1]
                score[here] += (1 + math.log(times)) * rare * how_often / (how_often + self.damp[here])
        if but >= 0:
            score[but] = -1
        best = np.argsort(-score, kind="stable")[:count]
        return [int(at) for at in best if score[at] > 0]

    def related(self, position: int, count: int) -> list[int]:
        return self._ask(self.counts[position], position, count)

    def find(self, words: str, count: int) -> list[int]:
        return self._ask(Counter(self.cut(words)), -1, count)


class Fts5:
    """SQLite's full text search: an OR of the 25 rarest words of a text, ranked by its bm25."""

    def __init__(self, tokenizer: str = "porter unicode61") -> None:
        self.name, self.tokenizer = f"FTS5 {tokenizer.split()[0]}", tokenizer

    def fill(self, texts: Sequence[Text]) -> None:
        self.texts = texts
        self.database = sqlite3.connect(":memory:")
        self.database.execute(f"CREATE VIRTUAL TABLE t USING fts5(body, tokenize='{self.tokenizer}')")
        rows = ((at, f"{text.title} {text.body}") for at, text in enumerate(texts))
        self.database.executemany("INSERT INTO t(rowid, body) VALUES (?, ?)", rows)
        self.holders = Counter(word for text in texts for word in set(_words(f"{text.title} {text.body}")))

    def _ask(self, words: list[str], count: int) -> list[int]:
        rarest = sorted(set(words), key=lambda word: self.holders[word])[:25]
        if not rarest:
            return []
        query = " OR ".join(f'"{word}"' for word in rarest)
        rows = self.database.execute(
            "SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank LIMIT ?", (query, count)
        )
        return [row[0] for row in rows]

    def related(self, position: int, count: int) -> list[int]:
        text = self.texts[position]
        words = [word for word in _words(f"{text.title} {text.body}") if self.holders[word] > 1]
        return [at for at in self._ask(words, count + 1) if at != position][:count]

    def find(self, words: str, count: int) -> list[int]:
        return self._ask(_words(words), count)


def _words(text: str) -> list[str]:
    return [word.lower() for word in WORD.findall(text)]


class Tantivy:
    """tantivy with its English stemmer: an OR of the words of a text."""

    name = "tantivy"

    def fill(self, texts: Sequence[Text]) -> None:
        import tantivy

        self.texts = texts
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("body", stored=False, tokenizer_name="en_stem")
        schema.add_integer_field("at", stored=True)
        self.index = tantivy.Index(schema.build())
        writer = self.index.writer(100_000_000, 1)
        for at, text in enumerate(texts):
            writer.add_document(tantivy.Document(body=f"{text.title} {text.body}", at=at))
        writer.commit()
        writer.wait_merging_threads()
        self.index.reload()
        self.searcher = self.index.searcher()

    def _ask(self, words: list[str], count: int) -> list[int]:
        query = " ".join(f'"{word}"' for word in dict.fromkeys(words))
        if not query:
            return []
        found = self.searcher.search(self.index.parse_query(query, ["body"]), count).hits
        return [int(self.searcher.doc(address)["at"][0]) for _, address in found]

    def related(self, position: int, count: int) -> list[int]:
        text = self.texts[position]
        asked = self._ask(_words(f"{text.title} {text.body}"), count + 1)
        return [at for at in asked if at != position][:count]

    def find(self, words: str, count: int) -> list[int]:
        return self._ask(_words(words), count)


class TfIdf:
    """scikit-learn's TF-IDF with English stop words, by cosine."""

    name = "scikit-learn TF-IDF"

    def fill(self, texts: Sequence[Text]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.vectorizer: Any = TfidfVectorizer(stop_words="english", sublinear_tf=True)
        self.table: Any = self.vectorizer.fit_transform(f"{text.title} {text.body}" for text in texts)

    def _best(self, row: Any, count: int) -> list[int]:
        score = (self.table @ row.T).toarray().ravel()
        best = np.argsort(-score, kind="stable")[:count]
        return [int(at) for at in best if score[at] > 0]

    def related(self, position: int, count: int) -> list[int]:
        return [at for at in self._best(self.table[position], count + 1) if at != position][:count]

    def find(self, words: str, count: int) -> list[int]:
        return self._best(self.vectorizer.transform([words]), count)


class RankBm25:
    """rank-bm25's BM25Okapi over lowercase words."""

    name = "rank-bm25"

    def fill(self, texts: Sequence[Text]) -> None:
        from rank_bm25 import BM25Okapi

        self.cut = [_words(f"{text.title} {text.body}") for text in texts]
        self.index: Any = BM25Okapi(self.cut)

    def related(self, position: int, count: int) -> list[int]:
        best = np.argsort(-self.index.get_scores(self.cut[position]), kind="stable")[: count + 1]
        return [int(at) for at in best if at != position][:count]

    def find(self, words: str, count: int) -> list[int]:
        return [int(at) for at in np.argsort(-self.index.get_scores(_words(words)), kind="stable")[:count]]


def peers(*, quick_only: bool) -> tuple[list[System], list[str]]:
    """The installed peers, and the missing packages of the others."""
    found: list[System] = [Fts5()]
    missing = []
    for package, kind, quick in (
        ("tantivy", Tantivy, True),
        ("sklearn", TfIdf, True),
        ("rank_bm25", RankBm25, False),
    ):
        if importlib.util.find_spec(package) is None:
            missing.append(package)
        elif quick or not quick_only:
            found.append(kind())
    return found, missing
