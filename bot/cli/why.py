"""newswire why URL: the life of an article."""

import click

from bot.cli._common import CommandError, migrated_database
from bot.cli.table import Row, json_option, print_tables
from bot.config import read_settings
from jobs.ingest.content.links import refused_because
from storage import articles, chats, entries, feeds, reports, stories
from storage.database import Connection
from storage.records import Article, Verdict

#: Why an edition did not post, where the verdict alone does not say.
VERDICT_MEANINGS = {
    Verdict.BACKFILL: "it was there at its feed's first look; BACKFILL says how many of those are posted",
    Verdict.TOO_OLD: "older than MAX_AGE when it was seen",
    Verdict.CATCH_UP: "came late, in one post with others",
    Verdict.NOT_INCLUDED: "has none of INCLUDE",
    Verdict.EXCLUDED: "has one of EXCLUDE",
    Verdict.DUPLICATE: "another article tells the same news",
    Verdict.WITHDRAWN: "taken back before it was posted",
}


@click.command()
@click.argument("url", required=False)
@click.option("--related", nargs=2, metavar="URL URL", help="The words and names that two articles share.")
@json_option
def why(url: str | None, related: tuple[str, str] | None, as_json: bool) -> None:
    """The life of an article: seen, planned, sent, corrected, or why not.

    URL is the article's address in any form that a feed ever gave it. Works beside a running bot. "readers"
    counts the private deliveries that are still kept: see ALERT_RETENTION.

    With --related: how alike two articles are, from 0 to 1, and what each shared word or name counts of it.
    """
    if bool(url) == bool(related):
        raise click.UsageError("One URL, or --related and two of them, is wanted.")
    settings = read_settings()
    with migrated_database(settings) as database:
        if related:
            from bot.cli.explain import print_relation  # the index, which nothing else here needs

            print_relation(settings, database, related, as_json=as_json)
            return
        tables = database.read_sync(_history_tables, url or "")
    if tables is None:
        because = refused_because(url or "")
        if because:
            raise CommandError(f"{url} is no link that an article is kept with: {because}.")
        raise CommandError(
            f"{url} was in no feed that Newswire has looked at; newswire preview {url} shows what is there."
        )
    print_tables(tables, as_json=as_json)


def _history_tables(connection: Connection, url: str) -> dict[str, list[Row]] | None:
    article = articles.get_by_url(connection, url)
    if article is None:
        return None
    life = reports.article_history(connection, article.id)
    names = {row.chat_id: _chat_name(connection, row.chat_id) for row in life.deliveries}
    together = stories.list_members(connection, article.story_id) if article.story_id else []
    return {
        "article": [_article_row(connection, article)],
        "seen in": [
            {
                "feed": _feed_url(connection, entry.feed_id),
                "first": entry.seen_at,
                "last": max(entry.seen_at, entry.last_seen_at),  # pushed, it was in no look yet
            }
            for entry in entries.list_entries(connection, article.id)
        ],
        "revisions": [
            {"number": row.number, "seen": row.seen_at, "changed": row.changed, "headline": row.title}
            for row in articles.list_revisions(connection, article.id)
        ],
        "decided": [
            {
                "edition": row.edition or "-",
                "verdict": row.verdict,
                "why": row.detail or VERDICT_MEANINGS.get(row.verdict, ""),
                "when": row.decided_at,
            }
            for row in life.decisions
        ],
        "posts": [
            {
                "chat": names[row.chat_id],
                "state": row.state,
                "message": row.message_id,
                "reply to": row.reply_to or None,
                "shows revision": row.shown_revision,
                "settled": row.settled_at,
                "attempts": row.attempts,
                "why": row.error,
            }
            for row in life.deliveries
        ],
        "story": [
            {"headline": row.title, "link": row.url, "published": row.published_at} for row in together
        ],
        "readers": [{"state": state, "chats": count} for state, count in life.private.items()],
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


def _chat_name(connection: Connection, chat_id: int) -> str:
    chat = chats.get(connection, chat_id)
    return chat.display_name if chat else str(chat_id)


def _feed_url(connection: Connection, feed_id: int) -> str:
    feed = feeds.get(connection, feed_id)
    return feed.url if feed else "-"
