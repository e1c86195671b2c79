"""newswire status: shows feeds, backlog, last runs and delays."""

from datetime import UTC, datetime
from statistics import median

import click

from bot.cli._common import migrated_database
from bot.cli.table import Row, json_option, print_tables
from bot.config import read_settings
from storage import feeds, job_runs, reports
from storage.database import Connection
from storage.records import Feed, Lane, Run


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Show feeds, backlog, last runs and delays.

    Works with and without a running bot. The column "why" has the reason why a feed fails or a channel is
    paused. "seen to shown" is the time from when a post could be sent until the channel showed it, over the
    last hundred posts.
    """
    with migrated_database(read_settings()) as database:
        print_tables(database.read_sync(_status_tables, datetime.now(UTC)), as_json=as_json)


def _status_tables(connection: Connection, now: datetime) -> dict[str, list[Row]]:
    backlog = reports.delivery_backlog(connection, now)
    return {
        "feeds": [_feed_row(feed) for feed in feeds.list_all(connection)],
        "deliveries": [_deliveries_row(connection, backlog, now)],
        "paused chats": [
            {"chat": chat.display_name, "id": chat.id, "why": chat.reason} for chat in backlog.paused
        ],
        "chats that Telegram makes wait": [
            {"chat": chat.display_name, "id": chat.id, "until": chat.flooded_until}
            for chat in backlog.waiting
        ],
        "last runs": [_run_row(run) for run in job_runs.latest_runs(connection)],
    }


def _feed_row(feed: Feed) -> Row:
    return {
        "feed": feed.url,
        "state": feed.state,
        "last look": feed.fetched_at,
        "last new article": feed.last_new_at,
        "next look": feed.next_fetch_at,
        "failures": feed.failures,
        "why": feed.last_error,
    }


def _deliveries_row(connection: Connection, backlog: reports.Backlog, now: datetime) -> Row:
    owed = {f"owed, {lane}": backlog.owed[lane] for lane in Lane}
    oldest_wait = (now - backlog.oldest).total_seconds() if backlog.oldest else 0.0
    delays = [delay.total_seconds() for delay in reports.posting_delays(connection)]
    return {
        **owed,
        "unclear": backlog.unclear,
        "repeated": backlog.repeated,
        "oldest waits (s)": round(oldest_wait),
        "seen to shown, median (s)": round(median(delays), 2) if delays else None,
        "slowest (s)": round(max(delays), 2) if delays else None,
    }


def _run_row(run: Run) -> Row:
    duration = (run.finished_at - run.started_at).total_seconds() if run.finished_at else None
    return {
        "job": run.job,
        "started": run.started_at,
        "took (s)": duration,
        "outcome": run.outcome or "running",
        "counts": run.counts,
        "why": run.error,
    }
