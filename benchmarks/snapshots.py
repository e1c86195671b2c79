"""Snapshots of real feeds over eighteen months, the truth about their stories, and six common strategies.

The truth comes from the raw XML, without any of Newswire's code: a story is known if its guid (in the same
feed) or its normalized link (in any feed) is known.
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
    """An item as in its feed."""

    guid: str
    link: str
    title: str
    date: str
    summary: str
    plain_link: str  #: without scheme, www, trailing slash, fragment and tracking parameters


def plain(link: str) -> str:
    """A normalized link, by rules that are independent of Newswire's."""
    parts = urlsplit(link.strip())
    kept = sorted((name, value) for name, value in parse_qsl(parts.query) if not _CAMPAIGN.match(name))
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}?{kept}"


_CAMPAIGN = re.compile(
    r"(?:utm_|at_|ns_)|(?:ito|mod|partner|emc|cmp|cid|ftag|rss|ref|source|traffic_source)$"
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A feed document as it was at a moment in the past."""

    feed: str
    moment: datetime
    path: Path

    @property
    def name(self) -> str:
        return f"{self.feed}/{self.path.name}"

    def items(self) -> list[Item]:
        """The items with http(s) links (two of CNN's are `cnn://`); none if the document is not a feed."""
        body = self.path.read_bytes()
        if not body.strip():
            return []
        root = etree.fromstring(body, etree.XMLParser(recover=True, huge_tree=True, no_network=True))
        elements = [] if root is None else [one for one in root.iter() if _local(one) in ("item", "entry")]
        return [item for item in map(_item, elements) if item.link.startswith(("http://", "https://"))]


def snapshots(feeds: Sequence[str] = (), most: int = 0) -> list[Snapshot]:
    """Snapshots in order of time, of these feeds (all if none), at most `most` of each (0: all)."""
    found = []
    for folder in sorted((MATERIAL / "snapshots").iterdir()):
        if not feeds or folder.name in feeds:
            files = sorted(folder.iterdir())
            found += [Snapshot(folder.name, _moment(path.name), path) for path in files[: most or None]]
    return sorted(found, key=lambda one: (one.moment, one.feed))


def title_edits() -> dict[str, list[tuple[str, str]]]:
    """The headline edits listed with the data, by snapshot: guid and new headline."""
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
    """Assigns items to stories, in order of time."""

    stories: int = 0
    guids: dict[tuple[str, str], int] = field(default_factory=dict)
    links: dict[str, int] = field(default_factory=dict)

    def story(self, feed: str, item: Item) -> tuple[int, bool]:
        """The number of the item's story, and whether it is new."""
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
    """New if the key was not seen. `keep`: how many keys are kept, given the number of items in the feed."""
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
    """New if newer than the newest date seen."""
    newest = datetime.min.replace(tzinfo=UTC)

    def look(items: list[Item]) -> list[Item]:
        nonlocal newest
        new = [item for item in items if (_date(item) or newest) > newest]
        newest = max([newest, *(date for date in map(_date, items) if date)])
        return new

    return look


def by_last_id() -> Strategy:
    """New if above the item that was first in the last update."""
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


#: Common strategies; a new one is made for each feed.
STRATEGIES: dict[str, Callable[[], Strategy]] = {
    "newer than the newest date": by_date,
    "above the last seen id": by_last_id,
    "link": lambda: by_key(lambda item: item.link),
    "title": lambda: by_key(lambda item: item.title),
    "content hash": lambda: by_key(_content),
    "guid or link, last 2x items kept": lambda: by_key(
        lambda item: item.guid or item.link, lambda n: max(2 * n, 100)
    ),
}


@dataclass
class Score:
    """How many stories were posted again, and how many never."""

    stories: int = 0  #: published after each feed's first update
    repeated: int = 0
    lost: int = 0


def score(strategy: str, looks: Sequence[Snapshot], read: dict[str, list[Item]]) -> Score:
    """The score of a strategy; the first update of each feed posts nothing."""
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
    """The items of each snapshot, with its name."""
    for look in looks:
        yield look.name, look.items()
