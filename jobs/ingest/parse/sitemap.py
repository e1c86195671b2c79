"""Parse news sitemaps, the lists of a site's newest articles for search engines.

Format: sitemaps.org/protocol.html and Google's news and image extensions of it.
"""

from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from jobs.ingest.content import images
from jobs.ingest.parse.item import RawItem, RawText, build_item, list_omissions
from jobs.ingest.parse.model import ParsedFeed, ParsedItem, ParseFailed


def parse_sitemap(text: str, url: str) -> ParsedFeed | ParseFailed:
    """Parse a news sitemap; a plain sitemap has no titles and is refused."""
    try:  # `repair_document` removed the DOCTYPE, so no entity can be expanded
        root = ElementTree.fromstring(text.encode())  # noqa: S314
    except ElementTree.ParseError as error:
        return ParseFailed(f"The document is an invalid sitemap: {error}.")
    if not any(_local_name(one) == "news" for one in root.iter()):
        return ParseFailed("The document is a sitemap without news: its pages have no titles.")
    read = [build_item(_url_to_raw(one, url), "") for one in root if _local_name(one) == "url"]
    items = tuple(item for item in read if isinstance(item, ParsedItem))
    return ParsedFeed(
        items=items,
        omissions=list_omissions(read),
        format="sitemap",
        title=next(
            (_child_text(one, "name") for one in root.iter() if _local_name(one) == "publication"), ""
        ),
        language=items[0].language if items else "",
    )


def _url_to_raw(entry: Element, url: str) -> RawItem:
    # not the title of the image extension, which has the same name
    news = next((one for one in entry if _local_name(one) == "news"), entry)
    found = [
        images.make_candidate(_child_text(one, "loc"), url) for one in entry if _local_name(one) == "image"
    ]
    return RawItem(
        guid=_child_text(entry, "loc"),
        links=[_child_text(entry, "loc")],
        base=url,
        title=RawText(_child_text(news, "title"), False),
        sections=[word for word in _child_text(news, "keywords").split(",") if word.strip()],
        language=_child_text(news, "language"),
        published=[_child_text(news, "publication_date"), _child_text(entry, "lastmod")],
        updated=_child_text(entry, "lastmod"),
        pictures=[[one for one in found if one]],
    )


def _local_name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _child_text(element: Element, name: str) -> str:
    """The text of the first element with this name, preferably a child."""
    near: Iterable[Element] = [*element, *element.iter()]
    return next(("".join(one.itertext()).strip() for one in near if _local_name(one) == name), "")
