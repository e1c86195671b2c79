"""The open data, read from `material/related`, where `make material FROM=folder` unpacks it."""

import html
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from jobs.ingest.content.language import detect_feed_language

ROOT = Path(__file__).parents[2] / "material" / "related"


@dataclass(frozen=True, slots=True)
class Text:
    """A document. `group`: the event, topic or section that related ones share. `title` may be ""."""

    name: str
    title: str
    body: str
    group: str = ""
    language: str = ""


def folder(name: str) -> Path:
    """The folder of a collection at any depth below `material/related`.

    Raises:
        FileNotFoundError: the collection is missing.
    """
    for place in (ROOT / name, ROOT / "related" / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"material/related/{name} is missing: run `make material FROM=folder` first.")


def ecb(split: str) -> list[Text]:
    """ECB+ "Train" or "Dev": the group is the event (`12_ecbplus`), the topic its number."""
    sentences: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for line in (folder("ecb") / f"{split}.txt").read_text(encoding="utf-8").splitlines():
        parts = line.split("\t")
        if len(parts) >= 4:
            sentences[parts[0]][parts[1]].append(parts[3])
    return [
        Text(name, "", " ".join(joined(tokens) for tokens in parts.values()), event_of(name), "en")
        for name, parts in sentences.items()
    ]


def event_of(name: str) -> str:
    """The event of a text: `12_ecbplus` for `12_3ecbplus`."""
    topic, rest = name.split("_", 1)
    return f"{topic}_{rest.lstrip('0123456789')}"


def joined(tokens: list[str]) -> str:
    """Tokens as running text: no space before closing punctuation or inside "90-day"."""
    text = " ".join(tokens).replace("`` ", '"').replace(" ''", '"').replace(" - ", "-")
    text = re.sub(r" ([.,;:!?%)\]]|'s\b|n't\b|'re\b|'ve\b|'ll\b|')", r"\1", text)
    return re.sub(r"([(\[$]) ", r"\1", text)


def sib(language: str) -> list[Text]:
    """The train and dev sentences of one language of SIB-200; the name is the index in FLORES.

    Their language is the one that a feed in it would have.
    """
    found: list[Text] = []
    for split in ("train", "dev"):
        lines = (folder("sib") / language / f"{split}.tsv").read_text(encoding="utf-8").splitlines()
        for line in lines[1:]:
            index, topic, text = line.split("\t", 2)
            found.append(Text(index, "", text, topic))
    tag = detect_feed_language(" ".join(text.body for text in found[:50]))
    return [replace(text, language=tag) for text in found]


def sib_languages() -> list[str]:
    """The available languages by their FLORES codes."""
    return sorted(path.name for path in folder("sib").iterdir())


def mm_news() -> list[Text]:
    """Burmese sentences of four sections as running text; the corpus separates words with underscores."""
    found = []
    for path in sorted(folder("mm_news").glob("*.txt")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            text = line.strip().replace("_", "")
            if text:
                found.append(Text(f"{path.stem}-{number}", "", text, path.stem, "my"))
    return found


def reuters() -> list[Text]:
    """The articles of Reuters-21578 that have a headline and a body."""
    return list(_reuters())


def _reuters() -> Iterator[Text]:
    for path in sorted((folder("reuters") / "data").glob("reut2-*.sgm")):
        content = path.read_text(encoding="latin-1")
        for match in re.finditer(r'NEWID="(\d+)".*?</REUTERS>', content, re.DOTALL):
            title = re.search(r"<TITLE>(.*?)</TITLE>", match[0], re.DOTALL)
            body = re.search(r"<BODY>(.*?)</BODY>", match[0], re.DOTALL)
            if title and body:
                yield Text(f"reuters-{match[1]}", _plain(title[1]), _plain(body[1]), language="en")


def _plain(text: str) -> str:
    text = re.sub(r"[\x00-\x08\x0b-\x1f]", "", html.unescape(text))
    return re.sub(r"\s+", " ", re.sub(r"\s*Reuter\s*$", "", text, flags=re.IGNORECASE)).strip()


def distractors(count: int, seed: int = 5) -> list[Text]:
    """`count` articles on none of the events: those of Reuters, then ones made of their sentences.

    A made article has random sentences of two or three articles of Reuters, 3 to 8 as in a short post. So it
    has real words and names at real frequencies, but no event.
    """
    real = reuters()
    if count <= len(real):
        return real[:count]
    chance = random.Random(seed)
    sentences = [re.split(r"(?<=[.!?]) (?=[A-Z])", text.body) for text in real]
    made = list(real)
    while len(made) < count:
        sources = chance.sample(range(len(real)), chance.choice((2, 3)))
        pool = [sentence for at in sources for sentence in sentences[at]]
        body = " ".join(chance.sample(pool, min(len(pool), chance.randint(3, 8))))
        made.append(Text(f"made-{len(made)}", real[sources[0]].title, body, language="en"))
    return made
