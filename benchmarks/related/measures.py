"""Measures of rankings and clusterings, and the confidence interval of a difference."""

import math
from collections.abc import Sequence

import numpy as np


def ndcg(found: Sequence[str], wanted: set[str], depth: int = 5) -> float:
    """Normalized discounted cumulative gain of the first `depth`, from 0 to 1."""
    gain = sum(1 / math.log2(place + 2) for place, name in enumerate(found[:depth]) if name in wanted)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(depth, len(wanted))))
    return gain / ideal if ideal else 0.0


def average_precision(found: Sequence[str], wanted: set[str]) -> float:
    """The mean of the precision at each relevant result; those not found count as 0."""
    right, total = 0, 0.0
    for place, name in enumerate(found, start=1):
        if name in wanted:
            right += 1
            total += right / place
    return total / len(wanted) if wanted else 0.0


def precision(found: Sequence[str], wanted: set[str], depth: int = 5) -> float:
    """The share of relevant results among the first `depth`; missing results are not relevant."""
    return sum(name in wanted for name in found[:depth]) / depth


def reciprocal_rank(found: Sequence[str], wanted: set[str]) -> float:
    """One over the rank of the first relevant result; 0.0 if there is none."""
    return next((1 / place for place, name in enumerate(found, start=1) if name in wanted), 0.0)


def interval(
    ours: Sequence[float], theirs: Sequence[float], rounds: int = 2000, seed: int = 5
) -> tuple[float, float, float]:
    """The mean difference of paired values with the bounds of its 95 % bootstrap interval."""
    differences = np.asarray(ours) - np.asarray(theirs)
    chance = np.random.default_rng(seed)
    picked = chance.integers(0, len(differences), (rounds, len(differences)))
    means = differences[picked].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(differences.mean()), float(low), float(high)


def b_cubed(found: Sequence[int], wanted: Sequence[str]) -> tuple[float, float, float]:
    """B-cubed precision, recall and F1 of a clustering (Bagga and Baldwin 1998)."""
    pairs = list(zip(found, wanted, strict=True))
    together: dict[tuple[int, str], int] = {}
    clusters: dict[int, int] = {}
    groups: dict[str, int] = {}
    for cluster, group in pairs:
        together[cluster, group] = together.get((cluster, group), 0) + 1
        clusters[cluster] = clusters.get(cluster, 0) + 1
        groups[group] = groups.get(group, 0) + 1
    precise = sum(together[pair] / clusters[pair[0]] for pair in pairs) / len(pairs)
    complete = sum(together[pair] / groups[pair[1]] for pair in pairs) / len(pairs)
    return precise, complete, 2 * precise * complete / (precise + complete)


def v_measure(found: Sequence[int], wanted: Sequence[str]) -> float:
    """The harmonic mean of homogeneity and completeness (Rosenberg and Hirschberg 2007)."""
    clusters, groups = list(map(str, found)), list(wanted)
    joint = _entropy([f"{cluster}\x00{group}" for cluster, group in zip(clusters, groups, strict=True)])
    of_clusters, of_groups = _entropy(clusters), _entropy(groups)
    shared = of_clusters + of_groups - joint
    homogeneous = shared / of_groups if of_groups else 1.0
    complete = shared / of_clusters if of_clusters else 1.0
    return 2 * homogeneous * complete / (homogeneous + complete) if homogeneous + complete else 0.0


def _entropy(labels: Sequence[str]) -> float:
    counts = np.unique(np.asarray(labels), return_counts=True)[1] / len(labels)
    return float(-(counts * np.log(counts)).sum())
