"""Parse the head of an article's page: canonical URL, headline, image, section and dates.

Not trafilatura's own metadata: docs/decisions/0019-libraries.md.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from jobs.ingest.content import images
from jobs.ingest.content.links import reader_link
from jobs.ingest.page.jsonld import JsonLdArticle
from jobs.ingest.parse.item import RawItem, RawText

#: Words in the name of an image of the site, not of the article; anywhere, or at an end.
_LOGO_WORDS = frozenset(
    {"favicon", "placeholder", "blank", "noimage", "nophoto", "sprite", "spacer", "fallback", "dummy"}
)
_LOGO_EDGE_WORDS = frozenset({"logo", "logos", "default", "icon", "icons", "avatar"})
_LOGO_FOLDERS = frozenset({"logo", "logos", "favicon", "favicons", "icons", "default-images", "themes"})
#: Words in a name that describe only the size or version of an image.
_SIZE_WORD = re.compile(
    r"\d+(?:x\d*)?(?:px)?|v\d+|fb|og|share|social|card|rgb|web|square|image|img|picture|new|final"
)
_HOST_PREFIX = re.compile(r"^(?:www\d?|m|mobile|amp)\.")
#: Values kept for one name.
MAX_VALUES = 10
_LAST_BAR = re.compile(r"(.{10,}\S)\s+[|–—·»-]\s+(\S.{0,40}?)\s*", re.DOTALL)
_PUBLISHED = (
    "article:published_time", "og:article:published_time", "datepublished", "date", "pubdate", "publishdate",
    "publish-date", "publish_date", "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.created",
    "dc.date", "dcterms.date", "cxenseparse:recs:publishtime", "article.published", "published_at",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "og:article:modified_time", "datemodified", "dcterms.modified",
    "og:updated_time", "article:modified", "last-modified", "lastmod", "article.updated",
)  # fmt: skip
_SECTION = (
    "article:section", "og:article:section", "section", "parsely-section", "articlesection",
    "cxenseparse:section", "article.section", "category",
)  # fmt: skip
_IMAGE = (
    "og:image:secure_url",
    "og:image",
    "og:image:url",
    "twitter:image",
    "twitter:image:src",
    "thumbnail",
    "thumbnailurl",
)


@dataclass(frozen=True, slots=True)
class PageHead:
    """A page's meta elements by lower-case name, canonical link, title, heading, language, times, JSON-LD."""

    metas: dict[str, list[str]]
    canonical: str
    title: str
    heading: str
    language: str
    times: list[str]
    scripts: list[str]

    def first_meta(self, *names: str) -> str:
        return next((value for name in names for value in self.metas.get(name, ())), "")

    def all_metas(self, *names: str) -> list[str]:
        return [value for name in names for value in self.metas.get(name, ())]


def parse_head(tree: Any) -> PageHead:
    metas: dict[str, list[str]] = defaultdict(list)
    for meta in tree.iter("meta"):
        content = (meta.get("content") or "").strip()
        for name in _meta_names(meta):
            if content and len(metas[name]) < MAX_VALUES:
                metas[name].append(content)
    links = (link for link in tree.iter("link") if "canonical" in (link.get("rel") or "").lower().split())
    times = tree.xpath("//*[@itemprop='datePublished']/@datetime | //time/@datetime")
    return PageHead(
        metas=metas,
        canonical=next((link.get("href") or "" for link in links), ""),
        title=_element_text(tree.find(".//title")),
        heading=_element_text(tree.find(".//h1")),
        language=(tree.get("lang") or "").strip() or "".join(metas.get("og:locale", [])[:1]),
        times=[str(time) for time in times[:3]],
        scripts=list(_jsonld_scripts(tree)),
    )


def _meta_names(meta: Any) -> set[str]:
    """The names of a meta element; some have several."""
    said = (meta.get(attribute) or "" for attribute in ("property", "name", "itemprop"))
    return set(" ".join(said).lower().split()[:5])


def _jsonld_scripts(tree: Any) -> Iterator[str]:
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower():
            yield script.text or ""


def _element_text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())[:1000] if element is not None else ""


def build_raw_item(head: PageHead, linked: JsonLdArticle, address: str, url: str, text: str) -> RawItem:
    titles = (
        head.first_meta("og:title"),
        _article_heading(head),
        linked.headline,
        head.first_meta("twitter:title"),
        head.title,
    )
    title = next(filter(None, titles), head.heading)
    modified = [*head.all_metas(*_MODIFIED), linked.modified]
    return RawItem(
        links=(address, url),
        base=url,
        title=RawText(_strip_site_name(title, head.first_meta("og:site_name"), _site_host(url))),
        summary=RawText(
            head.first_meta("og:description", "description", "twitter:description") or linked.description
        ),
        content=RawText(text, is_html=False),
        author=", ".join(linked.authors) or head.first_meta("author", "article:author", "parsely-author"),
        sections=[*head.all_metas(*_SECTION[:2]), *linked.sections, *head.all_metas(*_SECTION[2:])],
        language=head.language or linked.language,
        published=[
            *head.all_metas(*_PUBLISHED[:3]),
            linked.published,
            *head.all_metas(*_PUBLISHED[3:]),
            *head.times,
        ],
        updated=next(filter(None, modified), ""),
        pictures=[_find_images(head, linked, url)],
    )


def find_own_url(head: PageHead, linked: JsonLdArticle, url: str) -> str:
    """The page's own URL, if that is an article's on the same site; else `url`."""
    for claimed in (head.canonical, head.first_meta("og:url"), linked.url):
        address = reader_link(claimed, url) if claimed else ""
        if (
            address
            and _site_host(address) == _site_host(url)
            and (_path_depth(address) or not _path_depth(url))
        ):
            return address
    return url


def _site_host(url: str) -> str:
    return _HOST_PREFIX.sub("", urlsplit(url).hostname or "")


def _path_depth(url: str) -> int:
    """The number of path segments; a query counts as one, as in `/?p=1`."""
    parts = urlsplit(url)
    return len([part for part in parts.path.split("/") if part]) + bool(parts.query)


def _find_images(head: PageHead, linked: JsonLdArticle, url: str) -> list[images.ImageCandidate]:
    """The first real image that the page gives for its article."""
    width, height = head.first_meta("og:image:width"), head.first_meta("og:image:height")
    offered = [(address, width, height) for address in head.all_metas(*_IMAGE[:3])]
    offered += [(address, "", "") for address in head.all_metas(*_IMAGE[3:])]
    offered += [(address, wide, "") for address, wide in linked.images]
    for address, wide, high in offered:
        if not _is_logo(address) and (found := images.make_candidate(address, url, wide, high)):
            return [found]
    return []


def _is_logo(address: str) -> bool:
    """Whether an image is a logo, an icon or a placeholder, by the words in its name."""
    *folders, name = urlsplit(address).path.lower().split("/")
    words = [word for word in re.split(r"[^a-z0-9]+", name.rpartition(".")[0] or name) if word]
    core = [word for word in words if not _SIZE_WORD.fullmatch(word)]
    ends = {*core[:1], *core[-1:]}
    return bool(
        _LOGO_WORDS & set(words)
        or _LOGO_EDGE_WORDS & ends
        or _LOGO_FOLDERS & set(folders)
        or not (words or folders)
    )


def _article_heading(head: PageHead) -> str:
    """The first heading if it makes up most of the page's title; others belong to a section or the site."""
    same = head.heading.casefold() in head.title.casefold() and 2 * len(head.heading) > len(head.title)
    return head.heading if same else ""


def _strip_site_name(title: str, site: str, host: str) -> str:
    """The headline without the site's name at its end, or a few words after a bar."""
    match = _LAST_BAR.fullmatch(title)
    if match is None:
        return title
    headline, name = match.groups()
    names = {site.casefold(), host.rpartition(".")[0].rpartition(".")[2]} - {""}
    is_site = any(one in name.casefold() for one in names) or (not site and len(headline) > 3 * len(name))
    return headline if is_site else title
