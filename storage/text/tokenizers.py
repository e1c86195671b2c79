"""Tokenizers: how text in each script is split into terms, one line of a table for each script.

The choices are measured (docs/related.md, SIB-200 in 22 languages): words where people write spaces,
syllables for Burmese, dictionary words and pairs of letters for Thai, Lao and Khmer, letters and pairs
for Chinese and Japanese.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

from storage.text import function_words
from storage.text.segmentation import grapheme_ends
from storage.text.segmentation import split_words as icu_words

SplitFunction = Callable[[str], list[str]]


def whole_run(run: str) -> list[str]:
    """The run itself: a word between spaces."""
    return [run]


def split_letters(run: str) -> list[str]:
    """Every code point of the run."""
    return list(run)


def split_graphemes(run: str) -> list[str]:
    """What a reader counts as one letter, with its marks."""
    ends = grapheme_ends(run)
    return [run[start:end] for start, end in pairwise([0, *ends])]


def dictionary_words(run: str) -> list[str]:
    """The words that ICU's dictionary finds in a run without spaces."""
    return list(icu_words(run))


_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_ENDING = regex.compile(r"\p{Hiragana}{1,3}")
#: A Burmese syllable starts at a letter that no asat or stacker closes and no stacker hangs under another.
_SYLLABLE = regex.compile(r"(?V1)(?<!\u1039)(?=[\p{Lo}\u104c-\u104f](?!\u1037?[\u1039\u103a]))")


def japanese_words(run: str) -> list[str]:
    """The dictionary words of a run with kana, but for short ones in hiragana, which are endings."""
    if not _KANA.search(run):
        return []
    return [word for word in icu_words(run) if not _ENDING.fullmatch(word)]


def burmese_syllables(run: str) -> list[str]:
    """The syllables of a run of the Burmese script."""
    return [piece for piece in _SYLLABLE.split(run) if piece]


def tibetan_syllables(run: str) -> list[str]:
    """The syllables of a run of Tibetan, which writes a dot after each."""
    return [piece for piece in regex.split(r"[\u0f0b-\u0f14\u0f3a-\u0f3d]+", run) if piece]


def padded_letters(run: str) -> list[str]:
    """The letters of a word and its two ends."""
    return ["\x03", *run, "\x03"]


@dataclass(frozen=True, slots=True, eq=False)
class Tokenizer:
    """How a run becomes terms: pieces, joined in neighboring `sizes`."""

    split: SplitFunction
    ngram_sizes: tuple[int, ...] = (1,)
    takes_words: bool = False  #: the run is a word between spaces: a stop word is left out
    stop_pieces: frozenset[str] = (
        frozenset()
    )  #: pieces that say little: what is made of them alone is left out


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """One line of the table: the characters of a run, and how it is split."""

    name: str
    pattern: str
    tokenizers: tuple[Tokenizer, ...]


STEM_TOKENIZER = Tokenizer(whole_run, takes_words=True)
WORDS_AND_LETTERS = (STEM_TOKENIZER, Tokenizer(padded_letters, (4,), takes_words=True))

#: The first line that fits a run decides.
SCRIPTS: Sequence[Script] = (
    Script(
        "Burmese",
        r"[\p{Myanmar}--[\u104a\u104b]]+",
        (Tokenizer(burmese_syllables, (1, 2), stop_pieces=function_words.BURMESE),),
    ),
    Script(
        "Thai",
        r"\p{Thai}+",
        (Tokenizer(dictionary_words, stop_pieces=function_words.THAI), Tokenizer(split_graphemes, (2,))),
    ),
    Script(
        "Lao",
        r"\p{Lao}+",
        (Tokenizer(dictionary_words, stop_pieces=function_words.LAO), Tokenizer(split_graphemes, (2,))),
    ),
    Script(
        "Khmer",
        r"\p{Khmer}+",
        (Tokenizer(dictionary_words, stop_pieces=function_words.KHMER), Tokenizer(split_graphemes, (2,))),
    ),
    Script(
        "Tibetan",
        r"\p{Tibetan}+",
        (Tokenizer(tibetan_syllables, stop_pieces=function_words.TIBETAN), Tokenizer(split_letters, (4,))),
    ),
    Script(
        "Chinese and Japanese",
        r"[\p{Han}\p{Hiragana}\p{Katakana}ー]+",
        (Tokenizer(split_graphemes, (1, 2), stop_pieces=function_words.CHINESE), Tokenizer(japanese_words)),
    ),
    Script("Korean", r"\p{Hangul}+", (Tokenizer(split_letters, (1, 2), stop_pieces=function_words.KOREAN),)),
    Script("Tamil", r"\p{Tamil}+", (STEM_TOKENIZER, Tokenizer(padded_letters, (3,), takes_words=True))),
    Script("words", r"[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*", WORDS_AND_LETTERS),
)

#: Languages whose words are not split as their script's are.
TOKENIZERS_BY_LANGUAGE = {"en": (STEM_TOKENIZER,)}
#: Languages in which an accent makes another word, and is kept.
ACCENTED_LANGUAGES = frozenset({"vi"})

_NUMBER = r"\p{N}+(?:[.,]\p{N}+)*"
_RUNS = regex.compile(
    "(?V1)"
    + "|".join(
        [f"(?P<number>{_NUMBER})", *(f"(?P<s{at}>{script.pattern})" for at, script in enumerate(SCRIPTS))]
    )
)

_SCRIPT_OF: dict[str, Script | None] = {"number": None} | {f"s{at}": one for at, one in enumerate(SCRIPTS)}
#: The same for text with only numbers and words without accents, in a third of the time.
_ASCII_RUNS = re.compile(r"([0-9]+(?:[.,][0-9]+)*)|[A-Za-z0-9]+(?:'[A-Za-z]+)*")


def script_runs(tidied: str) -> list[tuple[Script | None, str, int]]:
    """The runs of one script each, with their offsets; numbers come with no script."""
    if tidied.isascii():
        return [
            (None if match.lastindex else SCRIPTS[-1], match.group(), match.start())
            for match in _ASCII_RUNS.finditer(tidied)
        ]
    return pattern_runs(tidied)


def pattern_runs(tidied: str) -> list[tuple[Script | None, str, int]]:
    """The same by the whole table."""
    return [
        (_SCRIPT_OF[match.lastgroup or ""], match.group(), match.start()) for match in _RUNS.finditer(tidied)
    ]


def is_single_word(text: str) -> bool:
    """Whether a text is one word of a script that writes spaces."""
    found = script_runs(text)
    return len(found) == 1 and found[0][0] is not None and found[0][0].tokenizers[0].takes_words
