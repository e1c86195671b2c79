"""Make an article's standfirst: a few whole sentences that do not repeat the headline."""

import regex

from jobs.ingest.content.boilerplate import strip_boilerplate
from jobs.ingest.content.clean import fold_text
from storage.text.segmentation import sentence_ends
from storage.text.shorten import LengthUnit, shorten_text

#: Grapheme clusters in a standfirst; posts shorten it further.
MAX_LENGTH = 600
#: Characters; a longer summary is the whole article.
_WHOLE_ARTICLE = 1200
#: Characters to keep if a text that its publisher cut is shortened to its last whole sentence.
_MIN_LENGTH = 60

_CUT = regex.compile(r"\s*(?:\[?\s*(?:…|\.{3,}|&hellip;)\s*\]?|\[\+\d+ chars\])\s*$")
_SENTENCE_END = regex.compile(r"[.!?…။。！？۔।][\"'”’»)\]]*$")


def make_standfirst(text: str, headline: str) -> str:
    """Make a standfirst from a cleaned summary or article; "" if it only repeats the headline."""
    text = _strip_headline(strip_boilerplate(text), headline)
    if len(text) > _WHOLE_ARTICLE or "\n\n" in text:
        text = _opening_paragraphs(text)
    text = _keep_whole_sentences(" ".join(text.split()))
    return "" if fold_text(text).strip("….") == fold_text(headline) else _shorten(text, MAX_LENGTH)


def _shorten(text: str, length: int) -> str:
    return shorten_text(text, length, LengthUnit.CHARACTERS, min_sentence_share=0.4, min_pause_share=0.5)


def first_sentence(text: str, length: int = 120) -> str:
    """The first sentence in at most `length` characters, in place of a missing headline."""
    text = " ".join(text.split("\n\n")[0].split())
    ends = [end for end in sentence_ends(text[: length * 4]) if _SENTENCE_END.search(text[:end].rstrip())]
    return _shorten(text[: ends[0]].rstrip(" .") if ends else text, length)


def _strip_headline(text: str, headline: str) -> str:
    """The text without a first line that repeats the headline."""
    first, _, rest = text.partition("\n")
    return rest.strip() if rest and fold_text(first) == fold_text(headline) else text


def _opening_paragraphs(text: str) -> str:
    """The first paragraphs, enough for a standfirst, without a dateline, byline or kicker."""
    kept = ""
    for paragraph in text.split("\n\n"):
        if len(kept) + len(paragraph) > MAX_LENGTH and kept:
            break
        if kept or len(paragraph) > 40 or _SENTENCE_END.search(paragraph):
            kept = f"{kept} {paragraph}".strip()
        if len(kept) >= 160:
            break
    return kept or text


def _keep_whole_sentences(text: str) -> str:
    """A text cut by its publisher, shortened to its last whole sentence or ended with one ellipsis."""
    if not _CUT.search(text):
        return text
    text = _CUT.sub("", text).rstrip(" ,;:၊")
    whole = [end for end in sentence_ends(text) if _SENTENCE_END.search(text[:end].rstrip())]
    if whole and whole[-1] >= _MIN_LENGTH:
        return text[: whole[-1]].rstrip()
    return text if _SENTENCE_END.search(text) or not text else f"{text}…"
