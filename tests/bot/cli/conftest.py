"""The real command line in a folder and an environment of its own, here or as a process."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.stories import operator
from tests.stories.operator import Said

Newswire = Callable[..., Awaitable[Said]]


@pytest.fixture
def newswire(tmp_path: Path) -> Newswire:
    """`await newswire("status", FEED_URLS="...")` runs the command to its end, in this process."""

    async def run(*words: str, **environment: str) -> Said:
        return await operator.newswire(tmp_path, *words, **environment)

    return run


@pytest.fixture
def newswire_process(tmp_path: Path) -> Newswire:
    """The same in a process of its own, as a shell would start it."""

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
