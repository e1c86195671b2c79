"""newswire why URL: shows the history of an article."""

import click

from bot.cli._common import CommandError, migrated_database
from bot.cli.table import Row, json_option, print_tables
from bot.config import read_settings
from jobs.ingest.content.links import refused_because
from storage import articles, chats, entries, feeds, reports, stories
from storage.database import Connection
from storage.records import Article, Decision, Delivery, Entry, Verdict

#: Why an edition did not post, for verdicts that do not explain themselves.
VERDICT_MEANINGS = {
    Verdict.BACKFILL: "was in its feed at the first update; BACKFILL sets how many of those are posted",
    Verdict.TOO_OLD: "older than MAX_AGE when it was seen",
    Verdict.CATCH_UP: "was late, and listed in one post with others",
    Verdict.NOT_INCLUDED: "has none of INCLUDE",
    Verdict.EXCLUDED: "has one of EXCLUDE",
    Verdict.DUPLICATE: "another article has the same news",
    Verdict.WITHDRAWN: "withdrawn before it was posted",
}


@click.command()
@click.argument("url", required=False)
@click.option("--related", nargs=2, metavar="URL URL", help="Show what two articles share.")
@json_option
def why(url: str | None, related: tuple[str, str] | None, as_json: bool) -> None:
    """Show the history of an article: seen, planned, sent, corrected, or why not.

    URL is any address under which a feed has listed the article. May run beside the bot. "readers" counts the
    private deliveries that are still stored; see ALERT_RETENTION.

    With --related, shows how similar two articles are, from 0 to 1, and how much each shared word or name
    contributes.
    """
    if bool(url) == bool(related):
        raise click.UsageError("Expected one URL, or --related and two URLs.")
    settings = read_settings()
    with migrated_database(settings) as database:
        if related:
            from bot.cli.explain import print_relation  # loads the text index, which nothing else here needs

            print_relation(settings, database, related, as_json=as_json)
            return
        tables = database.read_sync(_history_tables, url or "")
    if tables is None:
        reason = refused_because(url or "")
        if reason:
            raise CommandError(f"{url} cannot be the link of an article: {reason}.")
        raise CommandError(
            f"{url} was in no feed that Newswire has fetched; newswire preview {url} shows what is there."
        )
    print_tables(tables, as_json=as_json)


def _history_tables(connection: Connection, url: str) -> dict[str, list[Row]] | None:
    article = articles.get_by_url(connection, url)
    if article is None:
        return None
    history = reports.article_history(connection, article.id)
    members = stories.list_members(connection, article.story_id) if article.story_id else []
    return {
        "article": [_article_row(connection, article)],
        "seen in": [_entry_row(connection, entry) for entry in entries.list_entries(connection, article.id)],
        "revisions": [
            {"number": row.number, "seen": row.seen_at, "changed": row.changed, "headline": row.title}
            for row in articles.list_revisions(connection, article.id)
        ],
        "decided": [_decision_row(decision) for decision in history.decisions],
        "posts": [_delivery_row(connection, delivery) for delivery in history.deliveries],
        "story": [{"headline": row.title, "link": row.url, "published": row.published_at} for row in members],
        "readers": [{"state": state, "chats": count} for state, count in history.private.items()],
    }


def _article_row(connection: Connection, article: Article) -> Row:
    story = stories.get(connection, article.story_id) if article.story_id else None
    return {
        "headline": article.title,
        "link": article.url,
        "published": article.published_at,
        "seen": article.seen_at,
        "state": article.state,
        "planned": article.planned_at,
        "duplicate of": article.duplicate_of,
        "story": story.title if story else None,
    }


def _entry_row(connection: Connection, entry: Entry) -> Row:
    return {
        "feed": _feed_url(connection, entry.feed_id),
        "first": entry.seen_at,
        "last": max(entry.seen_at, entry.last_seen_at),  # the second is older if the entry was only pushed
    }


def _decision_row(decision: Decision) -> Row:
    return {
        "edition": decision.edition or "-",
        "verdict": decision.verdict,
        "why": decision.detail or VERDICT_MEANINGS.get(decision.verdict, ""),
        "when": decision.decided_at,
    }


def _delivery_row(connection: Connection, delivery: Delivery) -> Row:
    return {
        "chat": _chat_name(connection, delivery.chat_id),
        "state": delivery.state,
        "message": delivery.message_id,
        "reply to": delivery.reply_to or None,
        "shows revision": delivery.shown_revision,
        "settled": delivery.settled_at,
        "attempts": delivery.attempts,
        "why": delivery.error,
    }


def _chat_name(connection: Connection, chat_id: int) -> str:
    chat = chats.get(connection, chat_id)
    return chat.display_name if chat else str(chat_id)


def _feed_url(connection: Connection, feed_id: int) -> str:
    feed = feeds.get(connection, feed_id)
    return feed.url if feed else "-"
