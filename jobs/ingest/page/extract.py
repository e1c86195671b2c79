"""An article's page becomes words: what its head says, and the text of the article. trafilatura's door.

Pure, and slow on what is made to be slow: it runs in the child process only.
"""

import re
from typing import Any

import trafilatura

from jobs.ingest.http.results import NoPage, ReadPage
from jobs.ingest.page.jsonld import linked_article
from jobs.ingest.page.metadata import own_address, raw_item, read_head
from jobs.ingest.parse.encoding import decode
from jobs.ingest.parse.item import Left, read_item

#: Characters of a page beyond which nobody writes an article.
LONGEST = 2_000_000


def read_page(body: bytes, charset: str = "", url: str = "") -> ReadPage | NoPage:
    """The article on the page that came from `url`, with `charset` in its header."""
    source = decode(body, charset or _meta_charset(body))[:LONGEST]
    tree = trafilatura.load_html(source) if source.strip() else None
    if tree is None:
        return NoPage("The answer is no web page.")
    head = read_head(tree)
    linked = linked_article(head.scripts)
    address = own_address(head, linked, url)
    item = read_item(raw_item(head, linked, address, url, _text(tree, head.heading)), "")
    if isinstance(item, Left):
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


def _text(tree: Any, heading: str) -> str:
    """The article's own text without its heading; its paragraphs are parted by an empty line."""
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
