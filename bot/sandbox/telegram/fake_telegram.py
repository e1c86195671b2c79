"""Telegram in a box: the Bot API's rules and limits in memory, for tests, the demo and the benchmarks.

    box = Box(SystemClock(), random.Random(7))
    reader = box.add_person("Aye Aye")                      # ids are plain ints: reader.id
    channel = box.add_channel("Daily", username="daily")    # the bot may post there
    group = box.add_group("Desk", [reader.id]); box.add_supergroup(...)

    bot = Bot(box.token, request=BoxRequest(box))           # python-telegram-bot, in process
    web.run_app(serve_box(box))                             # or over HTTP, `/bot<token>/<method>`
    status, body = await box.call("sendMessage", {"chat_id": channel.id, "text": "x"})   # or by hand

People (all take ids; the box tells the bot by updates):
    box.say(user, chat, "/latest", reply_to=0)   box.press(user, chat, message_id, "label or data") -> id
    box.forward(user, to_chat, from_chat, message_id)   box.post(channel, text)   box.change(chat, id, text)
    box.delete(chat, message_id)   box.block(user)   box.unblock(user)   box.deactivate(user)
    box.join(user, chat)   box.leave(user, chat)   box.set_bot(chat, Standing.KICKED, rights)
    box.rename(chat, title)   box.give_name(chat, "daily")   box.rename_bot(username)
    box.pin(chat, id)   box.upgrade(group, supergroup)   box.dissolve(chat)
    box.ask(user, text) -> inline query id   box.answer_to(query_id) -> what the bot answered, or None
    box.inject({"callback_query": {...}})    # an update of any kind, as it is: forged, or out of order

What goes wrong: `box.faults.script("late", methods=["sendMessage"])`, `box.faults.at_random(0.2)`,
`box.faults.script(refused(400, "Bad Request: TOPIC_CLOSED"), times=9)`, `box.faults.latency = 0.06`; see
`faults.py` for the names.
What happened: `async for event in box.events()`, `box.view(message)`, `box.shown(chat)`, `box.ledger`
(`tally(links, chats)`, `busiest(seconds)`, `touched()`).
As a process of its own, which outlives the bot: `python -m bot.sandbox`, steered by `control.py`'s routes.
Only HTML is read as a parse_mode; the Markdowns are refused.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.api_error import ApiError, Json, too_many_requests
from bot.sandbox.telegram.assertions import VisibilityLog
from bot.sandbox.telegram.chats import ChatDirectory, User
from bot.sandbox.telegram.event_log import Event, EventLog
from bot.sandbox.telegram.faults import Applied, Fault, FaultEffect, FaultInjector
from bot.sandbox.telegram.founding import ChatFactory
from bot.sandbox.telegram.limits import FloodLimiter, Limits
from bot.sandbox.telegram.message_views import message_view
from bot.sandbox.telegram.messages import Message, MessageStore
from bot.sandbox.telegram.methods.hooks import set_allowed_updates
from bot.sandbox.telegram.methods.table import METHODS
from bot.sandbox.telegram.params import Files, Params
from bot.sandbox.telegram.people import UserActions
from bot.sandbox.telegram.state import TelegramState
from bot.sandbox.telegram.updates import UpdateQueue
from jobs.clock import Clock

_encode_json = json.JSONEncoder(separators=(",", ":")).encode
BOT_ID = 7000001
FAKE_TOKEN = f"{BOT_ID}:AAFa-telegram-in-a-box-has-no-secret"
GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What goes back over the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class BrokenConnection:
    """No whole answer goes back: the connection is closed, reset or silent; `begun` is what was written."""

    effect: FaultEffect
    partial: HttpAnswer | None = None


class FakeTelegram:
    """One bot's Telegram. Deterministic: time and chance are handed in, nothing else is random."""

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
        founding, people = ChatFactory(self.state), UserActions(self.state)
        self.owner = founding.owner
        self.add_person, self.add_people = founding.add_person, founding.add_people
        self.add_channel, self.add_group = founding.add_channel, founding.add_group
        self.add_supergroup = founding.add_supergroup
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
        """One request by the rules and limits, without faults: HTTP status and JSON body."""
        given = Params(params, files)
        try:
            return 200, {"ok": True, "result": await self._call_with_wait(method.lower(), given)}
        except ApiError as refusal:
            self.state.event_log.append(
                self.clock.now(),
                "refused",
                given.integer("chat_id"),
                method=method,
                status=refusal.status,
                description=refusal.description,
            )
            return refusal.status, refusal.to_json()

    async def serve_request(
        self, token: str, method: str, params: Mapping[str, Any], files: Files | None = None
    ) -> HttpAnswer | BrokenConnection:
        """One request as the network carries it: with the token, with faults, with an answer in bytes."""
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
        """The same, going on by itself even where the caller gives up."""
        task = asyncio.create_task(self.serve_request(token, method, params, files))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def follow_events(self, after: int | None = None) -> AsyncIterator[Event]:
        """What happens from now on, or after the event with that number, for ever."""
        return self.state.event_log.follow(after)

    def visible_messages(self, chat_id: int) -> list[Message]:
        """What stands in a chat now, in order."""
        return list(self.state.messages.in_chat(chat_id))

    def view_message(self, message: Message) -> Json:
        """A message as JSON for whoever watches; see `views.py`."""
        return message_view(self.state, message)

    def query_answer(self, query_id: str) -> Json | None:
        """What the bot answered to a pressed button or an inline query; None while it has not."""
        return self.state.queries[query_id].answer

    async def close(self) -> None:
        """Forget what is still on its way or would be applied late."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _call_with_wait(self, method: str, params: Params) -> Any:
        """As the Bot API's server does, wait out short floods before saying so."""
        left = self.state.limiter.limits.max_wait
        while True:
            try:
                return await self._run_method(method, params)
            except ApiError as refusal:
                wait = refusal.parameters.get("retry_after", 0)
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
