"""Monitors chats: their names and rights, Telegram's outages, and posts that are too old to be sent."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from jobs.clock import Notifier
from jobs.config import PublishPolicy
from jobs.publish import chat_status
from jobs.publish.chat_status import StatusSource
from jobs.publish.context import PublishContext, fetch_chat_access
from jobs.publish.planner import edition_channels
from jobs.publish.rules import build_catch_up
from jobs.publish.send_result import ChatAccess, ChatGone, ChatMoved, Outcome, TryLater, Unclear
from storage import channel_names, chats
from storage.database import Connection
from storage.delivery import retention
from storage.delivery.planning import add_notice, add_post
from storage.records import ChannelName, Chat, ChatKind, ChatState

#: Seconds between two checks of paused chats and of old posts.
CHECK_INTERVAL = 60.0
#: Seconds between two checks while Telegram cannot be reached.
OUTAGE_CHECK_INTERVAL = 5.0
#: Seconds between two checks of an active channel, and of the channels' names.
RECHECK_INTERVAL = NAME_CHECK_INTERVAL = 600.0
#: Operators are told that Telegram does not answer after so many seconds.
OUTAGE_ALERT_AFTER = 60.0
#: A delivery that has been due for less than this is still sent, however old its article is.
MIN_OVERDUE = timedelta(minutes=10)
#: Articles in a catch-up post; the newest are kept.
MAX_CATCH_UP_ARTICLES = 100

log = structlog.get_logger(__name__)


class ChatMonitor:
    """Notifies `deliveries_due` when a chat can be written to again."""

    def __init__(self, publish: PublishContext, deliveries_due: Notifier) -> None:
        self._publish, self._deliveries_due = publish, deliveries_due
        self._checked_at: dict[int, float] = {}  # by channel, when Telegram was last asked for it
        self._names_checked_at = -NAME_CHECK_INTERVAL
        self._outage_since: datetime | None = None  # once operators were told of it
        self.notifier = Notifier()

    async def run(self, stop: asyncio.Event) -> None:
        """Monitor the chats until `stop`."""
        while not stop.is_set():
            answered = await self.check_channels()
            await self.expire_posts()
            await self.report_outage()
            await self._publish.db.run(chats.allow_retries, self._publish.clock.now())
            self._deliveries_due.notify()
            soon = not answered or self._publish.rate_limiter.circuit_breaker.is_open
            await self.notifier.wait(
                self._publish.clock, OUTAGE_CHECK_INTERVAL if soon else await self._check_delay()
            )

    async def _check_delay(self) -> float:
        """The seconds until the next check, or until a send to a paused chat may be retried."""
        now = self._publish.clock.now()
        retry: datetime | None = await self._publish.db.read(chats.next_retry, now)
        return min(CHECK_INTERVAL, (retry - now).total_seconds()) if retry else CHECK_INTERVAL

    async def check_channels(self) -> bool:
        """Fetch the channels' rights and where their names lead; whether Telegram answered every time."""
        publish, answered = self._publish, True
        at = publish.clock.monotonic()
        recent = {chat_id for chat_id, when in self._checked_at.items() if at - when < RECHECK_INTERVAL}
        for chat in await publish.db.run(_channels_to_check, publish.policy, recent, publish.clock.now()):
            target = f"@{chat.username}" if chat.id <= chats.MAX_PLACEHOLDER_ID else chat.id
            answered &= await self._apply_chat_access(chat, await self._query_chat(target))
        if answered and at - self._names_checked_at >= NAME_CHECK_INTERVAL:
            self._names_checked_at = at
            await self._check_names()
        return answered

    async def _apply_chat_access(self, chat: Chat, access: ChatAccess | Outcome) -> bool:
        """Record what Telegram says of a chat; False if it did not answer."""
        publish, now = self._publish, self._publish.clock.now()
        operators = publish.policy.operators
        match access:
            case ChatAccess():
                self._checked_at[access.id] = publish.clock.monotonic()
                if await publish.db.run(_save_chat_access, chat, access, operators, now):
                    self._deliveries_due.notify()
            case ChatGone(_, reason):
                lost = partial(chat_status.record_status, why_not=reason)
                if await publish.db.run(lost, chat.id, StatusSource.QUERY, operators, now):
                    self._deliveries_due.notify()  # the notice of it
            case ChatMoved(new):
                await publish.db.run(chats.move, chat.id, new)
            case TryLater() | Unclear():
                return False
        return True

    async def _check_names(self) -> None:
        """Record which chats the @names of CHANNELS lead to now."""
        publish = self._publish
        for name, chat in await publish.db.read(_bound_names, publish.policy):
            leads_to: int | None = chat.id
            if chat.state is not ChatState.ACTIVE or chat.username.lower() != name.name:
                leads_to = _resolved_chat_id(await self._query_chat(f"@{name.name}"))
            if leads_to is not None and leads_to != name.leads_to:
                now = publish.clock.now()
                await publish.db.run(_record_name_change, name, chat, leads_to, publish.policy.operators, now)
                self._deliveries_due.notify()

    async def _query_chat(self, chat: int | str) -> ChatAccess | Outcome:
        """What Telegram says of a chat, unless the circuit breaker is open."""
        rate_limiter, clock = self._publish.rate_limiter, self._publish.clock
        if wait := rate_limiter.circuit_breaker.retry_in(clock.monotonic()):
            return TryLater(wait, "Telegram does not answer")
        return await fetch_chat_access(self._publish, chat)

    async def report_outage(self) -> None:
        """Tell operators once that Telegram does not answer, and once that it does again."""
        publish, now, circuit_breaker = (
            self._publish,
            self._publish.clock.now(),
            self._publish.rate_limiter.circuit_breaker,
        )
        operators = publish.policy.operators
        lasts = circuit_breaker.open_seconds(publish.clock.monotonic())
        if self._outage_since is None and lasts >= OUTAGE_ALERT_AFTER:
            self._outage_since = now - timedelta(seconds=lasts)
            log.warning("outage, probing once a minute", since=f"{self._outage_since:%H:%M:%S}")
            await publish.db.run(_notify_outage, self._outage_since, operators, now)
        elif self._outage_since is not None and not circuit_breaker.is_open:
            since, self._outage_since = self._outage_since, None
            wait = publish.policy.unclear_wait
            repeated = await publish.db.run(_notify_recovery, since, operators, now, wait)
            log.warning("outage ended", since=f"{since:%H:%M:%S}", repeated=repeated)

    async def expire_posts(self) -> None:
        """Replace what is too old by one catch-up post a channel; readers' old alerts are skipped."""
        publish, now = self._publish, self._publish.clock.now()
        if await publish.db.run(_post_catch_ups, publish.policy, now):
            self._deliveries_due.notify()
        old, owed = now - publish.policy.max_age, now - MIN_OVERDUE
        await publish.db.run(retention.skip_repeated, old)
        while await publish.db.run(retention.skip_expired_private, old, owed):
            pass


def _channels_to_check(
    connection: Connection, policy: PublishPolicy, recent: Collection[int], now: datetime
) -> list[Chat]:
    """The channels of the settings that were not checked recently or are paused, except by an operator.

    Groups that follow are not checked: updates say when the bot's rights there change.
    """
    named = {chat.id: chat for some in edition_channels(connection, policy, now).values() for chat in some}
    chats.unmark_named(connection, named)
    return [
        chat
        for chat_id, chat in named.items()
        if (chat_id not in recent or chat.state is not ChatState.ACTIVE) and chat.reason != chats.BY_OPERATOR
    ]


def _save_chat_access(
    connection: Connection, chat: Chat, access: ChatAccess, operators: Sequence[int], now: datetime
) -> bool:
    """Write what a chat is and whether the bot may post there; whether that changed.

    A new @name is bound to the chat that it leads to only if the bot may post there: then an operator has
    made the bot one of its administrators.
    """
    if access.kind is ChatKind.PRIVATE:
        return False
    record_status = partial(
        chat_status.record_status, source=StatusSource.QUERY, operators=operators, now=now
    )
    is_new = chat.id <= chats.MAX_PLACEHOLDER_ID
    if is_new and not access.may_post:
        return record_status(connection, chat.id, why_not=access.reason)
    if access.username:
        _bind_username(connection, access.id, access.username)
    if is_new:
        _bind_username(connection, access.id, chat.username)
    if access.id != chat.id:
        chats.move(connection, chat.id, access.id, access.kind)
    columns = {"kind": access.kind, "title": access.title, "username": access.username}
    chats.update_columns(connection, access.id, **columns, can_edit=access.may_edit)
    changed = record_status(connection, access.id, why_not=access.reason)
    return changed or access.id != chat.id


def _bind_username(connection: Connection, chat_id: int, username: str) -> None:
    """Bind the @name to the channel for ever: `storage.channel_names`."""
    channel_names.bind_name(connection, username, chat_id)
    chats.assign_username(connection, chat_id, username)
    waiting, bound = chats.get_placeholder(connection, username), channel_names.get(connection, username)
    if waiting and bound:
        chats.move(connection, waiting.id, bound.chat_id, waiting.kind)


def _bound_names(connection: Connection, policy: PublishPolicy) -> list[tuple[ChannelName, Chat]]:
    """The @names of CHANNELS that are bound, with their channels."""
    named = [name for edition in policy.editions for name in edition.channels if isinstance(name, str)]
    found = [
        (name, chats.follow_moves(connection, name.chat_id))
        for name in channel_names.get_many(connection, named)
    ]
    return [(name, chat) for name, chat in found if chat is not None]


def _resolved_chat_id(access: ChatAccess | Outcome) -> int | None:
    """The chat that a @name leads to, 0 for none; None if Telegram did not say."""
    match access:
        case ChatAccess():
            return access.id
        case ChatGone(_, reason) if reason.endswith("chat not found"):
            return 0
        case _:
            return None


def _record_name_change(
    connection: Connection,
    name: ChannelName,
    chat: Chat,
    leads_to: int,
    operators: Sequence[int],
    now: datetime,
) -> None:
    """Write where a name leads now, and tell the operators."""
    channel_names.record_target(connection, name.name, leads_to)
    notice = describe_name_change(name.name, chat, leads_to)
    log.warning("channel name changed", name=f"@{name.name}", notice=notice)
    add_notice(connection, operators, notice, now)


def describe_name_change(name: str, chat: Chat, leads_to: int) -> str:
    """The notice that a name of CHANNELS leads to another chat than its channel, or to its channel again."""
    meant = f"{chat.title or 'the channel that it meant'} ({chat.id})"
    if leads_to == chat.id:
        return f"✅ @{name} leads to {meant} again."
    if leads_to:
        return (
            f"⚠️ @{name} leads to another chat now ({leads_to}). Nothing is posted there: posts go to "
            f"{meant}. In CHANNELS, write the id of the one that you mean: {chat.id} or {leads_to}."
        )
    renamed = f", which is @{chat.username} now" if chat.username else ""
    new = f"@{chat.username} or {chat.id}" if chat.username else chat.id
    return f"⚠️ @{name} is gone. Posts go to {meant}{renamed}. In CHANNELS, write {new}."


def _post_catch_ups(connection: Connection, policy: PublishPolicy, now: datetime) -> int:
    """Replace old deliveries by catch-up posts; how many. Catch-up posts that are still owed are merged."""
    late = retention.list_expired(connection, now - policy.max_age, now - MIN_OVERDUE)
    missed: dict[tuple[str, int], list[int]] = {}
    for each in late:
        missed.setdefault((each.edition, each.chat_id), []).append(each.article_id)
    together: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for (edition, chat_id), articles in missed.items():
        before = retention.cancel_catch_ups(connection, edition, chat_id)
        listed = tuple([*before, *articles][-MAX_CATCH_UP_ARTICLES:])
        together.setdefault((edition, listed), []).append(chat_id)
    for (edition, some), chat_ids in together.items():
        add_post(connection, build_catch_up(edition, some, chat_ids, now), now)
    retention.skip_deliveries(connection, [each.delivery_id for each in late])
    return len(late)


def _notify_outage(connection: Connection, since: datetime, operators: Sequence[int], now: datetime) -> None:
    add_notice(
        connection,
        operators,
        f"⚠️ Telegram has not answered since {since:%Y-%m-%d %H:%M} UTC. One request a minute asks whether it "
        "does again; all others wait.",
        now,
    )


def _notify_recovery(
    connection: Connection, since: datetime, operators: Sequence[int], now: datetime, wait: timedelta
) -> int:
    """Tell operators that the outage is over, and end all longer backoffs; how many sends are repeated."""
    repeated = retention.count_repeated(connection, since)
    retention.advance_lookups(connection, now + wait)
    minutes = round((now - since).total_seconds() / 60)
    again = f"{repeated} messages to readers that were not answered are sent again: some may come twice."
    rest = again if repeated else "Nothing has to be sent again."
    # after the notice that it began, which may itself have to be repeated
    add_notice(
        connection, operators, f"✅ Telegram answers again, after {minutes} minutes. {rest}", now + 2 * wait
    )
    return repeated
