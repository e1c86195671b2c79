"""The standfirst: a few whole sentences that say more than the headline, and nothing else."""

import regex

from jobs.ingest.content.boilerplate import without_tails
from jobs.ingest.content.clean import folded
from storage.text.segmentation import graphemes, sentences

#: Characters (as readers count them) that a standfirst may have; posts cut further to their own room.
MAX_LENGTH = 600
#: A summary longer than this is the article, not its standfirst.
_WHOLE_ARTICLE = 1200
#: What a publisher cut in mid-sentence goes back to its last whole sentence, if so much is left.
_ENOUGH = 60

_CUT = regex.compile(r"\s*(?:\[?\s*(?:…|\.{3,}|&hellip;)\s*\]?|\[\+\d+ chars\])\s*$")
_SENTENCE_END = regex.compile(r"[.!?…။。！？۔।][\"'”’»)\]]*$")


def standfirst(text: str, headline: str) -> str:
    """The standfirst in a cleaned summary or article; "" where it says nothing beside the headline."""
    text = _without_headline(without_tails(text), headline)
    if len(text) > _WHOLE_ARTICLE or "\n\n" in text:
        text = _opening(text)
    text = _whole_sentences(" ".join(text.split()))
    return "" if folded(text).strip("….") == folded(headline) else shorten(text, MAX_LENGTH)


def shorten(text: str, length: int) -> str:
    """At most `length` characters: whole sentences, or else whole words and an ellipsis."""
    ends = graphemes(text) if len(text) > length else []
    if len(ends) <= length:
        return text
    limit = ends[length - 2]
    whole = [end for end in sentences(text[:limit]) if _SENTENCE_END.search(text[:end].rstrip())]
    if whole and whole[-1] >= limit * 0.4:
        return text[: whole[-1]].rstrip()
    cut = max(text.rfind(mark, 0, limit) for mark in (" ", "။", "၊"))
    cut = cut + 1 if cut >= limit * 0.5 else limit
    return text[:cut].rstrip(" ၊,;:–—-") + "…"


def first_sentence(text: str, length: int = 120) -> str:
    """What may stand for a headline that is missing."""
    text = " ".join(text.split("\n\n")[0].split())
    ends = [end for end in sentences(text[: length * 4]) if _SENTENCE_END.search(text[:end].rstrip())]
    return shorten(text[: ends[0]].rstrip(" .") if ends else text, length)


def _without_headline(text: str, headline: str) -> str:
    """Without the headline said once more at the start, as a line of its own."""
    first, _, rest = text.partition("\n")
    return rest.strip() if rest and folded(first) == folded(headline) else text


def _opening(text: str) -> str:
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


def _whole_sentences(text: str) -> str:
    """What was cut off by its publisher, back to its last whole sentence or with one clean ellipsis."""
    if not _CUT.search(text):
        return text
    text = _CUT.sub("", text).rstrip(" ,;:၊")
    whole = [end for end in sentences(text) if _SENTENCE_END.search(text[:end].rstrip())]
    if whole and whole[-1] >= _ENOUGH:
        return text[: whole[-1]].rstrip()
    return text if _SENTENCE_END.search(text) or not text else f"{text}…"
