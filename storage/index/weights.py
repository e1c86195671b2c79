"""How much each kind of evidence counts: every number that ranking, the floor and stories use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """Chosen on ECB+ Train (alone and among distractors), SIB-200's train and dev, and Reuters' headlines.

    `benchmarks/related/tune.py` (seed 5) tries each around its value; docs/related.md says what was seen.
    """

    k1: float = 1.2  #: BM25: how soon repeating a word stops counting
    b: float = 0.85  #: BM25: how much a long article is held back
    terms: int = 50  #: the best terms of a question that are looked up
    terms_at_least: int = 8  #: so many in any case, and then as long as there are no more than
    reading: int = 25_000  #: postings to read
    names: float = 1.0  #: what a name counts beside a word
    looked_at: int = 40  #: the best answers that are looked at more closely
    apart: float = 1.0  #: there: what being alike in what sets these apart counts
    near: int = 3  #: there: the very best, who point to others
    near_share: float = 0.8  #: there: what their pointing counts, where we are sure
    near_share_unsure: float = 0.25  #: and where we are not
    sure_of: int = 5  #: there: the best answers that tell whether we are sure
    sure_at: float = 0.45  #: the likeness, in the mean of those, at which we are
    sure_power: float = 3.0  #: how soon we are not, below it
    title_times: int = 2  #: how often the title counts
    lead_times: int = 2  #: how often the lead of a long article counts
    lead: int = 250  #: characters of the lead
    body_long: int = 500  #: characters from which the lead counts more
    lasting: float = 0.5  #: the part of a score that age does not take
    days: float = 30.0  #: in which the rest falls to 1/e
    floor: float = 0.05  #: the likeness below which nothing is ranked
    shown_floor: float = 0.12  #: the likeness below which readers are told that nothing is related
    all_terms: float = 0.25  #: search: the bonus where every word of the question is there
    enough: float = 0.5  #: search: the part of what the best answer has that every answer must have


TUNED = Weights()
