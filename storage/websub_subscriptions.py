"""WebSub subscriptions: the leases by which hubs push feeds, and their ends."""

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from storage.records import Feed, FeedState, Lease, LeaseState
from storage.rows import to_record, to_records
from storage.schema import feeds, leases


def add_lease(connection: Connection, lease: Lease) -> None:
    """Insert a lease about to be requested; unverified ones of the same feed are deleted."""
    unverified = leases.c.state.in_([LeaseState.ASKED, LeaseState.DENIED])
    connection.execute(delete(leases).where(leases.c.feed_id == lease.feed_id, unverified))
    columns = {name: getattr(lease, name) for name in leases.c.keys()}  # noqa: SIM118
    connection.execute(insert(leases).values(**columns))


def get(connection: Connection, callback: str) -> Lease | None:
    """The lease with this callback, or None."""
    row = connection.execute(select(leases).where(leases.c.callback == callback)).first()
    return to_record(Lease, row) if row else None


def list_all(connection: Connection) -> list[Lease]:
    """All leases, the oldest first."""
    rows = connection.execute(select(leases).order_by(leases.c.asked_at, leases.c.callback))
    return to_records(Lease, rows)


def list_leaving(connection: Connection) -> list[Lease]:
    """The leases whose end was requested and is not verified yet."""
    return [lease for lease in list_all(connection) if lease.state is LeaseState.LEAVING]


def list_feeds_with_hub(connection: Connection) -> list[Feed]:
    """The active feeds that name a hub."""
    query = select(feeds).where(feeds.c.state == FeedState.ACTIVE, feeds.c.hub != "")
    return to_records(Feed, connection.execute(query.order_by(feeds.c.id)))


def update_columns(connection: Connection, callback: str, /, **columns: object) -> None:
    """Write these columns, and no others, of one lease."""
    connection.execute(update(leases).where(leases.c.callback == callback).values(**columns))


def confirm_lease(connection: Connection, lease: Lease, until: datetime) -> None:
    """Record that the hub verified the lease and pushes until then."""
    update_columns(connection, lease.callback, state=LeaseState.RUNNING, until=until, error="")
    _update_lease_until(connection, lease.feed_id)


def deny_lease(connection: Connection, lease: Lease, error: str, now: datetime) -> None:
    """Record that the hub denied or ended the lease; it may be requested again some time after `now`."""
    update_columns(connection, lease.callback, state=LeaseState.DENIED, until=None, asked_at=now, error=error)
    _update_lease_until(connection, lease.feed_id)


def end_lease(connection: Connection, lease: Lease) -> None:
    """Delete a lease that expired or that we ended."""
    connection.execute(delete(leases).where(leases.c.callback == lease.callback))
    _update_lease_until(connection, lease.feed_id)


def _update_lease_until(connection: Connection, feed_id: int) -> None:
    """Set the feed's `lease_until` to the latest end of its running leases."""
    running = (leases.c.feed_id == feed_id) & (leases.c.state == LeaseState.RUNNING)
    latest = connection.execute(select(func.max(leases.c.until)).where(running)).scalar()
    connection.execute(update(feeds).where(feeds.c.id == feed_id).values(lease_until=latest))
