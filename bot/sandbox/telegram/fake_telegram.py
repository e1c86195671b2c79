"""A fake Telegram: the Bot API's rules and limits in memory, for tests, the sandbox and the benchmarks.

    telegram = FakeTelegram(SystemClock(), random.Random(7))
    reader = telegram.add_person("Aye Aye")                      # ids are plain ints: reader.id
    channel = telegram.add_channel("Daily", username="daily")    # the bot may post there
    group = telegram.add_group("Readers", [reader.id]); telegram.add_supergroup(...)

    bot = Bot(telegram.token, request=InProcessRequest(telegram))   # python-telegram-bot, in process
    web.run_app(create_app(telegram))                               # or over HTTP, `/bot<token>/<method>`
    status, body = await telegram.call("sendMessage", {"chat_id": channel.id, "text": "x"})   # or by hand

Actions of people (by ids; the bot gets the updates):
    say(user, chat, "/latest", reply_to=0)   press(user, chat, message_id, "label or data") -> query id
    forward(user, to_chat, from_chat, message_id)   post(channel, text)   change(chat, message_id, text)
    delete(chat, message_id)   block(user)   unblock(user)   deactivate(user)
    join(user, chat)   leave(user, chat)   set_bot(chat, MemberStatus.KICKED, rights)
    rename(chat, title)   set_username(chat, "daily")   rename_bot(username)
    pin(chat, message_id)   upgrade(group, supergroup)   dissolve(chat)
    ask(user, text) -> inline query id   query_answer(query_id) -> the bot's answer, or None
    inject({"callback_query": {...}})    # an update of any kind, unchecked: forged, or out of order

Faults (`faults.py` has the names): `telegram.faults.script("late", methods=["sendMessage"])`,
`telegram.faults.add_random(0.2)`, `telegram.faults.latency = 0.06`,
`telegram.faults.script(api_error_fault(400, "Bad Request: TOPIC_CLOSED"), times=9)`. Observations: `async for
event in telegram.follow_events()`, `telegram.view_message(message)`, `telegram.visible_messages(chat)`,
`telegram.visibility` (`count_marks(links, chats)`, `peak_count(seconds)`, `foreign_changes()`). As a separate
process, which outlives the bot: `python -m bot.sandbox`, steered by the routes of `control_api.py`. The only
parse_mode is HTML; Markdown is answered with an error.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.api_error import ApiError, Json, too_many_requests
from bot.sandbox.telegram.assertions import VisibilityLog
from bot.sandbox.telegram.chat_factory import ChatFactory
from bot.sandbox.telegram.chats import ChatDirectory, User
from bot.sandbox.telegram.event_log import Event, EventLog
from bot.sandbox.telegram.faults import Applied, Fault, FaultEffect, FaultInjector
from bot.sandbox.telegram.limits import FloodLimiter, Limits
from bot.sandbox.telegram.message_views import message_view
from bot.sandbox.telegram.messages import Message, MessageStore
from bot.sandbox.telegram.methods.table import METHODS
from bot.sandbox.telegram.methods.webhooks import set_allowed_updates
from bot.sandbox.telegram.params import Files, Params
from bot.sandbox.telegram.people import UserActions
from bot.sandbox.telegram.state import TelegramState
from bot.sandbox.telegram.updates import UpdateQueue
from jobs.clock import Clock

_encode_json = json.JSONEncoder(separators=(",", ":")).encode
BOT_ID = 7000001
FAKE_TOKEN = f"{BOT_ID}:AAFa-ke-telegram-that-has-no-secrets"
GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP response."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class BrokenConnection:
    """No complete response: the connection is closed, reset, silent, or cut off after half of `partial`."""

    effect: FaultEffect
    partial: HttpAnswer | None = None


class FakeTelegram:
    """The Telegram of one bot. Deterministic: clock and random numbers are handed in."""

    def __init__(
        self,
        clock: Clock,
        rng: random.Random,
        *,
        token: str = FAKE_TOKEN,
        name: str = "Newswire",
        username: str = "newswire_bot",
        limits: Limits | None = None,
    ) -> None:
        bot = User(int(token.partition(":")[0]), name, username, is_bot=True)
        self.token, self.bot, self.clock = token, bot, clock
        self.state = TelegramState(
            clock=clock,
            rng=rng,
            bot=bot,
            chats=ChatDirectory(bot),
            messages=MessageStore(),
            updates=UpdateQueue(clock),
            limiter=FloodLimiter(limits or Limits()),
            event_log=EventLog(),
        )
        self.faults = FaultInjector(rng)
        self.visibility = VisibilityLog(self.state)
        self._running: set[asyncio.Task[Any]] = set()
        factory, people = ChatFactory(self.state), UserActions(self.state)
        self.owner = factory.owner
        self.add_person, self.add_people = factory.add_person, factory.add_people
        self.add_channel, self.add_group = factory.add_channel, factory.add_group
        self.add_supergroup = factory.add_supergroup
        self.say, self.press, self.forward, self.ask = people.say, people.press, people.forward, people.ask
        self.post, self.change, self.delete = people.post, people.change, people.delete
        self.block, self.unblock, self.deactivate = people.block, people.unblock, people.deactivate
        self.join, self.leave, self.set_bot = people.join, people.leave, people.set_bot
        self.rename, self.pin, self.upgrade = people.rename, people.pin, people.upgrade
        self.set_username = people.set_username
        self.dissolve, self.inject = people.dissolve, people.inject
        self.rename_bot = people.rename_bot

    async def call(
        self, method: str, params: Mapping[str, Any], files: Files | None = None
    ) -> tuple[int, Json]:
        """Answer one request by the rules and limits, without faults: HTTP status and JSON body."""
        given = Params(params, files)
        try:
            return 200, {"ok": True, "result": await self._call_with_wait(method.lower(), given)}
        except ApiError as error:
            self.state.event_log.append(
                self.clock.now(),
                "refused",
                given.integer("chat_id"),
                method=method,
                status=error.status,
                description=error.description,
            )
            return error.status, error.to_json()

    async def serve_request(
        self, token: str, method: str, params: Mapping[str, Any], files: Files | None = None
    ) -> HttpAnswer | BrokenConnection:
        """Answer one request as the network would: the token is checked, faults are applied."""
        if token != self.token:
            return _json_answer(401, ApiError(401, "Unauthorized").to_json())
        if self.faults.latency:
            await self.clock.sleep(self.faults.latency)
        fault = self.faults.pick_fault(method.lower(), str(params.get("chat_id", "")))
        if fault is None:
            return _json_answer(*await self.call(method, params, files))
        self.state.event_log.append(self.clock.now(), "fault", method=method, fault=fault)
        return await self._apply_fault(fault, method, params, files)

    def start_request(
        self, token: str, method: str, params: Mapping[str, Any], files: Files | None = None
    ) -> "asyncio.Task[HttpAnswer | BrokenConnection]":
        """As `serve_request`, in a task that runs on if the caller gives up."""
        task = asyncio.create_task(self.serve_request(token, method, params, files))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def follow_events(self, after: int | None = None) -> AsyncIterator[Event]:
        """The events after the one with number `after`, or from now on, without end."""
        return self.state.event_log.follow(after)

    def visible_messages(self, chat_id: int) -> list[Message]:
        """The messages that a chat shows now, in order."""
        return list(self.state.messages.in_chat(chat_id))

    def view_message(self, message: Message) -> Json:
        """A message as JSON; see `message_views.py`."""
        return message_view(self.state, message)

    def query_answer(self, query_id: str) -> Json | None:
        """The bot's answer to a callback query or an inline query; None if it has not answered."""
        return self.state.queries[query_id].answer

    async def close(self) -> None:
        """Cancel the requests that are still running or would be applied late."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _call_with_wait(self, method: str, params: Params) -> Any:
        """Wait out short rate limits before answering 429, as the Bot API server does."""
        left = self.state.limiter.limits.max_wait
        while True:
            try:
                return await self._run_method(method, params)
            except ApiError as error:
                wait = error.parameters.get("retry_after", 0)
                if not 0 < wait <= left:
                    raise
                left -= wait
                await self.clock.sleep(wait)

    async def _run_method(self, method: str, params: Params) -> Any:
        if method == "getupdates":
            return await self._get_updates(params)
        found = METHODS.get(method)
        if found is None:
            raise ApiError(404, "Not Found: method not found")
        return found(self.state, params)

    async def _get_updates(self, params: Params) -> list[Json]:
        updates = self.state.updates
        set_allowed_updates(self.state, params)
        limit = min(max(params.integer("limit", 100), 1), 100)
        return await updates.poll(params.integer("offset"), limit, params.integer("timeout"))

    async def _apply_fault(
        self, fault: Fault, method: str, params: Mapping[str, Any], files: Files | None
    ) -> HttpAnswer | BrokenConnection:
        if fault.effect == FaultEffect.FLOOD:
            return _json_answer(429, too_many_requests(max(1, int(fault.seconds))).to_json())
        if fault.effect == FaultEffect.API_ERROR:
            return _json_answer(fault.status, ApiError(fault.status, fault.description).to_json())
        answer = None
        if fault.applied == Applied.LATE:
            task = asyncio.create_task(self._call_later(fault.seconds, method, params, files))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        elif fault.applied == Applied.YES:
            if fault.seconds:
                await self.clock.sleep(fault.seconds)
            answer = _json_answer(*await self.call(method, params, files))
        if fault.effect == FaultEffect.ANSWER and answer:
            return answer
        if fault.effect == FaultEffect.GATEWAY:
            return HttpAnswer(502, GATEWAY_PAGE, content_type="text/html")
        if fault.effect == FaultEffect.ERROR:
            return _json_answer(500, ApiError(500, "Internal Server Error: restart").to_json())
        return BrokenConnection(fault.effect, answer if fault.effect == FaultEffect.TRUNCATED else None)

    async def _call_later(
        self, seconds: float, method: str, params: Mapping[str, Any], files: Files | None
    ) -> None:
        await self.clock.sleep(seconds)
        await self.call(method, params, files)


def _json_answer(status: int, body: Json) -> HttpAnswer:
    headers = {"Retry-After": str(body["parameters"]["retry_after"])} if status == 429 else {}
    return HttpAnswer(status, _encode_json(body).encode(), headers)
