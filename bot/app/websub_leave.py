"""Unsubscribes from all WebSub hubs, for a newsroom that closes or moves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.config import Settings
from bot.config.policies import fetch_policy
from bot.web.server import start_server
from bot.web.websub import WebSubEndpoint
from jobs.clock import Clock
from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.websub.client import Push, WebSubContext, unsubscribe_all
from storage import websub_subscriptions
from storage.database import Database
from storage.records import Lease

#: Seconds that hubs have to verify the unsubscription.
VERIFY_TIMEOUT = 60.0
_CHECK_INTERVAL = 0.5


async def unsubscribe_from_hubs(
    settings: Settings, db: Database, clock: Clock, timeout: float = VERIFY_TIMEOUT
) -> tuple[list[Lease], list[Lease]]:
    """Unsubscribe from all hubs, and answer their verification requests for `timeout` seconds.

    Returns the leases that ended, and those that no hub confirmed. Raises CannotListen.
    """
    policy = fetch_policy(settings)
    async with Fetcher(policy, clock) as fetcher:
        websub = WebSubContext(db, fetcher, clock, policy)
        async with _serve_callbacks(settings, WebSubEndpoint(websub, _ignore_push)):
            before = await db.read(websub_subscriptions.list_all)
            await unsubscribe_all(websub)
            left = await db.read(websub_subscriptions.list_leaving)
            until = clock.monotonic() + timeout
            while left and clock.monotonic() < until:
                await clock.sleep(_CHECK_INTERVAL)
                left = await db.read(websub_subscriptions.list_leaving)
    still_there = {lease.callback for lease in await db.read(websub_subscriptions.list_all)}
    return [lease for lease in before if lease.callback not in still_there], left


@asynccontextmanager
async def _serve_callbacks(settings: Settings, callbacks: WebSubEndpoint) -> AsyncIterator[None]:
    if settings.http_address is None:
        yield
        return
    runner = await start_server(settings.http_address, [callbacks.callback_routes()])
    try:
        yield
    finally:
        await runner.cleanup()
        await callbacks.close()


async def _ignore_push(_push: Push) -> None:
    """Ignore what is pushed in the last minute: the feed still has it."""
