"""The Sandbox Gazette's published stories and its schedule, as pure functions of a state and the time.

`open_newsroom` makes the first state, `run_next_step` takes the next step of the schedule, and
`publish_story`, `correct_story` and `withdraw_story` are an editor's actions. Each returns a new
`NewsroomState`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.sandbox.sample.sample_stories import SampleStory, StoryCollection

#: Stories on the site when it opens, by language: those that later stories continue.
INITIAL_STORIES = {"en": 14, "my": 8}
INITIAL_INTERVAL = timedelta(minutes=37)  #: between two initial stories of a language


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedStory:
    """A story on the site in its present version."""

    story: SampleStory
    language: str
    at: datetime
    corrected_at: datetime | None = None
    withdrawn_at: datetime | None = None

    @property
    def path(self) -> str:
        """Below the site's address."""
        return f"{self.language}/{self.story.slug}"

    @property
    def headline(self) -> str:
        return (self.corrected_at and self.story.corrected_headline) or self.story.headline

    @property
    def standfirst(self) -> str:
        return (self.corrected_at and self.story.corrected_standfirst) or self.story.standfirst

    @property
    def changed_at(self) -> datetime:
        """When the page changed last."""
        return self.withdrawn_at or self.corrected_at or self.at

    @property
    def is_live(self) -> bool:
        return self.withdrawn_at is None


@dataclass(frozen=True, slots=True)
class NewsroomState:
    """Everything published so far, oldest first, and how many steps of the schedule were taken."""

    collections: Mapping[str, StoryCollection]
    published: tuple[PublishedStory, ...] = ()
    steps_done: int = 0

    def newest_stories(self, language: str, count: int = 20) -> tuple[PublishedStory, ...]:
        """The live stories of a language, newest first."""
        live = [item for item in reversed(self.published) if item.is_live and item.language == language]
        return tuple(live[:count])

    def story_at(self, path: str) -> PublishedStory | None:
        """The story at `path`, withdrawn ones included."""
        return next((item for item in self.published if item.path == path), None)


def open_newsroom(collections: Mapping[str, StoryCollection], now: datetime) -> NewsroomState:
    """The state when the site opens, with some stories of the last hours."""
    state = NewsroomState(collections)
    plan = sorted(
        (now - INITIAL_INTERVAL * (count - number) - timedelta(minutes=11 * place), language)
        for place, (language, count) in enumerate(INITIAL_STORIES.items())
        if language in collections
        for number in range(count)
    )
    for at, language in plan:
        state = publish_story(state, at, language)
    return state


def publish_story(state: NewsroomState, now: datetime, language: str) -> NewsroomState:
    """Publish the next story of a language."""
    published_count = sum(item.language == language for item in state.published)
    item = PublishedStory(
        story=state.collections[language].get_story(published_count), language=language, at=now
    )
    return replace(state, published=(*state.published, item))


def correct_story(state: NewsroomState, now: datetime) -> NewsroomState:
    """Correct the newest story that has no correction yet; the same state if there is none."""
    return _update_newest(
        state,
        lambda item: item.is_live and item.corrected_at is None,
        lambda item: replace(item, corrected_at=now),
    )


def withdraw_story(state: NewsroomState, now: datetime) -> NewsroomState:
    """Withdraw the newest story; the same state if none is left."""
    return _update_newest(state, lambda item: item.is_live, lambda item: replace(item, withdrawn_at=now))


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


def run_next_step(state: NewsroomState, now: datetime) -> NewsroomState:
    """Take the next step of the schedule: mostly a new story, sometimes a correction or a withdrawal."""
    step = SCHEDULE[state.steps_done % len(SCHEDULE)]
    match step:
        case "correct":
            state = correct_story(state, now)
        case "withdraw":
            state = withdraw_story(state, now)
        case language:
            state = publish_story(state, now, language)
    return replace(state, steps_done=state.steps_done + 1)


def related_stories(state: NewsroomState, item: PublishedStory, count: int = 4) -> tuple[PublishedStory, ...]:
    """Live stories to link from `item`: of its thread first, then of its section, newest first."""
    others = [other for other in state.newest_stories(item.language, 1000) if other.path != item.path]
    same_thread = [o for o in others if item.story.thread and o.story.thread == item.story.thread]
    same_section = [o for o in others if o.story.section == item.story.section and o not in same_thread]
    return tuple([*same_thread, *same_section][:count])


def _update_newest(
    state: NewsroomState,
    fits: Callable[[PublishedStory], bool],
    changed: Callable[[PublishedStory], PublishedStory],
) -> NewsroomState:
    chosen = next((item for item in reversed(state.published) if fits(item)), None)
    if chosen is None:
        return state
    published = tuple(changed(item) if item is chosen else item for item in state.published)
    return replace(state, published=published)
