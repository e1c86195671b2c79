"""Groups that follow and cannot be written to for now: asked about again and again, ever more seldom.

Of a group that lets its members write again Telegram says nothing to the bot. The settings' channels are the
keeper's.
"""

from jobs.publish.outcome import Standing
from jobs.publish.parts import Publish
from storage import chats
from storage.records import ChatState

#: Seconds until a group is asked about again: the first, doubled each time up to the longest.
SOONEST, LONGEST = 60.0, 3600.0


class PausedGroups:
    """What is owed to a group waits for it, and goes out when it can be written to again."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._again: dict[int, tuple[float, float]] = {}  # by group: not before when, and the wait after that

    async def look(self) -> bool:
        """Ask about those whose time has come; whether one can be written to again."""
        publish, now, better = self._publish, self._publish.clock.monotonic(), False
        paused = {chat.id for chat in await publish.db.read(chats.paused_followers)}
        self._again = {
            number: (when, wait)
            for number, (when, wait) in self._again.items()
            if number in paused or when > now
        }
        for number in sorted(paused):
            when, wait = self._again.get(number, (now, SOONEST))
            if when > now:
                continue
            self._again[number] = (now + wait, min(2 * wait, LONGEST))
            standing = await publish.sender.standing(number)
            if isinstance(standing, Standing) and standing.may_post:
                better |= await publish.db.run(chats.set_state, number, ChatState.ACTIVE)
        return better
