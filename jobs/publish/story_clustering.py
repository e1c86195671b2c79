"""Clusters articles into stories, and tells which article repeats another; pure.

The clustering is incremental: an article is assigned once, and stories that readers have seen are never
clustered again. On ECB+ Train in random order it comes within a few points of an average-link clustering of
the whole (docs/related.md).
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

    `alike`, `most` and `apart` were tuned on ECB+ Train (`benchmarks/related/tune.py`, seed 5), alone and
    among other articles: at 0.25 more replies are right than at the best clustering. The others were chosen
    by hand, cautiously.
    """

    alike: float = 0.25  #: the similarity to a story at which an article joins it
    most: int = 5  #: the most similar articles of a story whose mean counts as much as the most similar one
    apart: float = (
        0.55  #: the part of the similarity among these that it must also reach, or it belongs to a twin event
    )
    days: float = 14.0  #: a story without an article for longer is over
    compared: float = 0.5  #: the similarity at which two articles are compared word for word
    nearly: float = 0.75  #: the similarity at which two articles are nearly the same
    inside: float = 0.6  #: the part of an article that another contains, if it is a summary of that
    repeats_within: timedelta = timedelta(hours=6)  #: an article with the same words later is no repetition
    letters: int = 60  #: the length from which the same words are no coincidence


RULES = ClusteringRules()


def choose_story(
    article: Article, nearest: Sequence[StoryCandidate], rules: ClusteringRules = RULES
) -> int | None:
    """The story that the article joins; None if it starts one.

    Twin events (two quakes on one coast) are similar, but less so than the articles on each of them.
    """
    stories: dict[int, list[StoryCandidate]] = {}
    for near in nearest:
        if near.story_id is not None and _in_time(article, near, rules):
            stories.setdefault(near.story_id, []).append(near)
    similarity = {story: _story_similarity(some, rules) for story, some in stories.items()}
    fitting = [
        story
        for story, alike in similarity.items()
        if alike >= max(rules.alike, rules.apart * _story_cohesion(stories[story]))
    ]
    return max(fitting, key=lambda story: (similarity[story], story), default=None)


def find_repeated(
    article: Article, others: Sequence[Article], rules: ClusteringRules = RULES
) -> Article | None:
    """The first of the others that the article repeats; None for none."""
    return next((other for other in others if is_repetition(article, other, rules)), None)


def is_repetition(article: Article, other: Article, rules: ClusteringRules = RULES) -> bool:
    """Whether headline, standfirst and text are the same in both, except for case, punctuation and spaces.

    A repetition is not posted, so a different number, name or "not" makes another article; a short text and
    one that is repeated hours later are no repetition, either: "The morning's news" is new each day.
    """
    if article.id == other.id or abs(article.published_at - other.published_at) > rules.repeats_within:
        return False
    if any(
        mine[_MAX_COMPARED:] != theirs[_MAX_COMPARED:]
        for mine, theirs in zip(_article_parts(article), _article_parts(other), strict=True)
    ):
        return False
    words = _comparable_words(article)
    return sum(map(len, words)) >= rules.letters and words == _comparable_words(other)


class Relation(StrEnum):
    """What an article is to another."""

    REPEATS = "repeats"  #: word for word
    NEARLY = "nearly"  #: nearly the same, such as an edited agency text
    SUMMARY = "summary"  #: the other contains most of it, and much more
    WHOLE = "whole"  #: the other is a summary of it
    RELATED = "related"
    UNRELATED = "stranger"


def classify_relation(one: Article, other: Article, evidence: Explanation, told: float) -> Relation:
    """What `one` is to `other`; below the similarity `told` they are unrelated."""
    part, part_of_other, rules = evidence.part, evidence.part_of_other, RULES
    if is_repetition(one, other):
        return Relation.REPEATS
    if evidence.alike >= rules.nearly:
        return Relation.NEARLY
    if max(part, part_of_other) >= rules.inside and min(part, part_of_other) <= rules.inside / 2:
        return Relation.SUMMARY if part > part_of_other else Relation.WHOLE
    return Relation.RELATED if evidence.alike >= told else Relation.UNRELATED


def _story_similarity(some: Sequence[StoryCandidate], rules: ClusteringRules) -> float:
    highest = sorted((near.alike for near in some), reverse=True)[: rules.most]
    return (highest[0] + sum(highest) / len(highest)) / 2


def _story_cohesion(some: Sequence[StoryCandidate]) -> float:
    """The mean similarity of a story's articles to each other; 0 for a single one."""
    alike = [one.others.get(other.article_id, 0.0) for one in some for other in some if one is not other]
    return sum(alike) / len(alike) if alike else 0.0


def _in_time(article: Article, near: StoryCandidate, rules: ClusteringRules) -> bool:
    return abs(article.published_at - near.published_at) <= timedelta(days=rules.days)


def _article_parts(article: Article) -> tuple[str, str, str]:
    return article.title, article.summary, article.text


def _comparable_words(article: Article) -> list[str]:
    """The words without case and surrounding punctuation; a minus before a number stays."""
    text = normalize_text("\n".join(part[:_MAX_COMPARED] for part in _article_parts(article))).casefold()
    words = (word.strip(_PUNCTUATION) for word in text.split())
    return [word for word in words if any(unicodedata.category(letter)[0] in "LN" for letter in word)]


#: Characters of a text that are compared word by word; the rest must be identical.
_MAX_COMPARED = 20_000
#: Punctuation around words; not signs that mean something before or after a number.
_PUNCTUATION = "\"'“”„‘’‚«»‹›()[]{}.,;:!?…¡¿၊။、。·•*_"
