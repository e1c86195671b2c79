"""newswire fetch: updates every feed now, without sending."""

import asyncio

import click
from rich.console import Console
from rich.progress import Progress

from bot.app.ingest import open_ingest
from bot.cli._common import migrated_database
from bot.cli.table import Row, json_option, print_tables
from bot.config import Settings, read_settings
from bot.config.policies import list_feed_urls
from jobs.clock import SystemClock
from jobs.ingest.pipeline import update_one_feed
from jobs.ingest.update_feed import FeedUpdate, UpdateState
from storage import feeds
from storage.database import Database
from storage.records import Feed, FeedState


@click.command()
@json_option
@click.pass_context
def fetch(context: click.Context, as_json: bool) -> None:
    """Update every feed now, without sending.

    New articles are stored, and posted by the running bot or the next `newswire run`. Lists the entries that
    were left out, with the reason. May run beside the bot. Exit status 1 if a feed update failed.
    """
    settings = read_settings()
    with migrated_database(settings, create=True) as database:
        updates = asyncio.run(_update_feeds(settings, database))
    left_out = [{"feed": each.feed.url, "what": omission} for each in updates for omission in each.omissions]
    print_tables({"looks": [_update_row(each) for each in updates], "left out": left_out}, as_json=as_json)
    if any(each.state in (UpdateState.FAILED, UpdateState.GONE) for each in updates):
        context.exit(1)


async def _update_feeds(settings: Settings, database: Database) -> list[FeedUpdate]:
    clock = SystemClock()
    database.run_sync(feeds.register_urls, list_feed_urls(settings), clock.now())
    due = [feed for feed in database.read_sync(feeds.list_all) if feed.state is FeedState.ACTIVE]
    async with open_ingest(settings, clock, database) as ingest:
        with Progress(transient=True, console=Console(stderr=True)) as progress:
            bar = progress.add_task("Updating feeds", total=len(due))

            async def update_one(feed: Feed) -> FeedUpdate:
                update = await update_one_feed(ingest, feed)
                progress.advance(bar)
                return update

            return list(await asyncio.gather(*(update_one(feed) for feed in due)))


def _update_row(update: FeedUpdate) -> Row:
    return {
        "feed": update.feed.url,
        "came": update.state,
        "new": len(update.stored.new),
        "revised": len(update.stored.revised),
        "left out": len(update.omissions),
        "why": update.reason,
    }
