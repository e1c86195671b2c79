"""How much each kind of evidence counts: every number that ranking, the floor and stories use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """Tuned on ECB+ Train alone by `benchmarks/related/tune.py` (seed 5); docs/related.md has the table."""

    k1: float = 1.2  #: BM25: how soon repeating a word stops counting
    b: float = 0.85  #: BM25: how much a long article is held back
    terms: int = 100  #: the best terms of a question that are looked up
    names: float = 1.0  #: what a name counts beside a word
    near: int = 3  #: the best answers that are asked in their turn
    near_share: float = 0.3  #: what their answers add
    looked_at: int = 100  #: the best answers that are ranked again with those
    title_times: int = 2  #: how often the title counts
    lead_times: int = 2  #: how often the lead of a long article counts
    lead: int = 400  #: characters of the lead
    body_long: int = 1500  #: characters from which the lead counts more
    lasting: float = 0.5  #: the part of a score that age does not take
    days: float = 30.0  #: in which the rest falls to 1/e
    floor: float = 0.08  #: below this nothing is related
    all_terms: float = 0.5  #: search: the bonus where every word of the question is there


TUNED = Weights()
