"""Serves the page: its files, the present state of the chats (`/state`) and the events after it (`/events`).

Events are server-sent events in the order of the event log, with its numbers. A page that reconnects sends
the last number that it saw; if it missed events or belongs to an earlier run, it gets `reload`.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.sandbox.page.fixtures import SandboxFixtures
from bot.sandbox.page.view_models import Json, is_visible, page_message
from bot.sandbox.telegram.event_log import Event
from bot.sandbox.telegram.messages import Message

STATIC_FOLDER = Path(__file__).parent / "static"
CONTENT_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
TAB_NAMES = {"en": "English", "my": "မြန်မာ"}
MAX_MESSAGES = 200  #: messages of a chat when the page opens


class PageServer:
    """The page's GET routes. `close` ends the event streams, or the server could not stop."""

    def __init__(self, fixtures: SandboxFixtures) -> None:
        self._fixtures = fixtures
        self._run_id = f"{fixtures.telegram.clock.now().timestamp():.6f}"
        self._closing = asyncio.Event()
        if fixtures.sample_site:
            fixtures.sample_site.on_schedule = self._log_site_change

    def routes(self) -> list[web.RouteDef]:
        names = sorted(path.name for path in STATIC_FOLDER.iterdir() if path.suffix in CONTENT_TYPES)
        files = [
            web.get("/" if name == "index.html" else f"/{name}", self._file_handler(name)) for name in names
        ]
        return [
            *files,
            web.get("/state", self._serve_state),
            web.get("/events", self._serve_events),
        ]

    def close(self) -> None:
        self._closing.set()

    # files and state

    def _file_handler(self, name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        path = STATIC_FOLDER / name
        policy = _page_policy(any_picture=self._fixtures.sample_site is None)

        async def serve_file(request: web.Request) -> web.StreamResponse:
            headers = {
                "Content-Security-Policy": policy,
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-cache",
            }
            return web.Response(
                body=path.read_bytes(),
                content_type=CONTENT_TYPES[path.suffix],
                charset="utf-8",
                headers=headers,
            )

        return serve_file

    async def _serve_state(self, request: web.Request) -> web.StreamResponse:
        fixtures, bot = self._fixtures, self._fixtures.telegram.bot
        channels = [
            {
                "id": chat.id,
                "title": chat.title,
                "about": f"channel · @{chat.username}" if chat.username else "channel",
                "tab": TAB_NAMES.get(language, "Channel"),
                "language": language,
                "messages": self._recent_messages(chat.id),
            }
            for language, chat in fixtures.channels.items()
        ]
        private = {
            "id": fixtures.reader.id,
            "title": bot.first_name,
            "about": "bot",
            "tab": "Ask the bot",
            "username": bot.username,
            "commands": self._command_menu(),
            "messages": self._recent_messages(fixtures.reader.id),
        }
        after = fixtures.telegram.state.event_log.last_number
        state = {
            "channels": channels,
            "chat": private,
            "site": self._site_status(),
            "run": self._run_id,
            "after": after,
        }
        return web.json_response(state, headers={"Cache-Control": "no-store"})

    def _recent_messages(self, chat_id: int) -> list[Json]:
        messages = [
            message for message in self._fixtures.telegram.visible_messages(chat_id) if is_visible(message)
        ]
        return [self._message_json(message, message.content) for message in messages[-MAX_MESSAGES:]]

    def _message_json(self, message: Message, content: Any) -> Json:
        fixtures = self._fixtures
        return page_message(message, content, fixtures.reader.id, fixtures.telegram.state.find_preview)

    def _command_menu(self) -> list[Json]:
        """The command menu of private chats, or else the default one."""
        menus = self._fixtures.telegram.state.profile.commands
        for scope in ("all_private_chats", "default"):
            for language in (self._fixtures.reader.language_code, ""):
                menu = menus.get((json.dumps({"type": scope}), language))
                if menu:
                    return menu
        return []

    def _site_status(self) -> Json | None:
        newsroom = self._fixtures.sample_site
        if newsroom is None:
            return None
        left = newsroom.next_at and (newsroom.next_at - self._fixtures.telegram.clock.now()).total_seconds()
        return {"url": f"{newsroom.base_url}/", "pace": newsroom.interval, "next_in": left}

    # events

    async def _serve_events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Cache-Control": "no-store"})
        response.content_type = "text/event-stream"
        await response.prepare(request)
        after = _parse_number(request.headers.get("Last-Event-ID") or request.query.get("after", ""))
        if request.query.get("run") != self._run_id or after is None:
            await response.write(_encode_event(0, {"kind": "reload"}))
            return response
        await response.write(b": connected\n\n")
        await self._stream_events(response, after)
        return response

    async def _stream_events(self, response: web.StreamResponse, after: int) -> None:
        events = self._fixtures.telegram.follow_events(after)
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            while not self._closing.is_set():
                event = asyncio.ensure_future(anext(events))
                await asyncio.wait({event, closing}, return_when=asyncio.FIRST_COMPLETED)
                if not event.done():
                    event.cancel()
                    break
                page_event = self._page_event(event.result())
                if page_event:
                    await response.write(_encode_event(event.result().number, page_event))
        except ConnectionResetError:
            return  # the page was closed
        finally:
            closing.cancel()

    def _page_event(self, event: Event) -> Json | None:
        """An event as the page needs it; None if the page does not show it."""
        details = event.details
        if event.kind == "gap":
            return {"kind": "reload"}
        if event.kind == "site":
            return {"kind": "site", "site": self._site_status()}
        if event.kind == "commands":
            return {"kind": "commands", "commands": self._command_menu()}
        if event.chat_id not in self._fixtures.chat_ids():
            return None
        if event.kind in ("message", "edited") and is_visible(details["message"]):
            return {"kind": event.kind, "message": self._message_json(details["message"], details["content"])}
        if event.kind == "deleted":
            return {"kind": "deleted", "chat": event.chat_id, "id": event.message_id}
        if event.kind == "callback_answered":
            return {"kind": "toast", "text": details.get("text", "")}
        return {"kind": "typing", "chat": event.chat_id} if event.kind == "typing" else None

    def _log_site_change(self) -> None:
        telegram = self._fixtures.telegram
        telegram.state.event_log.append(telegram.clock.now(), "site")


def _encode_event(number: int, content: Json) -> bytes:
    return f"id: {number}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n".encode()


def _parse_number(given: str) -> int | None:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None


def _page_policy(*, any_picture: bool) -> str:
    """Nothing from other hosts, except the pictures of an operator's own feed."""
    pictures = "'self' https: http:" if any_picture else "'self'"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src {pictures}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
