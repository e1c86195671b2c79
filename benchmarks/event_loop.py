"""Measures stalls of an event loop, and whether its own work, other threads or other processes cause them."""

import asyncio
import sys
import threading
import time
import traceback
from dataclasses import astuple, dataclass
from pathlib import Path

BEAT = 0.002  #: seconds
#: Seconds; the stack is printed for a beat that is later, without the time waiting for a core.
LONG = 0.05


@dataclass(frozen=True, slots=True)
class Beat:
    """The delay of a heartbeat, in seconds."""

    late: float
    unqueued: float  #: without the time that the loop's thread waited for a core
    own: float  #: the CPU time that the loop's thread used


class Heart:
    """A heartbeat on the event loop of the main thread; prints the stack of the loop during long delays."""

    def __init__(self) -> None:
        self.beats: list[Beat] = []
        self._began = time.perf_counter()
        self._loop_thread = threading.get_ident()
        self._seen = ""

    async def beat(self) -> None:
        """Beat until cancelled, while a thread records the stack of the loop whenever a beat is late."""
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(over,), daemon=True)
        watcher.start()
        try:
            while True:
                self._began, cpu, queued = time.perf_counter(), time.thread_time(), _queued()
                await asyncio.sleep(BEAT)
                late = time.perf_counter() - self._began - BEAT
                seen, self._seen = self._seen, ""
                unqueued = max(0.0, late - (_queued() - queued))
                self.beats.append(Beat(late, unqueued, time.thread_time() - cpu))
                if unqueued > LONG:
                    print(f"{late * 1e3:.0f} ms late, {unqueued * 1e3:.0f} without waiting, at:\n{seen}")
        finally:
            over.set()

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(LONG / 5):
            if time.perf_counter() - self._began > LONG and not self._seen:
                frame = sys._current_frames().get(self._loop_thread)
                self._seen = "".join(traceback.format_stack(frame)[-4:])

    def worst(self) -> Beat:
        """The largest delay of all beats, of each kind."""
        return Beat(*(max(ways) for ways in zip(*map(astuple, self.beats), strict=True)))


def _queued() -> float:
    """Seconds that the main thread has waited for a core (Linux); 0 on other systems."""
    try:
        return int(Path("/proc/self/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
