"""/status: feeds, the backlog, chats that cannot be reached, and the last job runs."""

from datetime import datetime

from bot.commands.types import Command, CommandContext, Reply, Request, Usage
from bot.locale import compact_time
from bot.render import Html, bold, code, escape, join_html, shorten, to_plain_text
from storage import feeds, job_runs, reports
from storage.database import Connection
from storage.records import Chat, Feed, FeedState, Run

SHOWN = 10  #: feeds, chats or jobs in each list
ERROR_LIMIT = 120


async def answer_status(request: Request, context: CommandContext) -> Reply:
    """The state of the bot at a glance, for operators."""
    known, owed, last = await context.db.read(_read_status, request.now)
    parts = (_feeds_section(request, known), _backlog_section(request, owed), _runs_section(request, last))
    return Reply(html=join_html("\n\n", *parts))


def _read_status(connection: Connection, now: datetime) -> tuple[list[Feed], reports.Backlog, list[Run]]:
    return (
        feeds.list_all(connection),
        reports.delivery_backlog(connection, now),
        job_runs.latest_runs(connection),
    )


def _feeds_section(request: Request, known: list[Feed]) -> Html:
    say = request.say
    active = sum(feed.state is FeedState.ACTIVE for feed in known)
    troubled = [feed for feed in known if feed.failures or feed.state is not FeedState.ACTIVE]
    title = bold(escape(say("Feeds: {active} of {all} active", active=active, all=len(known))))
    return join_html("\n", title, *(_troubled_feed(request, feed) for feed in troubled[:SHOWN]))


def _troubled_feed(request: Request, feed: Feed) -> Html:
    since = _short_time(request, feed.succeeded_at) if feed.succeeded_at else request.say("never")
    said = request.say(
        "{failures} failed updates in a row; last success: {time}", failures=feed.failures, time=since
    )
    error = escape(_error_line(feed.last_error))
    return join_html(" · ", code(_error_line(feed.url)), escape(feed.state.value), escape(said), error)


def _backlog_section(request: Request, owed: reports.Backlog) -> Html:
    say = request.say
    lanes = ", ".join(f"{lane.value} {count}" for lane, count in owed.owed.items())
    lines = [bold(escape(say("Backlog: {lanes}", lanes=lanes)))]
    if owed.oldest:
        lines.append(
            escape(say("The oldest has been due since {time}.", time=_short_time(request, owed.oldest)))
        )
    if owed.unclear or owed.repeated:
        unclear = say(
            "Unclear: {unclear}; repeated: {repeated}", unclear=owed.unclear, repeated=owed.repeated
        )
        lines.append(escape(unclear))
    lines += [
        join_html(" · ", code(_error_line(chat.title or str(chat.id))), escape(_error_line(chat.reason)))
        for chat in owed.paused[:SHOWN]
    ]
    lines += [
        join_html(" · ", code(_error_line(chat.display_name)), escape(_flood_notice(request, chat)))
        for chat in owed.waiting[:SHOWN]
    ]
    return join_html("\n", *lines)


def _flood_notice(request: Request, chat: Chat) -> str:
    assert chat.flooded_until
    return request.say("rate limited by Telegram until {time}", time=_short_time(request, chat.flooded_until))


def _runs_section(request: Request, last: list[Run]) -> Html:
    lines = (
        join_html(
            " · ",
            code(run.job),
            escape(_short_time(request, run.started_at)),
            escape(run.outcome.value if run.outcome else request.say("running")),
            escape(_error_line(run.error)),
        )
        for run in last[:SHOWN]
    )
    return join_html("\n", bold(escape(request.say("Last runs"))), *lines)


def _short_time(request: Request, moment: datetime) -> str:
    return compact_time(moment, request.now, request.timezone, request.language)


def _error_line(text: str) -> str:
    return shorten(to_plain_text(text[:1000]), ERROR_LIMIT)


COMMAND = Command(
    name="status",
    answer=answer_status,
    summary="Feeds, backlog, last runs",
    usage=(Usage("status", "feeds, backlog, last runs"),),
    operators_only=True,
)
