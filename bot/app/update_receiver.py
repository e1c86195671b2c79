"""Hears what readers write: Telegram's updates, by long polling or by webhook, handed to the dispatch."""

import asyncio
import hmac
import secrets
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from aiohttp import web
from telegram.error import BadRequest, Conflict, InvalidToken, TelegramError

from bot.app.account_monitor import EVERY, Interference, Names, changed
from bot.app.container import House
from bot.app.job_log import told
from bot.app.long_polling import Line, Polling, pause, unless
from bot.commands import Desk
from bot.dispatch import WANTED_UPDATES, Dispatch, set_menu
from bot.telegram.account import ask_name, ask_webhook
from bot.telegram.get_updates import read_update
from bot.web.thread import hand_over
from jobs.clock import within
from storage.delivery import planning

#: Where Telegram pushes updates, below PUBLIC_URL.
WEBHOOK = "/telegram"
#: Seconds that somebody who asks for a group's articles waits for Telegram to say that they may.
PATIENCE = 5.0
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
        self._loop: asyncio.AbstractEventLoop | None = None  # where they are; they come in by another thread
        self._address = house.settings.public_url + WEBHOOK
        self._forged = False  # something came that did not know the secret
        self._interference = Interference(house.clock, self._tell)

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
        name = house.posts.name
        name.username = house.bot.username
        ask = partial(ask_name, house.request, house.bot)
        names = Names(ask, name, house.clock, self._tell, stop)
        desk = Desk(
            db=house.db,
            index=house.index,
            policy=house.publish.policy,
            name=name,
            ask_name=names.ask,
            bot_id=house.bot.id,
            changed=house.bell.ring,
            is_administrator=self._is_administrator,
            recent=house.recent,
        )
        dispatch = Dispatch(desk, house.answers, house.clock)
        beside = [asyncio.create_task(self._set_menu()), asyncio.create_task(names.keep())]
        log.info("answering readers", bot=f"@{house.bot.username}", by="webhook" if public else "polling")
        try:
            if public:
                await self._be_pushed(dispatch, stop)
            else:
                polling = Polling(house.bot, house.request, house.clock, self._line, self._conflict)
                await polling.run(dispatch.accept, stop)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await dispatch.finish()

    async def _is_administrator(self, chat_id: int, user_id: int) -> bool:
        asking = self._house.sender.is_administrator(chat_id, user_id)
        with suppress(TimeoutError):
            return await within(self._house.clock, PATIENCE, asking)
        return False

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
        self._dispatch, self._loop = dispatch, asyncio.get_running_loop()
        try:
            if await self._until_done(self._set_webhook, stop):
                await self._keep_webhook(stop)
        finally:
            self._dispatch = None

    async def _set_webhook(self) -> None:
        try:
            await self._house.bot.set_webhook(
                self._address, secret_token=self._secret, allowed_updates=list(WANTED_UPDATES)
            )
        except BadRequest as error:
            raise WebhookRefused(error.message) from None
        self._forged = False

    async def _keep_webhook(self, stop: asyncio.Event) -> None:
        """Look at it each minute, and set it again where somebody else has changed it."""
        wait = EVERY
        while not stop.is_set():
            await pause(self._house.clock, stop, wait)
            try:
                await unless(stop, self._look_at_webhook())
            except TelegramError as error:
                wait = self._line.broke(error)
            except WebhookRefused as error:  # it was taken before: Telegram's name server, most likely
                wait = self._line.broke(TelegramError(f"it does not take PUBLIC_URL for now: {error}"))
            else:
                wait = EVERY
                self._line.works()

    async def _look_at_webhook(self) -> None:
        found = await ask_webhook(self._house.request, self._house.bot)
        if changed(found, self._address, WANTED_UPDATES, self._forged):
            await self._set_webhook()
            await self._interference.webhook(found.url)

    async def _conflict(self, error: Conflict, alone: bool) -> None:
        """Something else takes the updates while we poll; a webhook is then deleted before the next poll."""
        if not alone:
            return
        url = ""
        with suppress(TelegramError):
            url = (await ask_webhook(self._house.request, self._house.bot)).url
        if url or "webhook" in error.message.lower():
            await self._interference.webhook(url)
        else:
            await self._interference.rival()

    async def _tell(self, words: str) -> None:
        """Owe a notice to the operators."""
        house = self._house
        operators, now = house.settings.operators, house.clock.now()
        await told("tell", lambda: house.db.run(planning.notice, operators, words, now))()
        house.bell.ring()

    async def _pushed(self, request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(errors="surrogateescape"), self._secret.encode()):
            self._forged = True
            return web.Response(status=403)
        later = web.Response(status=503, headers={"Retry-After": "5"})
        if self._loop is None:
            return later
        try:
            raw = await request.json()
        except ValueError:
            return web.Response(status=400)
        taken = await hand_over(self._loop, self._take(raw))
        return web.Response() if taken else later

    async def _take(self, raw: object) -> bool:
        """Accept an update, on the loop on which it is answered; whether we still do."""
        if self._dispatch is None:
            return False
        if update := read_update(raw, self._house.bot):
            self._dispatch.accept(update)
        return True
