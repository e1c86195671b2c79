"""Newswire's index with the semantic extra, as one of the measured systems."""

from collections.abc import Sequence

from benchmarks.related import measures
from benchmarks.related.material import Text
from benchmarks.related.measuring import Figures
from benchmarks.related.systems import Newswire
from benchmarks.related.vectors import Vectors, embeddings
from jobs.embed.model import MODEL_VERSION, supports_language
from storage.index import Index
from storage.index.neighbours import find_neighbours, query_of_slot
from storage.index.vectors.dense import TUNED, DenseIndex, Fusion

#: The languages in which the model is weakest, and two in which it is not.
PARALLEL = ("eng_Latn", "mya_Mymr", "rus_Cyrl", "tha_Thai")
TAGS = {"khm": "km", "lao": "lo", "bod": "bo", "shn": "shn", "mya": "my"}
LANGUAGES = ("eng_Latn", "rus_Cyrl", "mya_Mymr", "khm_Khmr", "lao_Laoo", "tha_Thai", "shn_Mymr", "bod_Tibt")


class Extra(Newswire):
    """Newswire's index with the model's vectors."""

    def __init__(self, vectors: Vectors, fusion: Fusion = TUNED, language: str = "any") -> None:
        self.language = language  #: of all texts, if it is not taken from each text
        self.name = "with the extra"
        self.vectors, self.dense = vectors, DenseIndex(MODEL_VERSION, fusion)
        self.index = Index(None, dense=self.dense)

    def fill(self, texts: Sequence[Text]) -> None:
        super().fill(texts)
        self.give(range(len(texts)), texts)

    def give(self, positions: Sequence[int], texts: Sequence[Text]) -> None:
        """Add the vectors of these texts to the index."""
        some = [texts[at] for at in positions]
        made = self.vectors.of(some)
        for language in {text.language for text in some}:
            mine = [at for at, text in enumerate(some) if text.language == language]
            numbers = [positions[at] + 1 for at in mine]
            language = self.language if self.language != "any" else language or "any"
            known = language in ("any", *PARALLEL) or supports_language("", language)
            if known:
                self.dense.add_batch(embeddings(numbers, [made[at] for at in mine], language))

    def related(self, position: int, count: int) -> list[int]:
        archive = self.index.archive
        asker = query_of_slot(
            archive, archive.documents.slot_of(position + 1), self.dense.query_article(position + 1)
        )
        found = find_neighbours(archive, asker, count)
        return [int(archive.documents.column("articles")[slot]) - 1 for slot, _ in found]


def compare(title: str, plain: Figures, extra: Figures, of: Sequence[str]) -> list[str]:
    """A table row: for each measure the means by words and with the extra, and the gain's 95 % interval."""
    cells = [title]
    for measure in of:
        _, low, high = measures.interval(extra.values[measure], plain.values[measure])
        cells.append(f"{plain.mean(measure):.4f} {extra.mean(measure):.4f} ({low:+.3f} to {high:+.3f})")
    return cells


def quiet(asked: Sequence[int]) -> Sequence[int]:
    return asked
