"""Real feeds, update by update, with their outages: nothing repeated or lost, corrections found."""

from pathlib import Path

import pytest

from benchmarks.replay import judge, opened
from benchmarks.replay_feeds import edits
from benchmarks.snapshots import MATERIAL, STRATEGIES, Snapshot, read_all, score, snapshots

needs_snapshots = pytest.mark.skipif(
    not (MATERIAL / "snapshots").is_dir(), reason="material/feeds/snapshots is not unpacked here"
)


def chosen() -> list[Snapshot]:
    """A feed whose links change, and one with an outage and many corrections."""
    return snapshots(["rnzcovid19"], 20) + snapshots(["bbc"], 62)[50:]


@needs_snapshots
async def test_real_feeds_are_kept_without_a_repeat_or_a_loss(tmp_path: Path) -> None:
    looks = chosen()
    read = dict(read_all(looks))
    async with opened(tmp_path / "replay.db") as replay:
        failed = [look.name for look in looks if (await replay.look(look)).reason]
        verdict = judge(replay.db, looks, read)
    assert failed == ["bbc/0059_2020-04-28T124318p1200_692beb56.xml"]
    assert verdict.stories > 100
    assert (verdict.repeated, verdict.lost, verdict.wrongly_kept_back) == (0, 0, 0)
    found = edits(tmp_path / "replay.db", looks)
    assert sum(found.values()) > 5
    assert found["not seen"] == 0
    usual = {name: score(name, looks, read) for name in STRATEGIES}
    assert any(one.repeated for one in usual.values())
    assert any(one.lost for one in usual.values())
