"""Turns: how everything that runs in one process shares its interpreter and its memory."""

import ctypes
import gc
import sys
from asyncio import selector_events
from contextlib import suppress

#: Seconds that a thread may keep the interpreter when the loop wants it. Python's own 5 ms, once for every
#: system call, make stalls of 100 ms while looks are written down.
SWITCH_INTERVAL = 0.0005
#: How many new objects make Python look for dead circles, for each generation: a fan-out makes few and
#: pays a tenth of its time for the usual (700, 10, 10).
GC_THRESHOLDS = (20_000, 20, 100)
#: Bytes that the C library keeps when they are freed. Its own choice hands a question's arrays back to the
#: system and gets them again page by page, which is a fifth of the question's time.
MALLOC_THRESHOLD = 8 << 20
#: Bytes that are read from a socket at a time. Python's own 256 KB, sent as chunks of one byte each, keep
#: aiohttp's parser, and with it the event loop, for 100 ms.
SOCKET_READ_SIZE = 16_384
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # in glibc's malloc.h


def tune_interpreter() -> None:
    """Let nobody wait for long: for a collection, another thread, or memory that was just handed back."""
    gc.collect()
    gc.set_threshold(*GC_THRESHOLDS)
    gc.freeze()  # what is loaded by now stays: to look it through again halts everybody for some 70 ms
    sys.setswitchinterval(SWITCH_INTERVAL)
    with suppress(AttributeError):
        selector_events._SelectorSocketTransport.max_size = SOCKET_READ_SIZE  # type: ignore[attr-defined]
    with suppress(AttributeError, OSError):  # other systems' C libraries choose for themselves
        for what in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
            ctypes.CDLL(None).mallopt(what, MALLOC_THRESHOLD)
