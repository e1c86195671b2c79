"""Checks the settings that Telegram can answer for: the token, channels, operators, clock and webhook."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot.app.long_polling import describe_error
from bot.cli._common import CheckResult
from bot.config import Settings
from bot.config.policies import list_editions
from bot.config.proxies import ProxyRoute, telegram_route
from bot.telegram.sender import TelegramSender
from bot.telegram.transport import AiohttpRequest, NotWritten
from jobs.publish.send_result import ChatAccess, ChatGone, Sender
from storage.records import ChannelName, ChatKind

#: Seconds by which the clock may differ from Telegram's.
CLOCK_TOLERANCE = 30.0
TOKEN_SETTING = "TELEGRAM_BOT_TOKEN"  # noqa: S105 — a setting's name


async def check_telegram(
    settings: Settings, request: AiohttpRequest, bound: Mapping[str, ChannelName]
) -> AsyncIterator[CheckResult]:
    """Check the token, and the rest only if it is good.

    `bound` has the channels that the bot has found by their @names, by name without "@".
    """
    token, api = settings.telegram_bot_token, settings.telegram_api_url
    if not token:
        yield CheckResult(TOKEN_SETTING, problem="it is not set; get a token from @BotFather.")
        return
    bot = Bot(token, base_url=f"{api}/bot", request=request, get_updates_request=request)
    try:
        me = await bot.get_me()
    except InvalidToken:
        yield CheckResult(
            TOKEN_SETTING, problem="Telegram does not accept it; get the right one from @BotFather."
        )
        return
    except TelegramError as error:
        yield _explain_unreachable(telegram_route(settings), api, error)
        return
    yield CheckResult(TOKEN_SETTING, f"@{me.username}")
    yield CheckResult("route to Telegram", str(telegram_route(settings)))
    yield _check_clock(await request.server_time(api), datetime.now(UTC))
    sender = TelegramSender(request, token, api)
    for edition in list_editions(settings):
        if not edition.channels:
            name = f"EDITIONS__{edition.name.upper()}__CHANNELS" if edition.name else "CHANNELS"
            yield CheckResult(name, "none; the bot only answers readers")
        for channel in edition.channels:
            access = await sender.fetch_chat_access(channel)
            known = bound.get(channel.lower().lstrip("@")) if isinstance(channel, str) else None
            moved = await check_channel_name(str(channel), known, sender, access) if known else None
            yield moved or _check_channel(channel, access)
    for operator in settings.operators:
        yield _check_operator(operator, await sender.fetch_chat_access(operator), str(me.username))
    if settings.public_url:
        yield await _check_webhook(bot, settings.public_url)


def _explain_unreachable(route: ProxyRoute, api: str, error: TelegramError) -> CheckResult:
    if route.proxy and isinstance(error, NotWritten):
        return CheckResult(
            route.setting, problem=f"{api} cannot be reached through {route.proxy}: {describe_error(error)}."
        )
    return CheckResult("TELEGRAM_API_URL", problem=f"{api} cannot be used, {route}: {describe_error(error)}.")


def _check_clock(theirs: datetime | None, ours: datetime) -> CheckResult:
    if theirs is None:
        return CheckResult("clock", "Telegram did not send its time")
    off = (ours - theirs).total_seconds()
    if abs(off) > CLOCK_TOLERANCE:
        direction = "ahead of" if off > 0 else "behind"
        return CheckResult(
            "clock",
            problem=f"{abs(off):.0f} s {direction} Telegram's; synchronize it (NTP).",
        )
    return CheckResult("clock", "in step with Telegram's")


def _check_channel(channel: int | str, access: object) -> CheckResult:
    name = f"channel {channel}"
    if not isinstance(access, ChatAccess):
        reason = str(getattr(access, "reason", "it cannot be reached"))
        reason = reason.removeprefix("Bad Request: ").removeprefix("Forbidden: ")
        hint = "is the name right, and is the bot an administrator there?"
        return CheckResult(name, problem=f"{reason}; {hint}")
    if access.kind is ChatKind.PRIVATE:
        return CheckResult(name, problem="this is a person, not a channel; a channel's id begins with -100.")
    if not access.may_post:
        todo = "in the channel: Administrators, the bot, Post Messages."
        return CheckResult(name, problem=f"{access.reason}; {todo}")
    note = "; it may also edit others' posts, which it does not need" if access.may_edit else ""
    return CheckResult(name, f"{access.title or access.id}: the bot may post{note}")


async def check_channel_name(
    channel: str, known: ChannelName, sender: Sender, access: object
) -> CheckResult | None:
    """Return a problem if the @name no longer belongs to the channel that it was given for, else None.

    `access`: what Telegram returned for the @name.
    """
    if isinstance(access, ChatAccess) and access.id != known.chat_id:
        return CheckResult(
            f"channel {channel}",
            problem=f"the name belongs to another chat now ({access.id}), which gets no posts: they go to "
            f"{known.chat_id}; set the id of the channel that you mean.",
        )
    if not (isinstance(access, ChatGone) and access.reason.endswith("chat not found")):
        return None
    meant = await sender.fetch_chat_access(known.chat_id)
    if not isinstance(meant, ChatAccess):
        return None
    new = f"@{meant.username} or " if meant.username else ""
    return CheckResult(
        f"channel {channel}",
        problem=f"the name no longer exists; posts go to {meant.title} ({meant.id}): write {new}{meant.id}.",
    )


def _check_operator(operator: int, access: object, bot_name: str) -> CheckResult:
    name = f"operator {operator}"
    if isinstance(access, ChatAccess) and access.kind is ChatKind.PRIVATE:
        return CheckResult(name, "gets the alerts")
    return CheckResult(
        name, problem=f"cannot be sent messages; open @{bot_name} in Telegram and press Start."
    )


async def _check_webhook(bot: Bot, public_url: str) -> CheckResult:
    try:
        webhook = await bot.get_webhook_info()
    except TelegramError as error:
        return CheckResult(
            "PUBLIC_URL", problem=f"Telegram did not return the webhook: {describe_error(error)}."
        )
    if not webhook.url.startswith(public_url):
        return CheckResult("PUBLIC_URL", "newswire run will set the webhook")
    if webhook.last_error_message and webhook.pending_update_count:
        reason = webhook.last_error_message.rstrip(".")
        return CheckResult(
            "PUBLIC_URL", problem=f"Telegram cannot reach it: {reason}; does it lead to HTTP_ADDRESS?"
        )
    return CheckResult("PUBLIC_URL", "the webhook is set")
