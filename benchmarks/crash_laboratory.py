"""The crash laboratory: `kill -9` the real bot at every point of a delivery, in front of a fake Telegram.

    python -m benchmarks.crash_laboratory --kills 500
    python -m benchmarks.crash_laboratory --correction --readers 10000 --kills 60

The limit is zero: no article lost or duplicated in a channel, no correction missing, no duplicate in a
private chat that was not recorded as unclear. The fake Telegram runs in this process and outlives the bot,
which is `newswire run` with a feed, three channels and some readers. While stories are published and
corrected, and a share of all requests meets a fault, the bot is killed again and again. At the end it may
finish, and what everybody saw is compared with what was published. The rate limits are faster than
Telegram's, so minutes are enough; UNCLEAR_SEND_WAIT is short, and late requests are applied within it.
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
    """Kill the bot at each of the points, one after the other. `killed` is called after each.

    Stories are published before each kill; with `correction` only one story, before the first.
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
    """Several newsrooms at once, each with its share of the kills."""
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
    """Run the experiments and print the table; exit code 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--channels", type=int, default=3, help="of each newsroom")
    parser.add_argument("--readers", type=int, default=20, help="of each newsroom")
    parser.add_argument("--faults", type=float, default=0.2, help="share of requests that meet a fault")
    parser.add_argument("--at-once", type=int, default=2, help="newsrooms running at once")
    parser.add_argument(
        "--correction", action="store_true", help="correct one story instead of publishing many"
    )
    parser.add_argument(
        "--small", action="store_true", help="only the parts that deliver, which start faster"
    )
    parser.add_argument("--seed", type=int, default=1)
    report = asyncio.run(_experiments(parser.parse_args()))
    show(report)
    sys.exit(0 if report.good else 1)


if __name__ == "__main__":
    main()
