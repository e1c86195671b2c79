"""How fast, how exact and how cheap is a fan-out? One article to thousands of readers, answers after 60 ms.

    python -m benchmarks.fanout
    python -m benchmarks.fanout --readers-key --readers 100000   # what READERS_KEY costs

The real process (`newswire run`) in front of a Telegram in a box that keeps Telegram's limits; then the same
message by python-telegram-bot as it comes, and by aiogram where it is installed (name its interpreter in
AIOGRAM_PYTHON; elsewhere it is left out). Then a million owed deliveries.
"""

import argparse
import asyncio
import importlib.util
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.sending.handover import measure as handover
from benchmarks.sending.newsroom import (
    ASKING,
    FIRST_READER,
    LATENCY,
    BoxProcess,
    Memory,
    answer_times,
    answers_between,
    ask_latest,
    box_process,
    cpu_seconds,
    memory,
    newsroom,
    shown_between,
)
from jobs.publish.context import UNPAID_RATE
from storage.privacy.encryption import generate_key

#: The last readers: when all of them have it, all have it.
_LAST = 64
_SETTLED = (
    "SELECT 1 FROM (SELECT count(*) AS n FROM deliveries WHERE chat_id BETWEEN {} AND {} "
    "AND state = 'settled' AND shown_revision = {}) WHERE n = {}"
)


#: The same where readers are sealed and stand in another order: all of them are counted.
_ALL_SETTLED = (
    "SELECT 1 FROM (SELECT count(*) AS n FROM deliveries WHERE NOT public AND state = 'settled' "
    "AND shown_revision = {}) WHERE n = {}"
)
#: Of so many readers the box is asked when they had it, where they do not get it in the order of their ids.
_ASKED = 500


@dataclass
class FanOut:
    """What one fan-out showed."""

    rate: int
    readers: int
    reached: float
    edited: float  #: the same for the correction that follows, 0 where there was none
    worst: int
    refused: int
    core: float
    cpu: float  #: microseconds a message, all of the process
    answers: list[float]
    memory: Memory
    sent: int


async def fan_out(rate: int, readers: int, enough: int | None = None) -> FanOut:
    """One article to so many readers at so many a second, while others ask for /latest.

    With `enough` it is over when so many of them have it.
    """
    sent = enough or readers
    paid = {"RATE_OVERALL": f"{rate}/s", "ALLOW_PAID_BROADCAST": "yes"} if rate > 30 else {}
    followers = range(FIRST_READER, FIRST_READER + readers)
    asking = range(FIRST_READER + readers, FIRST_READER + readers + ASKING)
    with tempfile.TemporaryDirectory(prefix="newswire-fanout-") as name:
        async with (
            box_process(readers + ASKING) as box,
            newsroom(Path(name), box, followers, paid) as (bot, site),
        ):
            assert bot.process
            done, used, loop = asyncio.Event(), cpu_seconds(bot.process.pid), asyncio.get_running_loop()
            began = loop.time()
            questions = asyncio.create_task(ask_latest(box, asking, done))
            site.publish()
            last, patience = followers[sent - _LAST : sent], 60 + 2 * sent / rate
            settled = partial(_SETTLED.format, last.start, last.stop - 1)
            assert await bot.until(settled(1, _LAST), patience), "not in time"
            elapsed, used = loop.time() - began, cpu_seconds(bot.process.pid) - used
            span = await shown_between(box, followers[:_LAST], last)
            edited = 0.0
            if (
                sent == readers and rate <= UNPAID_RATE.count
            ):  # what is faster is paid for, and edits cannot be
                site.correct(site.stories[-1])
                assert await bot.until(settled(2, _LAST), patience), "not in time"
                times = await shown_between(box, followers[:_LAST], last, edits=True)
                edited = await reached(box, sent, asking, times)
            done.set()
            await questions
            busiest = await box.get("busiest?seconds=1")
            refused = [event for event in await box.get("events?kind=refused") if event["status"] == 429]
            await asyncio.sleep(0.5)
            return FanOut(
                rate=rate,
                readers=readers,
                reached=await reached(box, sent, asking, span),
                edited=edited,
                worst=busiest["most"],
                refused=len(refused),
                core=used / elapsed,
                cpu=used / sent * 1e6,
                answers=await answer_times(box, asking),
                memory=memory(bot.process.pid),
                sent=sent,
            )


async def reached(box: BoxProcess, count: int, asking: range, times: tuple[datetime, datetime]) -> float:
    """What the bot said a second between two times: so many messages of the fan-out, and answers."""
    answers = await answers_between(box, asking, *times)
    return (count - 1 + answers) / (times[1] - times[0]).total_seconds()


async def rival(name: str, interpreter: str, count: int) -> dict[str, float]:
    """Messages a second and CPU a message of another library, in its own process, against the same box."""
    async with box_process(count + 1, limits=False) as box:
        process = await asyncio.create_subprocess_exec(
            interpreter,
            str(Path(__file__).parent / "sending" / "rivals.py"),
            *(name, box.address, box.token, str(count), str(FIRST_READER)),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        return dict(json.loads(out))


async def with_key(readers: int, key: str) -> dict[str, float]:
    """A fan-out at 1,000/s with READERS_KEY, or without where it is "": a rate and CPU a message."""
    more = {"RATE_OVERALL": "1000/s", "ALLOW_PAID_BROADCAST": "yes", "READERS_KEY": key}
    followers = range(FIRST_READER, FIRST_READER + readers)
    some = followers[:: max(1, readers // _ASKED)]
    with tempfile.TemporaryDirectory(prefix="newswire-fanout-") as name:
        async with (
            box_process(readers) as box,
            newsroom(Path(name), box, followers, more) as (bot, site),
        ):
            assert bot.process
            used = cpu_seconds(bot.process.pid)
            site.publish()
            assert await bot.until(_ALL_SETTLED.format(1, readers), 60 + readers / 100), "not in time"
            used = cpu_seconds(bot.process.pid) - used
            begin, end = await shown_between(box, some, some)
            return {
                "messages a second": readers / (end - begin).total_seconds(),
                "CPU a message (us)": used / readers * 1e6,
                "memory, its own (MB)": memory(bot.process.pid).own,
            }


async def compare_keys(console: Console, readers: int, key: str) -> None:
    """Twice each, in turns, and the better of each: the machine has other things to do."""
    turns = [await with_key(readers, each) for each in ("", key, key, "")]
    plain, sealed = (
        {name: (max if "second" in name else min)(first[name], second[name]) for name in first}
        for first, second in ((turns[0], turns[3]), (turns[1], turns[2]))
    )
    show_key(console, plain, sealed, readers)


def show_key(console: Console, plain: dict[str, float], sealed: dict[str, float], readers: int) -> None:
    table = Table(title=f"{readers:,} readers, without and with READERS_KEY")
    for name in ("", "without", "with", "ratio"):
        table.add_column(name, justify="right" if name else "left")
    for name, value in plain.items():
        table.add_row(name, f"{value:,.0f}", f"{sealed[name]:,.0f}", f"{sealed[name] / value:.3f}")
    console.print(table)


def aiogram_python() -> str:
    """An interpreter that has aiogram, or ""."""
    if named := os.environ.get("AIOGRAM_PYTHON", ""):
        return named
    return sys.executable if importlib.util.find_spec("aiogram") else ""


async def million(count: int) -> dict[str, float]:
    """A million owed deliveries, in a process of their own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.sending.million", str(count), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return dict(json.loads(out))


def show_fan_outs(console: Console, found: list[FanOut]) -> None:
    table = Table(title=f"Fan-out, answers after {LATENCY * 1000:.0f} ms")
    for name in ("", *(f"{each.rate}/s, {each.readers:,} readers" for each in found)):
        table.add_column(name, justify="right" if name else "left")
    rows = {
        "share of the allowed rate, answers with it": [f"{each.reached / each.rate:.1%}" for each in found],
        "the same, of a correction's edits": [
            f"{each.edited / each.rate:.1%}" if each.edited else "cannot be paid for" for each in found
        ],
        "worst sliding second": [f"{each.worst}" for each in found],
        "429": [f"{each.refused}" for each in found],
        "CPU, of one core": [f"{each.core:.0%}" for each in found],
        "CPU a message, all of the process": [f"{each.cpu:.0f} us" for each in found],
        "/latest answered meanwhile, p50": [_percentile(each.answers, 0.5) for each in found],
        "/latest answered meanwhile, p95": [_percentile(each.answers, 0.95) for each in found],
        "memory, its own": [f"{each.memory.own:.0f} MB" for each in found],
        "memory at most, with the libraries' files": [f"{each.memory.peak:.0f} MB" for each in found],
        "watched for": [f"{each.sent:,} messages" for each in found],
    }
    for name, values in rows.items():
        table.add_row(name, *values)
    console.print(table)


def _percentile(sorted_values: list[float], share: float) -> str:
    if not sorted_values:
        return "none"
    return f"{sorted_values[int(len(sorted_values) * share)] * 1000:.0f} ms of {len(sorted_values)}"


def show_rivals(console: Console, ours: FanOut, found: dict[str, dict[str, float]]) -> None:
    table = Table(title="CPU a message beside others (theirs: the sending alone, 64 at once)")
    for name in ("", "messages/s", "CPU a message", "times ours"):
        table.add_column(name, justify="right" if name else "left")
    table.add_row(
        "newswire, planned, claimed, sent, settled", f"{ours.reached:.0f}", f"{ours.cpu:.0f} us", "1"
    )
    for name, each in found.items():
        table.add_row(name, f"{each['rate']:.0f}", f"{each['cpu']:.0f} us", f"{each['cpu'] / ours.cpu:.1f}")
    console.print(table)
    if "aiogram" not in found:
        console.print(
            "aiogram is not installed here: left out. AIOGRAM_PYTHON names an interpreter that has it."
        )


def show_million(console: Console, found: dict[str, float]) -> None:
    table = Table(title=f"{found['count']:,} owed deliveries", show_header=False)
    for name, value in {
        "planned in": f"{found['plan_seconds']:.1f} s",
        "another's small write meanwhile, p99": f"{found['write_p99'] * 1000:.0f} ms",
        "another's small write meanwhile, worst": f"{found['write_worst'] * 1000:.0f} ms",
        "event loop stalled, worst": f"{found['stall_worst'] * 1000:.0f} ms",
        "read, claimed and settled": f"{found['settled_a_second']:,.0f}/s",
        "memory before planning, after": f"{found['memory_before']:.0f} MB, {found['memory_after']:.0f} MB",
    }.items():
        table.add_row(name, value)
    console.print(table)


async def run(options: argparse.Namespace) -> None:
    console = Console(highlight=False)
    if options.readers_key:
        await compare_keys(console, options.readers, generate_key())
        return
    slow, fast = await fan_out(30, options.slow), await fan_out(1000, options.readers)
    huge = await fan_out(1000, options.owed, min(options.owed, options.readers))
    show_fan_outs(console, [slow, fast, huge])
    took = await handover(options.articles)
    console.print(
        f"From the feed's answer to the sendMessage request, {len(took)} articles: "
        f"p50 {_percentile(took, 0.5)}, p95 {_percentile(took, 0.95)}"
    )
    if options.slow < options.readers:
        console.print(f"The slow one is a sample: {options.slow:,} readers instead of {options.readers:,}.")
    found = {"python-telegram-bot as it comes": await rival("ptb", sys.executable, options.rivals)}
    if interpreter := aiogram_python():
        found["aiogram"] = await rival("aiogram", interpreter, options.rivals)
    show_rivals(console, fast, found)
    show_million(console, await million(options.owed))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--readers", type=int, default=10_000)
    parser.add_argument("--slow", type=int, default=600, help="readers of the sample at 30/s")
    parser.add_argument("--rivals", type=int, default=2_000, help="messages that the others send")
    parser.add_argument("--articles", type=int, default=30, help="posted one by one, for the handover")
    parser.add_argument("--readers-key", action="store_true", help="only what READERS_KEY costs")
    parser.add_argument("--owed", type=int, default=1_000_000)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
