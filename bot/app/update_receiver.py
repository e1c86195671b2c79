"""Receives updates from Telegram, by long polling or webhook, and passes them to the dispatcher."""

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
from bot.app.long_polling import ConnectionStatus, UpdatePoller
from bot.commands import CommandContext
from bot.dispatch import WANTED_UPDATES, UpdateDispatcher, set_menu
from bot.telegram.account import fetch_bot_name, fetch_webhook
from bot.telegram.get_updates import parse_update
from bot.web.thread import run_on_loop
from jobs.clock import run_until_set, with_timeout
from storage.delivery import planning

#: The webhook's path below PUBLIC_URL.
WEBHOOK_PATH = "/telegram"
#: Seconds that Telegram has to answer whether somebody is an administrator of a group.
MEMBERSHIP_TIMEOUT = 5.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 — a header's name, no secret

log = structlog.get_logger()


class WebhookRefused(Exception):
    """Telegram does not accept the webhook's URL. The message is its reason."""


class UpdateReceiver:
    """Receives updates until the bot stops, and keeps the webhook, the command menu and the name right."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._connection = ConnectionStatus(container.clock)
        self._secret = secrets.token_urlsafe(32)  # the webhook is set with it at each start
        self._dispatch: UpdateDispatcher | None = None  # None unless the webhook is served
        self._loop: asyncio.AbstractEventLoop | None = None  # the one that dispatches updates
        self._address = container.settings.public_url + WEBHOOK_PATH
        self._wrong_secret_seen = False  # since the webhook was last set
        self._misuse_reporter = TokenMisuseReporter(container.clock, self._notify_operators)

    def list_problems(self) -> list[str]:
        """Return one sentence if Telegram cannot be reached, otherwise nothing."""
        return self._connection.list_problems()

    async def receive_updates(self, stop: asyncio.Event) -> None:
        """Accept updates until `stop` is set, then answer what was accepted.

        Raises:
            InvalidToken: Telegram does not accept the token.
            WebhookRefused: it does not accept PUBLIC_URL.
        """
        container, by_webhook = self._container, bool(self._container.settings.public_url)
        if not await self._retry_until_done(container.bot.initialize, stop):
            return
        container.post_renderer.bot_name.username = container.bot.username
        monitor = self._build_name_monitor(stop)
        dispatcher = UpdateDispatcher(
            self._build_command_context(monitor), container.answers, container.clock
        )
        background = [asyncio.create_task(self._set_menu()), asyncio.create_task(monitor.poll_name())]
        method = "webhook" if by_webhook else "polling"
        log.info("receiving updates", bot=f"@{container.bot.username}", method=method)
        try:
            if by_webhook:
                await self._receive_by_webhook(dispatcher, stop)
            else:
                await self._build_poller().run(dispatcher.accept, stop)
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await dispatcher.finish()

    def _build_name_monitor(self, stop: asyncio.Event) -> BotNameMonitor:
        container = self._container
        fetch = partial(fetch_bot_name, container.request, container.bot)
        name = container.post_renderer.bot_name
        return BotNameMonitor(fetch, name, container.clock, self._notify_operators, stop)

    def _build_command_context(self, monitor: BotNameMonitor) -> CommandContext:
        container = self._container
        return CommandContext(
            db=container.db,
            index=container.index,
            policy=container.publish.policy,
            bot_name=container.post_renderer.bot_name,
            refresh_bot_name=monitor.refresh_name,
            bot_id=container.bot.id,
            wake_publisher=container.planning_due.notify,
            is_administrator=self._is_administrator,
            memory=container.chat_memory,
        )

    def _build_poller(self) -> UpdatePoller:
        container = self._container
        return UpdatePoller(
            container.bot, container.request, container.clock, self._connection, self._report_conflict
        )

    async def _is_administrator(self, chat_id: int, user_id: int) -> bool:
        request = self._container.sender.is_administrator(chat_id, user_id)
        with suppress(TimeoutError):
            return await with_timeout(self._container.clock, MEMBERSHIP_TIMEOUT, request)
        return False

    def webhook_routes(self) -> list[web.RouteDef]:
        """Return the webhook's route, or none if PUBLIC_URL is not set."""
        return [web.post(WEBHOOK_PATH, self._receive_request)] if self._container.settings.public_url else []

    async def _retry_until_done(
        self, work: Callable[[], Coroutine[Any, Any, object]], stop: asyncio.Event
    ) -> bool:
        """Retry `work` until it succeeds or `stop` is set. Return whether it succeeded."""
        while not stop.is_set():
            try:
                await run_until_set(stop, work())
            except InvalidToken:
                raise
            except TelegramError as error:
                wait = self._connection.record_failure(error)
                await run_until_set(stop, self._container.clock.sleep(wait))
            else:
                self._connection.record_success()
                break
        return not stop.is_set()

    async def _set_menu(self) -> None:
        try:
            settings = self._container.settings
            await set_menu(self._container.bot, settings.language, settings.operators)
        except TelegramError as error:
            log.warning("setting the command menu failed", reason=str(error))

    async def _receive_by_webhook(self, dispatcher: UpdateDispatcher, stop: asyncio.Event) -> None:
        """Accept pushed updates until `stop` is set. Telegram keeps those that come later."""
        self._dispatch, self._loop = dispatcher, asyncio.get_running_loop()
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
        """Check the webhook each minute, and set it again if somebody else has changed it."""
        wait = CHECK_INTERVAL
        while not stop.is_set():
            await run_until_set(stop, self._container.clock.sleep(wait))
            try:
                await run_until_set(stop, self._restore_webhook())
            except TelegramError as error:
                wait = self._connection.record_failure(error)
            except WebhookRefused as error:  # it was accepted before: probably a DNS failure at Telegram
                wait = self._connection.record_failure(
                    TelegramError(f"it does not accept PUBLIC_URL at present: {error}")
                )
            else:
                wait = CHECK_INTERVAL
                self._connection.record_success()

    async def _restore_webhook(self) -> None:
        found = await fetch_webhook(self._container.request, self._container.bot)
        if is_webhook_changed(found, self._address, WANTED_UPDATES, self._wrong_secret_seen):
            await self._set_webhook()
            await self._misuse_reporter.report_webhook_change(found.url)

    async def _report_conflict(self, error: Conflict, webhook_deleted: bool) -> None:
        """Report what else receives the updates, unless it is the webhook of an earlier run."""
        if not webhook_deleted:
            return
        url = ""
        with suppress(TelegramError):
            url = (await fetch_webhook(self._container.request, self._container.bot)).url
        if url or "webhook" in error.message.lower():
            await self._misuse_reporter.report_webhook_change(url)
        else:
            await self._misuse_reporter.report_conflict()

    async def _notify_operators(self, text: str) -> None:
        container = self._container
        operators, now = container.settings.operators, container.clock.now()
        await logged_job("notify", lambda: container.db.run(planning.add_notice, operators, text, now))()
        container.planning_due.notify()

    async def _receive_request(self, request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(errors="surrogateescape"), self._secret.encode()):
            self._wrong_secret_seen = True
            return web.Response(status=403)
        unavailable = web.Response(status=503, headers={"Retry-After": "5"})
        if self._loop is None:
            return unavailable
        try:
            raw = await request.json()
        except ValueError:
            return web.Response(status=400)
        accepted = await run_on_loop(self._loop, self._accept_update(raw))
        return web.Response() if accepted else unavailable

    async def _accept_update(self, raw: object) -> bool:
        """Accept an update on the bot's own loop. Return False if the bot is not ready, or stops."""
        if self._dispatch is None:
            return False
        if update := parse_update(raw, self._container.bot):
            self._dispatch.accept(update)
        return True
