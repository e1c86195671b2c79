"""Looks after the chats: what they are, whether they can be written to again, and what came too late."""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog

from jobs.clock import Bell
from jobs.policy import Publishing
from jobs.publish.outcome import ChatGone, Standing, TryLater, Unclear
from jobs.publish.parts import Publish
from jobs.publish.paused import PausedGroups
from jobs.publish.plan import catch_up
from jobs.publish.planning import channels_of
from storage import chats, expiry
from storage.database import Connection
from storage.decisions import notice, owe
from storage.records import Chat, ChatKind, ChatState

log = structlog.get_logger(__name__)

#: Paused chats are looked at, and late posts for, after so many seconds.
EVERY = 60.0
#: Where Telegram is out of reach, somebody's posts may wait for no more than its answer.
SOON = 5.0
#: What has been due for less than this is on its way, however old its article is.
ON_ITS_WAY = timedelta(minutes=10)


class Keeper:
    """Rings `owed` when a chat can be written to again."""

    def __init__(self, publish: Publish, owed: Bell) -> None:
        self._publish, self._owed = publish, owed
        self._met: set[int] = set()  # channels whose standing was asked since the start
        self._groups = PausedGroups(publish)
        self.bell = Bell()

    async def run(self, stop: asyncio.Event) -> None:
        """Look after them until `stop`."""
        while not stop.is_set():
            everybody = await self.meet()
            await self.expire()
            if await self._groups.look():
                self._owed.ring()
            await self.bell.wait(self._publish.clock, EVERY if everybody else SOON)

    async def meet(self) -> bool:
        """Learn what the channels are, and whether paused ones can be written to again.

        False where Telegram could not be asked about one.
        """
        publish, everybody = self._publish, True
        for chat in await publish.db.run(_to_meet, publish.policy, self._met, publish.clock.now()):
            asked = f"@{chat.username}" if chat.id <= chats.UNNAMED else chat.id
            standing = await publish.sender.standing(asked)
            if isinstance(standing, Standing):
                self._met.add(standing.id)
                changed = await publish.db.run(
                    _learn, chat, standing, publish.policy.operators, publish.clock.now()
                )
                if changed:
                    self._owed.ring()
            elif isinstance(standing, ChatGone):
                await publish.db.run(_miss, chat, standing, publish.policy.operators, publish.clock.now())
            elif isinstance(standing, TryLater | Unclear):
                everybody = False
        return everybody

    async def expire(self) -> None:
        """One catch-up post for each channel instead of what has become too old; readers' alerts just go."""
        publish, now = self._publish, self._publish.clock.now()
        if await publish.db.run(_catch_up, publish.policy, now):
            self._owed.ring()
        old, owed = now - publish.policy.max_age, now - ON_ITS_WAY
        while await publish.db.run(expiry.skip_private, old, owed):
            pass


def _to_meet(connection: Connection, policy: Publishing, met: Collection[int], now: datetime) -> list[Chat]:
    """The settings' channels not yet asked about, or paused, but not by an operator.

    Of other groups, Telegram tells when their rights change.
    """
    named = {chat.id: chat for some in channels_of(connection, policy, now).values() for chat in some}
    return [
        chat
        for number, chat in named.items()
        if (number not in met or chat.state is not ChatState.ACTIVE) and chat.reason != chats.BY_OPERATOR
    ]


def _learn(
    connection: Connection, chat: Chat, standing: Standing, operators: tuple[int, ...], now: datetime
) -> bool:
    """Write what a chat is and whether we may post there; whether that changed."""
    if standing.kind is ChatKind.PRIVATE:
        return False
    if standing.id != chat.id:
        chats.move(connection, chat.id, standing.id, standing.kind)
    columns = {"kind": standing.kind, "title": standing.title, "username": standing.username}
    chats.change(connection, standing.id, **columns, can_edit=standing.may_edit)
    state = ChatState.ACTIVE if standing.may_post else ChatState.PAUSED
    changed = chats.set_state(connection, standing.id, state, standing.reason)
    name = standing.title or standing.username or str(standing.id)
    if changed and state is not chat.state:
        words = f"{name} can be written to again." if standing.may_post else f"{name}: {standing.reason}."
        log.warning(
            "a channel's standing changed", channel=name, now=standing.reason or "it can be written to"
        )
        notice(connection, operators, words, now)
    return changed or standing.id != chat.id


def _miss(
    connection: Connection, chat: Chat, gone: ChatGone, operators: tuple[int, ...], now: datetime
) -> None:
    """Tell once that a channel of the settings is not there; it is looked for again and again."""
    if chats.set_state(connection, chat.id, ChatState.PAUSED, gone.reason):
        log.warning("a channel cannot be found", channel=chat.called, why=gone.reason)
        words = f"{chat.called} cannot be found: {gone.reason}. What it is owed is kept until it can be."
        notice(connection, operators, words, now)


def _catch_up(connection: Connection, policy: Publishing, now: datetime) -> int:
    late = expiry.late(connection, now - policy.max_age, now - ON_ITS_WAY)
    missed: dict[tuple[str, int], list[int]] = {}
    for each in late:
        missed.setdefault((each.edition, each.chat_id), []).append(each.article_id)
    together: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for (edition, chat_id), articles in missed.items():
        together.setdefault((edition, tuple(articles)), []).append(chat_id)
    for (edition, some), chat_ids in together.items():
        owe(connection, catch_up(edition, some, chat_ids, now), now)
    expiry.skip(connection, [each.delivery_id for each in late])
    return len(late)
