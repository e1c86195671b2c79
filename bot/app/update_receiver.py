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

from bot.app.account_monitor import CHECK_INTERVAL, BotNameMonitor, TokenMisuseReporter, is_webhook_changed
from bot.app.container import Container
from bot.app.job_log import logged_job
from bot.app.long_polling import ConnectionStatus, UpdatePoller, run_unless_stopped, sleep_unless_stopped
from bot.commands import CommandContext
from bot.dispatch import WANTED_UPDATES, UpdateDispatcher, set_menu
from bot.telegram.account import fetch_bot_name, fetch_webhook
from bot.telegram.get_updates import parse_update
from bot.web.thread import run_on_loop
from jobs.clock import with_timeout
from storage.delivery import planning

#: Where Telegram pushes updates, below PUBLIC_URL.
WEBHOOK_PATH = "/telegram"
#: Seconds that somebody who asks for a group's articles waits for Telegram to say that they may.
MEMBERSHIP_TIMEOUT = 5.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 — a header's name, no secret

log = structlog.get_logger()


class WebhookRefused(Exception):
    """Telegram does not take our address for its webhook; the message is its reason."""


class UpdateReceiver:
    """From the first hello to Telegram until `stop`."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._connection = ConnectionStatus(container.clock)
        self._secret = secrets.token_urlsafe(32)  # anew at each start, when the webhook is set anew
        self._dispatch: UpdateDispatcher | None = None  # while pushed updates are taken
        self._loop: asyncio.AbstractEventLoop | None = None  # where they are; they come in by another thread
        self._address = container.settings.public_url + WEBHOOK_PATH
        self._wrong_secret_seen = False  # something came that did not know the secret
        self._misuse_reporter = TokenMisuseReporter(container.clock, self._notify_operators)

    def list_problems(self) -> list[str]:
        """A sentence where Telegram is not reached."""
        return self._connection.list_problems()

    async def receive_updates(self, stop: asyncio.Event) -> None:
        """Take updates until `stop`, then answer what was accepted.

        Raises:
            InvalidToken: Telegram does not know the token.
            WebhookRefused: it does not take PUBLIC_URL.
        """
        container, public = self._container, self._container.settings.public_url
        if not await self._retry_until_done(container.bot.initialize, stop):
            return
        name = container.post_renderer.bot_name
        name.username = container.bot.username
        ask = partial(fetch_bot_name, container.request, container.bot)
        names = BotNameMonitor(ask, name, container.clock, self._notify_operators, stop)
        desk = CommandContext(
            db=container.db,
            index=container.index,
            policy=container.publish.policy,
            bot_name=name,
            refresh_bot_name=names.refresh_name,
            bot_id=container.bot.id,
            wake_publisher=container.planning_due.notify,
            is_administrator=self._is_administrator,
            memory=container.chat_memory,
        )
        dispatch = UpdateDispatcher(desk, container.answers, container.clock)
        beside = [asyncio.create_task(self._set_menu()), asyncio.create_task(names.poll_name())]
        log.info("answering readers", bot=f"@{container.bot.username}", by="webhook" if public else "polling")
        try:
            if public:
                await self._receive_by_webhook(dispatch, stop)
            else:
                polling = UpdatePoller(
                    container.bot, container.request, container.clock, self._connection, self._report_conflict
                )
                await polling.run(dispatch.accept, stop)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await dispatch.finish()

    async def _is_administrator(self, chat_id: int, user_id: int) -> bool:
        asking = self._container.sender.is_administrator(chat_id, user_id)
        with suppress(TimeoutError):
            return await with_timeout(self._container.clock, MEMBERSHIP_TIMEOUT, asking)
        return False

    def webhook_routes(self) -> list[web.RouteDef]:
        """Where Telegram pushes updates, if PUBLIC_URL is set."""
        return [web.post(WEBHOOK_PATH, self._receive_request)] if self._container.settings.public_url else []

    async def _retry_until_done(
        self, work: Callable[[], Coroutine[Any, Any, object]], stop: asyncio.Event
    ) -> bool:
        """Try until it is done; Telegram may be out of reach for now, and the feeds go on meanwhile."""
        while not stop.is_set():
            try:
                await run_unless_stopped(stop, work())
            except InvalidToken:
                raise
            except TelegramError as error:
                await sleep_unless_stopped(
                    self._container.clock, stop, self._connection.record_failure(error)
                )
            else:
                self._connection.record_success()
                break
        return not stop.is_set()

    async def _set_menu(self) -> None:
        try:
            settings = self._container.settings
            await set_menu(self._container.bot, settings.language, settings.operators)
        except TelegramError as error:
            log.warning("the command menu could not be set; commands work without it", why=str(error))

    async def _receive_by_webhook(self, dispatch: UpdateDispatcher, stop: asyncio.Event) -> None:
        """Take what is pushed; Telegram keeps for later what comes after `stop`."""
        self._dispatch, self._loop = dispatch, asyncio.get_running_loop()
        try:
            if await self._retry_until_done(self._set_webhook, stop):
                await self._monitor_webhook(stop)
        finally:
            self._dispatch = None

    async def _set_webhook(self) -> None:
        try:
            await self._container.bot.set_webhook(
                self._address, secret_token=self._secret, allowed_updates=list(WANTED_UPDATES)
            )
        except BadRequest as error:
            raise WebhookRefused(error.message) from None
        self._wrong_secret_seen = False

    async def _monitor_webhook(self, stop: asyncio.Event) -> None:
        """Look at it each minute, and set it again where somebody else has changed it."""
        wait = CHECK_INTERVAL
        while not stop.is_set():
            await sleep_unless_stopped(self._container.clock, stop, wait)
            try:
                await run_unless_stopped(stop, self._restore_webhook())
            except TelegramError as error:
                wait = self._connection.record_failure(error)
            except WebhookRefused as error:  # it was taken before: Telegram's name server, most likely
                wait = self._connection.record_failure(
                    TelegramError(f"it does not take PUBLIC_URL for now: {error}")
                )
            else:
                wait = CHECK_INTERVAL
                self._connection.record_success()

    async def _restore_webhook(self) -> None:
        found = await fetch_webhook(self._container.request, self._container.bot)
        if is_webhook_changed(found, self._address, WANTED_UPDATES, self._wrong_secret_seen):
            await self._set_webhook()
            await self._misuse_reporter.report_webhook_change(found.url)

    async def _report_conflict(self, error: Conflict, alone: bool) -> None:
        """Something else takes the updates while we poll; a webhook is then deleted before the next poll."""
        if not alone:
            return
        url = ""
        with suppress(TelegramError):
            url = (await fetch_webhook(self._container.request, self._container.bot)).url
        if url or "webhook" in error.message.lower():
            await self._misuse_reporter.report_webhook_change(url)
        else:
            await self._misuse_reporter.report_conflict()

    async def _notify_operators(self, words: str) -> None:
        """Owe a notice to the operators."""
        container = self._container
        operators, now = container.settings.operators, container.clock.now()
        await logged_job("tell", lambda: container.db.run(planning.add_notice, operators, words, now))()
        container.planning_due.notify()

    async def _receive_request(self, request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(errors="surrogateescape"), self._secret.encode()):
            self._wrong_secret_seen = True
            return web.Response(status=403)
        later = web.Response(status=503, headers={"Retry-After": "5"})
        if self._loop is None:
            return later
        try:
            raw = await request.json()
        except ValueError:
            return web.Response(status=400)
        taken = await run_on_loop(self._loop, self._accept_update(raw))
        return web.Response() if taken else later

    async def _accept_update(self, raw: object) -> bool:
        """Accept an update, on the loop on which it is answered; whether we still do."""
        if self._dispatch is None:
            return False
        if update := parse_update(raw, self._container.bot):
            self._dispatch.accept(update)
        return True
