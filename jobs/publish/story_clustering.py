"""Which story does an arriving article continue, and what does it say again? Pure: the nearest articles in.

One article at a time, and never again: no story that readers have seen is put together anew. On ECB+ Train
in random order that comes within a few points of an average-link clustering that sees everything at once
(docs/related.md).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from storage.index.explain import Explanation
from storage.records import Article
from storage.stories import StoryCandidate
from storage.text.normalize import normalize_text


@dataclass(frozen=True, slots=True)
class ClusteringRules:
    """When an article belongs to a story, and what repeats another.

    `alike`, `most` and `apart` were chosen on ECB+ Train (`benchmarks/related/tune.py`, seed 5), alone and
    among others, where more of the replies are right at 0.25 than at the best clustering; the others by hand,
    on the cautious side.
    """

    alike: float = 0.25  #: the likeness to a story from which an article joins it
    most: int = 5  #: the likest articles of a story whose mean counts as much as the likest of all
    apart: float = 0.55  #: and the part of the likeness among these that it must reach: or it is a twin's
    days: float = 14.0  #: a story that was silent for longer is over
    compared: float = 0.5  #: the likeness from which two articles are compared word for word
    nearly: float = 0.75  #: the likeness from which two articles say nearly the same
    inside: float = 0.6  #: the part of what an article says that another says too, which makes it its summary
    repeats_within: timedelta = timedelta(hours=6)  #: what says the same later is said for today
    letters: int = 60  #: of a text that is too long to be said twice by chance


RULES = ClusteringRules()


def choose_story(
    article: Article, nearest: Sequence[StoryCandidate], rules: ClusteringRules = RULES
) -> int | None:
    """The story that the article joins; None where it starts one.

    Twin events (two quakes on one coast) are alike, but less so than the articles on each of them.
    """
    stories: dict[int, list[StoryCandidate]] = {}
    for near in nearest:
        if near.story_id is not None and _in_time(article, near, rules):
            stories.setdefault(near.story_id, []).append(near)
    likeness = {story: _story_likeness(some, rules) for story, some in stories.items()}
    fitting = [
        story
        for story, alike in likeness.items()
        if alike >= max(rules.alike, rules.apart * _story_cohesion(stories[story]))
    ]
    return max(fitting, key=lambda story: (likeness[story], story), default=None)


def find_repeated(
    article: Article, others: Sequence[Article], rules: ClusteringRules = RULES
) -> Article | None:
    """The first of the others that the article repeats."""
    return next((other for other in others if is_repetition(article, other, rules)), None)


def is_repetition(article: Article, other: Article, rules: ClusteringRules = RULES) -> bool:
    """Whether both say the very same: headline, standfirst and text, but for case, marks and spaces.

    Nothing less will do, since what repeats is not posted: one number, one name or a "not" makes another
    article. Nor does a short text, or one that comes back hours later: "The morning's news" is new each day.
    """
    if article.id == other.id or abs(article.published_at - other.published_at) > rules.repeats_within:
        return False
    if any(
        mine[_MAX_COMPARED:] != theirs[_MAX_COMPARED:]
        for mine, theirs in zip(_article_parts(article), _article_parts(other), strict=True)
    ):
        return False
    said = _comparable_words(article)
    return sum(map(len, said)) >= rules.letters and said == _comparable_words(other)


class Relation(StrEnum):
    """What an article is to another."""

    REPEATS = "repeats"  #: word for word
    NEARLY = "nearly"  #: nearly the same: an agency's text, edited
    SUMMARY = "summary"  #: the other says most of what it says, and much more
    WHOLE = "whole"  #: the other is a summary of it
    RELATED = "related"
    UNRELATED = "stranger"


def classify_relation(one: Article, other: Article, evidence: Explanation, told: float) -> Relation:
    """What `one` is to `other`; below the likeness `told` there is none to speak of."""
    part, part_of_other, rules = evidence.part, evidence.part_of_other, RULES
    if is_repetition(one, other):
        return Relation.REPEATS
    if evidence.alike >= rules.nearly:
        return Relation.NEARLY
    if max(part, part_of_other) >= rules.inside and min(part, part_of_other) <= rules.inside / 2:
        return Relation.SUMMARY if part > part_of_other else Relation.WHOLE
    return Relation.RELATED if evidence.alike >= told else Relation.UNRELATED


def _story_likeness(some: Sequence[StoryCandidate], rules: ClusteringRules) -> float:
    likest = sorted((near.alike for near in some), reverse=True)[: rules.most]
    return (likest[0] + sum(likest) / len(likest)) / 2


def _story_cohesion(some: Sequence[StoryCandidate]) -> float:
    """How alike a story's articles are to each other, in the mean; 0 where there is but one."""
    alike = [one.others.get(other.article_id, 0.0) for one in some for other in some if one is not other]
    return sum(alike) / len(alike) if alike else 0.0


def _in_time(article: Article, near: StoryCandidate, rules: ClusteringRules) -> bool:
    return abs(article.published_at - near.published_at) <= timedelta(days=rules.days)


def _article_parts(article: Article) -> tuple[str, str, str]:
    return article.title, article.summary, article.text


def _comparable_words(article: Article) -> list[str]:
    """The words, without case and without the marks around them; a minus before a number stays."""
    text = normalize_text("\n".join(part[:_MAX_COMPARED] for part in _article_parts(article))).casefold()
    words = (word.strip(_PUNCTUATION) for word in text.split())
    return [word for word in words if any(unicodedata.category(letter)[0] in "LN" for letter in word)]


#: Characters of a text that are read word by word; behind them two texts must be the same letter for letter.
_MAX_COMPARED = 20_000
#: What stands around words; not what stands for something before or behind a number.
_PUNCTUATION = "\"'“”„‘’‚«»‹›()[]{}.,;:!?…¡¿၊။、。·•*_"
