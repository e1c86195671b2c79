"""Which language a text is in: what its letters prove, then what its feed says, then a guess."""

from functools import cache
from typing import Any

import regex

#: Scripts that news uses for one language (nearly) alone, with that language.
_SCRIPTS = {
    "Myanmar": "my", "Thai": "th", "Khmer": "km", "Lao": "lo", "Hangul": "ko", "Hiragana": "ja",
    "Katakana": "ja", "Greek": "el", "Hebrew": "he", "Armenian": "hy", "Georgian": "ka", "Tamil": "ta",
    "Telugu": "te", "Kannada": "kn", "Malayalam": "ml", "Gujarati": "gu", "Gurmukhi": "pa", "Sinhala": "si",
    "Bengali": "bn", "Tibetan": "bo", "Ethiopic": "am",
}  # fmt: skip
#: Scripts of several languages: they only tell which claims cannot be true.
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
#: Languages of `_SCRIPTS`'s scripts besides the one named there.
_SIBLINGS = {
    "Myanmar": {"shn", "mnw", "kar", "ksw", "rki"},
    "Bengali": {"as"},
    "Hebrew": {"yi"},
    "Ethiopic": {"ti"},
}
_TAG = regex.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
#: Letters from which nobody needs more to tell a feed's language.
MAX_SAMPLE = 3000
#: Letters below which a guess is worth nothing.
_MIN_LETTERS = 80
_MIN_PROBABILITY = 0.9
#: Words that make a sixth and more of any English text and stand in no other language together.
_ENGLISH = {
    "the", "of", "to", "and", "for", "with", "that", "from", "is", "are", "was", "has", "have", "by", "it",
    "as", "after", "his", "says",
}  # fmt: skip
_WORDS = regex.compile(r"[\p{L}']+")
_ENGLISH_SHARE = 0.12
#: What templates claim although nobody chose it.
_DEFAULT = "en"


def detect_item_language(text: str, feed: str) -> str:
    """The BCP 47 tag of an item's language: what its letters prove, else the language of its feed."""
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
    """The BCP 47 tag of a feed's language from all its words; "" where nobody can tell.

    A claim of English is looked at twice: it is what a template says when nobody cared.
    """
    claim = detect_item_language(text, claimed)
    if claim and claim.lower().split("-")[0] != _DEFAULT:
        return claim
    if _is_plainly_english(text[:MAX_SAMPLE]):
        return claim or _DEFAULT
    guess = _guess_language(text[:2000], _main_script(text[:2000]))
    return claim if guess in ("", _DEFAULT) else guess


def _is_plainly_english(text: str) -> bool:
    """Whether so many of the words are English ones that nobody needs to ask the model, 80 MB in memory."""
    words = _WORDS.findall(text.lower())
    return (
        len(words) >= _MIN_LETTERS // 4
        and sum(word in _ENGLISH for word in words) > len(words) * _ENGLISH_SHARE
    )


def _normalize_tag(claimed: str) -> str:
    """A claim in the usual spelling (`en-GB`), "" where it is no language tag."""
    claimed = claimed.strip().replace("_", "-")
    if not _TAG.fullmatch(claimed):
        return ""
    first, *rest = claimed.split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def _main_script(text: str) -> str:
    """The script of most of the letters; Japanese is known by its kana."""
    if text.isascii() or not _NOT_LATIN.search(text):
        return "Latin" if _LETTERS.search(text) else ""
    letters = len(_LETTERS.findall(text))
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPT_PATTERNS.items()}
    if counts["Hiragana"] + counts["Katakana"] > letters * 0.1:
        return "Hiragana"
    name, count = max(counts.items(), key=lambda item: item[1])
    return name if count * 2 > letters else ""


def _guess_language(text: str, script: str) -> str:
    """What the words themselves say, where there are enough of them and they say it surely."""
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
    """Its model takes half a second: loaded only where it is asked."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
