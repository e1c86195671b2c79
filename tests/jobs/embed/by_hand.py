"""A model that everybody can check: a dimension for each subject, and a corner for each language."""

import os
from collections.abc import Sequence
from pathlib import Path

#: The words of each subject, in two languages; the last dimensions say which language it is.
SUBJECTS = (
    ("flood", "eulf"),
    ("quake", "ebbe"),
    ("budget", "tahsuah"),
    ("orchid", "eedihcro"),
    ("chess", "hcahcs"),
)
WIDTH = len(SUBJECTS) + 2


def vector(text: str) -> bytes:
    """60 for each subject that is named, and as much for the language; nothing where the text is empty."""
    if not text.strip():
        return b""
    said = text.casefold()
    numbers = [60 if any(word in said for word in words) else 0 for words in SUBJECTS]
    abroad = any(words[1] in said for words in SUBJECTS)
    return bytes([*numbers, 0 if abroad else 60, 60 if abroad else 0])


def vectors(texts: Sequence[str]) -> list[bytes]:
    """As the real model does."""
    return [vector(text) for text in texts]


def fragile(texts: Sequence[str]) -> list[bytes]:
    """A model that one kind of text breaks, and another kills."""
    if any("breaks" in text for text in texts):
        raise ValueError("it cannot be tokenised")
    if any("kills" in text for text in texts):
        os._exit(9)
    return vectors(texts)


def unusable(texts: Sequence[str]) -> list[bytes]:
    """A model that is not there."""
    raise ImportError("no model")


def waiting(texts: Sequence[str]) -> list[bytes]:
    """A model that reads a text which is the path of a named pipe when somebody opens its other end."""
    for text in texts:
        if text.startswith("/"):
            Path(text).read_bytes()
    return vectors(texts)
