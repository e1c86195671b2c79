"""Convert an item as the feed wrote it to one that can be stored, with the same rules for every format."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate

import regex

from jobs.ingest.content import clean, images, language
from jobs.ingest.content.links import MAX_LINK_LENGTH, is_too_long, reader_link, refused_because
from jobs.ingest.content.summary import first_sentence, make_standfirst
from jobs.ingest.parse.dates import parse_date
from jobs.ingest.parse.model import ParsedItem
from storage.text import zawgyi

_MYANMAR = regex.compile(r"\p{Myanmar}")
_MAX_SECTIONS, _MAX_SECTION, _MAX_GUID, _MAX_AUTHOR = 8, 60, MAX_LINK_LENGTH, 200
#: Items used to detect a feed's language.
_MAX_LEADS = 30
#: Characters; a longer description is the whole article.
_WHOLE_ARTICLE = 1200


@dataclass(frozen=True, slots=True)
class RawText:
    """Text and whether it is HTML."""

    source: str
    is_html: bool = True

    def to_plain(self) -> str:
        source = self.source[: clean.MAX_TEXT]
        return clean.html_to_text(source) if self.is_html else clean.clean_paragraphs(source)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawItem:
    """An item's fields as the feed wrote them, not yet cleaned; links in order of preference."""

    guid: str = ""
    links: Sequence[str] = ()
    base: str = ""  #: the base URL of relative links
    title: RawText = field(default_factory=lambda: RawText(""))
    summary: RawText = field(default_factory=lambda: RawText(""))
    content: RawText = field(default_factory=lambda: RawText(""))
    author: str = ""
    sections: Sequence[str] = ()
    language: str = ""
    published: Sequence[str] = ()
    updated: str = ""
    pictures: Sequence[Sequence[images.ImageCandidate]] = ()


@dataclass(frozen=True, slots=True)
class SkippedItem:
    """An item that cannot be shown; the reason is a sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class ItemExcerpt:
    """The start of an item, to detect the language of its feed, and Zawgyi."""

    title: str
    text: str


def make_excerpt(raw: RawItem) -> ItemExcerpt:
    """The start of an item as the feed wrote it."""
    words = f"{raw.title.source[:300]} {(raw.summary.source or raw.content.source)[:300]}"
    return ItemExcerpt(raw.title.source[: clean.MAX_TITLE], words[:300])


def guess_feed_language(claimed: str, leads: Sequence[ItemExcerpt]) -> str:
    """Detect a feed's language from all its items, each of which may be too short."""
    lengths = accumulate(len(one.text) for one in leads)
    some = [one.text for one, length in zip(leads, lengths, strict=True) if length < language.MAX_SAMPLE]
    return language.detect_feed_language(clean.html_to_text("<p>".join(some[:_MAX_LEADS])), claimed)


def convert_feed_title(title: str, leads: Sequence[ItemExcerpt]) -> str:
    """A feed's title, converted to Unicode if its items are in Zawgyi."""
    return zawgyi.part_to_unicode(title, " ".join(one.title for one in leads[:_MAX_LEADS]))


def build_item(raw: RawItem, feed_language: str) -> ParsedItem | SkippedItem:
    """The item as it can be shown, or why it is skipped."""
    title = clean.clean_title(raw.title.source, raw.title.is_html)
    content, summary = raw.content.to_plain(), raw.summary.to_plain()
    title = title or first_sentence(content or summary)
    links = [link for link in (reader_link(link, raw.base) for link in raw.links if link.strip()) if link]
    if not title:
        return SkippedItem("An item without a title and without text was left out.")
    given = [link for link in raw.links if link.strip()]
    if not links and given and not any(map(is_too_long, given)):
        why = refused_because(given[0], raw.base)
        return SkippedItem(
            f"“{title[:60]}” was left out: readers cannot open its link {given[0][:80]!r}, since {why}."
        )
    item = _build_in_unicode(raw, title, summary, content, links[0] if links else "", feed_language)
    return item if links or not given else replace(item, omission=_link_omission(title))


def _link_omission(title: str) -> str:
    return f"“{title[:60]}” is kept without its link, which has more than {MAX_LINK_LENGTH:,} characters."


def list_omissions(read: Iterable[ParsedItem | SkippedItem]) -> tuple[str, ...]:
    """A sentence for each item, or part of an item, that was left out."""
    told = (item.reason if isinstance(item, SkippedItem) else item.omission for item in read)
    return tuple(sentence for sentence in told if sentence)


def _build_in_unicode(
    raw: RawItem, title: str, summary: str, content: str, link: str, feed_language: str
) -> ParsedItem:
    """The item with any Zawgyi converted to Unicode."""
    whole = f"{title}\n{summary}\n{content[:2000]}"
    fix = partial(zawgyi.part_to_unicode, whole=whole) if _MYANMAR.search(whole) else str
    title, summary, content = clean.clean_line(fix(title)), fix(summary), fix(content)
    text = content or (summary if len(summary) > _WHOLE_ARTICLE else "")
    short = make_standfirst(summary or content, title)
    picture = images.choose_image((*raw.pictures, *_images_in_html(raw)))
    return ParsedItem(
        guid=raw.guid.strip()[:_MAX_GUID],
        link=link,
        title=title,
        summary=short,
        text=text,
        author=clean.clean_line(fix(clean.html_to_text(raw.author[:1000])))[:_MAX_AUTHOR],
        sections=_clean_sections(fix(section) for section in raw.sections),
        language=language.detect_item_language(f"{title}\n{short or text}", raw.language or feed_language),
        image_url=picture.url if picture else "",
        image_width=picture.width if picture else 0,
        published=next((date for date in map(parse_date, raw.published) if date), None),
        updated=parse_date(raw.updated) if raw.updated else None,
    )


def _images_in_html(raw: RawItem) -> Iterable[list[images.ImageCandidate]]:
    for words in (raw.content, raw.summary):
        if words.is_html and "<img" in words.source:
            yield images.find_in_html(words.source, raw.base)


def _clean_sections(names: Iterable[str]) -> tuple[str, ...]:
    """Names of sections, each once, without URLs and numbers."""
    kept: dict[str, str] = {}
    for name in names:
        name = clean.clean_line(clean.html_to_text(name[:500]))
        if 0 < len(name) <= _MAX_SECTION and "://" not in name and not name.isdigit():
            kept.setdefault(name.casefold(), name)
    return tuple(kept.values())[:_MAX_SECTIONS]
