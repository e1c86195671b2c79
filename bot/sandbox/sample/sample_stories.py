"""The sample stories, read from `stories/`: what the Sandbox Gazette has to tell."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "stories"
FILES = {"en": "english.toml", "my": "burmese.toml"}
MYANMAR_DIGITS = str.maketrans("0123456789", "၀၁၂၃၄၅၆၇၈၉")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One invented story, as plain text, with the correction that it may get later."""

    slug: str
    section: str
    headline: str
    standfirst: str
    byline: str
    note: str  #: what the correction says, under the story
    paragraphs: tuple[str, ...]
    tags: tuple[str, ...] = ()
    thread: str = ""  #: stories of one thread continue one another
    corrected_headline: str = ""
    corrected_standfirst: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """All that one language has: its stories in their order, then reports without end."""

    language: str
    stories: tuple[Story, ...]
    reports: tuple[Story, ...]  #: patterns, with {place} and the like in them
    figures: Mapping[str, tuple[str, ...]]

    def story(self, number: int) -> Story:
        """The `number`th story from 0; behind the last written one a report, never the same twice."""
        if number < len(self.stories):
            return self.stories[number]
        count = number - len(self.stories)
        return self._filled(self.reports[count % len(self.reports)], count + 1)

    def _filled(self, pattern: Story, number: int) -> Story:
        digits = MYANMAR_DIGITS if self.language == "my" else {}
        words = {name: values[number * 7 // 3 % len(values)] for name, values in self.figures.items()}
        figures = {"number": number, "level": 180 + number * 53 % 240, "change": 2 + number * 5 % 17}
        words |= {name: str(value).translate(digits) for name, value in figures.items()}

        def fill(text: str) -> str:
            return text.format_map(words)

        return Story(
            slug=f"{pattern.slug}-{number}",
            section=pattern.section,
            headline=fill(pattern.headline),
            standfirst=fill(pattern.standfirst),
            byline=pattern.byline,
            note=pattern.note,
            paragraphs=tuple(map(fill, pattern.paragraphs)),
            tags=pattern.tags,
            corrected_headline=fill(pattern.corrected_headline),
            corrected_standfirst=fill(pattern.corrected_standfirst),
        )


def read_shelves() -> dict[str, Shelf]:
    """Every language's shelf, by its tag."""
    return {language: _read(language, FOLDER / name) for language, name in FILES.items()}


def _read(language: str, path: Path) -> Shelf:
    written = tomllib.loads(path.read_text("utf-8"))
    return Shelf(
        language,
        tuple(map(_story, written["story"])),
        tuple(map(_story, written["report"])),
        {name: tuple(values) for name, values in written["figures"].items()},
    )


def _story(written: Mapping[str, Any]) -> Story:
    fields = dict(written)
    paragraphs = tuple(part.strip() for part in fields.pop("text").strip().split("\n\n"))
    return Story(paragraphs=paragraphs, tags=tuple(fields.pop("tags", ())), **fields)
