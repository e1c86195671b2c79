"""newswire fetch: one look at every feed now, without sending."""

import asyncio

import click
from rich.console import Console
from rich.progress import Progress

from bot.app.ingest import looking
from bot.cli._common import opened
from bot.cli.table import Row, json_option, show
from bot.config import Settings, read_settings
from bot.config.policies import feed_urls
from jobs.clock import SystemClock
from jobs.ingest.pipeline import look
from jobs.ingest.update_feed import Look, LookState
from storage import feeds
from storage.database import Database
from storage.records import Feed, FeedState


@click.command()
@json_option
@click.pass_context
def fetch(context: click.Context, as_json: bool) -> None:
    """One look at every feed now, without sending.

    What is new is kept, and posted by the bot that runs, or by the next `newswire run`. What cannot be shown
    to readers is named, with the reason. Safe beside a running bot. Exit status 1 where a look failed.
    """
    settings = read_settings()
    with opened(settings, create=True) as database:
        looks = asyncio.run(_look(settings, database))
    left_out = [{"feed": each.feed.url, "what": said} for each in looks for said in each.left_out]
    show({"looks": [_row(each) for each in looks], "left out": left_out}, as_json=as_json)
    if any(each.state in (LookState.FAILED, LookState.GONE) for each in looks):
        context.exit(1)


async def _look(settings: Settings, database: Database) -> list[Look]:
    clock = SystemClock()
    database.run_here(feeds.register, feed_urls(settings), clock.now())
    due = [feed for feed in database.read_here(feeds.every) if feed.state is FeedState.ACTIVE]
    async with looking(settings, clock, database) as ingest:
        with Progress(transient=True, console=Console(stderr=True)) as progress:
            bar = progress.add_task("Looking", total=len(due))

            async def one(feed: Feed) -> Look:
                taken = await look(ingest, feed)
                progress.advance(bar)
                return taken

            return list(await asyncio.gather(*(one(feed) for feed in due)))


def _row(taken: Look) -> Row:
    return {
        "feed": taken.feed.url,
        "came": taken.state,
        "new": len(taken.kept.new),
        "revised": len(taken.kept.revised),
        "left out": len(taken.left_out),
        "why": taken.reason,
    }
