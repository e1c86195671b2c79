"""How late an event loop's beats are, and why: its own work, other threads, or other programs' cores."""

import asyncio
import sys
import threading
import time
import traceback
from dataclasses import astuple, dataclass
from pathlib import Path

BEAT = 0.002  #: seconds
#: A beat that is later than this, what others had of the cores left out, is looked into.
LONG = 0.05


@dataclass(frozen=True, slots=True)
class Beat:
    """How late a beat was, in seconds."""

    late: float
    unqueued: float  #: less the time that the loop's thread waited for a core
    own: float  #: the CPU time that the loop's thread used


class Heart:
    """Beats on the running event loop, in the main thread; tells of long beats what the loop did then."""

    def __init__(self) -> None:
        self.beats: list[Beat] = []
        self._began = time.perf_counter()
        self._loop_thread = threading.get_ident()
        self._seen = ""

    async def beat(self) -> None:
        """Beat until cancelled; a thread looks what the loop does whenever a beat does not come."""
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
                    print(f"{late * 1e3:.0f} ms late, {unqueued * 1e3:.0f} less the queue, at:\n{seen}")
        finally:
            over.set()

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(LONG / 5):
            if time.perf_counter() - self._began > LONG and not self._seen:
                frame = sys._current_frames().get(self._loop_thread)
                self._seen = "".join(traceback.format_stack(frame)[-4:])

    def worst(self) -> Beat:
        """The worst of all beats in each way."""
        return Beat(*(max(ways) for ways in zip(*map(astuple, self.beats), strict=True)))


def _queued() -> float:
    """Seconds that the main thread waited for a core so far; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
