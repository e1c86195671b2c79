"""Tunes the Python interpreter for short pauses: garbage collection, thread switches, memory."""

import ctypes
import gc
import sys
from asyncio import selector_events
from contextlib import suppress

#: Seconds that a thread may keep the GIL while the event loop waits for it. Python's default of 5 ms, paid at
#: every system call, stalls the loop for 100 ms while feed updates are stored.
SWITCH_INTERVAL = 0.0005
#: Thresholds of the garbage collector's generations. A fan-out creates few reference cycles, and would spend
#: a tenth of its time on collections with the default (700, 10, 10).
GC_THRESHOLDS = (20_000, 20, 100)
#: Bytes of freed memory that malloc keeps. By default it returns a query's arrays to the system and gets them
#: back page by page, which takes a fifth of the query's time.
MALLOC_THRESHOLD = 8 << 20
#: Bytes read from a socket at a time. Python's default of 256 KB, if a server sends it as chunks of one byte,
#: keeps aiohttp's parser, and so the event loop, busy for 100 ms.
SOCKET_READ_SIZE = 16_384
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # in glibc's malloc.h


def tune_interpreter() -> None:
    """Shorten the pauses of the event loop. Call it when everything is loaded."""
    gc.collect()
    gc.set_threshold(*GC_THRESHOLDS)
    gc.freeze()  # what is loaded stays; collecting it again would take some 70 ms
    sys.setswitchinterval(SWITCH_INTERVAL)
    with suppress(AttributeError):
        selector_events._SelectorSocketTransport.max_size = SOCKET_READ_SIZE  # type: ignore[attr-defined]
    with suppress(AttributeError, OSError):  # not glibc
        for what in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
            ctypes.CDLL(None).mallopt(what, MALLOC_THRESHOLD)
