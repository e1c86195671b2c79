"""The measurements: each function queries a system with texts, and returns a value for each query."""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.related import material, measures
from benchmarks.related.material import Text
from benchmarks.related.systems import WHEN, System, arrival
from jobs.publish.story_clustering import RULES, ClusteringRules, choose_story
from storage.index import Index
from storage.index.weights import TUNED
from storage.records import Article, ArticleState
from storage.stories import CANDIDATE_COUNT, rank_candidates

#: Wraps the queries to show progress.
Track = Callable[[Sequence[int]], Iterable[int]]


@dataclass
class Figures:
    """The values of one system for each query, and the milliseconds that each took."""

    system: str
    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    milliseconds: list[float] = field(default_factory=list)

    def mean(self, measure: str) -> float:
        return float(np.mean(self.values[measure]))

    def quantile(self, share: float) -> float:
        return float(np.quantile(self.milliseconds, share))


def groups_of(texts: Sequence[Text]) -> dict[str, set[int]]:
    """The positions of the texts of each group."""
    groups: dict[str, set[int]] = defaultdict(set)
    for position, text in enumerate(texts):
        if text.group:
            groups[text.group].add(position)
    return groups


def events(
    system: System, texts: Sequence[Text], asked: Sequence[int], track: Track, depth: int = 50
) -> Figures:
    """nDCG@5 and MAP (to `depth`) of the texts on the same event, for each text in `asked`."""
    groups, figures = groups_of(texts), Figures(system.name)
    for position in track(asked):
        start = time.perf_counter()
        found = list(map(str, system.related(position, depth)))
        figures.milliseconds.append((time.perf_counter() - start) * 1000)
        wanted = {str(at) for at in groups[texts[position].group] - {position}}
        figures.values["nDCG@5"].append(measures.ndcg(found, wanted))
        figures.values["MAP"].append(measures.average_precision(found, wanted))
    return figures


def topics(system: System, texts: Sequence[Text], asked: Sequence[int], track: Track) -> Figures:
    """P@5 of texts on the same topic; for numbered texts, MRR of a neighbor in the same article."""
    groups, figures = groups_of(texts), Figures(system.name)
    place = {text.name: position for position, text in enumerate(texts)}
    for position in track(asked):
        text = texts[position]
        found = list(map(str, system.related(position, 200)))
        wanted = {str(at) for at in groups[text.group] - {position}}
        figures.values["P@5"].append(measures.precision(found, wanted))
        if text.name.isdigit():
            beside = (place.get(str(int(text.name) + step)) for step in (-2, -1, 1, 2))
            near = {str(at) for at in beside if at is not None and texts[at].group == text.group}
            if near:
                figures.values["MRR"].append(measures.reciprocal_rank(found, near))
    return figures


def headlines(system: System, texts: Sequence[Text], asked: Sequence[int], track: Track) -> Figures:
    """MRR@10 of the body of each headline, by search; only bodies are indexed."""
    figures = Figures(system.name)
    system.fill([Text(text.name, "", text.body, language=text.language) for text in texts])
    for position in track(asked):
        start = time.perf_counter()
        found = list(map(str, system.find(texts[position].title, 10)))
        figures.milliseconds.append((time.perf_counter() - start) * 1000)
        figures.values["MRR@10"].append(measures.reciprocal_rank(found, {str(position)}))
    return figures


def stream(texts: Sequence[Text], seed: int, rules: ClusteringRules = RULES) -> tuple[list[int], list[str]]:
    """The stories of texts that arrive one by one in random order, and their true events."""
    order = list(range(len(texts)))
    random.Random(seed).shuffle(order)
    index = Index(None, TUNED)
    story_of: dict[int, int] = {}
    for number, position in enumerate(order):
        arrived = arrival(number, texts[position])
        index.add([arrived])
        found = index.find_neighbourhood(arrived.id, CANDIDATE_COUNT)
        near = rank_candidates(found, {article: (story_of[article], WHEN) for article in found.articles[1:]})
        chosen = choose_story(_article(arrived.id, texts[position]), near, rules)
        story_of[arrived.id] = arrived.id if chosen is None else chosen
    return [story_of[number + 1] for number in range(len(order))], [texts[at].group for at in order]


def average_link(texts: Sequence[Text], least: float) -> list[int]:
    """Clusters by average linkage over the same similarities, with all texts at once."""
    index = Index(None, TUNED)
    index.add(arrival(at, text) for at, text in enumerate(texts))
    alike = np.zeros((len(texts), len(texts)))
    for at in range(len(texts)):
        for hit in index.find_related(at + 1, 40):
            other = hit.article_id - 1
            alike[at, other] = alike[other, at] = max(alike[at, other], hit.score)
    np.fill_diagonal(alike, -1)
    cluster = {at: [at] for at in range(len(texts))}
    while True:
        one, other = divmod(int(alike.argmax()), len(texts))
        if alike[one, other] < least:
            break
        sizes = len(cluster[one]), len(cluster[other])
        alike[one] = (alike[one] * sizes[0] + alike[other] * sizes[1]) / sum(sizes)
        alike[:, one] = alike[one]
        alike[other], alike[:, other], alike[one, one] = -1, -1, -1
        cluster[one] += cluster.pop(other)
    return [next(name for name, members in cluster.items() if at in members) for at in range(len(texts))]


def k_means(texts: Sequence[Text], seed: int) -> list[int]:
    """Clusters by K-means over TF-IDF of one to three words, given the number of events.

    This is the first step of cross-document coreference on ECB+: Barhom et al., ACL 2019,
    `cluster_topics.py`.
    """
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import TfidfVectorizer

    weigh = TfidfVectorizer(max_df=0.5, min_df=3, ngram_range=(1, 3), stop_words="english")
    weighed = weigh.fit_transform([text.body for text in texts])
    events = len({text.group for text in texts})
    return [int(each) for each in KMeans(events, n_init=20, random_state=seed).fit_predict(weighed)]


def twins_apart(found: Sequence[int], events_of: Sequence[str]) -> float:
    """Of the pairs of texts on twin events (two events of one topic), the share in different stories."""
    apart = total = 0
    for one in range(len(found)):
        for other in range(one):
            same_topic = events_of[one].split("_")[0] == events_of[other].split("_")[0]
            if same_topic and events_of[one] != events_of[other]:
                total += 1
                apart += found[one] != found[other]
    return apart / total if total else 1.0


def replies(found: Sequence[int], events_of: Sequence[str]) -> tuple[float, float]:
    """Precision and recall of replies.

    Precision: of the posts that reply to their story's last one, the share on the same event. Recall: of the
    posts with an earlier one on their event, the share that reply to one on it.
    """
    last: dict[int, str] = {}
    met: set[str] = set()
    made = right = possible = 0
    for story, event in zip(found, events_of, strict=True):
        made += story in last
        right += last.get(story) == event
        possible += event in met
        last[story] = event
        met.add(event)
    return right / max(made, 1), right / max(possible, 1)


def _article(number: int, text: Text) -> Article:
    return Article(
        id=number, url="", title=text.title, summary=text.body, text="", author="", sections=(),
        language=text.language, image_url="", image_width=0, published_at=WHEN, revised_at=None, seen_at=WHEN,
        revision=1, duplicate_of=None, story_id=None, state=ArticleState.LIVE,
        backfill=False, planned_at=None, page_read_at=None, withdrawn_because="",
    )  # fmt: skip


def sample(count: int, of: int, seed: int = 5) -> list[int]:
    """At most `count` positions of `of`, the same in every run."""
    return list(range(of)) if of <= count else sorted(random.Random(seed).sample(range(of), count))


__all__ = [
    "Figures",
    "average_link",
    "events",
    "headlines",
    "k_means",
    "material",
    "replies",
    "sample",
    "stream",
    "topics",
    "twins_apart",
]
