"""The model's vectors of the open data, made once and stored beside it."""

import time
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.related import material
from benchmarks.related.material import Text
from jobs.embed.model import MODEL_VERSION, embed_texts, model_input
from storage.records import Embedding

console = Console(width=120)
KEPT = material.ROOT / "vectors.npz"
AT_ONCE = 64


class Vectors:
    """Stored vectors by text. Missing ones are made if the wheel is installed, and timed."""

    def __init__(self, path: Path = KEPT) -> None:
        self.path = path
        self.known: dict[bytes, bytes] = {}
        self.seconds: list[float] = []  #: CPU seconds of each text embedded in this run
        if path.exists():
            with np.load(path) as kept:
                keys, rows = kept["keys"].tobytes(), kept["rows"]
                width = rows.shape[1]
                plain = rows.tobytes()
            self.known = {
                keys[at * 8 : at * 8 + 8]: plain[at * width : (at + 1) * width] for at in range(len(rows))
            }

    def of(self, texts: Sequence[Text]) -> list[bytes]:
        """The vector of each text."""
        said = [model_input(text.title, "", text.body) for text in texts]
        missing = [text for text in dict.fromkeys(said) if _key(text) not in self.known]
        for start in track(range(0, len(missing), AT_ONCE), "embedding", console=console, transient=True):
            for text in missing[start : start + AT_ONCE]:
                began = time.process_time()
                [self.known[_key(text)]] = embed_texts([text])
                self.seconds.append(time.process_time() - began)
        if missing:
            self.keep()
        return [self.known[_key(text)] for text in said]

    def keep(self) -> None:
        """Write all vectors to the disk."""
        full = {key: row for key, row in self.known.items() if row}
        rows = np.frombuffer(b"".join(full.values()), np.int8).reshape(len(full), -1)
        np.savez(self.path, keys=np.frombuffer(b"".join(full), np.uint8), rows=rows)


def embeddings(numbers: Iterable[int], made: Sequence[bytes], language: str) -> list[Embedding]:
    """The vectors as the index gets them from the database."""
    return [
        Embedding(
            article_id=number,
            model=MODEL_VERSION,
            article_change=1,
            digest=b"",
            language=language,
            vector=vector,
        )
        for number, vector in zip(numbers, made, strict=True)
    ]


def _key(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
