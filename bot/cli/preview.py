"""newswire preview URL: shows what would be posted, where and when, without storing or sending anything."""

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from bot.app.ingest import open_ingest
from bot.app.post_renderer import PostRenderer
from bot.cli._common import CommandError
from bot.cli.table import Row, json_option, print_tables
from bot.config import Settings, read_settings
from bot.config.parsers import parse_web_address
from bot.config.policies import publish_policy
from bot.render import Content, Html
from bot.render.text import visible_text
from jobs.clock import SystemClock
from jobs.config import Edition, PublishPolicy
from jobs.ingest.pipeline import read_late_pages, update_one_feed
from jobs.ingest.probe import probe_article
from jobs.ingest.store import store_update
from jobs.ingest.update_feed import UpdateState
from jobs.publish.context import PostContext
from jobs.publish.rules import Plan, make_plan
from storage import articles, chats, feeds
from storage.database import Connection, Database, open_database
from storage.delivery import planning, turns
from storage.delivery.planning import NewPost
from storage.migrations import migrate
from storage.records import Article, ChatKind, Lane, Post, PostKind

#: Articles of a feed that can be previewed; few feeds have more.
MAX_ARTICLES = 1000


@click.command()
@click.argument("url")
@click.option(
    "--count",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    help="How many articles, newest first.",
)
@json_option
def preview(url: str, count: int, as_json: bool) -> None:
    """Show what would be posted, where and when, without storing or sending anything.

    URL is the address of a feed, of a site (its feed is discovered), or of an article.
    """
    try:
        parse_web_address(url)
    except ValueError as error:
        raise click.BadParameter(f"expected {error}.", param_hint="URL") from None
    settings = read_settings()
    with tempfile.TemporaryDirectory(prefix="newswire-preview-") as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'preview.db'}")
        try:
            database.run_sync(migrate)
            asyncio.run(_fetch_articles(settings, database, url, count))
            now = SystemClock().now()
            rows = database.run_sync(_preview_rows, _preview_policy(settings, url), now, count)
        finally:
            database.close()
    if as_json:
        print_tables({"posts": rows}, as_json=True)
    else:
        _print_posts(rows, now)


async def _fetch_articles(settings: Settings, database: Database, url: str, count: int) -> None:
    clock = SystemClock()
    database.run_sync(feeds.register_urls, [url], clock.now())
    [feed] = database.read_sync(feeds.list_all)
    with_backfill = settings.model_copy(update={"backfill": MAX_ARTICLES})
    async with open_ingest(with_backfill, clock, database) as ingest:
        if article := await probe_article(ingest, url):
            database.run_sync(store_update, feed.id, article, ingest.policy, clock.now(), {})
            return
        update = await update_one_feed(ingest, feed)
        if update.state is UpdateState.FAILED and not update.stored.new:
            raise CommandError(f"{url}: {update.reason}")
        await read_late_pages(ingest, count)  # a running bot would have fetched them before posting


def _preview_policy(settings: Settings, url: str) -> PublishPolicy:
    """Return the policy with the editions that have this feed, or with all of them if none has."""
    policy = publish_policy(settings)
    mine = tuple(edition for edition in policy.editions if url in edition.feed_urls)
    return replace(
        policy, editions=mine or tuple(replace(each, feed_urls=(url,)) for each in policy.editions)
    )


def _preview_rows(connection: Connection, policy: PublishPolicy, now: datetime, count: int) -> list[Row]:
    waiting = planning.articles_for_planning(connection, turns.next_unplanned(connection, MAX_ARTICLES))
    channels = {
        edition.name: chats.resolve_channels(connection, edition.channels, now, edition.name)
        for edition in policy.editions
    }
    made = make_plan(waiting, policy, channels, {}, now)
    newest = articles.list_latest(connection, count)
    renderer = PostRenderer(policy)
    return [row for article in newest for row in _decision_rows(article, made, policy, renderer, now)]


def _decision_rows(
    article: Article, made: Plan, policy: PublishPolicy, renderer: PostRenderer, now: datetime
) -> Iterator[Row]:
    by_name = {edition.name: edition for edition in policy.editions}
    for decision in (each for each in made.decisions if each.article_id == article.id):
        edition = by_name[decision.edition]
        named = (article.id, edition.name)
        owed = next((post for post in made.posts if (post.article_id, post.edition) == named), None)
        content = _render_preview(article, edition, owed, renderer, now)
        yield {
            "headline": article.title,
            "edition": edition.name,
            "verdict": decision.verdict,
            "why": decision.detail,
            "channels": [str(channel) for channel in edition.channels] if owed else [],
            "when": owed.not_before if owed else None,
            "post": visible_text(Html(content.text)),
            "html": content.text,
            "preview": content.preview,
        }


def _render_preview(
    article: Article, edition: Edition, owed: NewPost | None, renderer: PostRenderer, now: datetime
) -> Content:
    post = Post(
        id=0,
        kind=PostKind.ARTICLE,
        lane=owed.lane if owed else Lane.ROUTINE,
        edition=edition.name,
        article_id=article.id,
        text="",
        silent=owed.silent if owed else False,
        not_before=now,
        created_at=now,
    )
    channel = chats.empty_chat(-1, ChatKind.CHANNEL, now, edition=edition.name)
    post_context = PostContext(
        post=post, articles=(article,), edition=edition, language=edition.language, chat=channel, now=now
    )
    return Content.from_json(renderer(post_context))


def _print_posts(rows: list[Row], now: datetime) -> None:
    console = Console(highlight=False)
    for row in rows:
        when = (
            f", not before {row['when'].astimezone():%Y-%m-%d %H:%M}"
            if row["when"] and row["when"] > now
            else ""
        )
        where = ", ".join(row["channels"]) or "nowhere"
        why = f" ({row['why']})" if row["why"] else ""
        below = f"preview: {row['preview']}" if row["preview"] else None
        panel = Panel(
            escape(row["post"]),
            title=escape(f"{row['verdict']}{why} → {where}{when}"),
            subtitle=below and escape(below),
            title_align="left",
            subtitle_align="left",
            width=min(console.width, 88),
        )
        console.print(panel)
    if not rows:
        console.print("It has no articles.")
