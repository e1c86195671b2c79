"""The standfirst: a few whole sentences that say more than the headline, and nothing else."""

import regex

from jobs.ingest.clean import folded
from storage.script import graphemes, sentences

#: Characters (as readers count them) that a standfirst may have; posts cut further to their own room.
MAX_LENGTH = 600
#: A summary longer than this is the article, not its standfirst.
_WHOLE_ARTICLE = 1200
#: What a publisher cut in mid-sentence goes back to its last whole sentence, if so much is left.
_ENOUGH = 60

_MORE = (
    r"(?:continue reading|read (?:more|on|full (?:story|article))"
    r"|read the (?:full|whole|rest of the|entire) (?:story|article|post)|keep reading|full story|learn more|see more|view (?:article|original)|click here(?: to| for)?[^.]{0,60}"
    r"|more(?=\W*$)|lire (?:la suite|plus)|weiterlesen|mehr lesen|leer más|seguir leyendo|leia mais|continue lendo"
    r"|continua a leggere|leggi (?:tutto|di più)|lees (?:meer|verder)|läs mer|les mer|læs mere|lue lisää"
    r"|czytaj (?:więcej|dalej)|читать (?:далее|полностью)|подробнее|devamını oku|selengkapnya|baca juga|xem thêm"
    r"|続きを読む|阅读全文|閱讀全文|阅读更多|더 ?보기"
    r"|ဆက်(?:လက်)?ဖတ်(?:ရန်|ရှု(?:ရန်)?)|အပြည့်အစုံ(?:ဖတ်(?:ရန်|ရှုရန်)?)?|ပိုမိုဖတ်ရှုရန်)"
)
#: Where a tail may begin: at the start, behind a sentence or an ellipsis, behind a bar or an arrow.
_EDGE = (
    r"(?:^|(?<=[.!?…။।。][”\"’)\]]?)\s*|\s*\[?(?:…|\.{3,})\]?\s*|\s[|•·»›>→–—]+\s*|\s(?=[(\[]))[\[(«»›→>|\s]*"
)
_NO_SENTENCE = r"[^\n.!?။।。]"
_POST = (
    r"(?:the )?(?:post|article|story|entry) [^\n]{1,400}? "
    r"(?:first )?(?:appeared|was (?:first )?published)(?: first)? (?:on|in|at) [^\n]{1,200}"
    r"|(?:l[’']article|der beitrag|la entrada|o post|l[’']articolo|het bericht|artykuł|сообщение|запись) [^\n]{1,400}? "
    r"(?:est apparu en premier sur|erschien zuerst auf|se publicó primero en|apareceu primeiro em|proviene da"
    r"|verscheen eerst op|pochodzi z serwisu|появились сначала на) [^\n]{1,200}"
)
_LABEL = (
    rf"(?:originally |first )published (?:on|at|in) {_NO_SENTENCE}{{1,80}}|source: {_NO_SENTENCE}{{1,60}}"
    r"|comments?|permalink|advertisement|email this|tweet(?: this)?"
    rf"|share(?: this)?(?: (?:on|via|with) {_NO_SENTENCE}{{1,60}})?"
    rf"|(?:follow|like|join) us on {_NO_SENTENCE}{{1,120}}"
)
_TAILS = regex.compile(
    rf"{_EDGE}(?:{_MORE}{_NO_SENTENCE}{{0,120}}|{_POST}|{_LABEL})[\s.…«»›→>|·•\])-]*$", regex.IGNORECASE
)
#: Without one of these pieces of words there is no tail; looking for them costs a tenth.
_HINT = regex.compile(
    r"read|more|here|story|appear|publish|source|comment|permalink|advert|share|email|tweet|us on|lire|lesen|leer"
    r"|ley|lei|legg|lees|läs|les |læs|lue|czyt|читать|подроб|oku|lengkap|baca|xem|続き|阅读|閱讀|더|ဖတ်|အပြည့်"
    r"|apparu|erschien|publicó|apareceu|proviene|verscheen|pochodzi|появил",
    regex.IGNORECASE,
)
_SHARE_LINE = regex.compile(
    r"(?:\W*(?:share|tweet|email|pin(?: it)?|print|facebook|twitter|whatsapp|telegram|linkedin|reddit|comments?|save"
    r"|copy link|pocket|digg|delicious|stumbleupon|add to [\w.]+|email this|blogthis!|share (?:this|to|on) \w+|x)\W*)+",
    regex.IGNORECASE,
)
_CUT = regex.compile(r"\s*(?:\[?\s*(?:…|\.{3,}|&hellip;)\s*\]?|\[\+\d+ chars\])\s*$")
_CUT_HERE = regex.compile(r"\s*\[?\s*(?:…|\.{3,})")
_SENTENCE_END = regex.compile(r"[.!?…။。！？۔।][\"'”’»)\]]*$")


def standfirst(text: str, headline: str) -> str:
    """The standfirst in a cleaned summary or article; "" where it says nothing beside the headline."""
    text = _without_headline(_without_tails(text), headline)
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


def _without_tails(text: str) -> str:
    kept = [one for one in text.split("\n") if not (one and _SHARE_LINE.fullmatch(one))]
    lines = "\n".join(kept).rstrip().split("\n")
    while lines and _HINT.search(lines[-1][-700:]):
        shorter = _TAILS.sub("", lines[-1])
        if shorter == lines[-1] and shorter.strip():
            break
        mark = "…" if _CUT_HERE.match(lines[-1], len(shorter)) and shorter else ""
        lines[-1:] = [shorter.rstrip() + mark] if shorter.strip() else []
        if mark:
            break
    return "\n".join(lines).strip()


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
