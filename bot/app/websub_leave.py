"""How a newsroom that closes takes leave of the hubs that push to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.config import Settings
from bot.config.policies import fetching
from bot.web.server import serve
from bot.web.websub import Callbacks
from jobs.clock import Clock
from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.websub.client import Push, WebSub, leave_all
from storage import websub_subscriptions
from storage.database import Database
from storage.records import Lease

#: Seconds that hubs have to come and verify that we meant it.
PATIENCE = 60.0
_LOOK_EVERY = 0.5


async def leave_hubs(
    settings: Settings, db: Database, clock: Clock, patience: float = PATIENCE
) -> tuple[list[Lease], list[Lease]]:
    """Ask all hubs to stop, and answer their questions: the leases that are over, and those not confirmed.

    Raises CannotListen: HTTP_ADDRESS is taken.
    """
    policy = fetching(settings)
    async with Fetcher(policy, clock) as fetcher:
        websub = WebSub(db, fetcher, clock, policy)
        async with _answering(settings, Callbacks(websub, _nothing)):
            before = await db.read(websub_subscriptions.every)
            await leave_all(websub)
            left = await db.read(websub_subscriptions.leaving)
            until = clock.monotonic() + patience
            while left and clock.monotonic() < until:
                await clock.sleep(_LOOK_EVERY)
                left = await db.read(websub_subscriptions.leaving)
    still_there = {lease.callback for lease in await db.read(websub_subscriptions.every)}
    return [lease for lease in before if lease.callback not in still_there], left


@asynccontextmanager
async def _answering(settings: Settings, callbacks: Callbacks) -> AsyncIterator[None]:
    if settings.http_address is None:
        yield
        return
    runner = await serve(settings.http_address, [callbacks.routes()])
    try:
        yield
    finally:
        await runner.cleanup()
        await callbacks.close()


async def _nothing(_push: Push) -> None:
    """What is pushed in this last minute is not read: the feed has it still."""
