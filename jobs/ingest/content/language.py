"""Detect the language of a text: by its script, then by its feed's claim, then by a model."""

from functools import cache
from typing import Any

import regex

#: Scripts that are used for (nearly) one language only, with that language.
_SCRIPTS = {
    "Myanmar": "my", "Thai": "th", "Khmer": "km", "Lao": "lo", "Hangul": "ko", "Hiragana": "ja",
    "Katakana": "ja", "Greek": "el", "Hebrew": "he", "Armenian": "hy", "Georgian": "ka", "Tamil": "ta",
    "Telugu": "te", "Kannada": "kn", "Malayalam": "ml", "Gujarati": "gu", "Gurmukhi": "pa", "Sinhala": "si",
    "Bengali": "bn", "Tibetan": "bo", "Ethiopic": "am",
}  # fmt: skip
#: Scripts of several languages: they only rule out claims.
_SHARED_SCRIPTS = {"Latin": "", "Cyrillic": "", "Arabic": "", "Han": "", "Devanagari": ""}
_LETTERS = regex.compile(r"\p{L}")
_NOT_LATIN = regex.compile(r"[\p{L}--\p{Latin}]", regex.V1)
_SCRIPT_PATTERNS = {name: regex.compile(rf"\p{{{name}}}") for name in (*_SCRIPTS, *_SHARED_SCRIPTS)}
_SCRIPT_LANGUAGES = {
    "Cyrillic": {"ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "tg", "mn", "uz", "tt"},
    "Arabic": {"ar", "fa", "ur", "ps", "ku", "ckb", "sd", "ug"},
    "Han": {"zh", "ja", "yue"},
    "Devanagari": {"hi", "mr", "ne", "sa"},
}
_NON_LATIN_LANGUAGES = set(_SCRIPTS.values()) | {one for many in _SCRIPT_LANGUAGES.values() for one in many}
#: Further languages of the scripts in `_SCRIPTS`.
_SIBLINGS = {
    "Myanmar": {"shn", "mnw", "kar", "ksw", "rki"},
    "Bengali": {"as"},
    "Hebrew": {"yi"},
    "Ethiopic": {"ti"},
}
_TAG = regex.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
#: Characters that are enough to detect a feed's language.
MAX_SAMPLE = 3000
#: With fewer letters, a guess is unreliable.
_MIN_LETTERS = 80
_MIN_PROBABILITY = 0.9
#: Words that make up a sixth or more of any English text, and of no other language.
_ENGLISH = {
    "the", "of", "to", "and", "for", "with", "that", "from", "is", "are", "was", "has", "have", "by", "it",
    "as", "after", "his", "says",
}  # fmt: skip
_WORDS = regex.compile(r"[\p{L}']+")
_ENGLISH_SHARE = 0.12
#: The claim of templates, which may not have been chosen.
_DEFAULT = "en"


def detect_item_language(text: str, feed: str) -> str:
    """The BCP 47 tag of an item's language: by its script, else that of its feed."""
    claim = _normalize_tag(feed)
    script = _main_script(text[:2000])
    base = claim.lower().split("-")[0]
    if script in _SCRIPTS:
        fits = base == _SCRIPTS[script] or base in _SIBLINGS.get(script, ())
        return claim if fits else _SCRIPTS[script]
    if script in _SCRIPT_LANGUAGES:
        return claim if base in _SCRIPT_LANGUAGES[script] else _guess_language(text[:2000], script)
    return "" if script == "Latin" and base in _NON_LATIN_LANGUAGES else claim


def detect_feed_language(text: str, claimed: str = "") -> str:
    """The BCP 47 tag of a feed's language by all its text; "" if unknown.

    A claim of English is verified: it is the default of many templates.
    """
    claim = detect_item_language(text, claimed)
    if claim and claim.lower().split("-")[0] != _DEFAULT:
        return claim
    if _is_plainly_english(text[:MAX_SAMPLE]):
        return claim or _DEFAULT
    guess = _guess_language(text[:2000], _main_script(text[:2000]))
    return claim if guess in ("", _DEFAULT) else guess


def _is_plainly_english(text: str) -> bool:
    """Whether the text has so many English words that the model, 80 MB in memory, is not needed."""
    words = _WORDS.findall(text.lower())
    return (
        len(words) >= _MIN_LETTERS // 4
        and sum(word in _ENGLISH for word in words) > len(words) * _ENGLISH_SHARE
    )


def _normalize_tag(claimed: str) -> str:
    """A claim in the usual spelling (`en-GB`), "" if it is not a language tag."""
    claimed = claimed.strip().replace("_", "-")
    if not _TAG.fullmatch(claimed):
        return ""
    first, *rest = claimed.split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def _main_script(text: str) -> str:
    """The script of most letters; Japanese is recognized by its kana."""
    if text.isascii() or not _NOT_LATIN.search(text):
        return "Latin" if _LETTERS.search(text) else ""
    letters = len(_LETTERS.findall(text))
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPT_PATTERNS.items()}
    if counts["Hiragana"] + counts["Katakana"] > letters * 0.1:
        return "Hiragana"
    name, count = max(counts.items(), key=lambda item: item[1])
    return name if count * 2 > letters else ""


def _guess_language(text: str, script: str) -> str:
    """The model's guess, if there is enough text and the probability is high."""
    if len(_LETTERS.findall(text)) < _MIN_LETTERS:
        return ""
    found, probability = _load_identifier().classify(text)
    if probability < _MIN_PROBABILITY or (
        script in _SCRIPT_LANGUAGES and found not in _SCRIPT_LANGUAGES[script]
    ):
        return ""
    return str(found)


@cache
def _load_identifier() -> Any:
    """Loading the model takes half a second: it is loaded on first use."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
