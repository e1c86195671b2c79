"""Delivers updates to the bot's webhook, one at a time.

An update that is not answered with 2xx is retried with backoff, from 1 s doubling to a minute, as the Bot API
server does (github tdlib/telegram-bot-api, WebhookActor.cpp).
"""

import json

import aiohttp

from bot.sandbox.telegram.fake_telegram import FakeTelegram

MAX_RETRY_DELAY = 60.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  (the name of a header, not a secret)


async def deliver_updates(telegram: FakeTelegram) -> None:
    """Deliver updates to the webhook until cancelled."""
    updates, pause = telegram.state.updates, 1.0
    async with aiohttp.ClientSession() as session:
        while True:
            waiting = updates.pending(1) if updates.webhook else []
            if not waiting:
                updates.arrived.clear()
                await updates.arrived.wait()
                continue
            if await _post_update(session, telegram, json.dumps(waiting[0])):
                updates.confirm(waiting[0]["update_id"] + 1)
                pause = 1.0
            else:
                await telegram.clock.sleep(pause)
                pause = min(pause * 2, MAX_RETRY_DELAY)


async def _post_update(session: aiohttp.ClientSession, telegram: FakeTelegram, update: str) -> bool:
    """Post one update; whether it was accepted. A method call in the response is run, without a result."""
    webhook = telegram.state.updates.webhook
    if webhook is None:
        return False
    headers = {"Content-Type": "application/json"}
    if webhook.secret:
        headers[SECRET_HEADER] = webhook.secret
    try:
        async with session.post(webhook.url, data=update, headers=headers, allow_redirects=False) as answer:
            taken, body = 200 <= answer.status < 300, await answer.read()
            reason = f"Wrong response from the webhook: {answer.status} {answer.reason}"
            is_call = answer.content_type == "application/json"
    except (aiohttp.ClientError, TimeoutError) as error:
        taken, is_call, body, reason = False, False, b"", f"Connection failed: {type(error).__name__}"
    if not taken:
        telegram.state.updates.webhook_error = (telegram.clock.now(), reason)
        telegram.state.event_log.append(telegram.clock.now(), "webhook_failed", reason=reason)
    elif is_call:
        await _call_from_answer(telegram, body)
    return taken


async def _call_from_answer(telegram: FakeTelegram, answer: bytes) -> None:
    try:
        wish = json.loads(answer)
    except ValueError:
        return
    if isinstance(wish, dict) and isinstance(wish.get("method"), str):
        await telegram.call(wish.pop("method"), wish)
