"""A small bot of the real parts that deliver, for quick tests: without feeds and updates.

    python -m benchmarks.crash.small

It reads the same settings as `newswire run`; its parent process stores the stories in its database.
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

#: Seconds between two notifications of the planner.
NOTIFY_EVERY = 0.1


async def main() -> None:
    settings, stop, planning_due = read_settings(), asyncio.Event(), Notifier()
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
            planning_due=planning_due,
            render=PostRenderer(policy),
            rate_limiter=create_rate_limiter(policy),
        )
        notifying = asyncio.create_task(_notify(planning_due))
        await run(publish, stop)
        notifying.cancel()
    database.close()


async def _notify(planning_due: Notifier) -> None:
    while True:
        planning_due.notify()
        await asyncio.sleep(NOTIFY_EVERY)


if __name__ == "__main__":
    asyncio.run(main())
