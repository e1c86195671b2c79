"""The crash laboratory in short: a real process, killed with -9 at every point, over real HTTP."""

import pytest

from benchmarks.crash.points import Point
from benchmarks.crash_laboratory import experiment


@pytest.mark.slow
async def test_killed_at_every_point_nothing_is_lost_and_no_channel_gets_anything_twice() -> None:
    report = await experiment(
        [Point.WRITTEN, Point.APPLIED, Point.LATE, Point.ANSWERED, Point.CLAIMED],
        small=True,
        channels=2,
        readers=3,
        faults=0.1,
        patience=60,
    )
    assert report.good, report
    assert report.kills.total() == 5
