"""What the Sandbox Gazette has published, and what it does next: pure, time handed in.

A desk is a value. `opening` lays out the morning's stories, `beat` does whatever is next on the schedule,
and `publish`, `correct` and `withdraw` are the three things that an editor can do; each returns a new desk.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.sandbox.sample.sample_stories import SampleStory, StoryCollection

#: Stories that are there when the site opens: the beginnings, so that what comes next continues them.
INITIAL_STORIES = {"en": 14, "my": 8}
INITIAL_INTERVAL = timedelta(minutes=37)  #: between two of those


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedStory:
    """A story on the site, as it reads now."""

    story: SampleStory
    language: str
    at: datetime
    corrected_at: datetime | None = None
    withdrawn_at: datetime | None = None

    @property
    def path(self) -> str:
        """Where it stands on the site."""
        return f"{self.language}/{self.story.slug}"

    @property
    def headline(self) -> str:
        return (self.corrected_at and self.story.corrected_headline) or self.story.headline

    @property
    def standfirst(self) -> str:
        return (self.corrected_at and self.story.corrected_standfirst) or self.story.standfirst

    @property
    def changed_at(self) -> datetime:
        """When the page last changed."""
        return self.withdrawn_at or self.corrected_at or self.at

    @property
    def is_live(self) -> bool:
        return self.withdrawn_at is None


@dataclass(frozen=True, slots=True)
class NewsroomState:
    """Everything published so far, oldest first, and how many beats the schedule has done."""

    collections: Mapping[str, StoryCollection]
    published: tuple[PublishedStory, ...] = ()
    steps_done: int = 0

    def newest_stories(self, language: str, count: int = 20) -> tuple[PublishedStory, ...]:
        """The live stories of a language, newest first."""
        live = [item for item in reversed(self.published) if item.is_live and item.language == language]
        return tuple(live[:count])

    def story_at(self, path: str) -> PublishedStory | None:
        """The story that stands, or stood, at `path`."""
        return next((item for item in self.published if item.path == path), None)


def open_newsroom(shelves: Mapping[str, StoryCollection], now: datetime) -> NewsroomState:
    """The desk as it is when the site opens: some stories of the last hours are there."""
    desk = NewsroomState(shelves)
    plan = sorted(
        (now - INITIAL_INTERVAL * (count - number) - timedelta(minutes=11 * place), language)
        for place, (language, count) in enumerate(INITIAL_STORIES.items())
        if language in shelves
        for number in range(count)
    )
    for at, language in plan:
        desk = publish_story(desk, at, language)
    return desk


def publish_story(desk: NewsroomState, now: datetime, language: str) -> NewsroomState:
    """The next story of a language goes on the site."""
    told = sum(item.language == language for item in desk.published)
    item = PublishedStory(story=desk.collections[language].get_story(told), language=language, at=now)
    return replace(desk, published=(*desk.published, item))


def correct_story(desk: NewsroomState, now: datetime) -> NewsroomState:
    """The newest story that was not yet corrected gets its correction; the same desk where there is none."""
    return _update_newest(
        desk,
        lambda item: item.is_live and item.corrected_at is None,
        lambda item: replace(item, corrected_at=now),
    )


def withdraw_story(desk: NewsroomState, now: datetime) -> NewsroomState:
    """The newest story is taken off the site; the same desk where none is left."""
    return _update_newest(desk, lambda item: item.is_live, lambda item: replace(item, withdrawn_at=now))


SCHEDULE = (
    "en",
    "my",
    "en",
    "correct",
    "en",
    "my",
    "en",
    "en",
    "my",
    "correct",
    "en",
    "my",
    "en",
    "withdraw",
)


def run_next_step(desk: NewsroomState, now: datetime) -> NewsroomState:
    """What comes next on the schedule: mostly a new story, now and then a correction or a withdrawal."""
    step = SCHEDULE[desk.steps_done % len(SCHEDULE)]
    match step:
        case "correct":
            desk = correct_story(desk, now)
        case "withdraw":
            desk = withdraw_story(desk, now)
        case language:
            desk = publish_story(desk, now, language)
    return replace(desk, steps_done=desk.steps_done + 1)


def related_stories(desk: NewsroomState, item: PublishedStory, count: int = 4) -> tuple[PublishedStory, ...]:
    """Older live stories to read beside `item`: of its thread first, then of its section, newest first."""
    others = [other for other in desk.newest_stories(item.language, 1000) if other.path != item.path]
    same_thread = [o for o in others if item.story.thread and o.story.thread == item.story.thread]
    same_section = [o for o in others if o.story.section == item.story.section and o not in same_thread]
    return tuple([*same_thread, *same_section][:count])


def _update_newest(
    desk: NewsroomState,
    fits: Callable[[PublishedStory], bool],
    changed: Callable[[PublishedStory], PublishedStory],
) -> NewsroomState:
    chosen = next((item for item in reversed(desk.published) if fits(item)), None)
    if chosen is None:
        return desk
    published = tuple(changed(item) if item is chosen else item for item in desk.published)
    return replace(desk, published=published)
