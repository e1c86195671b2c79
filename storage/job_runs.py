"""Job runs: what each job did and when, for `newswire status`."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from storage.records import Run, RunOutcome
from storage.rows import to_records
from storage.schema import runs

#: How long runs are kept.
RETENTION = timedelta(days=14)


def start_run(connection: Connection, job: str, now: datetime) -> int:
    """Record the start of a run; its id."""
    return int(
        connection.execute(insert(runs).values(job=job, started_at=now).returning(runs.c.id)).scalar_one()
    )


def finish_run(
    connection: Connection, run_id: int, now: datetime, counts: dict[str, int], error: str = ""
) -> None:
    """Record the end of a run; `error` says why it failed, or is empty. Deletes runs older than RETENTION."""
    outcome = RunOutcome.FAILED if error else RunOutcome.DONE
    values = {"finished_at": now, "outcome": outcome, "counts": counts, "error": error}
    connection.execute(update(runs).where(runs.c.id == run_id).values(**values))
    connection.execute(delete(runs).where(runs.c.started_at < now - RETENTION))


def mark_interrupted(connection: Connection, now: datetime) -> int:
    """At a start: mark runs that an earlier process left unfinished as killed; how many."""
    unfinished = update(runs).where(runs.c.outcome.is_(None))
    return connection.execute(unfinished.values(finished_at=now, outcome=RunOutcome.KILLED)).rowcount


def latest_runs(connection: Connection) -> list[Run]:
    """The newest run of each job, by the job's name."""
    newest = select(func.max(runs.c.id)).group_by(runs.c.job)
    rows = connection.execute(select(runs).where(runs.c.id.in_(newest)).order_by(runs.c.job))
    return to_records(Run, rows)
