"""What Telegram says to our settings: the token, the channels, the operators, the clock, the webhook."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot.app.long_polling import reason
from bot.cli._common import Found
from bot.config import Settings
from bot.config.policies import editions
from bot.config.proxies import Way, telegram_way
from bot.telegram.sender import TelegramSender
from bot.telegram.transport import AiohttpRequest, NotWritten
from jobs.publish.send_result import ChatGone, Sender, Standing
from storage.records import ChannelName, ChatKind

#: A clock that is wrong by more, in seconds, makes certificates fail and posts lie about their time.
CLOCK_TOLERANCE = 30.0
TOKEN = "TELEGRAM_BOT_TOKEN"  # noqa: S105 — a setting's name


async def telegram_found(
    settings: Settings, request: AiohttpRequest, bound: Mapping[str, ChannelName]
) -> AsyncIterator[Found]:
    """A line for the token first; for the others only where it is good. `bound`: the names that we know."""
    token, api = settings.telegram_bot_token, settings.telegram_api_url
    if not token:
        yield Found(TOKEN, wrong="nothing was given; ask @BotFather for one.")
        return
    bot = Bot(token, base_url=f"{api}/bot", request=request, get_updates_request=request)
    try:
        me = await bot.get_me()
    except InvalidToken:
        yield Found(TOKEN, wrong="Telegram does not know it; ask @BotFather for the right one.")
        return
    except TelegramError as error:
        yield _not_reached(telegram_way(settings), api, error)
        return
    yield Found(TOKEN, f"@{me.username}")
    yield Found("way to Telegram", str(telegram_way(settings)))
    yield _clock(await request.server_time(api), datetime.now(UTC))
    sender = TelegramSender(request, token, api)
    for edition in editions(settings):
        if not edition.channels:
            name = f"EDITIONS__{edition.name.upper()}__CHANNELS" if edition.name else "CHANNELS"
            yield Found(name, "none: the bot only answers readers")
        for channel in edition.channels:
            standing = await sender.standing(channel)
            known = bound.get(channel.lower().lstrip("@")) if isinstance(channel, str) else None
            moved = await name_found(str(channel), known, sender, standing) if known else None
            yield moved or _channel(channel, standing)
    for operator in settings.operators:
        yield _operator(operator, await sender.standing(operator), str(me.username))
    if settings.public_url:
        yield await _webhook(bot, settings.public_url)


def _not_reached(way: Way, api: str, error: TelegramError) -> Found:
    if way.proxy and isinstance(error, NotWritten):
        return Found(way.named, wrong=f"{api} cannot be reached through {way.proxy}: {reason(error)}.")
    return Found("TELEGRAM_API_URL", wrong=f"{api} cannot be used, {way}: {reason(error)}.")


def _clock(theirs: datetime | None, ours: datetime) -> Found:
    if theirs is None:
        return Found("clock", "Telegram did not tell its own time")
    off = (ours - theirs).total_seconds()
    if abs(off) > CLOCK_TOLERANCE:
        way = "ahead of" if off > 0 else "behind"
        return Found("clock", wrong=f"{abs(off):.0f} s {way} Telegram's; set the machine's time (NTP).")
    return Found("clock", "agrees with Telegram's")


def _channel(channel: int | str, standing: object) -> Found:
    name = f"channel {channel}"
    if not isinstance(standing, Standing):
        why = str(getattr(standing, "reason", "it cannot be reached"))
        why = why.removeprefix("Bad Request: ").removeprefix("Forbidden: ")
        return Found(name, wrong=f"{why}; is the name right, and is the bot an administrator there?")
    if standing.kind is ChatKind.PRIVATE:
        return Found(name, wrong="this is a person, not a channel; a channel's id begins with -100.")
    if not standing.may_post:
        todo = "in the channel: Administrators, the bot, Post Messages."
        return Found(name, wrong=f"{standing.reason}; {todo}")
    note = "; it may edit others' posts too, which it does not need" if standing.may_edit else ""
    return Found(name, f"{standing.title or standing.id}: the bot may post{note}")


async def name_found(channel: str, known: ChannelName, sender: Sender, standing: object) -> Found | None:
    """A @name that no longer leads to the channel that it means, or None."""
    if isinstance(standing, Standing) and standing.id != known.chat_id:
        return Found(
            f"channel {channel}",
            wrong=f"the name leads to another chat now ({standing.id}), which gets nothing: posts go to "
            f"{known.chat_id}; write the id of the one that you mean.",
        )
    if not (isinstance(standing, ChatGone) and standing.reason.endswith("chat not found")):
        return None
    meant = await sender.standing(known.chat_id)
    if not isinstance(meant, Standing):
        return None
    new = f"@{meant.username} or " if meant.username else ""
    return Found(
        f"channel {channel}",
        wrong=f"the name is gone; posts go to {meant.title} ({meant.id}): write {new}{meant.id}.",
    )


def _operator(operator: int, standing: object, bot_name: str) -> Found:
    name = f"operator {operator}"
    if isinstance(standing, Standing) and standing.kind is ChatKind.PRIVATE:
        return Found(name, "gets the alerts")
    return Found(name, wrong=f"cannot be written to; open @{bot_name} in Telegram and press Start.")


async def _webhook(bot: Bot, public_url: str) -> Found:
    try:
        webhook = await bot.get_webhook_info()
    except TelegramError as error:
        return Found("PUBLIC_URL", wrong=f"Telegram does not tell about its webhook: {reason(error)}.")
    if not webhook.url.startswith(public_url):
        return Found("PUBLIC_URL", "newswire run tells it to Telegram")
    if webhook.last_error_message and webhook.pending_update_count:
        why = webhook.last_error_message.rstrip(".")
        return Found("PUBLIC_URL", wrong=f"Telegram cannot reach it: {why}; does it lead to HTTP_ADDRESS?")
    return Found("PUBLIC_URL", "Telegram knows it")
