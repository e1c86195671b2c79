"""Modules and classes are named by the field's words, and one word has one meaning."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: Pictures for things that have a name in the field; docs/glossary.md has the names.
METAPHORS = {
    "aftermath", "bell", "box", "bury", "cloud", "courier", "debt", "deed", "desk", "gazette", "house",
    "journal", "keeper", "kin", "ledger", "pace", "parcel", "shelf", "stage", "telling",
}  # fmt: skip
#: Modules of these folders are named after the command that they are.
COMMANDS = ("bot/cli", "bot/commands")
#: Module names that stand in several folders, and the one meaning that each has there.
SHARED = {
    "__main__": "what `python -m` runs",
    "chats": "the chats that are known: ours in storage, Telegram's in the sandbox",
    "dispatcher": "hands work to those who do it, in order and within limits: an update, a delivery",
    "links": "URLs in text: which may be kept, how they are written, how the sandbox finds them",
    "model": "the types of what a library made: a parsed feed, an embedding",
    "pipeline": "the steps of one job in their order, as jobs.scheduler runs them",
    "proxies": "the proxies of the settings, and which one a host is reached by",
    "readers_key": "the key that encrypts private chats' ids: its setting, and what it opens",
    "results": "what a request may come to, as values: Telegram's, a site's",
    "search": "a reader's search: over the archive, and in the index beneath it",
}


def shipped_modules() -> Iterator[Path]:
    for package in ("bot", "jobs", "storage"):
        yield from sorted((ROOT / package).rglob("*.py"))


def split_name(name: str) -> set[str]:
    """`PostRenderer` and `post_renderer` to {"post", "renderer"}; a plural also in the singular."""
    words = {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}
    return words | {word.removesuffix("s") for word in words}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("PostRenderer", {"post", "renderer"}),
        ("http_server", {"http", "server"}),
        ("RSSItem", {"rss", "item"}),
    ],
)
def test_a_name_is_split_into_its_words(name: str, words: set[str]) -> None:
    assert words <= split_name(name)


def test_no_module_and_no_class_is_named_by_a_metaphor() -> None:
    found = set()
    for path in shipped_modules():
        inside = path.relative_to(ROOT)
        classes = (
            node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)
        )
        for name in (*inside.with_suffix("").parts, *classes):
            found |= {f"{inside}: {name}"} if split_name(name) & METAPHORS else set()
    assert found == set()


def test_a_module_name_that_stands_twice_has_one_meaning() -> None:
    places = defaultdict(list)
    for path in shipped_modules():
        inside = path.relative_to(ROOT)
        if path.stem != "__init__" and not inside.as_posix().startswith(COMMANDS):
            places[path.stem].append(inside.as_posix())
    twice = {name: where for name, where in places.items() if len(where) > 1}
    assert {name: where for name, where in twice.items() if name not in SHARED} == {}
    assert SHARED.keys() - twice.keys() == set(), "no longer shared: take it out of the list"
