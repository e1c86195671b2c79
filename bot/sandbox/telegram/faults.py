"""What goes wrong on the way? Faults, scripted one by one or drawn with a handed-in chance.

A fault says two things: when the request is applied (at once, never, or late, after the connection has
died), and what the caller sees of it.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class FaultEffect(StrEnum):
    """What the caller gets."""

    ANSWER = "answer"  #: the true answer
    FLOOD = "flood"  #: a 429
    ERROR = "error"  #: a 500 in JSON
    API_ERROR = "refusal"  #: a no of Telegram's, with the fault's own status and description
    GATEWAY = "gateway"  #: a proxy's 502 in HTML
    CLOSED = "closed"  #: the connection is closed without an answer
    RESET = "reset"  #: the connection is reset
    TRUNCATED = "truncated"  #: half of the answer, then the connection is closed
    NO_ANSWER = "silence"  #: nothing, until the caller gives up


class Applied(StrEnum):
    """Whether the request does what it asks for."""

    YES = "yes"
    NO = "no"
    LATE = "late"  #: `seconds` after the caller saw the connection die


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong. `seconds`: waited before applying, said in a 429, or until applied late."""

    effect: FaultEffect = FaultEffect.ANSWER
    applied: Applied = Applied.YES
    seconds: float = 0.0
    status: int = 0  #: of a refusal
    description: str = ""  #: of a refusal, as the Bot API says it: "Bad Request: TOPIC_CLOSED"


def api_error_fault(status: int, description: str) -> Fault:
    """Telegram says no, in these words."""
    return Fault(FaultEffect.API_ERROR, Applied.NO, status=status, description=description)


FLOOD = Fault(FaultEffect.FLOOD, Applied.NO, 3)
ERROR_500 = Fault(FaultEffect.ERROR, Applied.NO)
ERROR_500_APPLIED = Fault(FaultEffect.ERROR)
GATEWAY_502 = Fault(FaultEffect.GATEWAY, Applied.NO)
GATEWAY_502_APPLIED = Fault(FaultEffect.GATEWAY)
TIMEOUT = Fault(FaultEffect.NO_ANSWER, Applied.NO)
TIMEOUT_APPLIED = Fault(FaultEffect.NO_ANSWER)
CLOSED = Fault(FaultEffect.CLOSED, Applied.NO)
CLOSED_APPLIED = Fault(FaultEffect.CLOSED)
RESET = Fault(FaultEffect.RESET, Applied.NO)
RESET_APPLIED = Fault(FaultEffect.RESET)
TRUNCATED = Fault(FaultEffect.TRUNCATED)
LATE = Fault(FaultEffect.CLOSED, Applied.LATE, 10)
SLOW = Fault(seconds=2)

#: By name, for the control interface: `{"fault": "late", "seconds": 5}`.
FAULTS_BY_NAME = {
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
EXEMPT_METHODS = frozenset({"getupdates", "getme"})  #: never met by a random fault unless named


@dataclass(slots=True)
class _ScriptedFault:
    fault: Fault
    times: int
    methods: frozenset[str]
    chat_id: str
    skip: int


@dataclass(frozen=True, slots=True)
class _RandomFault:
    probability: float
    faults: tuple[Fault, ...]
    methods: frozenset[str]


class FaultInjector:
    """What will go wrong, and how often. Scripted faults come first, in the order they were given."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._scripted_faults: list[_ScriptedFault] = []
        self._random: list[_RandomFault] = []
        self.latency = 0.0  #: seconds before every request is looked at
        self.injected_count = 0  #: how many requests met a fault

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
        self._scripted_faults.append(
            _ScriptedFault(_resolve_fault(fault, seconds), times, names, str(chat_id), skip)
        )

    def add_random(
        self, share: float, faults: Sequence[Fault | str] = (), *, methods: Sequence[str] = ()
    ) -> None:
        """From now on a `share` (0 to 1) of the requests meets one of `faults` (all kinds where empty)."""
        names = frozenset(method.lower() for method in methods)
        chosen = tuple(_resolve_fault(fault, None) for fault in (faults or tuple(FAULTS_BY_NAME)))
        self._random.append(_RandomFault(share, chosen, names))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._scripted_faults.clear()
        self._random.clear()
        self.latency = 0.0

    def pick_fault(self, method: str, chat_id: str) -> Fault | None:
        """What this request meets; None for nothing."""
        fault = self._next_scripted(method, chat_id) or self._draw_random(method)
        if fault:
            self.injected_count += 1
        return fault

    def _next_scripted(self, method: str, chat_id: str) -> Fault | None:
        for script in self._scripted_faults:
            if script.methods and method not in script.methods:
                continue
            if script.chat_id and script.chat_id != chat_id:
                continue
            if not script.methods and method in EXEMPT_METHODS:
                continue
            if script.skip > 0:
                script.skip -= 1
                continue
            script.times -= 1
            if script.times <= 0:
                self._scripted_faults.remove(script)
            return script.fault
        return None

    def _draw_random(self, method: str) -> Fault | None:
        for lot in self._random:
            concerned = method in lot.methods if lot.methods else method not in EXEMPT_METHODS
            if concerned and self._rng.random() < lot.probability:
                return self._rng.choice(lot.faults)
        return None


def _resolve_fault(fault: Fault | str, seconds: float | None) -> Fault:
    if isinstance(fault, str):
        status, _, description = fault.partition(" ")
        if fault not in FAULTS_BY_NAME and not (status.isdigit() and description):
            raise ValueError(f"no fault is called {fault!r}: {', '.join(FAULTS_BY_NAME)}")
        fault = (
            FAULTS_BY_NAME[fault] if fault in FAULTS_BY_NAME else api_error_fault(int(status), description)
        )
    return fault if seconds is None else replace(fault, seconds=seconds)
