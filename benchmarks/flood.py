"""Delays of channel posts and of other readers while 120 accounts type /help once a second each.

    python -m benchmarks.flood

The real process (`newswire run`) runs at its default rates in front of a fake Telegram with Telegram's rate
limits. The limits: an article is in its channel after 5 s at most, and 95 % of other readers' /latest are
answered within 2 s. Measured from the tenth second of the flood.
"""

import argparse
import asyncio
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.crash.site import Site
from benchmarks.sending.newsroom import (
    FIRST_READER,
    FakeTelegramProcess,
    answer_times,
    fake_telegram_process,
    newsroom,
)

#: Seconds until an article is in its channel, until /latest is answered (p95), and until measuring starts.
ARTICLE_LIMIT, LATEST_LIMIT, SETTLED = 5.0, 2.0, 10.0
#: Seconds between two articles, and between two requests of one honest reader.
ARTICLE_EVERY, ASK_EVERY = 7.0, 5.0


@dataclass
class Flood:
    """The figures of a flood; delays in seconds, sorted."""

    articles: list[float]
    missing: int  #: articles that never appeared in the channel
    latest: list[float]
    unanswered: int
    loud: int  #: answers a second to the flood


async def shout(telegram: FakeTelegramProcess, people: range, end: float) -> None:
    """Each types /help once a second, spread over the second, without waiting for answers."""
    loop, turn = asyncio.get_running_loop(), 0
    begin, said = loop.time(), set[asyncio.Task[object]]()
    while (now := loop.time()) < end:
        while turn < (now - begin) * len(people):
            person = people[turn % len(people)]
            task = asyncio.create_task(telegram.post("do/say", user_id=person, chat_id=person, text="/help"))
            said.add(task)
            task.add_done_callback(said.discard)
            turn += 1
        await asyncio.sleep(0.01)
    await asyncio.gather(*said)


async def ask(telegram: FakeTelegramProcess, people: range, end: float) -> int:
    """Honest readers type /latest at intervals; returns how often in all."""
    loop, turn = asyncio.get_running_loop(), 0
    while loop.time() < end - LATEST_LIMIT * 2:
        person = people[turn % len(people)]
        await telegram.post("do/say", user_id=person, chat_id=person, text="/latest")
        turn += 1
        await asyncio.sleep(ASK_EVERY / len(people))
    return turn


async def publish(site: Site, end: float) -> dict[str, datetime]:
    """Publish articles at intervals; returns the time of publication by headline."""
    loop, published = asyncio.get_running_loop(), {}
    while loop.time() < end - ARTICLE_LIMIT * 2:
        site.publish()
        published[site.stories[-1].title] = datetime.now().astimezone()
        await asyncio.sleep(ARTICLE_EVERY)
    return published


async def measure(loud: int, honest: int, seconds: float) -> Flood:
    """Run a flood of `loud` accounts with `honest` readers for `seconds`."""
    shouting = range(FIRST_READER, FIRST_READER + loud)
    asking = range(shouting.stop, shouting.stop + honest)
    with tempfile.TemporaryDirectory(prefix="newswire-flood-") as name:
        async with (
            fake_telegram_process(loud + honest) as telegram,
            newsroom(Path(name), telegram, range(0), {"PAGE_WAIT": "1s"}) as (_, site),
        ):
            loop = asyncio.get_running_loop()
            end = loop.time() + SETTLED + seconds
            flood = asyncio.create_task(shout(telegram, shouting, end))
            await asyncio.sleep(SETTLED)
            asked, published = await asyncio.gather(ask(telegram, asking, end), publish(site, end))
            await flood
            return await _findings(telegram, shouting, asking, asked, published, seconds)


async def _findings(
    telegram: FakeTelegramProcess,
    shouting: range,
    asking: range,
    asked: int,
    published: dict[str, datetime],
    seconds: float,
) -> Flood:
    shown = {
        message["text"].splitlines()[0]: datetime.fromisoformat(message["at"])
        for message in await telegram.get(f"chats/{telegram.channels[0]}")
        if message.get("text")
    }
    waits = [(shown[title] - at).total_seconds() for title, at in published.items() if title in shown]
    latest = await answer_times(telegram, asking)
    since = max(published.values()) - timedelta(seconds=seconds / 2)
    said = [message for person in shouting for message in await telegram.get(f"chats/{person}")]
    answers = [each for each in said if each["by_bot"] and datetime.fromisoformat(each["at"]) >= since]
    span = (max(datetime.fromisoformat(each["at"]) for each in answers) - since).total_seconds()
    return Flood(
        articles=sorted(waits),
        missing=len(published) - len(waits),
        latest=latest,
        unanswered=asked - len(latest),
        loud=round(len(answers) / span),
    )


def show(console: Console, found: Flood, loud: int) -> bool:
    """Print the table; whether everything is within the limits."""
    p95 = found.latest[int(len(found.latest) * 0.95)]
    table = Table(title=f"{loud} accounts typing /help once a second, at the default rates")
    for name in ("", "measured", "limit"):
        table.add_column(name, justify="right" if name else "left")
    table.add_row(
        f"delay of an article in its channel, worst of {len(found.articles)}",
        f"{found.articles[-1]:.1f} s",
        f"{ARTICLE_LIMIT:.0f} s",
    )
    table.add_row("articles that did not appear", f"{found.missing}", "0")
    table.add_row(
        f"/latest of honest readers, p95 of {len(found.latest)}", f"{p95:.2f} s", f"{LATEST_LIMIT:.0f} s"
    )
    table.add_row("/latest, worst", f"{found.latest[-1]:.2f} s", "")
    table.add_row("/latest without an answer", f"{found.unanswered}", "0")
    table.add_row("answers to the flood", f"{found.loud}/s", "")
    console.print(table)
    return (
        found.articles[-1] <= ARTICLE_LIMIT
        and p95 <= LATEST_LIMIT
        and not (found.missing or found.unanswered)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--loud", type=int, default=120, help="accounts that type /help once a second")
    parser.add_argument("--honest", type=int, default=10, help="readers who type /latest at intervals")
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    found = asyncio.run(measure(options.loud, options.honest, options.seconds))
    if not show(Console(highlight=False), found, options.loud):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
