"""Injects faults into requests, scripted one by one or drawn at random.

A fault says when the request is applied (at once, never, or late, after the connection broke) and what the
caller gets.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class FaultEffect(StrEnum):
    """What the caller gets."""

    ANSWER = "answer"  #: the regular answer
    FLOOD = "flood"  #: a 429
    ERROR = "error"  #: a 500 in JSON
    API_ERROR = "refusal"  #: an error of the Bot API with the fault's status and description
    GATEWAY = "gateway"  #: a 502 in HTML, as from a proxy
    CLOSED = "closed"  #: the connection is closed without an answer
    RESET = "reset"  #: the connection is reset
    TRUNCATED = "truncated"  #: the connection is closed after half of the answer
    NO_ANSWER = "silence"  #: nothing until the caller gives up


class Applied(StrEnum):
    """Whether the request takes effect."""

    YES = "yes"
    NO = "no"
    LATE = "late"  #: `seconds` after the connection broke


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault. `seconds`: the delay before it is applied (at once or late), or the `retry_after` of a 429."""

    effect: FaultEffect = FaultEffect.ANSWER
    applied: Applied = Applied.YES
    seconds: float = 0.0
    status: int = 0  #: of an API error
    description: str = ""  #: of an API error, such as "Bad Request: TOPIC_CLOSED"


def api_error_fault(status: int, description: str) -> Fault:
    """A fault that answers with this error of the Bot API."""
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

#: By name, for the control API: `{"fault": "late", "seconds": 5}`.
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
EXEMPT_METHODS = frozenset({"getupdates", "getme"})  #: spared by faults that name no methods


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
    """Decides which fault a request meets. Scripted faults come first, in the order they were added."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._scripted_faults: list[_ScriptedFault] = []
        self._random: list[_RandomFault] = []
        self.latency = 0.0  #: seconds before each request is handled
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
        """Let the next `times` requests (of these methods, to this chat, after `skip` others) meet `fault`.

        `fault` may be a name of `FAULTS_BY_NAME`, or an API error such as "400 Bad Request: TOPIC_CLOSED".
        """
        names = frozenset(method.lower() for method in methods)
        self._scripted_faults.append(
            _ScriptedFault(_resolve_fault(fault, seconds), times, names, str(chat_id), skip)
        )

    def add_random(
        self, share: float, faults: Sequence[Fault | str] = (), *, methods: Sequence[str] = ()
    ) -> None:
        """Let a `share` (0 to 1) of the requests meet one of `faults` (all if empty) from now on."""
        names = frozenset(method.lower() for method in methods)
        chosen = tuple(_resolve_fault(fault, None) for fault in (faults or tuple(FAULTS_BY_NAME)))
        self._random.append(_RandomFault(share, chosen, names))

    def clear(self) -> None:
        """Remove all faults and the latency."""
        self._scripted_faults.clear()
        self._random.clear()
        self.latency = 0.0

    def pick_fault(self, method: str, chat_id: str) -> Fault | None:
        """The fault of this request, or None."""
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
        for entry in self._random:
            concerned = method in entry.methods if entry.methods else method not in EXEMPT_METHODS
            if concerned and self._rng.random() < entry.probability:
                return self._rng.choice(entry.faults)
        return None


def _resolve_fault(fault: Fault | str, seconds: float | None) -> Fault:
    if isinstance(fault, str):
        status, _, description = fault.partition(" ")
        if fault not in FAULTS_BY_NAME and not (status.isdigit() and description):
            raise ValueError(f"{fault!r} is not a fault; the faults are {', '.join(FAULTS_BY_NAME)}")
        fault = (
            FAULTS_BY_NAME[fault] if fault in FAULTS_BY_NAME else api_error_fault(int(status), description)
        )
    return fault if seconds is None else replace(fault, seconds=seconds)
