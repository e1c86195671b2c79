"""Functions that workers run in tests."""

import os
import sys


def double(number: int) -> int:
    return 2 * number


def own_number() -> int:
    return os.getpid()


def run_away() -> None:
    while True:
        pass


def eat(size: int) -> int:
    return len(bytearray(size))


KEPT: list[bytes] = []


def keep(size: int) -> int:
    KEPT.append(b"x" * size)
    return len(KEPT[-1])


def die() -> None:
    os._exit(3)


def raise_it(reason: str) -> None:
    raise ValueError(reason)


def chatter() -> str:
    sys.stdout.write("noise\n" * 1000)
    sys.stdout.flush()
    os.write(1, b"more noise")
    return "quiet"


def environment() -> list[str]:
    return sorted(os.environ)
