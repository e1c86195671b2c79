"""What the jobs did is on record."""

from datetime import UTC, datetime, timedelta

from storage import job_runs
from storage.database import Database
from storage.records import RunOutcome

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_a_run_is_on_record_from_its_start_to_its_end(db: Database) -> None:
    run = db.run_sync(job_runs.start_run, "fetch", NOW)
    assert db.read_sync(job_runs.latest_runs)[0].outcome is None
    db.run_sync(job_runs.finish_run, run, NOW + timedelta(seconds=2), {"new": 3})
    [latest] = db.read_sync(job_runs.latest_runs)
    assert (latest.job, latest.outcome, latest.counts, latest.error) == (
        "fetch",
        RunOutcome.DONE,
        {"new": 3},
        "",
    )


def test_a_run_that_failed_says_why(db: Database) -> None:
    run = db.run_sync(job_runs.start_run, "fetch", NOW)
    db.run_sync(job_runs.finish_run, run, NOW, {}, "the disk is full")
    [latest] = db.read_sync(job_runs.latest_runs)
    assert (latest.outcome, latest.error) == (RunOutcome.FAILED, "the disk is full")


def test_what_a_crash_left_unfinished_is_called_killed(db: Database) -> None:
    db.run_sync(job_runs.start_run, "fetch", NOW)
    assert db.run_sync(job_runs.mark_interrupted, NOW) == 1
    assert db.read_sync(job_runs.latest_runs)[0].outcome is RunOutcome.KILLED


def test_only_the_newest_run_of_each_job_is_shown_and_old_ones_are_dropped(db: Database) -> None:
    old = db.run_sync(job_runs.start_run, "fetch", NOW - timedelta(days=30))
    db.run_sync(job_runs.finish_run, old, NOW - timedelta(days=30), {})
    for job in ("fetch", "fetch", "digest"):
        db.run_sync(job_runs.finish_run, db.run_sync(job_runs.start_run, job, NOW), NOW, {})
    assert [run.job for run in db.read_sync(job_runs.latest_runs)] == ["digest", "fetch"]
    assert (
        db.read_sync(lambda connection: connection.exec_driver_sql("SELECT count(*) FROM runs").scalar()) == 3
    )
