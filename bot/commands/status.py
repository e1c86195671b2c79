"""/status: does everything run? Feeds, what is owed, chats that can't be reached, and the last runs."""

from datetime import datetime

from bot.commands.types import Command, Desk, Reply, Request, Usage
from bot.locale import near
from bot.render import Html, bold, code, escape, joined, plain, shorten
from storage import feeds, job_runs, reports
from storage.database import Connection
from storage.records import Chat, Feed, FeedState, Run

SHOWN = 10  #: feeds, chats or jobs in a list
ERROR_LIMIT = 120


async def status(request: Request, desk: Desk) -> Reply:
    """What an operator wants to know at a glance."""
    known, owed, last = await desk.db.read(_seen, request.now)
    parts = (_feeds(request, known), _backlog(request, owed), _runs(request, last))
    return Reply(html=joined("\n\n", *parts))


def _seen(connection: Connection, now: datetime) -> tuple[list[Feed], reports.Backlog, list[Run]]:
    return feeds.every(connection), reports.backlog(connection, now), job_runs.latest(connection)


def _feeds(request: Request, known: list[Feed]) -> Html:
    say = request.say
    active = sum(feed.state is FeedState.ACTIVE for feed in known)
    troubled = [feed for feed in known if feed.failures or feed.state is not FeedState.ACTIVE]
    title = bold(escape(say("Feeds: {active} of {all} active", active=active, all=len(known))))
    return joined("\n", title, *(_troubled(request, feed) for feed in troubled[:SHOWN]))


def _troubled(request: Request, feed: Feed) -> Html:
    since = _time(request, feed.succeeded_at) if feed.succeeded_at else request.say("never")
    said = request.say(
        "{failures} failures in a row; last good look: {time}", failures=feed.failures, time=since
    )
    error = escape(_line(feed.last_error))
    return joined(" · ", code(_line(feed.url)), escape(feed.state.value), escape(said), error)


def _backlog(request: Request, owed: reports.Backlog) -> Html:
    say = request.say
    lanes = ", ".join(f"{lane.value} {count}" for lane, count in owed.owed.items())
    lines = [bold(escape(say("Owed: {lanes}", lanes=lanes)))]
    if owed.oldest:
        lines.append(escape(say("The oldest is due since {time}.", time=_time(request, owed.oldest))))
    if owed.unclear or owed.repeated:
        unclear = say(
            "Unclear: {unclear}; repeated: {repeated}", unclear=owed.unclear, repeated=owed.repeated
        )
        lines.append(escape(unclear))
    lines += [
        joined(" · ", code(_line(chat.title or str(chat.id))), escape(_line(chat.reason)))
        for chat in owed.paused[:SHOWN]
    ]
    lines += [
        joined(" · ", code(_line(chat.called)), escape(_waits(request, chat)))
        for chat in owed.waiting[:SHOWN]
    ]
    return joined("\n", *lines)


def _waits(request: Request, chat: Chat) -> str:
    assert chat.flooded_until
    return request.say("Telegram takes nothing before {time}", time=_time(request, chat.flooded_until))


def _runs(request: Request, last: list[Run]) -> Html:
    lines = (
        joined(
            " · ",
            code(run.job),
            escape(_time(request, run.started_at)),
            escape(run.outcome.value if run.outcome else request.say("running")),
            escape(_line(run.error)),
        )
        for run in last[:SHOWN]
    )
    return joined("\n", bold(escape(request.say("Last runs"))), *lines)


def _time(request: Request, moment: datetime) -> str:
    return near(moment, request.now, request.timezone, request.language)


def _line(text: str) -> str:
    return shorten(plain(text[:1000]), ERROR_LIMIT)


COMMAND = Command(
    name="status",
    answer=status,
    summary="Feeds, backlog, last runs",
    usage=(Usage("status", "feeds, backlog, last runs"),),
    operators_only=True,
)
