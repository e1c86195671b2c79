"""Hears what readers write: Telegram's updates, by long polling or by webhook, handed to the dispatch."""

import asyncio
import hmac
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from aiohttp import web
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.app.house import House
from bot.app.line import Line
from bot.app.polling import Polling, pause, unless
from bot.commands import Desk
from bot.dispatch import WANTED_UPDATES, Dispatch, set_menu
from bot.telegram.updates import read_update

#: Where Telegram pushes updates, below PUBLIC_URL.
WEBHOOK = "/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 — a header's name, no secret

log = structlog.get_logger()


class WebhookRefused(Exception):
    """Telegram does not take our address for its webhook; the message is its reason."""


class Listening:
    """From the first hello to Telegram until `stop`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._line = Line(house.clock)
        self._secret = secrets.token_urlsafe(32)  # anew at each start, when the webhook is set anew
        self._dispatch: Dispatch | None = None  # while pushed updates are taken

    def trouble(self) -> list[str]:
        """A sentence where Telegram is not reached."""
        return self._line.trouble()

    async def listen(self, stop: asyncio.Event) -> None:
        """Take updates until `stop`, then answer what was accepted.

        Raises:
            InvalidToken: Telegram does not know the token.
            WebhookRefused: it does not take PUBLIC_URL.
        """
        house, public = self._house, self._house.settings.public_url
        if not await self._until_done(house.bot.initialize, stop):
            return
        house.posts.bot_username = house.bot.username
        desk = Desk(
            db=house.db,
            index=house.index,
            policy=house.publish.policy,
            bot_username=house.bot.username,
            changed=house.bell.ring,
            recent=house.recent,
        )
        dispatch = Dispatch(desk, house.answers, house.clock)
        menu = asyncio.create_task(self._set_menu())
        log.info("answering readers", bot=f"@{house.bot.username}", by="webhook" if public else "polling")
        try:
            if public:
                await self._be_pushed(dispatch, stop)
            else:
                polling = Polling(house.bot, house.request, house.clock, self._line)
                await polling.run(dispatch.accept, stop)
        finally:
            menu.cancel()
            await asyncio.gather(menu, return_exceptions=True)
            await dispatch.finish()

    def routes(self) -> list[web.RouteDef]:
        """Where Telegram pushes updates, if PUBLIC_URL is set."""
        return [web.post(WEBHOOK, self._pushed)] if self._house.settings.public_url else []

    async def _until_done(self, work: Callable[[], Coroutine[Any, Any, object]], stop: asyncio.Event) -> bool:
        """Try until it is done; Telegram may be out of reach for now, and the feeds go on meanwhile."""
        while not stop.is_set():
            try:
                await unless(stop, work())
            except InvalidToken:
                raise
            except TelegramError as error:
                await pause(self._house.clock, stop, self._line.broke(error))
            else:
                self._line.works()
                break
        return not stop.is_set()

    async def _set_menu(self) -> None:
        try:
            settings = self._house.settings
            await set_menu(self._house.bot, settings.language, settings.operators)
        except TelegramError as error:
            log.warning("the command menu could not be set; commands work without it", why=str(error))

    async def _be_pushed(self, dispatch: Dispatch, stop: asyncio.Event) -> None:
        """Take what is pushed; Telegram keeps for later what comes after `stop`."""
        self._dispatch = dispatch
        try:
            if await self._until_done(self._set_webhook, stop):
                await stop.wait()
        finally:
            self._dispatch = None

    async def _set_webhook(self) -> None:
        try:
            await self._house.bot.set_webhook(
                self._house.settings.public_url + WEBHOOK,
                secret_token=self._secret,
                allowed_updates=list(WANTED_UPDATES),
            )
        except BadRequest as error:
            raise WebhookRefused(error.message) from None

    async def _pushed(self, request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(errors="surrogateescape"), self._secret.encode()):
            return web.Response(status=403)
        if self._dispatch is None:
            return web.Response(status=503, headers={"Retry-After": "5"})
        try:
            raw = await request.json()
        except ValueError:
            return web.Response(status=400)
        if update := read_update(raw, self._house.bot):
            self._dispatch.accept(update)
        return web.Response()
