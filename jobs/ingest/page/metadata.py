"""What does the head of an article's page say: its own address, headline, picture, section and dates?"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from jobs.ingest.content import images
from jobs.ingest.content.links import reader_link
from jobs.ingest.page.jsonld import LinkedArticle
from jobs.ingest.parse.item import RawItem, Words

#: Words in a picture's name that make it stand for the site and not for the article; anywhere, or at an end.
_EMBLEMS = frozenset(
    {"favicon", "placeholder", "blank", "noimage", "nophoto", "sprite", "spacer", "fallback", "dummy"}
)
_EMBLEMS_AT_AN_END = frozenset({"logo", "logos", "default", "icon", "icons", "avatar"})
_EMBLEM_FOLDERS = frozenset({"logo", "logos", "favicon", "favicons", "icons", "default-images", "themes"})
#: What says only how a picture was made, behind its name.
_MAKING = re.compile(
    r"\d+(?:x\d*)?(?:px)?|v\d+|fb|og|share|social|card|rgb|web|square|image|img|picture|new|final"
)
_FACES = re.compile(r"^(?:www\d?|m|mobile|amp)\.")
#: Of one name: a page that says more is no article.
MOST_VALUES = 10
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
class Head:
    """The metas of a page by their names in lower case, its links, title and scripts."""

    metas: dict[str, list[str]]
    canonical: str
    title: str
    heading: str
    language: str
    times: list[str]
    scripts: list[str]

    def first(self, *names: str) -> str:
        return next((value for name in names for value in self.metas.get(name, ())), "")

    def all(self, *names: str) -> list[str]:
        return [value for name in names for value in self.metas.get(name, ())]


def read_head(tree: Any) -> Head:
    metas: dict[str, list[str]] = defaultdict(list)
    for meta in tree.iter("meta"):
        content = (meta.get("content") or "").strip()
        for name in _names(meta):
            if content and len(metas[name]) < MOST_VALUES:
                metas[name].append(content)
    links = (link for link in tree.iter("link") if "canonical" in (link.get("rel") or "").lower().split())
    times = tree.xpath("//*[@itemprop='datePublished']/@datetime | //time/@datetime")
    return Head(
        metas=metas,
        canonical=next((link.get("href") or "" for link in links), ""),
        title=_words(tree.find(".//title")),
        heading=_words(tree.find(".//h1")),
        language=(tree.get("lang") or "").strip() or "".join(metas.get("og:locale", [])[:1]),
        times=[str(time) for time in times[:3]],
        scripts=list(_scripts(tree)),
    )


def _names(meta: Any) -> set[str]:
    """What a meta says something about; some name several things at once."""
    said = (meta.get(attribute) or "" for attribute in ("property", "name", "itemprop"))
    return set(" ".join(said).lower().split()[:5])


def _scripts(tree: Any) -> Iterator[str]:
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower():
            yield script.text or ""


def _words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())[:1000] if element is not None else ""


def raw_item(head: Head, linked: LinkedArticle, address: str, url: str, text: str) -> RawItem:
    titles = (
        head.first("og:title"),
        _heading(head),
        linked.headline,
        head.first("twitter:title"),
        head.title,
    )
    title = next(filter(None, titles), head.heading)
    modified = [*head.all(*_MODIFIED), linked.modified]
    return RawItem(
        links=(address, url),
        base=url,
        title=Words(_without_site(title, head.first("og:site_name"), _site(url))),
        summary=Words(
            head.first("og:description", "description", "twitter:description") or linked.description
        ),
        content=Words(text, is_html=False),
        author=", ".join(linked.authors) or head.first("author", "article:author", "parsely-author"),
        sections=[*head.all(*_SECTION[:2]), *linked.sections, *head.all(*_SECTION[2:])],
        language=head.language or linked.language,
        published=[*head.all(*_PUBLISHED[:3]), linked.published, *head.all(*_PUBLISHED[3:]), *head.times],
        updated=next(filter(None, modified), ""),
        pictures=[_pictures(head, linked, url)],
    )


def own_address(head: Head, linked: LinkedArticle, url: str) -> str:
    """What the page calls its own address, where it is an article's on the same site; else `url`."""
    for claimed in (head.canonical, head.first("og:url"), linked.url):
        address = reader_link(claimed, url) if claimed else ""
        if address and _site(address) == _site(url) and (_depth(address) or not _depth(url)):
            return address
    return url


def _site(url: str) -> str:
    return _FACES.sub("", urlsplit(url).hostname or "")


def _depth(url: str) -> int:
    """How far below the front page it is; a front page with a query is an article too."""
    parts = urlsplit(url)
    return len([part for part in parts.path.split("/") if part]) + bool(parts.query)


def _pictures(head: Head, linked: LinkedArticle, url: str) -> list[images.Picture]:
    """The first real picture that the page names for its article."""
    width, height = head.first("og:image:width"), head.first("og:image:height")
    offered = [(address, width, height) for address in head.all(*_IMAGE[:3])]
    offered += [(address, "", "") for address in head.all(*_IMAGE[3:])]
    offered += [(address, wide, "") for address, wide in linked.images]
    for address, wide, high in offered:
        if not _is_emblem(address) and (found := images.picture(address, url, wide, high)):
            return [found]
    return []


def _is_emblem(address: str) -> bool:
    """Whether a picture is a logo, an icon or a stand-in, by the words of its name."""
    *folders, name = urlsplit(address).path.lower().split("/")
    words = [word for word in re.split(r"[^a-z0-9]+", name.rpartition(".")[0] or name) if word]
    core = [word for word in words if not _MAKING.fullmatch(word)]
    ends = {*core[:1], *core[-1:]}
    return bool(
        _EMBLEMS & set(words)
        or _EMBLEMS_AT_AN_END & ends
        or _EMBLEM_FOLDERS & set(folders)
        or not (words or folders)
    )


def _heading(head: Head) -> str:
    """The first heading, where most of the page's title is the same: others head a section, or the site."""
    same = head.heading.casefold() in head.title.casefold() and 2 * len(head.heading) > len(head.title)
    return head.heading if same else ""


def _without_site(title: str, site: str, host: str) -> str:
    """The headline less the site's name at its end: as it calls itself, or a few words behind a bar."""
    match = _LAST_BAR.fullmatch(title)
    if match is None:
        return title
    headline, name = match.groups()
    names = {site.casefold(), host.rpartition(".")[0].rpartition(".")[2]} - {""}
    is_site = any(one in name.casefold() for one in names) or (not site and len(headline) > 3 * len(name))
    return headline if is_site else title
