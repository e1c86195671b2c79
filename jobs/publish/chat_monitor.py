"""Looks after the chats: what they are, whether they can be written to again, and what came too late."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from jobs.clock import Bell
from jobs.config import Publishing
from jobs.publish import chat_status
from jobs.publish.chat_status import Source
from jobs.publish.context import Publish
from jobs.publish.planner import channels_of
from jobs.publish.rules import catch_up
from jobs.publish.send_result import ChatGone, ChatMoved, Outcome, Standing, TryLater, Unclear
from storage import channel_names, chats
from storage.database import Connection
from storage.delivery import retention
from storage.delivery.planning import notice, owe
from storage.records import ChannelName, Chat, ChatKind, ChatState

#: Paused chats are looked at, and late posts for, after so many seconds.
EVERY = 60.0
#: Where Telegram is out of reach, somebody's posts may wait for no more than its answer.
SOON = 5.0
#: Channels that are well are looked at again after this, and their names as often.
AGAIN = NAMES_EVERY = 600.0
#: Operators are told that Telegram does not answer when it has not for so many seconds.
SILENT = 60.0
#: What has been due for less than this is on its way, however old its article is.
ON_ITS_WAY = timedelta(minutes=10)
#: The newest articles that one catch-up post is about.
LISTED = 100

log = structlog.get_logger(__name__)


class Keeper:
    """Rings `owed` when a chat can be written to again."""

    def __init__(self, publish: Publish, owed: Bell) -> None:
        self._publish, self._owed = publish, owed
        self._met: dict[int, float] = {}  # channels whose standing was asked, and when
        self._names_asked = -NAMES_EVERY
        self._silent: datetime | None = None  # since when Telegram does not answer, once that was told
        self.bell = Bell()

    async def run(self, stop: asyncio.Event) -> None:
        """Look after them until `stop`."""
        while not stop.is_set():
            everybody = await self.meet()
            await self.expire()
            await self.heed_silence()
            await self._publish.db.run(chats.allow_retries, self._publish.clock.now())
            self._owed.ring()
            soon = not everybody or self._publish.pace.silence.on
            await self.bell.wait(self._publish.clock, SOON if soon else await self._rest())

    async def _rest(self) -> float:
        """Until the next look, or until a send may be tried again in a paused chat."""
        now = self._publish.clock.now()
        retry: datetime | None = await self._publish.db.read(chats.next_retry, now)
        return min(EVERY, (retry - now).total_seconds()) if retry else EVERY

    async def meet(self) -> bool:
        """Learn what the channels are, whether they can be written to, and where their names lead.

        False where Telegram could not be asked about one.
        """
        publish, everybody = self._publish, True
        at = publish.clock.monotonic()
        met = {chat_id for chat_id, when in self._met.items() if at - when < AGAIN}
        for chat in await publish.db.run(_to_meet, publish.policy, met, publish.clock.now()):
            asked = f"@{chat.username}" if chat.id <= chats.UNNAMED else chat.id
            everybody &= await self._heed(chat, await self._ask(asked))
        if everybody and at - self._names_asked >= NAMES_EVERY:
            self._names_asked = at
            await self._ask_names()
        return everybody

    async def _heed(self, chat: Chat, standing: Standing | Outcome) -> bool:
        """What Telegram says of a chat; False where it does not say."""
        publish, now = self._publish, self._publish.clock.now()
        operators = publish.policy.operators
        match standing:
            case Standing():
                self._met[standing.id] = publish.clock.monotonic()
                if await publish.db.run(_learn, chat, standing, operators, now):
                    self._owed.ring()
            case ChatGone(_, reason):
                lost = partial(chat_status.learn, why_not=reason)
                if await publish.db.run(lost, chat.id, Source.LOOK, operators, now):
                    self._owed.ring()  # the notice of it
            case ChatMoved(new):
                await publish.db.run(chats.move, chat.id, new)
            case TryLater() | Unclear():
                return False
        return True

    async def _ask_names(self) -> None:
        """Where do the names of CHANNELS lead by now?"""
        publish = self._publish
        for name, chat in await publish.db.read(_names, publish.policy):
            leads_to: int | None = chat.id
            if chat.state is not ChatState.ACTIVE or chat.username.lower() != name.name:
                leads_to = _led_to(await self._ask(f"@{name.name}"))
            if leads_to is not None and leads_to != name.leads_to:
                now = publish.clock.now()
                await publish.db.run(_note_name, name, chat, leads_to, publish.policy.operators, now)
                self._owed.ring()

    async def _ask(self, chat: int | str) -> Standing | Outcome:
        """What Telegram says of a chat, unless it does not answer anybody."""
        pace, clock = self._publish.pace, self._publish.clock
        if wait := pace.silence.opens_in(clock.monotonic()):
            return TryLater(wait, "Telegram does not answer")
        pace.silence.begin(clock.monotonic())
        standing = await self._publish.sender.standing(chat)
        pace.heard(("standing", chat), standing, clock.monotonic())
        return standing

    async def heed_silence(self) -> None:
        """Tell once that Telegram does not answer, and once that it does again."""
        publish, now, silence = self._publish, self._publish.clock.now(), self._publish.pace.silence
        operators = publish.policy.operators
        lasts = silence.lasts(publish.clock.monotonic())
        if self._silent is None and lasts >= SILENT:
            self._silent = now - timedelta(seconds=lasts)
            log.warning(
                "Telegram does not answer; one request a minute asks", since=f"{self._silent:%H:%M:%S}"
            )
            await publish.db.run(_tell_silence, self._silent, operators, now)
        elif self._silent is not None and not silence.on:
            since, self._silent = self._silent, None
            wait = publish.policy.unclear_wait
            repeated = await publish.db.run(_tell_answered, since, operators, now, wait)
            log.warning("Telegram answers again", since=f"{since:%H:%M:%S}", sent_again=repeated)

    async def expire(self) -> None:
        """One catch-up post for each channel instead of what has become too old; readers' alerts just go."""
        publish, now = self._publish, self._publish.clock.now()
        if await publish.db.run(_catch_up, publish.policy, now):
            self._owed.ring()
        old, owed = now - publish.policy.max_age, now - ON_ITS_WAY
        await publish.db.run(retention.skip_repeated, old)
        while await publish.db.run(retention.skip_private, old, owed):
            pass


def _to_meet(connection: Connection, policy: Publishing, met: Collection[int], now: datetime) -> list[Chat]:
    """The settings' channels not asked about lately, or paused, but not by an operator.

    Of other groups, Telegram tells when their rights change.
    """
    named = {chat.id: chat for some in channels_of(connection, policy, now).values() for chat in some}
    chats.unname(connection, named)
    return [
        chat
        for number, chat in named.items()
        if (number not in met or chat.state is not ChatState.ACTIVE) and chat.reason != chats.BY_OPERATOR
    ]


def _learn(
    connection: Connection, chat: Chat, standing: Standing, operators: Sequence[int], now: datetime
) -> bool:
    """Write what a chat is and whether we may post there; whether that changed.

    A @name that was never met means the chat where the bot may post: the operator made it one of its
    administrators.
    """
    if standing.kind is ChatKind.PRIVATE:
        return False
    learn = partial(chat_status.learn, source=Source.LOOK, operators=operators, now=now)
    found = chat.id <= chats.UNNAMED
    if found and not standing.may_post:
        return learn(connection, chat.id, why_not=standing.reason)
    if standing.username:
        _give_name(connection, standing.id, standing.username)
    if found:
        _give_name(connection, standing.id, chat.username)
    if standing.id != chat.id:
        chats.move(connection, chat.id, standing.id, standing.kind)
    columns = {"kind": standing.kind, "title": standing.title, "username": standing.username}
    chats.change(connection, standing.id, **columns, can_edit=standing.may_edit)
    changed = learn(connection, standing.id, why_not=standing.reason)
    return changed or standing.id != chat.id


def _give_name(connection: Connection, chat_id: int, username: str) -> None:
    """The channel was known by this @name, and keeps it: `storage.channel_names`."""
    channel_names.bind(connection, username, chat_id)
    chats.give_name(connection, chat_id, username)
    waiting, bound = chats.not_yet_found(connection, username), channel_names.get(connection, username)
    if waiting and bound:
        chats.move(connection, waiting.id, bound.chat_id, waiting.kind)


def _names(connection: Connection, policy: Publishing) -> list[tuple[ChannelName, Chat]]:
    """The @names of CHANNELS that were met, with the channels that they mean."""
    named = [name for edition in policy.editions for name in edition.channels if isinstance(name, str)]
    found = [
        (name, chats.followed(connection, name.chat_id)) for name in channel_names.many(connection, named)
    ]
    return [(name, chat) for name, chat in found if chat is not None]


def _led_to(standing: Standing | Outcome) -> int | None:
    """The chat that a @name leads to, 0 for none; None if that was not told."""
    match standing:
        case Standing():
            return standing.id
        case ChatGone(_, reason) if reason.endswith("chat not found"):
            return 0
        case _:
            return None


def _note_name(
    connection: Connection,
    name: ChannelName,
    chat: Chat,
    leads_to: int,
    operators: Sequence[int],
    now: datetime,
) -> None:
    """Write where a name leads by now, and tell the operators."""
    channel_names.note_where(connection, name.name, leads_to)
    words = name_words(name.name, chat, leads_to)
    log.warning("a channel's @name changed", name=f"@{name.name}", now=words)
    notice(connection, operators, words, now)


def name_words(name: str, chat: Chat, leads_to: int) -> str:
    """What operators are told where a name of CHANNELS no longer leads to the channel that it means."""
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


def _catch_up(connection: Connection, policy: Publishing, now: datetime) -> int:
    """What a chat was to catch up with before and has not yet seen goes into the same post."""
    late = retention.late(connection, now - policy.max_age, now - ON_ITS_WAY)
    missed: dict[tuple[str, int], list[int]] = {}
    for each in late:
        missed.setdefault((each.edition, each.chat_id), []).append(each.article_id)
    together: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for (edition, chat_id), articles in missed.items():
        before = retention.take_catch_ups(connection, edition, chat_id)
        listed = tuple([*before, *articles][-LISTED:])
        together.setdefault((edition, listed), []).append(chat_id)
    for (edition, some), chat_ids in together.items():
        owe(connection, catch_up(edition, some, chat_ids, now), now)
    retention.skip(connection, [each.delivery_id for each in late])
    return len(late)


def _tell_silence(connection: Connection, since: datetime, operators: Sequence[int], now: datetime) -> None:
    notice(
        connection,
        operators,
        f"⚠️ Telegram has not answered since {since:%Y-%m-%d %H:%M} UTC. One request a minute asks whether it "
        "does again; all others wait.",
        now,
    )


def _tell_answered(
    connection: Connection, since: datetime, operators: Sequence[int], now: datetime, wait: timedelta
) -> int:
    """Tell that it is over; nothing waits longer than usual to be repeated; how much is."""
    repeated = retention.repeated_since(connection, since)
    retention.look_by(connection, now + wait)
    minutes = round((now - since).total_seconds() / 60)
    again = f"{repeated} messages to readers that were not answered are sent again: some may come twice."
    words = again if repeated else "Nothing has to be sent again."
    # behind the notice that it began, which may itself have to be repeated
    notice(
        connection, operators, f"✅ Telegram answers again, after {minutes} minutes. {words}", now + 2 * wait
    )
    return repeated
