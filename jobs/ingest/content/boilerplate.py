"""Boilerplate that publishing systems append to summaries: "Read more", "appeared first on"."""

import regex

#: Calls to action, in the languages of the test corpus and a few more.
_CALLS = (
    r"continue reading|keep reading|read (?:more|on)",
    r"read (?:the )?(?:full|whole|entire) (?:story|article|post)",
    r"read the rest of (?:the|this) (?:story|article|post)|full story|learn more|see more|more(?=\W*$)",
    r"view (?:article|original)|click here(?: to| for)?",
    r"lire (?:la suite|plus)|weiterlesen|mehr lesen|leer más|seguir leyendo|leia mais|continue lendo",
    r"continua a leggere|leggi (?:tutto|di più)|lees (?:meer|verder)|läs mer|les mer|læs mere|lue lisää",
    r"czytaj (?:więcej|dalej)|читать (?:далее|полностью)|подробнее|devamını oku|selengkapnya|baca juga",
    r"xem thêm|続きを読む|阅读全文|閱讀全文|阅读更多|더 ?보기",
    r"ဆက်(?:လက်)?ဖတ်(?:ရန်|ရှု(?:ရန်)?)|အပြည့်အစုံ(?:ဖတ်(?:ရန်|ရှုရန်)?)?|ပိုမိုဖတ်ရှုရန်",
)
#: WordPress's footer in its translations: "The post ... appeared first on ...".
_APPEARED_FIRST = (
    (r"(?:the )?(?:post|article|story|entry)", "(?:appeared first|first appeared) on"),
    (r"l[’']article", "est apparu en premier sur"),
    ("der beitrag", "erschien zuerst auf"),
    ("la entrada", "se publicó primero en"),
    ("o post", "apareceu primeiro em"),
    (r"l[’']articolo", "proviene da"),
    ("het bericht", "verscheen eerst op"),
    ("artykuł", "pochodzi z serwisu"),
    ("(?:сообщение|запись)", "появились сначала на"),
)
_IN_ONE = r"[^\n.!?။।。]"  # the rest of the same sentence
_LABELS = (
    rf"(?:originally |first )published (?:on|at|in) {_IN_ONE}{{1,80}}",
    rf"source: {_IN_ONE}{{1,60}}",
    r"comments?|permalink|advertisement|email this|tweet(?: this)?",
    rf"share(?: this)?(?: (?:on|via|with) {_IN_ONE}{{1,60}})?",
    rf"(?:follow|like|join) us on {_IN_ONE}{{1,120}}",
)
#: Where boilerplate may start: at the beginning, after a sentence or an ellipsis, at a bar, arrow or bracket.
_TAIL_START = (
    r"(?:^|(?<=[.!?…။।。][”\"’)\]]?)\s*|\s*\[?(?:…|\.{3,})\]?\s*|\s[|•·»›>→–—]+\s*|\s(?=[(\[]))"
    r"[\[(«»›→>|\s]*"
)
_CALL = f"(?:{'|'.join(_CALLS)}){_IN_ONE}{{0,120}}"
_SENTENCES = [rf"{start} [^\n]{{1,400}}? {end} [^\n]{{1,200}}" for start, end in _APPEARED_FIRST]
_TAIL = regex.compile(
    rf"{_TAIL_START}(?:{'|'.join((_CALL, *_SENTENCES, *_LABELS))})[\s.…«»›→>|·•\])-]*$", regex.IGNORECASE
)
#: Text without one of these fragments has no boilerplate; this check costs a tenth of the other.
_TAIL_HINT = regex.compile(
    r"read|more|here|story|appear|publish|source|comment|permalink|advert|share|email|tweet|us on|view"
    r"|lire|lesen|leer|ley|lei|legg|lees|läs|les |læs|lue|czyt|читать|подроб|oku|lengkap|baca|xem|続き"
    r"|阅读|閱讀|더|ဖတ်|အပြည့်|apparu|erschien|publicó|apareceu|proviene|verscheen|pochodzi|появил",
    regex.IGNORECASE,
)
_SHARE_WORDS = (
    r"share|tweet|email|pin(?: it)?|print|facebook|twitter|whatsapp|telegram|linkedin|reddit|comments?",
    r"copy link|save|pocket|digg|delicious|stumbleupon|add to [\w.]+|email this|blogthis!|x",
    r"share (?:this|to|on) \w+",
)
_SHARE_LINE = regex.compile(rf"(?:\W*(?:{'|'.join(_SHARE_WORDS)})\W*)+", regex.IGNORECASE)
_ELLIPSIS = regex.compile(r"\s*\[?\s*(?:…|\.{3,})")


def strip_boilerplate(text: str) -> str:
    """The text without trailing boilerplate and lines of share buttons; an ellipsis before it is kept."""
    kept = [one for one in text.split("\n") if not (one and _SHARE_LINE.fullmatch(one))]
    lines = "\n".join(kept).rstrip().split("\n")
    while lines and _TAIL_HINT.search(lines[-1][-700:]):
        shorter = _TAIL.sub("", lines[-1])
        if shorter == lines[-1] and shorter.strip():
            break
        cut = bool(shorter) and bool(_ELLIPSIS.match(lines[-1], len(shorter)))
        lines[-1:] = [shorter.rstrip() + "…" * cut] if shorter.strip() else []
        if cut:
            break
    return "\n".join(lines).strip()
