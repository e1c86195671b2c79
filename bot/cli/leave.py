"""newswire leave: unsubscribes from all WebSub hubs, for a newsroom that closes or moves."""

import asyncio

import click

from bot.app.websub_leave import unsubscribe_from_hubs
from bot.cli._common import CommandError, migrated_database
from bot.cli.table import Row, json_option, print_tables
from bot.config import read_settings
from bot.web.server import CannotListen
from jobs.clock import SystemClock
from storage.records import Lease


@click.command()
@json_option
@click.pass_context
def leave(context: click.Context, as_json: bool) -> None:
    """Unsubscribe from all WebSub hubs, for a newsroom that closes or moves.

    Answers the hubs' verification requests for a minute at most. Stop the bot first; the next `newswire run`
    subscribes again. Exit status 1 if a hub did not confirm.
    """
    settings = read_settings()
    with migrated_database(settings) as database:
        database.acquire_lock()
        try:
            ended, silent = asyncio.run(unsubscribe_from_hubs(settings, database, SystemClock()))
        except CannotListen as error:
            raise CommandError(f"HTTP_ADDRESS: cannot listen on it: {error}.") from None
    print_tables(
        {"hubs": [_lease_row(one, "yes") for one in ended] + [_lease_row(one, "no") for one in silent]},
        as_json=as_json,
    )
    if silent:
        context.exit(1)


def _lease_row(lease: Lease, over: str) -> Row:
    return {"hub": lease.hub, "topic": lease.topic, "over": over, "why": lease.error}
