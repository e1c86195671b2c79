"""Makes a delivery's request, and heeds what its answer means for the pace."""

import structlog

from jobs.publish.actions import Delete, Edit, Send
from jobs.publish.context import Publish
from jobs.publish.prepare import Parcel, Parcels
from jobs.publish.send_result import ChatGone, ChatMoved, Outcome, Refused, TryLater, Unclear, Untouchable
from jobs.publish.settlement import has_moved, name_of
from storage.delivery.claims import Debt

#: Shorter sleeps bring nothing.
GRAIN = 0.005

log = structlog.get_logger(__name__)


class Requests:
    """One request for each parcel, or two where a message cannot be deleted."""

    def __init__(self, publish: Publish, parcels: Parcels) -> None:
        self._sender, self._clock, self._pace = publish.sender, publish.clock, publish.pace
        self._parcels = parcels

    async def make(self, parcel: Parcel, ticket: int) -> tuple[Send | Edit | Delete, Outcome]:
        """What was asked for in the end, and what came of it; never raises."""
        step = parcel.step
        outcome = await self._make(parcel, step, parcel.content, ticket)
        if isinstance(step, Delete) and _stands(parcel.debt, outcome):
            step, note = self._parcels.note(parcel)
            ticket = await self._turn(parcel.chat_id)
            outcome = await self._make(parcel, step, note, ticket)
        return step, outcome

    async def _make(self, parcel: Parcel, step: Send | Edit | Delete, content: str, ticket: int) -> Outcome:
        try:
            outcome = await self._ask(parcel, step, content)
        except Exception as surprise:  # a mistake of ours: nobody knows what became of the request
            log.exception("a request broke", chat=name_of(parcel.debt))
            outcome = Unclear(type(surprise).__name__)
        finally:
            self._pace.answered(ticket, self._clock.monotonic())
        self._heed(type(step), parcel.chat_id, outcome)
        return outcome

    async def _ask(self, parcel: Parcel, step: Send | Edit | Delete, content: str) -> Outcome:
        sender, chat_id = self._sender, parcel.chat_id
        match step:
            case Send():
                return await sender.send(chat_id, content, reply_to=parcel.reply_to)
            case Edit(message_id):
                return await sender.edit(chat_id, message_id, content, new_picture=step.new_picture)
            case Delete(message_id):
                return await sender.delete(chat_id, message_id)

    async def _turn(self, chat_id: int) -> int:
        """Wait until something in the chat may be edited; the ticket."""
        while (wait := self._pace.wait(chat_id, self._clock.monotonic(), unpaid=True)) > 0:
            await self._clock.sleep(max(GRAIN, min(wait, 1.0)))
        return self._pace.start(chat_id, self._clock.monotonic(), unpaid=True)

    def _heed(self, kind: type, chat_id: int, outcome: Outcome) -> None:
        """What the outcome means for the pace."""
        now = self._clock.monotonic()
        self._pace.heard((kind, chat_id), outcome, now)
        if isinstance(outcome, TryLater) and outcome.flood:
            self._pace.flooded(chat_id, outcome.seconds, now)


def _stands(debt: Debt, outcome: Outcome) -> bool:
    """Whether Telegram does not delete a message that may still be edited."""
    match outcome:
        case Untouchable() | ChatMoved():
            return True
        case ChatGone() | Refused():
            return has_moved(debt)
        case _:
            return False
