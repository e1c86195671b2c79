"""Runs the real command line in a temporary folder, in this process or in one of its own."""

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
    """Run a command in this process: `await newswire("status", FEED_URLS="...")`."""

    async def run(*words: str, **environment: str) -> Said:
        return await operator.newswire(tmp_path, *words, **environment)

    return run


@pytest.fixture
def newswire_process(tmp_path: Path) -> Newswire:
    """Run a command in a process of its own, as a shell would."""

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
