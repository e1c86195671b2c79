"""What does the page get? Its files, the chats as they are (`/state`), and what happens then (`/events`).

Events are server-sent events in the order of the box's journal, each with its number; a page that was away
asks with the last number it saw; one that missed some, or comes from an earlier run, is told to load again.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.sandbox.page.fixtures import Stage
from bot.sandbox.page.view_models import Json, shown, visible
from bot.sandbox.telegram.event_log import Event
from bot.sandbox.telegram.messages import Message

FOLDER = Path(__file__).parent / "static"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
TAB_NAMES = {"en": "English", "my": "မြန်မာ"}
MOST_SHOWN = 200  #: messages of a chat when the page opens


class Watch:
    """The page's routes. `close` ends the streams of events, so that the server can stop."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._run = f"{stage.box.clock.now().timestamp():.6f}"
        self._closing = asyncio.Event()
        if stage.newsroom:
            stage.newsroom.scheduled = self._site_changed

    def routes(self) -> list[web.RouteDef]:
        names = sorted(path.name for path in FOLDER.iterdir() if path.suffix in KINDS)
        files = [web.get("/" if name == "index.html" else f"/{name}", self._file(name)) for name in names]
        return [
            *files,
            web.get("/state", self._state),
            web.get("/events", self._events),
        ]

    def close(self) -> None:
        self._closing.set()

    # what is there

    def _file(self, name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        path = FOLDER / name
        policy = _policy(any_picture=self._stage.newsroom is None)

        async def answer(request: web.Request) -> web.StreamResponse:
            headers = {
                "Content-Security-Policy": policy,
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-cache",
            }
            return web.Response(
                body=path.read_bytes(),
                content_type=KINDS[path.suffix],
                charset="utf-8",
                headers=headers,
            )

        return answer

    async def _state(self, request: web.Request) -> web.StreamResponse:
        stage, bot = self._stage, self._stage.box.bot
        channels = [
            {
                "id": chat.id,
                "title": chat.title,
                "about": f"channel · @{chat.username}" if chat.username else "channel",
                "tab": TAB_NAMES.get(language, "Channel"),
                "language": language,
                "messages": self._messages(chat.id),
            }
            for language, chat in stage.channels.items()
        ]
        private = {
            "id": stage.reader.id,
            "title": bot.first_name,
            "about": "bot",
            "tab": "Ask the bot",
            "username": bot.username,
            "commands": self._commands(),
            "messages": self._messages(stage.reader.id),
        }
        after = stage.box.cloud.journal.last
        state = {
            "channels": channels,
            "chat": private,
            "site": self._site(),
            "run": self._run,
            "after": after,
        }
        return web.json_response(state, headers={"Cache-Control": "no-store"})

    def _messages(self, chat_id: int) -> list[Json]:
        messages = [message for message in self._stage.box.shown(chat_id) if visible(message)]
        return [self._shown(message, message.content) for message in messages[-MOST_SHOWN:]]

    def _shown(self, message: Message, content: Any) -> Json:
        stage = self._stage
        return shown(message, content, stage.reader.id, stage.box.cloud.preview)

    def _commands(self) -> list[Json]:
        """The command menu: the one for private chats before the one for everybody."""
        menus = self._stage.box.cloud.profile.commands
        for scope in ("all_private_chats", "default"):
            for language in (self._stage.reader.language_code, ""):
                menu = menus.get((json.dumps({"type": scope}), language))
                if menu:
                    return menu
        return []

    def _site(self) -> Json | None:
        newsroom = self._stage.newsroom
        if newsroom is None:
            return None
        left = newsroom.next_at and (newsroom.next_at - self._stage.box.clock.now()).total_seconds()
        return {"url": f"{newsroom.site}/", "pace": newsroom.pace, "next_in": left}

    # what happens

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Cache-Control": "no-store"})
        response.content_type = "text/event-stream"
        await response.prepare(request)
        after = _number(request.headers.get("Last-Event-ID") or request.query.get("after", ""))
        if request.query.get("run") != self._run or after is None:
            await response.write(_line(0, {"kind": "reload"}))
            return response
        await response.write(b": here\n\n")
        await self._stream(response, after)
        return response

    async def _stream(self, response: web.StreamResponse, after: int) -> None:
        events = self._stage.box.events(after)
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            while not self._closing.is_set():
                event = asyncio.ensure_future(anext(events))
                await asyncio.wait({event, closing}, return_when=asyncio.FIRST_COMPLETED)
                if not event.done():
                    event.cancel()
                    break
                told = self._told(event.result())
                if told:
                    await response.write(_line(event.result().number, told))
        except ConnectionResetError:
            return  # the page was closed
        finally:
            closing.cancel()

    def _told(self, event: Event) -> Json | None:
        """An event in the page's terms; None where it is not for the page."""
        details = event.details
        if event.kind == "gap":
            return {"kind": "reload"}
        if event.kind == "site":
            return {"kind": "site", "site": self._site()}
        if event.kind == "commands":
            return {"kind": "commands", "commands": self._commands()}
        if event.chat_id not in self._stage.chats():
            return None
        if event.kind in ("message", "edited") and visible(details["message"]):
            return {"kind": event.kind, "message": self._shown(details["message"], details["content"])}
        if event.kind == "deleted":
            return {"kind": "deleted", "chat": event.chat_id, "id": event.message_id}
        if event.kind == "callback_answered":
            return {"kind": "toast", "text": details.get("text", "")}
        return {"kind": "typing", "chat": event.chat_id} if event.kind == "typing" else None

    def _site_changed(self) -> None:
        box = self._stage.box
        box.cloud.journal.write(box.clock.now(), "site")


def _line(number: int, told: Json) -> bytes:
    """One server-sent event."""
    return f"id: {number}\ndata: {json.dumps(told, ensure_ascii=False)}\n\n".encode()


def _number(given: str) -> int | None:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None


def _policy(*, any_picture: bool) -> str:
    """Nothing from outside; only an operator's own feed may bring its pictures from where they are."""
    pictures = "'self' https: http:" if any_picture else "'self'"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src {pictures}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
