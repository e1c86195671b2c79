"""A small process made of the real parts that deliver, for when minutes are too long: no feeds, no updates.

    python -m benchmarks.crash.small

It reads the settings as `newswire run` does; stories are put into its database by whoever started it.
"""

import asyncio

from bot.app.post_renderer import PostRenderer
from bot.app.runtime import stop_on_signals
from bot.config import read_settings
from bot.config.policies import publish_policy
from bot.telegram.sender import TelegramSender
from bot.telegram.transport import AiohttpRequest
from jobs.clock import Notifier, SystemClock
from jobs.publish.context import PublishContext, create_rate_limiter
from jobs.publish.pipeline import run
from storage.database import open_database

#: How often the stories are looked for, in seconds.
OFTEN = 0.1


async def main() -> None:
    settings, stop, bell = read_settings(), asyncio.Event(), Notifier()
    stop_on_signals(stop)
    policy, database = publish_policy(settings), open_database(settings.database_url)
    async with AiohttpRequest() as request:
        sender = TelegramSender(
            request,
            settings.telegram_bot_token,
            settings.telegram_api_url,
            paid=settings.allow_paid_broadcast,
        )
        publish = PublishContext(
            db=database,
            sender=sender,
            clock=SystemClock(),
            policy=policy,
            planning_due=bell,
            render=PostRenderer(policy),
            rate_limiter=create_rate_limiter(policy),
        )
        ringing = asyncio.create_task(_ring(bell))
        await run(publish, stop)
        ringing.cancel()
    database.close()


async def _ring(bell: Notifier) -> None:
    while True:
        bell.notify()
        await asyncio.sleep(OFTEN)


if __name__ == "__main__":
    asyncio.run(main())
