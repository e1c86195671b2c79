"""The real command line in a child process, in a folder and an environment of its own."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str


Newswire = Callable[..., Awaitable[Said]]


@pytest.fixture
def newswire(tmp_path: Path) -> Newswire:
    """`await newswire("status", FEED_URLS="...")` runs the command to its end."""

    async def run(*words: str, **environment: str) -> Said:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *words,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[3]), "COLUMNS": "200"}
            | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return Said(process.returncode, out.decode(), err.decode())

    return run
