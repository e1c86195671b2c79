"""Which story does an arriving article continue? Pure: the nearest articles in, a story or none out.

One article at a time, and never again: no story that readers have seen is put together anew. On ECB+ Train
in random order that comes within a few points of an average-link clustering that sees everything at once
(docs/related.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from storage.records import Article
from storage.stories import Near


@dataclass(frozen=True, slots=True)
class Rules:
    """When an article belongs to a story; tuned on ECB+ Train by `benchmarks/related/tune.py` (seed 5)."""

    alike: float = 0.22  #: the likeness to a story from which an article joins it
    most: int = 3  #: the likest articles of a story whose mean counts as much as the likest of all
    days: float = 14.0  #: a story that was silent for longer is over
    repeats: float = 0.75  #: the likeness from which one article says what the other said


RULES = Rules()


def choose(article: Article, nearest: Sequence[Near], rules: Rules = RULES) -> int | None:
    """The story that the article joins; None where it starts one."""
    liked: dict[int, list[float]] = {}
    for near in nearest:
        if near.story_id is not None and _in_time(article, near, rules):
            liked.setdefault(near.story_id, []).append(near.alike)
    best = max(liked, key=lambda story: (_likeness(liked[story], rules), story), default=None)
    return best if best is not None and _likeness(liked[best], rules) >= rules.alike else None


def repeated(article: Article, nearest: Sequence[Near], rules: Rules = RULES) -> int | None:
    """The article that this one says again: an agency's text printed twice, a live page and its summary."""
    said = [near for near in nearest if near.alike >= rules.repeats and _in_time(article, near, rules)]
    return max(said, key=lambda near: near.alike).article_id if said else None


def _likeness(alike: list[float], rules: Rules) -> float:
    likest = sorted(alike, reverse=True)[: rules.most]
    return (likest[0] + sum(likest) / len(likest)) / 2


def _in_time(article: Article, near: Near, rules: Rules) -> bool:
    return abs(article.published_at - near.published_at) <= timedelta(days=rules.days)
