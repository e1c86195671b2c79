"""Hears what readers write: Telegram's updates, by long polling or by webhook, handed to the dispatch."""

import asyncio
import hmac
import secrets
from contextlib import suppress

import structlog
from aiohttp import web
from telegram import Update
from telegram.error import InvalidToken, NetworkError, TelegramError
from telegram.ext import Updater

from bot.app.house import House
from bot.commands import Desk
from bot.dispatch import WANTED_UPDATES, Dispatch, set_menu
from jobs.clock import within

#: Seconds between attempts to reach Telegram at the start.
AGAIN_AFTER = 5.0
#: Where Telegram pushes updates, below PUBLIC_URL.
WEBHOOK = "/telegram"
POLL_TIMEOUT = 30

log = structlog.get_logger()


class Listening:
    """From the first hello to Telegram until `stop`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._queue: asyncio.Queue[object] = asyncio.Queue(maxsize=10_000)
        self._secret = secrets.token_urlsafe(32)  # anew at each start, when the webhook is set anew

    async def listen(self, stop: asyncio.Event) -> None:
        """Take updates until `stop`, then answer what was accepted."""
        house, settings = self._house, self._house.settings
        if not await self._hello(stop):
            return
        desk = Desk(
            db=house.db,
            index=house.index,
            policy=house.publish.policy,
            bot_username=house.bot.username,
            changed=house.bell.ring,
        )
        dispatch = Dispatch(desk, house.answers, house.clock)
        menu = asyncio.create_task(self._set_menu())
        updater = Updater(house.bot, self._queue)
        taking = asyncio.create_task(self._take(dispatch))
        try:
            if settings.public_url:
                await self._set_webhook()
                await stop.wait()
            else:
                await self._poll(updater, stop)
        finally:
            taking.cancel()
            menu.cancel()
            await asyncio.gather(taking, menu, return_exceptions=True)
            await dispatch.finish()

    def routes(self) -> list[web.RouteDef]:
        """Where Telegram pushes updates, if PUBLIC_URL is set."""
        return [web.post(WEBHOOK, self._pushed)] if self._house.settings.public_url else []

    async def _hello(self, stop: asyncio.Event) -> bool:
        """Learn the bot's name; Telegram may be out of reach for now, and the feeds go on meanwhile."""
        while not stop.is_set():
            try:
                await self._house.bot.initialize()
                self._house.posts.bot_username = self._house.bot.username
                return True
            except InvalidToken:
                raise
            except NetworkError as error:
                log.warning("Telegram cannot be reached; trying again", why=str(error))
                with suppress(TimeoutError):
                    await within(self._house.clock, AGAIN_AFTER, stop.wait())
        return False

    async def _set_menu(self) -> None:
        try:
            settings = self._house.settings
            await set_menu(self._house.bot, settings.language, settings.operators)
        except TelegramError as error:
            log.warning("the command menu could not be set; commands work without it", why=str(error))

    async def _poll(self, updater: Updater, stop: asyncio.Event) -> None:
        """Long polling, which python-telegram-bot keeps going through whatever the network does."""
        async with updater:
            start = updater.start_polling(
                timeout=POLL_TIMEOUT, allowed_updates=list(WANTED_UPDATES), bootstrap_retries=-1
            )
            starting, asked = asyncio.create_task(start), asyncio.create_task(stop.wait())
            await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await asked
            starting.cancel()
            asked.cancel()
            if updater.running:
                await updater.stop()

    async def _set_webhook(self) -> None:
        await self._house.bot.set_webhook(
            self._house.settings.public_url + WEBHOOK,
            secret_token=self._secret,
            allowed_updates=list(WANTED_UPDATES),
        )

    async def _pushed(self, request: web.Request) -> web.Response:
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            return web.Response(status=403)
        try:
            update = Update.de_json(await request.json(), self._house.bot)
        except (ValueError, TypeError, KeyError, AttributeError):
            return web.Response(status=400)
        if self._queue.full():
            return web.Response(status=503, headers={"Retry-After": "1"})
        self._queue.put_nowait(update)
        return web.Response()

    async def _take(self, dispatch: Dispatch) -> None:
        while True:
            update = await self._queue.get()
            assert isinstance(update, Update)
            dispatch.accept(update)
