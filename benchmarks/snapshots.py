"""Real feeds over eighteen months, the truth about them, and what usual strategies make of them.

The truth is worked out here from the raw XML, without any of Newswire's own code: a story is known if its
guid (in its own feed) or its normalised link (anywhere) is known.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from lxml import etree

MATERIAL = Path(__file__).parents[1] / "material" / "feeds"
_NAME = re.compile(r"(\d{4})_(\d{4}-\d\d-\d\dT\d{6})([pm])(\d{4})_")


@dataclass(frozen=True, slots=True)
class Item:
    """An item as its feed wrote it."""

    guid: str
    link: str
    title: str
    date: str
    summary: str
    plain_link: str  #: without scheme, www, trailing slash, fragment and campaign parameters


def plain(link: str) -> str:
    """A link's form for comparing, by rules of the truth's own."""
    parts = urlsplit(link.strip())
    kept = sorted((name, value) for name, value in parse_qsl(parts.query) if not _CAMPAIGN.match(name))
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}?{kept}"


_CAMPAIGN = re.compile(
    r"(?:utm_|at_|ns_)|(?:ito|mod|partner|emc|cmp|cid|ftag|rss|ref|source|traffic_source)$"
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look at one feed, long ago."""

    feed: str
    moment: datetime
    path: Path

    @property
    def name(self) -> str:
        return f"{self.feed}/{self.path.name}"

    def items(self) -> list[Item]:
        """The items that readers can open (two of CNN's are `cnn://` links); none where it is no feed."""
        body = self.path.read_bytes()
        if not body.strip():
            return []
        root = etree.fromstring(body, etree.XMLParser(recover=True, huge_tree=True, no_network=True))
        elements = [] if root is None else [one for one in root.iter() if _local(one) in ("item", "entry")]
        return [item for item in map(_item, elements) if item.link.startswith(("http://", "https://"))]


def snapshots(feeds: Sequence[str] = (), most: int = 0) -> list[Snapshot]:
    """All snapshots in the order of time, of some feeds, at most so many of each."""
    found = []
    for folder in sorted((MATERIAL / "snapshots").iterdir()):
        if not feeds or folder.name in feeds:
            files = sorted(folder.iterdir())
            found += [Snapshot(folder.name, _moment(path.name), path) for path in files[: most or None]]
    return sorted(found, key=lambda one: (one.moment, one.feed))


def title_edits() -> dict[str, list[tuple[str, str]]]:
    """The headline edits listed beside the data: by snapshot, the id and the new headline."""
    found: dict[str, list[tuple[str, str]]] = {}
    with (MATERIAL / "snapshot_events.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["event"] == "title_edit":
                guid, _, change = row["detail"].partition(" :: ")
                found.setdefault(row["snapshot"], []).append((guid, change.partition(" => ")[2]))
    return found


def _moment(name: str) -> datetime:
    match = _NAME.match(name)
    assert match is not None
    sign = "+" if match[3] == "p" else "-"
    return datetime.strptime(f"{match[2]}{sign}{match[4]}", "%Y-%m-%dT%H%M%S%z").astimezone(UTC)


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _item(element: etree._Element) -> Item:
    said: dict[str, str] = {}
    for child in element:
        name = _local(child)
        text = child.get("href") if name == "link" and child.get("href") else "".join(child.itertext())
        said.setdefault(name, (text or "").strip())
    date = said.get("pubDate") or said.get("published") or said.get("updated") or said.get("date") or ""
    guid = said.get("guid") or said.get("id") or ""
    link = said.get("link", "")
    return Item(guid, link, said.get("title", ""), date, said.get("description", ""), plain(link))


@dataclass
class Truth:
    """Which story an item is, as the items come by."""

    stories: int = 0
    guids: dict[tuple[str, str], int] = field(default_factory=dict)
    links: dict[str, int] = field(default_factory=dict)

    def story(self, feed: str, item: Item) -> tuple[int, bool]:
        """The item's story, and whether it was unknown until now."""
        link = item.plain_link
        found = self.guids.get((feed, item.guid)) if item.guid else None
        found = found or self.links.get(link)
        new = found is None
        if found is None:
            self.stories += 1
            found = self.stories
        if item.guid:
            self.guids.setdefault((feed, item.guid), found)
        self.links.setdefault(link, found)
        return found, new


Strategy = Callable[[list[Item]], list[Item]]


def by_key(key: Callable[[Item], str], keep: Callable[[int], int] | None = None) -> Strategy:
    """Known if its key is among the keys seen; `keep` says how many are kept, given the feed's length."""
    seen: dict[str, None] = {}

    def look(items: list[Item]) -> list[Item]:
        new = [item for item in items if key(item) not in seen]
        for item in reversed(items):
            seen.pop(key(item), None)
            seen[key(item)] = None
        while keep and len(seen) > keep(len(items)):
            del seen[next(iter(seen))]
        return new

    return look


def by_date() -> Strategy:
    """Known if it is not newer than the newest date seen."""
    newest = datetime.min.replace(tzinfo=UTC)

    def look(items: list[Item]) -> list[Item]:
        nonlocal newest
        new = [item for item in items if (_date(item) or newest) > newest]
        newest = max([newest, *(date for date in map(_date, items) if date)])
        return new

    return look


def by_last_id() -> Strategy:
    """All that stands above the item that stood first at the last look."""
    last = ""

    def look(items: list[Item]) -> list[Item]:
        nonlocal last
        ids = [item.guid or item.link for item in items]
        new = items[: ids.index(last)] if last in ids else items
        last = ids[0] if ids else last
        return new

    return look


def _date(item: Item) -> datetime | None:
    try:
        date = parsedate_to_datetime(item.date) if "," in item.date else datetime.fromisoformat(item.date)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _content(item: Item) -> str:
    return sha256(f"{item.title}\0{item.link}\0{item.summary}\0{item.date}".encode()).hexdigest()


#: What others do, each made anew for each feed.
STRATEGIES: dict[str, Callable[[], Strategy]] = {
    "newer than the newest date": by_date,
    "above the last seen id": by_last_id,
    "link": lambda: by_key(lambda item: item.link),
    "title": lambda: by_key(lambda item: item.title),
    "content hash": lambda: by_key(_content),
    "guid or link, twice the feed kept": lambda: by_key(
        lambda item: item.guid or item.link, lambda n: max(2 * n, 100)
    ),
}


@dataclass
class Score:
    """How often stories were posted again, and how many never."""

    stories: int = 0  #: that came after each feed's first look
    repeated: int = 0
    lost: int = 0


def score(strategy: str, looks: Sequence[Snapshot], read: dict[str, list[Item]]) -> Score:
    """A strategy's score; each feed's first look is the baseline, which posts nothing."""
    truth, posted, known = Truth(), set[int](), set[int]()
    strategies: dict[str, Strategy] = {}
    result, late, begun = Score(), set[int](), set[str]()
    for look in looks:
        items, first = read[look.name], look.feed not in begun
        if items:
            begun.add(look.feed)
        judge = strategies.setdefault(look.feed, STRATEGIES[strategy]())
        chosen = {id(item) for item in judge(items)}
        before = set(known)
        for item in items:
            story, _ = truth.story(look.feed, item)
            known.add(story)
            if first:
                posted.add(story)
                continue
            if story not in before:
                late.add(story)
            if id(item) in chosen:
                result.repeated += story in posted
                posted.add(story)
    result.stories, result.lost = len(late), len(late - posted)
    return result


def read_all(looks: Sequence[Snapshot]) -> Iterator[tuple[str, list[Item]]]:
    """Every look's items, by its name."""
    for look in looks:
        yield look.name, look.items()
