"""The sample stories of the Sandbox Gazette, read from `stories/`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STORIES_FOLDER = Path(__file__).parent / "stories"
FILES = {"en": "english.toml", "my": "burmese.toml"}
MYANMAR_DIGITS = str.maketrans("0123456789", "၀၁၂၃၄၅၆၇၈၉")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleStory:
    """An invented story as plain text, with the correction that it may get later."""

    slug: str
    section: str
    headline: str
    standfirst: str
    byline: str
    note: str  #: the correction note under the story
    paragraphs: tuple[str, ...]
    tags: tuple[str, ...] = ()
    thread: str = ""  #: stories of one thread continue one another
    corrected_headline: str = ""
    corrected_standfirst: str = ""


@dataclass(frozen=True, slots=True)
class StoryCollection:
    """The stories of one language: the written ones in order, then generated reports without end."""

    language: str
    stories: tuple[SampleStory, ...]
    reports: tuple[SampleStory, ...]  #: patterns with fields such as {place}
    figures: Mapping[str, tuple[str, ...]]

    def get_story(self, number: int) -> SampleStory:
        """The story with this number, from 0; after the written ones a generated report, each different."""
        if number < len(self.stories):
            return self.stories[number]
        count = number - len(self.stories)
        return self._fill_report(self.reports[count % len(self.reports)], count + 1)

    def _fill_report(self, pattern: SampleStory, number: int) -> SampleStory:
        digits = MYANMAR_DIGITS if self.language == "my" else {}
        words = {name: values[number * 7 // 3 % len(values)] for name, values in self.figures.items()}
        figures = {"number": number, "level": 180 + number * 53 % 240, "change": 2 + number * 5 % 17}
        words |= {name: str(value).translate(digits) for name, value in figures.items()}

        def fill_text(text: str) -> str:
            return text.format_map(words)

        return SampleStory(
            slug=f"{pattern.slug}-{number}",
            section=pattern.section,
            headline=fill_text(pattern.headline),
            standfirst=fill_text(pattern.standfirst),
            byline=pattern.byline,
            note=pattern.note,
            paragraphs=tuple(map(fill_text, pattern.paragraphs)),
            tags=pattern.tags,
            corrected_headline=fill_text(pattern.corrected_headline),
            corrected_standfirst=fill_text(pattern.corrected_standfirst),
        )


def load_collections() -> dict[str, StoryCollection]:
    """The collections by language tag."""
    return {language: _load_collection(language, STORIES_FOLDER / name) for language, name in FILES.items()}


def _load_collection(language: str, path: Path) -> StoryCollection:
    written = tomllib.loads(path.read_text("utf-8"))
    return StoryCollection(
        language,
        tuple(map(_parse_story, written["story"])),
        tuple(map(_parse_story, written["report"])),
        {name: tuple(values) for name, values in written["figures"].items()},
    )


def _parse_story(written: Mapping[str, Any]) -> SampleStory:
    fields = dict(written)
    paragraphs = tuple(part.strip() for part in fields.pop("text").strip().split("\n\n"))
    return SampleStory(paragraphs=paragraphs, tags=tuple(fields.pop("tags", ())), **fields)
