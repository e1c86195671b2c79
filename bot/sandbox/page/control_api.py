"""The box's own routes under `/box/`: what another process may see and do, so that it can outlive the bot.

GET    /box/state                     the bot, every chat, how many messages
GET    /box/chats/{id}?deleted=1      a chat's messages (see `views.py`)
GET    /box/events?after=N&kind=fault&wait=10    what happened; waits up to so many seconds for the first
POST   /box/tally                     {"marks": [...], "chats": [...]} -> right, lost, doubled
GET    /box/busiest?seconds=1&chat=ID the most sends and edits in any window, and how many there were
POST   /box/faults                    {"fault": "late", "times": 1, "methods": [], "chat_id": "", "skip": 0,
                                       "seconds": 5}, or {"fault": "400 Bad Request: TOPIC_CLOSED"},
                                      or {"share": 0.2, "faults": [], "methods": []}, or {"latency": 0.06}
DELETE /box/faults                    nothing goes wrong any more
POST   /box/advance                   {"seconds": 60}, where the box has a clock that can be moved
POST   /box/add/{what}                {"title": "Daily"}: person, people, channel, group, supergroup
POST   /box/do/{what}                 {"user_id": 1, ...}: an act of `people.py` by name
GET    /box/pictures/{file_id}        a picture that the bot uploaded
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.sandbox.fake_clock import MovableClock
from bot.sandbox.telegram.chats import Chat, Standing, User
from bot.sandbox.telegram.fake_telegram import Box
from bot.sandbox.telegram.message_views import event_view
from bot.sandbox.telegram.messages import Message
from bot.sandbox.transport.host_check import FOREIGN, is_foreign

ADDED = ("person", "people", "channel", "group", "supergroup")
DONE = (
    "say",
    "press",
    "forward",
    "post",
    "change",
    "delete",
    "block",
    "unblock",
    "deactivate",
    "set_bot",
    "join",
    "leave",
    "rename",
    "rename_bot",
    "pin",
    "upgrade",
    "dissolve",
    "ask",
    "inject",
)
LONGEST_WAIT = 60.0
Handler = Callable[[web.Request], Awaitable[web.Response]]


def add_control(application: web.Application, box: Box) -> None:
    """Add the control routes to the application that serves the Bot API."""
    control = _Control(box)
    application.add_routes(
        [
            web.get("/box/state", _plainly(control.state)),
            web.get("/box/chats/{id}", _plainly(control.chat)),
            web.get("/box/events", _plainly(control.events)),
            web.post("/box/tally", _plainly(control.tally)),
            web.get("/box/busiest", _plainly(control.busiest)),
            web.post("/box/faults", _plainly(control.faults)),
            web.delete("/box/faults", _plainly(control.no_faults)),
            web.post("/box/advance", _plainly(control.advance)),
            web.post("/box/add/{what}", _plainly(control.add)),
            web.post("/box/do/{what}", _plainly(control.do)),
            web.get("/box/pictures/{id}", _plainly(control.picture)),
        ]
    )


def _plainly(handler: Handler) -> Handler:
    """Wrong input is answered with a sentence and a 400, other sites' pages with a 403."""

    async def answer(request: web.Request) -> web.Response:
        if is_foreign(request):
            return web.json_response({"error": FOREIGN}, status=403)
        try:
            return await handler(request)
        except (ValueError, LookupError, TypeError, AttributeError) as wrong:
            return web.json_response({"error": f"{type(wrong).__name__}: {wrong}"}, status=400)

    return answer


class _Control:
    def __init__(self, box: Box) -> None:
        self._box = box

    async def state(self, request: web.Request) -> web.Response:
        box = self._box
        return web.json_response(
            {
                "token": box.token,
                "bot": box.bot.to_json(),
                "now": box.clock.now().isoformat(),
                "last_event": box.cloud.journal.last,
                "faults_met": box.faults.met,
                "updates_waiting": len(box.cloud.updates),
                "chats": [self._chat_state(chat) for chat in box.cloud.chats.by_id.values()],
            }
        )

    def _chat_state(self, chat: Chat) -> dict[str, Any]:
        member = chat.member(self._box.bot.id)
        count = sum(1 for _ in self._box.cloud.messages.of(chat.id))
        return chat.to_json() | {
            "messages": count,
            "bot": member.standing,
            "rights": sorted(member.rights),
            "blocked": chat.blocked,
        }

    async def chat(self, request: web.Request) -> web.Response:
        found = self._box.cloud.messages.of(int(request.match_info["id"]), deleted="deleted" in request.query)
        return web.json_response([self._box.view(message) for message in found])

    async def events(self, request: web.Request) -> web.Response:
        after, kind = int(request.query.get("after", 0)), request.query.get("kind", "")
        wait = min(float(request.query.get("wait", 0)), LONGEST_WAIT)
        journal = self._box.cloud.journal
        found = [event for event in journal.since(after) if not kind or event.kind == kind]
        if not found and wait > 0:
            try:
                async with asyncio.timeout(wait):
                    async for event in journal.follow(journal.last):
                        if not kind or event.kind == kind:
                            found = [event]
                            break
            except TimeoutError:
                pass
        return web.json_response([event_view(self._box.cloud, event) for event in found])

    async def tally(self, request: web.Request) -> web.Response:
        asked = await request.json()
        tally = self._box.ledger.tally(asked["marks"], asked["chats"])
        return web.json_response({"right": tally.right, "lost": tally.lost, "doubled": tally.doubled})

    async def busiest(self, request: web.Request) -> web.Response:
        chat = request.query.get("chat")
        times = self._box.ledger.times(int(chat) if chat else None)
        most = self._box.ledger.busiest(float(request.query.get("seconds", 1)), int(chat) if chat else None)
        return web.json_response({"most": most, "count": len(times)})

    async def faults(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if "latency" in asked:
            self._box.faults.latency = float(asked.pop("latency"))
        if "share" in asked:
            self._box.faults.at_random(**asked)
        elif asked:
            self._box.faults.script(**asked)
        return web.json_response({"ok": True})

    async def no_faults(self, request: web.Request) -> web.Response:
        self._box.faults.clear()
        return web.json_response({"ok": True})

    async def advance(self, request: web.Request) -> web.Response:
        clock = self._box.clock
        if not isinstance(clock, MovableClock):
            raise ValueError("this box's clock cannot be moved")
        clock.advance(float((await request.json())["seconds"]))
        return web.json_response({"now": clock.now().isoformat()})

    async def add(self, request: web.Request) -> web.Response:
        what = _one_of(ADDED, request.match_info["what"])
        return self._answer(getattr(self._box, f"add_{what}")(**_arguments(await request.json())))

    async def do(self, request: web.Request) -> web.Response:
        act = getattr(self._box, _one_of(DONE, request.match_info["what"]))
        return self._answer(act(**_arguments(await request.json())))

    async def picture(self, request: web.Request) -> web.Response:
        content = self._box.cloud.uploads[request.match_info["id"]]
        return web.Response(body=content, content_type="application/octet-stream")

    def _answer(self, result: object) -> web.Response:
        match result:
            case Message():
                return web.json_response(self._box.view(result))
            case Chat() | User():
                return web.json_response(result.to_json())
            case range():
                return web.json_response({"first": result.start, "count": len(result)})
            case _:
                return web.json_response({"result": result})


def _one_of(names: tuple[str, ...], given: str) -> str:
    if given not in names:
        raise LookupError(f"{given!r} is none of {', '.join(names)}")
    return given


def _arguments(given: dict[str, Any]) -> dict[str, Any]:
    for name in ("standing", "bot"):
        if name in given:
            given[name] = Standing(given[name])
    return given
