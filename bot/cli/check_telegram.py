"""What Telegram says to our settings: the token, the channels, the operators, the clock, the webhook."""

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

#: A clock that is wrong by more, in seconds, makes certificates fail and posts lie about their time.
CLOCK_TOLERANCE = 30.0
TOKEN_SETTING = "TELEGRAM_BOT_TOKEN"  # noqa: S105 — a setting's name


async def check_telegram(
    settings: Settings, request: AiohttpRequest, bound: Mapping[str, ChannelName]
) -> AsyncIterator[CheckResult]:
    """A line for the token first; for the others only where it is good. `bound`: the names that we know."""
    token, api = settings.telegram_bot_token, settings.telegram_api_url
    if not token:
        yield CheckResult(TOKEN_SETTING, problem="nothing was given; ask @BotFather for one.")
        return
    bot = Bot(token, base_url=f"{api}/bot", request=request, get_updates_request=request)
    try:
        me = await bot.get_me()
    except InvalidToken:
        yield CheckResult(
            TOKEN_SETTING, problem="Telegram does not know it; ask @BotFather for the right one."
        )
        return
    except TelegramError as error:
        yield _explain_unreachable(telegram_route(settings), api, error)
        return
    yield CheckResult(TOKEN_SETTING, f"@{me.username}")
    yield CheckResult("way to Telegram", str(telegram_route(settings)))
    yield _check_clock(await request.server_time(api), datetime.now(UTC))
    sender = TelegramSender(request, token, api)
    for edition in list_editions(settings):
        if not edition.channels:
            name = f"EDITIONS__{edition.name.upper()}__CHANNELS" if edition.name else "CHANNELS"
            yield CheckResult(name, "none: the bot only answers readers")
        for channel in edition.channels:
            standing = await sender.fetch_chat_access(channel)
            known = bound.get(channel.lower().lstrip("@")) if isinstance(channel, str) else None
            moved = await check_channel_name(str(channel), known, sender, standing) if known else None
            yield moved or _check_channel(channel, standing)
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
        return CheckResult("clock", "Telegram did not tell its own time")
    off = (ours - theirs).total_seconds()
    if abs(off) > CLOCK_TOLERANCE:
        route = "ahead of" if off > 0 else "behind"
        return CheckResult(
            "clock", problem=f"{abs(off):.0f} s {route} Telegram's; set the machine's time (NTP)."
        )
    return CheckResult("clock", "agrees with Telegram's")


def _check_channel(channel: int | str, standing: object) -> CheckResult:
    name = f"channel {channel}"
    if not isinstance(standing, ChatAccess):
        why = str(getattr(standing, "reason", "it cannot be reached"))
        why = why.removeprefix("Bad Request: ").removeprefix("Forbidden: ")
        return CheckResult(name, problem=f"{why}; is the name right, and is the bot an administrator there?")
    if standing.kind is ChatKind.PRIVATE:
        return CheckResult(name, problem="this is a person, not a channel; a channel's id begins with -100.")
    if not standing.may_post:
        todo = "in the channel: Administrators, the bot, Post Messages."
        return CheckResult(name, problem=f"{standing.reason}; {todo}")
    note = "; it may edit others' posts too, which it does not need" if standing.may_edit else ""
    return CheckResult(name, f"{standing.title or standing.id}: the bot may post{note}")


async def check_channel_name(
    channel: str, known: ChannelName, sender: Sender, standing: object
) -> CheckResult | None:
    """A @name that no longer leads to the channel that it means, or None."""
    if isinstance(standing, ChatAccess) and standing.id != known.chat_id:
        return CheckResult(
            f"channel {channel}",
            problem=f"the name leads to another chat now ({standing.id}), which gets nothing: posts go to "
            f"{known.chat_id}; write the id of the one that you mean.",
        )
    if not (isinstance(standing, ChatGone) and standing.reason.endswith("chat not found")):
        return None
    meant = await sender.fetch_chat_access(known.chat_id)
    if not isinstance(meant, ChatAccess):
        return None
    new = f"@{meant.username} or " if meant.username else ""
    return CheckResult(
        f"channel {channel}",
        problem=f"the name is gone; posts go to {meant.title} ({meant.id}): write {new}{meant.id}.",
    )


def _check_operator(operator: int, standing: object, bot_name: str) -> CheckResult:
    name = f"operator {operator}"
    if isinstance(standing, ChatAccess) and standing.kind is ChatKind.PRIVATE:
        return CheckResult(name, "gets the alerts")
    return CheckResult(name, problem=f"cannot be written to; open @{bot_name} in Telegram and press Start.")


async def _check_webhook(bot: Bot, public_url: str) -> CheckResult:
    try:
        webhook = await bot.get_webhook_info()
    except TelegramError as error:
        return CheckResult(
            "PUBLIC_URL", problem=f"Telegram does not tell about its webhook: {describe_error(error)}."
        )
    if not webhook.url.startswith(public_url):
        return CheckResult("PUBLIC_URL", "newswire run tells it to Telegram")
    if webhook.last_error_message and webhook.pending_update_count:
        why = webhook.last_error_message.rstrip(".")
        return CheckResult(
            "PUBLIC_URL", problem=f"Telegram cannot reach it: {why}; does it lead to HTTP_ADDRESS?"
        )
    return CheckResult("PUBLIC_URL", "Telegram knows it")
