"""The standfirst: a few whole sentences that say more than the headline, and nothing else."""

import regex

from jobs.ingest.content.boilerplate import strip_boilerplate
from jobs.ingest.content.clean import fold_text
from storage.text.segmentation import sentence_ends
from storage.text.shorten import LengthUnit, shorten_text

#: Characters (as readers count them) that a standfirst may have; posts cut further to their own room.
MAX_LENGTH = 600
#: A summary longer than this is the article, not its standfirst.
_WHOLE_ARTICLE = 1200
#: What a publisher cut in mid-sentence goes back to its last whole sentence, if so much is left.
_MIN_LENGTH = 60

_CUT = regex.compile(r"\s*(?:\[?\s*(?:…|\.{3,}|&hellip;)\s*\]?|\[\+\d+ chars\])\s*$")
_SENTENCE_END = regex.compile(r"[.!?…။。！？۔।][\"'”’»)\]]*$")


def make_standfirst(text: str, headline: str) -> str:
    """The standfirst in a cleaned summary or article; "" where it says nothing beside the headline."""
    text = _strip_headline(strip_boilerplate(text), headline)
    if len(text) > _WHOLE_ARTICLE or "\n\n" in text:
        text = _opening_paragraphs(text)
    text = _keep_whole_sentences(" ".join(text.split()))
    return "" if fold_text(text).strip("….") == fold_text(headline) else _shorten(text, MAX_LENGTH)


def _shorten(text: str, length: int) -> str:
    return shorten_text(text, length, LengthUnit.CHARACTERS, min_sentence_share=0.4, min_pause_share=0.5)


def first_sentence(text: str, length: int = 120) -> str:
    """What may stand for a headline that is missing."""
    text = " ".join(text.split("\n\n")[0].split())
    ends = [end for end in sentence_ends(text[: length * 4]) if _SENTENCE_END.search(text[:end].rstrip())]
    return _shorten(text[: ends[0]].rstrip(" .") if ends else text, length)


def _strip_headline(text: str, headline: str) -> str:
    """Without the headline said once more at the start, as a line of its own."""
    first, _, rest = text.partition("\n")
    return rest.strip() if rest and fold_text(first) == fold_text(headline) else text


def _opening_paragraphs(text: str) -> str:
    """The first paragraphs that make a standfirst: past a dateline, a by-line or a kicker."""
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
    """What was cut off by its publisher, back to its last whole sentence or with one clean ellipsis."""
    if not _CUT.search(text):
        return text
    text = _CUT.sub("", text).rstrip(" ,;:၊")
    whole = [end for end in sentence_ends(text) if _SENTENCE_END.search(text[:end].rstrip())]
    if whole and whole[-1] >= _MIN_LENGTH:
        return text[: whole[-1]].rstrip()
    return text if _SENTENCE_END.search(text) or not text else f"{text}…"
