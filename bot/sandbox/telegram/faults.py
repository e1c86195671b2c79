"""What goes wrong on the way? Faults, scripted one by one or drawn with a handed-in chance.

A fault says two things: when the request is applied (at once, never, or late, after the connection has
died), and what the caller sees of it.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Sees(StrEnum):
    """What the caller gets."""

    ANSWER = "answer"  #: the true answer
    FLOOD = "flood"  #: a 429
    ERROR = "error"  #: a 500 in JSON
    REFUSAL = "refusal"  #: a no of Telegram's, with the fault's own status and description
    GATEWAY = "gateway"  #: a proxy's 502 in HTML
    CLOSED = "closed"  #: the connection is closed without an answer
    RESET = "reset"  #: the connection is reset
    TRUNCATED = "truncated"  #: half of the answer, then the connection is closed
    SILENCE = "silence"  #: nothing, until the caller gives up


class Applied(StrEnum):
    """Whether the request does what it asks for."""

    YES = "yes"
    NO = "no"
    LATE = "late"  #: `seconds` after the caller saw the connection die


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong. `seconds`: waited before applying, said in a 429, or until applied late."""

    sees: Sees = Sees.ANSWER
    applied: Applied = Applied.YES
    seconds: float = 0.0
    status: int = 0  #: of a refusal
    description: str = ""  #: of a refusal, as the Bot API says it: "Bad Request: TOPIC_CLOSED"


def refused(status: int, description: str) -> Fault:
    """Telegram says no, in these words."""
    return Fault(Sees.REFUSAL, Applied.NO, status=status, description=description)


FLOOD = Fault(Sees.FLOOD, Applied.NO, 3)
ERROR_500 = Fault(Sees.ERROR, Applied.NO)
ERROR_500_APPLIED = Fault(Sees.ERROR)
GATEWAY_502 = Fault(Sees.GATEWAY, Applied.NO)
GATEWAY_502_APPLIED = Fault(Sees.GATEWAY)
TIMEOUT = Fault(Sees.SILENCE, Applied.NO)
TIMEOUT_APPLIED = Fault(Sees.SILENCE)
CLOSED = Fault(Sees.CLOSED, Applied.NO)
CLOSED_APPLIED = Fault(Sees.CLOSED)
RESET = Fault(Sees.RESET, Applied.NO)
RESET_APPLIED = Fault(Sees.RESET)
TRUNCATED = Fault(Sees.TRUNCATED)
LATE = Fault(Sees.CLOSED, Applied.LATE, 10)
SLOW = Fault(seconds=2)

#: By name, for the control interface: `{"fault": "late", "seconds": 5}`.
NAMED = {
    "flood": FLOOD,
    "error_500": ERROR_500,
    "error_500_applied": ERROR_500_APPLIED,
    "gateway_502": GATEWAY_502,
    "gateway_502_applied": GATEWAY_502_APPLIED,
    "timeout": TIMEOUT,
    "timeout_applied": TIMEOUT_APPLIED,
    "closed": CLOSED,
    "closed_applied": CLOSED_APPLIED,
    "reset": RESET,
    "reset_applied": RESET_APPLIED,
    "truncated": TRUNCATED,
    "late": LATE,
    "slow": SLOW,
}
SPARED = frozenset({"getupdates", "getme"})  #: never met by a random fault unless named


@dataclass(slots=True)
class _Script:
    fault: Fault
    times: int
    methods: frozenset[str]
    chat_id: str
    skip: int


@dataclass(frozen=True, slots=True)
class _Lot:
    share: float
    faults: tuple[Fault, ...]
    methods: frozenset[str]


class Faults:
    """What will go wrong, and how often. Scripted faults come first, in the order they were given."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._scripts: list[_Script] = []
        self._lots: list[_Lot] = []
        self.latency = 0.0  #: seconds before every request is looked at
        self.met = 0  #: how many requests met a fault

    def script(
        self,
        fault: Fault | str,
        *,
        times: int = 1,
        methods: Sequence[str] = (),
        chat_id: int | str = "",
        skip: int = 0,
        seconds: float | None = None,
    ) -> None:
        """The next `times` requests (of these methods, to this chat, after `skip` others) meet `fault`.

        A name of `NAMED`, or "400 Bad Request: TOPIC_CLOSED" for a refusal in these words.
        """
        names = frozenset(method.lower() for method in methods)
        self._scripts.append(_Script(_named(fault, seconds), times, names, str(chat_id), skip))

    def at_random(
        self, share: float, faults: Sequence[Fault | str] = (), *, methods: Sequence[str] = ()
    ) -> None:
        """From now on a `share` (0 to 1) of the requests meets one of `faults` (all kinds where empty)."""
        names = frozenset(method.lower() for method in methods)
        chosen = tuple(_named(fault, None) for fault in (faults or tuple(NAMED)))
        self._lots.append(_Lot(share, chosen, names))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._scripts.clear()
        self._lots.clear()
        self.latency = 0.0

    def pick(self, method: str, chat_id: str) -> Fault | None:
        """What this request meets; None for nothing."""
        fault = self._scripted(method, chat_id) or self._drawn(method)
        if fault:
            self.met += 1
        return fault

    def _scripted(self, method: str, chat_id: str) -> Fault | None:
        for script in self._scripts:
            if script.methods and method not in script.methods:
                continue
            if script.chat_id and script.chat_id != chat_id:
                continue
            if not script.methods and method in SPARED:
                continue
            if script.skip > 0:
                script.skip -= 1
                continue
            script.times -= 1
            if script.times <= 0:
                self._scripts.remove(script)
            return script.fault
        return None

    def _drawn(self, method: str) -> Fault | None:
        for lot in self._lots:
            concerned = method in lot.methods if lot.methods else method not in SPARED
            if concerned and self._chance.random() < lot.share:
                return self._chance.choice(lot.faults)
        return None


def _named(fault: Fault | str, seconds: float | None) -> Fault:
    if isinstance(fault, str):
        status, _, description = fault.partition(" ")
        if fault not in NAMED and not (status.isdigit() and description):
            raise ValueError(f"no fault is called {fault!r}: {', '.join(NAMED)}")
        fault = NAMED[fault] if fault in NAMED else refused(int(status), description)
    return fault if seconds is None else replace(fault, seconds=seconds)
