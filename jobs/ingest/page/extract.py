"""Extract an article from its page: the metadata of its head, and its text with trafilatura.

Pure, and slow on hostile input: it runs in a worker process only.
"""

import re
from typing import Any

import trafilatura

from jobs.ingest.http.results import NoPage, ReadPage
from jobs.ingest.page.jsonld import find_article
from jobs.ingest.page.metadata import build_raw_item, find_own_url, parse_head
from jobs.ingest.parse.encoding import decode_body
from jobs.ingest.parse.item import SkippedItem, build_item

#: Characters; the rest of a longer page is ignored.
MAX_PAGE_LENGTH = 2_000_000


def parse_page(body: bytes, charset: str = "", url: str = "") -> ReadPage | NoPage:
    """Extract the article from the page at `url`, with `charset` in its header."""
    source = decode_body(body, charset or _meta_charset(body))[:MAX_PAGE_LENGTH]
    tree = trafilatura.load_html(source) if source.strip() else None
    if tree is None:
        return NoPage("The response is not a web page.")
    head = parse_head(tree)
    linked = find_article(head.scripts)
    address = find_own_url(head, linked, url)
    item = build_item(build_raw_item(head, linked, address, url, _extract_text(tree, head.heading)), "")
    if isinstance(item, SkippedItem):
        return NoPage("The page has neither a headline nor a text.")
    return ReadPage(
        url=item.link,
        title=item.title,
        summary=item.summary,
        text=item.text,
        author=item.author,
        sections=item.sections,
        language=item.language,
        image_url=item.image_url,
        image_width=item.image_width,
        published=item.published,
        modified=item.updated,
    )


def _extract_text(tree: Any, heading: str) -> str:
    """The article's text without its heading; paragraphs are separated by an empty line."""
    document = trafilatura.bare_extraction(
        tree, with_metadata=False, include_comments=False, include_tables=False, include_formatting=False
    )
    text = getattr(document, "text", None) or ""
    lines = text.split("\n")
    return "\n\n".join(lines[1:] if lines[0].casefold() == heading.casefold() else lines)


def _meta_charset(body: bytes) -> str:
    match = re.search(
        rb"<meta[^>]{1,200}charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", body[:4096], re.IGNORECASE
    )
    return match[1].decode("ascii") if match else ""
