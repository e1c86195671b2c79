"""A pool of warm worker processes that run pure functions by name, with a deadline and a memory cap.

A runaway regular expression holds the interpreter lock, so neither a thread nor a timeout in this process
could stop it; a process can be killed.
"""

import asyncio
import importlib
import os
import pickle
import resource
import signal
import struct
import sys
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from jobs.clock import Clock, with_timeout

_LENGTH = struct.Struct("!Q")
#: The longest result accepted from a worker.
_MAX_ANSWER_BYTES = 64_000_000
#: A worker that uses more than this share of its memory cap is replaced after the call.
_MAX_MEMORY_SHARE = 0.75
#: Real seconds after the deadline at which a worker exits by itself if its parent is gone.
_ORPHAN_TIMEOUT = 20
#: Workers yield to the event loop if all cores are busy.
_NICENESS = 5
#: The only environment variables passed to workers: no token, no password.
_PASSED_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A call without a result, and why, as part of a sentence."""

    reason: str


class WorkerPool:
    """At most `most` workers, started on demand and kept.

    A function is named `module:name`, imported by the worker, and takes and returns values that can be
    pickled. `deadline` is in seconds of the clock, `memory` in bytes of a worker's data segment.
    """

    def __init__(
        self, clock: Clock, *, most: int = 2, deadline: float = 8.0, memory: int = 256_000_000
    ) -> None:
        self._clock = clock
        self._deadline = deadline
        self._memory = memory
        self._slots = asyncio.Semaphore(most)
        self._low_priority_slots = asyncio.Semaphore(max(1, most - 1))
        self._idle: list[asyncio.subprocess.Process] = []
        self._all: set[asyncio.subprocess.Process] = set()

    async def call(self, function: str, *values: Any, low_priority: bool = False) -> Any | CallFailed:
        """Return the function's result, or `CallFailed` if it raised, died, or exceeded time or memory.

        Calls of low priority leave one worker, of several, to the others.
        """
        async with self._low_priority_slots if low_priority else nullcontext(), self._slots:
            try:
                child = self._idle.pop() if self._idle else await self._start_worker()
            except OSError as error:
                return CallFailed(f"no worker process could be started: {error.strerror}")
            try:
                answer, sound = await with_timeout(
                    self._clock, self._deadline, _call_worker(child, function, values)
                )
            except TimeoutError:
                answer, sound = CallFailed(f"it took longer than {self._deadline:g} s"), False
            except (OSError, EOFError, asyncio.IncompleteReadError, pickle.UnpicklingError):
                answer, sound = CallFailed("it took too much memory, or crashed its worker process"), False
            except BaseException:
                await self._kill_worker(child)
                raise
            if sound:
                self._idle.append(child)
            else:
                await self._kill_worker(child)
            return answer

    async def warm_up(self, function: str, *values: Any) -> None:
        """Start a worker and let it import what this call needs."""
        await self.call(function, *values)

    def worker_pids(self) -> list[int]:
        """The process ids of the running workers."""
        return [child.pid for child in self._all]

    async def close(self) -> None:
        """Kill all workers."""
        for child in list(self._all):
            await self._kill_worker(child)
        self._idle.clear()

    async def _start_worker(self) -> asyncio.subprocess.Process:
        root = str(Path(__file__).parents[2])
        environment = {name: os.environ[name] for name in _PASSED_ENVIRONMENT if name in os.environ}
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from jobs.ingest.worker_pool import main; main()",
            str(self._memory),
            str(int(self._deadline) + _ORPHAN_TIMEOUT),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment | {"PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1"},
        )
        self._all.add(child)
        return child

    async def _kill_worker(self, child: asyncio.subprocess.Process) -> None:
        self._all.discard(child)
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        if child.stdin is not None:
            child.stdin.close()


async def _call_worker(
    child: asyncio.subprocess.Process, function: str, values: tuple[Any, ...]
) -> tuple[Any, bool]:
    """The result, and whether the worker may be used again."""
    assert child.stdin is not None
    assert child.stdout is not None
    question = pickle.dumps((function, values))
    child.stdin.write(_LENGTH.pack(len(question)))
    child.stdin.write(question)
    await child.stdin.drain()
    [length] = _LENGTH.unpack(await child.stdout.readexactly(_LENGTH.size))
    if length > _MAX_ANSWER_BYTES:
        return CallFailed("its answer is too long"), False
    found: tuple[Any, bool] = pickle.loads(await child.stdout.readexactly(length))  # noqa: S301  # our own worker's
    return found


def main() -> None:
    """The worker's main loop: read a call, run it, write the result, until the input ends."""
    memory, orphaned = int(sys.argv[1]), int(sys.argv[2])
    os.nice(_NICENESS)
    with suppress(ValueError, OSError):  # a system without this limit still has the deadline
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C and kills its workers
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output printed by libraries must not mix with results
    while _answer_call(questions, answers, memory, orphaned):
        pass


def _answer_call(questions: BinaryIO, answers: BinaryIO, memory: int, orphaned: int) -> bool:
    head = questions.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return False
    signal.alarm(orphaned)
    function, values = pickle.loads(questions.read(_LENGTH.unpack(head)[0]))  # noqa: S301  # our parent's
    answer, sound = _run_function(function, values)
    sound = sound and _resident_bytes() < memory * _MAX_MEMORY_SHARE
    packed = pickle.dumps((answer, sound))
    signal.alarm(0)
    answers.write(_LENGTH.pack(len(packed)) + packed)
    answers.flush()
    return sound


def _resident_bytes() -> int:
    """The resident memory of this process, 0 if unknown.

    Not `ru_maxrss`: on Linux it includes the parent's memory from before exec.
    """
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * resource.getpagesize()


def _run_function(function: str, values: tuple[Any, ...]) -> tuple[Any, bool]:
    try:
        return _import_function(function)(*values), True
    except MemoryError:
        return CallFailed("it took too much memory"), False
    except Exception as error:  # any exception fails this document only
        return CallFailed(f"it failed ({type(error).__name__}: {str(error)[:200]})"), True


def _import_function(function: str) -> Callable[..., Any]:
    module, _, name = function.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found
