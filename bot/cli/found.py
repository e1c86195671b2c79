"""What trying one setting showed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """`wrong` says what to do, or is empty."""

    what: str
    good: str = ""
    wrong: str = ""
