"""Replays eighteen months of real feeds: which stories are repeated or lost, which corrections are seen.

The limit is zero repeated and zero lost. The peers are six common strategies on the same feed updates. Then
the replay runs again with kills at random moments.

Run: `python -m benchmarks.replay_feeds [--feeds bbc,cnn] [--most 50] [--kills 40] [--looks 1000]`.
"""

import argparse
import asyncio
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.chart import Bar, write_bars
from benchmarks.replay import Replay, Verdict, address_of, judge, opened
from benchmarks.snapshots import (
    MATERIAL,
    STRATEGIES,
    Item,
    Score,
    Snapshot,
    read_all,
    score,
    snapshots,
    title_edits,
)
from jobs.ingest.content.clean import clean_title, fold_text
from jobs.ingest.corrections import MAX_CHANGES
from storage import articles, feeds, identities
from storage.database import Database, open_database

CHART = Path(__file__).parents[1] / "docs" / "images" / "replay.svg"
console = Console()


def main() -> None:
    """Run the replays that the options select."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feeds", default="", help="comma-separated; all by default")
    parser.add_argument("--most", type=int, default=0, help="updates of each feed; all by default")
    parser.add_argument("--kills", type=int, default=40, help="kills during the second replay")
    parser.add_argument(
        "--looks", type=int, default=0, help="only measure the memory over this many feed updates"
    )
    parser.add_argument("--chart", action="store_true", help=f"write {CHART.name} too")
    parser.add_argument("--goes-on", nargs=2, metavar=("DATABASE", "FROM"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not (MATERIAL / "snapshots").is_dir():
        sys.exit("replay_feeds: material/feeds/snapshots is missing: run `make material FROM=folder` first.")
    looks = snapshots([name for name in options.feeds.split(",") if name], options.most)
    if options.goes_on:
        asyncio.run(_go_on(Path(options.goes_on[0]), looks, int(options.goes_on[1])))
    elif options.looks:
        asyncio.run(_watch_memory(looks, options.looks))
    else:
        _compare(looks, options.kills, options.chart)


def _compare(looks: Sequence[Snapshot], kills: int, chart: bool) -> None:
    console.print(f"{len(looks)} updates of {len({look.feed for look in looks})} feeds")
    read = dict(track(read_all(looks), "the truth", len(looks), console=console))
    scores = {
        name: score(name, looks, read) for name in track(STRATEGIES, "common strategies", console=console)
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "replay.db"
        seconds = asyncio.run(_replay(path, looks))
        verdict = _judged(path, looks, read)
        corrections = edits(path, looks)
        killed = _killed(Path(folder) / "killed.db", looks, read, kills) if kills else None
    _print_strategies(scores, verdict, killed, kills)
    _print_edits(corrections)
    console.print(
        f"{len(looks) / seconds:.0f} feed updates a second, each parsed in a child process and stored"
    )
    if chart:
        _draw(scores, verdict, len(looks))
    if (verdict.repeated, verdict.lost) != (0, 0) or (killed and (killed.repeated, killed.lost) != (0, 0)):
        sys.exit(1)


async def _replay(path: Path, looks: Sequence[Snapshot]) -> float:
    async with opened(path) as replay:
        started = time.monotonic()
        for look in track(looks, "Newswire", console=console):
            await replay.look(look)
        return time.monotonic() - started


def _judged(path: Path, looks: Sequence[Snapshot], read: dict[str, list[Item]]) -> Verdict:
    db = open_database(f"sqlite:///{path}")
    try:
        return judge(db, looks, read)
    finally:
        db.close()


def _killed(path: Path, looks: Sequence[Snapshot], read: dict[str, list[Item]], kills: int) -> Verdict:
    """The same replay in a process that is killed `kills` times and resumed at the interrupted update."""
    chance, position = random.Random(1), 0
    pause = max(len(looks) // (kills + 1), 1)
    for _ in track(range(kills), f"Newswire, killed {kills} times", console=console):
        child = _child(path, looks, position)
        goal = min(position + chance.randint(1, 2 * pause - 1), len(looks) - 1)
        assert child.stdout is not None
        for line in child.stdout:
            position = int(line)
            if position >= goal:
                break
        time.sleep(chance.random() * 0.2)  # at some point in the next update
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split()
        position = int(rest[-1]) if rest else position
        child.wait()
    child = _child(path, looks, position)
    child.communicate()
    if child.returncode:
        sys.exit("replay_feeds: the last process failed.")
    return _judged(path, looks, read)


def _child(path: Path, looks: Sequence[Snapshot], position: int) -> subprocess.Popen[str]:
    chosen = ",".join(sorted({look.feed for look in looks}))
    most = max(Counter(look.feed for look in looks).values())
    command = [sys.executable, "-m", "benchmarks.replay_feeds", "--feeds", chosen, "--most", str(most)]
    return subprocess.Popen(
        [*command, "--goes-on", str(path), str(position)], stdout=subprocess.PIPE, text=True
    )


async def _go_on(path: Path, looks: Sequence[Snapshot], position: int) -> None:
    """The killed child: print the number of each update before it begins."""
    async with opened(path) as replay:
        for index in range(position, len(looks)):
            print(index, flush=True)
            await replay.look(looks[index])


def edits(path: Path, looks: Sequence[Snapshot]) -> Counter[str]:
    """The fate of each headline edit that is listed with the data; those not seen are printed."""
    listed, db = title_edits(), open_database(f"sqlite:///{path}")
    try:
        numbers = {look.feed: _feed_number(db, look.feed) for look in looks}
        found: Counter[str] = Counter()
        for look in looks:
            for guid, headline in listed.get(look.name, []):
                seen = _seen(db, numbers[look.feed], look, guid, headline)
                found[seen] += 1
                if seen == "not seen":
                    console.print(
                        f"not seen: {look.name} {guid} => {headline}", markup=False, highlight=False
                    )
        return found
    finally:
        db.close()


def _feed_number(db: Database, feed: str) -> int:
    found = db.read_sync(feeds.get_by_url, address_of(feed))
    return found.id if found else 0


def _seen(db: Database, feed: int, look: Snapshot, guid: str, headline: str) -> str:
    """Whether the article of this guid was corrected to the headline in this update, or why not."""
    key = identities.guid_key(feed, guid)
    link = identities.link_key(guid)
    known = db.read_sync(identities.find_articles, [key, link])
    trail = db.read_sync(articles.list_revisions, known.get(key) or known.get(link) or 0)
    wanted = fold_text(clean_title(headline, True))
    now = [one for one in trail if one.seen_at == look.moment and "title" in one.changed]
    if any(fold_text(one.title) == wanted for one in now):
        return "seen as an edit"
    before = [one for one in trail if one.seen_at <= look.moment]
    if sum(fold_text(one.title) == wanted for one in before) >= 2:
        return "alternating headlines: ignored after two rounds"
    if before and fold_text(before[-1].title) == wanted:
        return "no change after cleaning"
    if len(trail) > MAX_CHANGES:
        return f"more than {MAX_CHANGES} corrections of one article"
    if [item.guid for item in look.items()].count(guid) > 1:
        return "two headlines in one document: the first counts"
    return "not seen"


def _print_strategies(scores: dict[str, Score], ours: Verdict, killed: Verdict | None, kills: int) -> None:
    table = Table("strategy", "stories", "repeated", "lost")
    for name, one in scores.items():
        table.add_row(name, f"{one.stories:,}", f"{one.repeated:,}", f"{one.lost:,}")
    table.add_section()
    table.add_row("Newswire", f"{ours.stories:,}", f"{ours.repeated:,}", f"{ours.lost:,}")
    if killed:
        table.add_row(
            f"Newswire, killed {kills} times",
            f"{killed.stories:,}",
            f"{killed.repeated:,}",
            f"{killed.lost:,}",
        )
    console.print(table)
    console.print(f"wrongly posted or kept back after a first update: {ours.wrongly_kept_back}")


def _print_edits(found: Counter[str]) -> None:
    table = Table("headline edits listed", f"{sum(found.values()):,}")
    for words, count in found.most_common():
        table.add_row(words, f"{count:,}")
    console.print(table)


def _draw(scores: dict[str, Score], ours: Verdict, looks: int) -> None:
    bars = [Bar(name, one.repeated, one.lost) for name, one in scores.items()]
    bars.append(Bar("Newswire", ours.repeated, ours.lost))
    heading = f"{ours.stories:,} stories in {looks:,} updates of real feeds"
    write_bars(CHART, heading, ("repeated", "lost"), bars)
    console.print(f"wrote {CHART.name}")


async def _watch_memory(looks: Sequence[Snapshot], count: int) -> None:
    """Run `count` updates and print the memory of this process and its child meanwhile."""
    table = Table("updates", "this process, MB", "its child, MB")
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder) / "memory.db") as replay:
            for index in range(count):
                await replay.look(looks[index % len(looks)])
                if (index + 1) % (count // 10) == 0:
                    table.add_row(
                        f"{index + 1:,}", f"{_resident('self'):.1f}", f"{_child_resident(replay):.1f}"
                    )
    console.print(table)


def _child_resident(replay: Replay) -> float:
    return max((_resident(str(number)) for number in replay.parser.workers.worker_pids()), default=0.0)


def _resident(process: str) -> float:
    """Resident megabytes of a process."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    main()
