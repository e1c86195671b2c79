"""newswire leave unsubscribes from all WebSub hubs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import feeds, websub_subscriptions
from storage.database import open_database
from storage.migrations import migrate
from storage.records import Lease, LeaseState
from tests.bot.cli.conftest import Newswire
from tests.jobs.ingest.hub import Hub, a_hub
from tests.stories.operator import free_port

NOW = datetime.now(UTC)
FEED = "https://news.example/feed"


def add_active_lease(path: Path, hub: Hub) -> None:
    """Create a database with an active lease of this hub."""
    db = open_database(f"sqlite:///{path}")
    db.run_sync(migrate)
    db.run_sync(feeds.register_urls, [FEED], NOW)
    [feed] = db.read_sync(feeds.list_all)
    until = NOW + timedelta(days=9)
    lease = Lease(
        callback="unguessable", feed_id=feed.id, hub=hub.url, topic=FEED, secret="", state=LeaseState.ASKED,
        asked_at=NOW, until=None, error="",
    )  # fmt: skip
    db.run_sync(websub_subscriptions.add_lease, lease)
    db.run_sync(websub_subscriptions.confirm_lease, lease, until)
    db.close()


def settings(path: Path) -> dict[str, str]:
    address = f"127.0.0.1:{free_port()}"
    return {
        "DATABASE_URL": f"sqlite:///{path}",
        "FEED_URLS": FEED,
        "HTTP_ADDRESS": address,
        "PUBLIC_URL": f"http://{address}",
        "PRIVATE_NETWORKS": "127.0.0.0/8",
    }


async def test_every_hub_is_unsubscribed_and_its_verification_answered(
    newswire: Newswire, tmp_path: Path
) -> None:
    path = tmp_path / "newswire.db"
    async with a_hub() as hub:
        add_active_lease(path, hub)
        said = await newswire("leave", "--json", **settings(path))
        assert said.status == 0, said
        assert hub.verified == [("unsubscribe", 200)]
        assert [(row["topic"], row["over"]) for row in said.json["hubs"]] == [(FEED, "yes")]
    db = open_database(f"sqlite:///{path}")
    assert db.read_sync(websub_subscriptions.list_all) == []
    assert db.read_sync(feeds.list_all)[0].lease_until is None
    db.close()


@pytest.mark.parametrize("public", ["", "http://127.0.0.1:1"])
async def test_without_leases_there_is_nothing_to_unsubscribe(
    newswire: Newswire, tmp_path: Path, public: str
) -> None:
    path = tmp_path / "newswire.db"
    open_database(f"sqlite:///{path}").close()
    said = await newswire("leave", "--json", **settings(path) | {"PUBLIC_URL": public})
    assert (said.status, said.json["hubs"]) == (0, [])
