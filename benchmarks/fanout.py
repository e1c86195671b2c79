"""Speed, rate and cost of a fan-out: one article to thousands of readers, with 60 ms latency.

    python -m benchmarks.fanout
    python -m benchmarks.fanout --readers-key --readers 100000   # what READERS_KEY costs

The real process (`newswire run`) sends to a fake Telegram that enforces Telegram's rates; these are the
limit. The peers are python-telegram-bot with its defaults, and aiogram if it is installed or AIOGRAM_PYTHON
names a Python that has it. Then a million owed deliveries are planned and settled.
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
    FakeTelegramProcess,
    Memory,
    answer_times,
    answers_between,
    ask_latest,
    cpu_seconds,
    fake_telegram_process,
    memory,
    newsroom,
    shown_between,
)
from jobs.publish.context import UNPAID_RATE
from storage.privacy.encryption import generate_key

#: The number of last readers; once they have the article, everybody has it.
_LAST = 64
_SETTLED = (
    "SELECT 1 FROM (SELECT count(*) AS n FROM deliveries WHERE chat_id BETWEEN {} AND {} "
    "AND state = 'settled' AND shown_revision = {}) WHERE n = {}"
)


#: The same for encrypted readers, who are in another order: all are counted.
_ALL_SETTLED = (
    "SELECT 1 FROM (SELECT count(*) AS n FROM deliveries WHERE NOT public AND state = 'settled' "
    "AND shown_revision = {}) WHERE n = {}"
)
#: The size of the sample of readers, if they do not get the article in the order of their ids.
_ASKED = 500


@dataclass
class FanOut:
    """The figures of one fan-out."""

    rate: int
    readers: int
    reached: float
    edited: float  #: as `reached`, for the edits of a correction; 0 without one
    worst: int
    refused: int
    core: float
    cpu: float  #: microseconds per message, of the whole process
    answers: list[float]
    memory: Memory
    sent: int


async def fan_out(rate: int, readers: int, enough: int | None = None) -> FanOut:
    """Send one article to `readers` readers at `rate` a second, while others type /latest.

    Ends once `enough` of them have it, if given.
    """
    sent = enough or readers
    paid = {"RATE_OVERALL": f"{rate}/s", "ALLOW_PAID_BROADCAST": "yes"} if rate > 30 else {}
    followers = range(FIRST_READER, FIRST_READER + readers)
    asking = range(FIRST_READER + readers, FIRST_READER + readers + ASKING)
    with tempfile.TemporaryDirectory(prefix="newswire-fanout-") as name:
        async with (
            fake_telegram_process(readers + ASKING) as telegram,
            newsroom(Path(name), telegram, followers, paid) as (bot, site),
        ):
            assert bot.process
            done, used, loop = asyncio.Event(), cpu_seconds(bot.process.pid), asyncio.get_running_loop()
            began = loop.time()
            questions = asyncio.create_task(ask_latest(telegram, asking, done))
            site.publish()
            last, patience = followers[sent - _LAST : sent], 60 + 2 * sent / rate
            settled = partial(_SETTLED.format, last.start, last.stop - 1)
            assert await bot.until(settled(1, _LAST), patience), "not in time"
            elapsed, used = loop.time() - began, cpu_seconds(bot.process.pid) - used
            span = await shown_between(telegram, followers[:_LAST], last)
            edited = 0.0
            if (
                sent == readers and rate <= UNPAID_RATE.count
            ):  # faster rates are paid broadcasts, which edits cannot be
                site.correct(site.stories[-1])
                assert await bot.until(settled(2, _LAST), patience), "not in time"
                times = await shown_between(telegram, followers[:_LAST], last, edits=True)
                edited = await reached(telegram, sent, asking, times)
            done.set()
            await questions
            busiest = await telegram.get("busiest?seconds=1")
            refused = [event for event in await telegram.get("events?kind=refused") if event["status"] == 429]
            await asyncio.sleep(0.5)
            return FanOut(
                rate=rate,
                readers=readers,
                reached=await reached(telegram, sent, asking, span),
                edited=edited,
                worst=busiest["most"],
                refused=len(refused),
                core=used / elapsed,
                cpu=used / sent * 1e6,
                answers=await answer_times(telegram, asking),
                memory=memory(bot.process.pid),
                sent=sent,
            )


async def reached(
    telegram: FakeTelegramProcess, count: int, asking: range, times: tuple[datetime, datetime]
) -> float:
    """Messages a second between two times: `count` of the fan-out, and the answers."""
    answers = await answers_between(telegram, asking, *times)
    return (count - 1 + answers) / (times[1] - times[0]).total_seconds()


async def rival(name: str, interpreter: str, count: int) -> dict[str, float]:
    """Messages a second and CPU microseconds per message of a peer, in its own process."""
    async with fake_telegram_process(count + 1, limits=False) as telegram:
        process = await asyncio.create_subprocess_exec(
            interpreter,
            str(Path(__file__).parent / "sending" / "rivals.py"),
            *(name, telegram.address, telegram.token, str(count), str(FIRST_READER)),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        return dict(json.loads(out))


async def with_key(readers: int, key: str) -> dict[str, float]:
    """Rate, CPU and memory of a fan-out at 1,000/s with this READERS_KEY, or without if it is ""."""
    more = {"RATE_OVERALL": "1000/s", "ALLOW_PAID_BROADCAST": "yes", "READERS_KEY": key}
    followers = range(FIRST_READER, FIRST_READER + readers)
    some = followers[:: max(1, readers // _ASKED)]
    with tempfile.TemporaryDirectory(prefix="newswire-fanout-") as name:
        async with (
            fake_telegram_process(readers) as telegram,
            newsroom(Path(name), telegram, followers, more) as (bot, site),
        ):
            assert bot.process
            used = cpu_seconds(bot.process.pid)
            site.publish()
            assert await bot.until(_ALL_SETTLED.format(1, readers), 60 + readers / 100), "not in time"
            used = cpu_seconds(bot.process.pid) - used
            begin, end = await shown_between(telegram, some, some)
            return {
                "messages a second": readers / (end - begin).total_seconds(),
                "CPU per message (us)": used / readers * 1e6,
                "private memory (MB)": memory(bot.process.pid).own,
            }


async def compare_keys(console: Console, readers: int, key: str) -> None:
    """Measure both twice, in turns, and take the better figures, as the machine may be busy."""
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
    """A Python that has aiogram, or ""."""
    if named := os.environ.get("AIOGRAM_PYTHON", ""):
        return named
    return sys.executable if importlib.util.find_spec("aiogram") else ""


async def million(count: int) -> dict[str, float]:
    """The figures of so many owed deliveries, from a separate process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.sending.million", str(count), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return dict(json.loads(out))


def show_fan_outs(console: Console, found: list[FanOut]) -> None:
    table = Table(title=f"Fan-out with {LATENCY * 1000:.0f} ms latency")
    for name in ("", *(f"{each.rate}/s, {each.readers:,} readers" for each in found)):
        table.add_column(name, justify="right" if name else "left")
    rows = {
        "share of the allowed rate, with answers": [f"{each.reached / each.rate:.1%}" for each in found],
        "the same for the edits of a correction": [
            f"{each.edited / each.rate:.1%}" if each.edited else "not possible" for each in found
        ],
        "most in a sliding second": [f"{each.worst}" for each in found],
        "429": [f"{each.refused}" for each in found],
        "CPU, share of one core": [f"{each.core:.0%}" for each in found],
        "CPU per message, whole process": [f"{each.cpu:.0f} us" for each in found],
        "/latest meanwhile, p50": [_percentile(each.answers, 0.5) for each in found],
        "/latest meanwhile, p95": [_percentile(each.answers, 0.95) for each in found],
        "private memory": [f"{each.memory.own:.0f} MB" for each in found],
        "peak memory, with mapped libraries": [f"{each.memory.peak:.0f} MB" for each in found],
        "measured over": [f"{each.sent:,} messages" for each in found],
    }
    for name, values in rows.items():
        table.add_row(name, *values)
    console.print(table)


def _percentile(sorted_values: list[float], share: float) -> str:
    if not sorted_values:
        return "none"
    return f"{sorted_values[int(len(sorted_values) * share)] * 1000:.0f} ms of {len(sorted_values)}"


def show_rivals(console: Console, ours: FanOut, found: dict[str, dict[str, float]]) -> None:
    table = Table(title="CPU per message beside peers (theirs: sending alone, 64 at once)")
    for name in ("", "messages/s", "CPU per message", "times ours"):
        table.add_column(name, justify="right" if name else "left")
    table.add_row(
        "newswire, planned, claimed, sent, settled", f"{ours.reached:.0f}", f"{ours.cpu:.0f} us", "1"
    )
    for name, each in found.items():
        table.add_row(name, f"{each['rate']:.0f}", f"{each['cpu']:.0f} us", f"{each['cpu'] / ours.cpu:.1f}")
    console.print(table)
    if "aiogram" not in found:
        console.print(
            "aiogram is left out: it is not installed, and AIOGRAM_PYTHON names no Python that has it."
        )


def show_million(console: Console, found: dict[str, float]) -> None:
    table = Table(title=f"{found['count']:,} owed deliveries", show_header=False)
    for name, value in {
        "planned in": f"{found['plan_seconds']:.1f} s",
        "other small writes meanwhile, p99": f"{found['write_p99'] * 1000:.0f} ms",
        "other small writes meanwhile, worst": f"{found['write_worst'] * 1000:.0f} ms",
        "worst stall of the event loop": f"{found['stall_worst'] * 1000:.0f} ms",
        "read, claimed and settled": f"{found['settled_a_second']:,.0f}/s",
        "memory before and after": f"{found['memory_before']:.0f} MB, {found['memory_after']:.0f} MB",
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
        console.print(
            f"The fan-out at 30/s is a sample of {options.slow:,} readers instead of {options.readers:,}."
        )
    found = {"python-telegram-bot, defaults": await rival("ptb", sys.executable, options.rivals)}
    if interpreter := aiogram_python():
        found["aiogram"] = await rival("aiogram", interpreter, options.rivals)
    show_rivals(console, fast, found)
    show_million(console, await million(options.owed))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--readers", type=int, default=10_000)
    parser.add_argument("--slow", type=int, default=600, help="readers in the sample at 30/s")
    parser.add_argument("--rivals", type=int, default=2_000, help="messages that the peers send")
    parser.add_argument(
        "--articles",
        type=int,
        default=30,
        help="articles posted one by one, for the time from feed to request",
    )
    parser.add_argument("--readers-key", action="store_true", help="only the cost of READERS_KEY")
    parser.add_argument("--owed", type=int, default=1_000_000)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
