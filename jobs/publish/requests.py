"""Makes a delivery's request, and heeds what its answer means for the pace."""

import structlog

from jobs.publish.actions import Delete, Edit, Send
from jobs.publish.context import PublishContext
from jobs.publish.prepare import PreparedRequest, RequestPreparer
from jobs.publish.send_result import ChatGone, ChatMoved, Outcome, Refused, TryLater, Unclear, Untouchable
from jobs.publish.settlement import chat_label, has_moved
from storage.delivery.claims import DueDelivery

#: Shorter sleeps bring nothing.
MIN_SLEEP = 0.005

log = structlog.get_logger(__name__)


class RequestExecutor:
    """One request for each parcel, or two where a message cannot be deleted."""

    def __init__(self, publish: PublishContext, prepared: RequestPreparer) -> None:
        self._sender, self._clock, self._rate_limiter = publish.sender, publish.clock, publish.rate_limiter
        self._preparer = prepared

    async def execute(self, prepared: PreparedRequest, ticket: int) -> tuple[Send | Edit | Delete, Outcome]:
        """What was asked for in the end, and what came of it; never raises."""
        step = prepared.action
        outcome = await self._execute_action(prepared, step, prepared.content, ticket)
        if isinstance(step, Delete) and _needs_note(prepared.due, outcome):
            step, note = self._preparer.withdrawal_note(prepared)
            ticket = await self._wait_turn(prepared.chat_id)
            outcome = await self._execute_action(prepared, step, note, ticket)
        return step, outcome

    async def _execute_action(
        self, prepared: PreparedRequest, step: Send | Edit | Delete, content: str, ticket: int
    ) -> Outcome:
        try:
            outcome = await self._call_sender(prepared, step, content)
        except Exception as surprise:  # a mistake of ours: nobody knows what became of the request
            log.exception("a request broke", chat=chat_label(prepared.due))
            outcome = Unclear(type(surprise).__name__)
        finally:
            self._rate_limiter.finish_request(ticket, self._clock.monotonic())
        self._record_outcome(type(step), prepared.chat_id, outcome)
        return outcome

    async def _call_sender(
        self, prepared: PreparedRequest, step: Send | Edit | Delete, content: str
    ) -> Outcome:
        sender, chat_id = self._sender, prepared.chat_id
        match step:
            case Send():
                return await sender.send(chat_id, content, reply_to=prepared.reply_to)
            case Edit(message_id):
                return await sender.edit(chat_id, message_id, content, new_picture=step.new_picture)
            case Delete(message_id):
                return await sender.delete(chat_id, message_id)

    async def _wait_turn(self, chat_id: int) -> int:
        """Wait until something in the chat may be edited; the ticket."""
        while (wait := self._rate_limiter.wait_seconds(chat_id, self._clock.monotonic(), unpaid=True)) > 0:
            await self._clock.sleep(max(MIN_SLEEP, min(wait, 1.0)))
        return self._rate_limiter.start_request(chat_id, self._clock.monotonic(), unpaid=True)

    def _record_outcome(self, kind: type, chat_id: int, outcome: Outcome) -> None:
        """What the outcome means for the pace."""
        now = self._clock.monotonic()
        self._rate_limiter.record_outcome((kind, chat_id), outcome, now)
        if isinstance(outcome, TryLater) and outcome.flood:
            self._rate_limiter.record_flood(chat_id, outcome.seconds, now)


def _needs_note(due: DueDelivery, outcome: Outcome) -> bool:
    """Whether Telegram does not delete a message that may still be edited."""
    match outcome:
        case Untouchable() | ChatMoved():
            return True
        case ChatGone() | Refused():
            return has_moved(due)
        case _:
            return False
