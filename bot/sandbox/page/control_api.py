"""Control API of the fake Telegram under `/box/`, with which another process watches and steers it.

GET    /box/state                     the bot, every chat, how many messages
GET    /box/chats/{id}?deleted=1      a chat's messages (see `message_views.py`)
GET    /box/events?after=N&kind=fault&wait=10    the events; waits up to `wait` seconds for the first one
POST   /box/tally                     {"marks": [...], "chats": [...]} -> right, lost, doubled
GET    /box/busiest?seconds=1&chat=ID the most sends and edits in any window, and their number in all
POST   /box/faults                    {"fault": "late", "times": 1, "methods": [], "chat_id": "", "skip": 0,
                                       "seconds": 5}, or {"fault": "400 Bad Request: TOPIC_CLOSED"},
                                      or {"share": 0.2, "faults": [], "methods": []}, or {"latency": 0.06}
DELETE /box/faults                    remove all faults
POST   /box/advance                   {"seconds": 60}, if the clock is a FakeClock
POST   /box/add/{what}                {"title": "Daily"}: person, people, channel, group, supergroup
POST   /box/do/{what}                 {"user_id": 1, ...}: a method of `UserActions` by name
GET    /box/pictures/{file_id}        a picture that the bot uploaded
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.sandbox.fake_clock import FakeClock
from bot.sandbox.telegram.chats import Chat, MemberStatus, User
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.message_views import event_view
from bot.sandbox.telegram.messages import Message
from bot.sandbox.transport.host_check import FOREIGN_MESSAGE, is_foreign

ADD_ACTIONS = ("person", "people", "channel", "group", "supergroup")
USER_ACTIONS = (
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


def add_control_routes(application: web.Application, telegram: FakeTelegram) -> None:
    """Add the control routes to the application that serves the Bot API."""
    control = _ControlRoutes(telegram)
    application.add_routes(
        [
            web.get("/box/state", _report_errors(control.get_state)),
            web.get("/box/chats/{id}", _report_errors(control.list_messages)),
            web.get("/box/events", _report_errors(control.list_events)),
            web.post("/box/tally", _report_errors(control.count_marks)),
            web.get("/box/busiest", _report_errors(control.get_peak)),
            web.post("/box/faults", _report_errors(control.add_fault)),
            web.delete("/box/faults", _report_errors(control.clear_faults)),
            web.post("/box/advance", _report_errors(control.advance_clock)),
            web.post("/box/add/{what}", _report_errors(control.add_participant)),
            web.post("/box/do/{what}", _report_errors(control.run_user_action)),
            web.get("/box/pictures/{id}", _report_errors(control.get_upload)),
        ]
    )


def _report_errors(handler: Handler) -> Handler:
    """Answer wrong input with 400 and the reason, and requests from other sites with 403."""

    async def answer_request(request: web.Request) -> web.Response:
        if is_foreign(request):
            return web.json_response({"error": FOREIGN_MESSAGE}, status=403)
        try:
            return await handler(request)
        except (ValueError, LookupError, TypeError, AttributeError) as wrong:
            return web.json_response({"error": f"{type(wrong).__name__}: {wrong}"}, status=400)

    return answer_request


class _ControlRoutes:
    def __init__(self, telegram: FakeTelegram) -> None:
        self._telegram = telegram

    async def get_state(self, request: web.Request) -> web.Response:
        telegram = self._telegram
        return web.json_response(
            {
                "token": telegram.token,
                "bot": telegram.bot.to_json(),
                "now": telegram.clock.now().isoformat(),
                "last_event": telegram.state.event_log.last_number,
                "faults_met": telegram.faults.injected_count,
                "updates_waiting": len(telegram.state.updates),
                "chats": [self._chat_state(chat) for chat in telegram.state.chats.by_id.values()],
            }
        )

    def _chat_state(self, chat: Chat) -> dict[str, Any]:
        member = chat.get_member(self._telegram.bot.id)
        count = sum(1 for _ in self._telegram.state.messages.in_chat(chat.id))
        return chat.to_json() | {
            "messages": count,
            "bot": member.status,
            "rights": sorted(member.rights),
            "blocked": chat.blocked,
        }

    async def list_messages(self, request: web.Request) -> web.Response:
        found = self._telegram.state.messages.in_chat(
            int(request.match_info["id"]), deleted="deleted" in request.query
        )
        return web.json_response([self._telegram.view_message(message) for message in found])

    async def list_events(self, request: web.Request) -> web.Response:
        after, kind = int(request.query.get("after", 0)), request.query.get("kind", "")
        wait = min(float(request.query.get("wait", 0)), LONGEST_WAIT)
        event_log = self._telegram.state.event_log
        found = [event for event in event_log.events_since(after) if not kind or event.kind == kind]
        if not found and wait > 0:
            try:
                async with asyncio.timeout(wait):
                    async for event in event_log.follow(event_log.last_number):
                        if not kind or event.kind == kind:
                            found = [event]
                            break
            except TimeoutError:
                pass
        return web.json_response([event_view(self._telegram.state, event) for event in found])

    async def count_marks(self, request: web.Request) -> web.Response:
        asked = await request.json()
        tally = self._telegram.visibility.count_marks(asked["marks"], asked["chats"])
        return web.json_response(
            {"right": tally.shown_once, "lost": tally.missing, "doubled": tally.duplicated}
        )

    async def get_peak(self, request: web.Request) -> web.Response:
        chat = request.query.get("chat")
        times = self._telegram.visibility.send_times(int(chat) if chat else None)
        most = self._telegram.visibility.peak_count(
            float(request.query.get("seconds", 1)), int(chat) if chat else None
        )
        return web.json_response({"most": most, "count": len(times)})

    async def add_fault(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if "latency" in asked:
            self._telegram.faults.latency = float(asked.pop("latency"))
        if "share" in asked:
            self._telegram.faults.add_random(**asked)
        elif asked:
            self._telegram.faults.script(**asked)
        return web.json_response({"ok": True})

    async def clear_faults(self, request: web.Request) -> web.Response:
        self._telegram.faults.clear()
        return web.json_response({"ok": True})

    async def advance_clock(self, request: web.Request) -> web.Response:
        clock = self._telegram.clock
        if not isinstance(clock, FakeClock):
            raise ValueError("the clock of this fake Telegram cannot be advanced")
        clock.advance(float((await request.json())["seconds"]))
        return web.json_response({"now": clock.now().isoformat()})

    async def add_participant(self, request: web.Request) -> web.Response:
        what = _check_name(ADD_ACTIONS, request.match_info["what"])
        return self._result_response(
            getattr(self._telegram, f"add_{what}")(**_parse_arguments(await request.json()))
        )

    async def run_user_action(self, request: web.Request) -> web.Response:
        act = getattr(self._telegram, _check_name(USER_ACTIONS, request.match_info["what"]))
        return self._result_response(act(**_parse_arguments(await request.json())))

    async def get_upload(self, request: web.Request) -> web.Response:
        content = self._telegram.state.uploads[request.match_info["id"]]
        return web.Response(body=content, content_type="application/octet-stream")

    def _result_response(self, result: object) -> web.Response:
        match result:
            case Message():
                return web.json_response(self._telegram.view_message(result))
            case Chat() | User():
                return web.json_response(result.to_json())
            case range():
                return web.json_response({"first": result.start, "count": len(result)})
            case _:
                return web.json_response({"result": result})


def _check_name(names: tuple[str, ...], given: str) -> str:
    if given not in names:
        raise LookupError(f"{given!r} is not one of {', '.join(names)}")
    return given


def _parse_arguments(given: dict[str, Any]) -> dict[str, Any]:
    for name in ("standing", "bot"):
        if name in given:
            given[name] = MemberStatus(given[name])
    return given
