"""The crash laboratory: the real process, a Telegram in a box over HTTP, and `kill -9` at every point.

    python -m benchmarks.crash_laboratory --kills 500
    python -m benchmarks.crash_laboratory --correction --readers 10000 --kills 60

The box lives in this process and outlives the bot, which is `newswire run` with a feed, three channels and
some readers. While stories are published and corrected, and a share of all calls meets a fault, the bot is
killed again and again. In the end it may finish its work, and what everybody saw is compared with what was
published. Limits are Telegram's, but faster, so that minutes are enough; UNCLEAR_SEND_WAIT is short, and late
applications come within it.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.progress import Progress

from benchmarks.crash.laboratory import FAST, Laboratory
from benchmarks.crash.points import Point
from benchmarks.crash.report import Report, show, sum_of


async def experiment(
    points: Sequence[Point],
    *,
    small: bool = False,
    channels: int = 3,
    readers: int = 20,
    faults: float = 0.2,
    seed: int = 1,
    patience: float = 180.0,
    correction: bool = False,
    killed: Callable[[], None] = lambda: None,
) -> Report:
    """Kill at each of the points, one after the other; what was seen. `killed` is called after each.

    Something is published before each, or, for `correction`, one story before the first and nothing then.
    """
    with tempfile.TemporaryDirectory(prefix="newswire-crash-") as name:
        folder = Path(name)
        laboratory = Laboratory(folder, small=small, channels=channels, readers=readers, seed=seed)
        async with laboratory.open():
            await laboratory.begin(faults)
            if correction:
                await laboratory.correct_one(faults, patience)
            for point in points:
                if not correction:
                    laboratory.publish()
                await laboratory.kill_once(point)
                killed()
            return await laboratory.finish(patience)


async def _experiments(options: argparse.Namespace) -> Report:
    """Several newsrooms side by side, each killed its share."""
    chance = random.Random(options.seed)
    points = [chance.choice(tuple(Point)) for _ in range(options.kills)]
    with Progress() as bar:
        task = bar.add_task("kills", total=options.kills)
        rooms = [
            experiment(
                points[room :: options.at_once],
                small=options.small,
                channels=options.channels,
                readers=options.readers,
                faults=options.faults,
                seed=options.seed + room,
                correction=options.correction,
                patience=180 + 2 * options.readers * options.correction / FAST.count,
                killed=lambda: bar.advance(task),
            )
            for room in range(options.at_once)
        ]
        return sum_of(await asyncio.gather(*rooms))


def main() -> None:
    """Read the command line, kill, print the table; exit 1 where something is not as promised."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--channels", type=int, default=3, help="of each newsroom")
    parser.add_argument("--readers", type=int, default=20, help="of each newsroom")
    parser.add_argument("--faults", type=float, default=0.2, help="the share of calls that meet a fault")
    parser.add_argument("--at-once", type=int, default=2, help="newsrooms side by side")
    parser.add_argument("--correction", action="store_true", help="of one story, instead of many stories")
    parser.add_argument("--small", action="store_true", help="only the parts that deliver: faster to start")
    parser.add_argument("--seed", type=int, default=1)
    report = asyncio.run(_experiments(parser.parse_args()))
    show(report)
    sys.exit(0 if report.good else 1)


if __name__ == "__main__":
    main()
