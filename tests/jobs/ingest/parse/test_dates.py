"""Dates are parsed correctly or not at all."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest.parse.dates import parse_date

MOMENT = datetime(2026, 10, 5, 10, 0, tzinfo=UTC)
SAME = [
    "Mon, 05 Oct 2026 10:00:00 GMT",
    "Mon, 5 Oct 2026 10:00 UT",
    "5 Oct 26 10:00:00 Z",
    "Mon, 05 Oct 2026 16:30:00 +0630",
    "Mon, 05 Oct 2026 16:30:00 MMT",
    "Mon, 05 Oct 2026 05:00:00 EST",
    "2026-10-05T10:00:00Z",
    "2026-10-05T16:30:00.123456789+06:30",
    "2026-10-05 10:00",
    "2026/10/05 10:00:00",
    "20261005T100000Z",
    "2026-10-05T16:30:00+0630[Asia/Yangon]",
    "October 5, 2026 10:00 am",
    "Monday, October 5th, 2026 - 10:00am",
    "Mon Oct  5 10:00:00 2026",
    "1791194400",
    "1791194400000",
    "lun., 05 oct. 2026 12:00:00 +0200",
    "Mo, 05 Okt 2026 12:00:00 +0200",
    "၅ အောက်တိုဘာ ၂၀၂၆ ၁၀:၀၀",
    "5 de octubre de 2026 10:00",
]
DOUBTFUL = [
    "", "now", "yesterday", "05/10/2026 10:00", "12.10.2026", "2026", "2026-10", "2026-W41-1", "2026-278",
    "Mon, 31 Feb 2026 10:00:00 GMT", "0000-00-00 00:00:00", "9999-12-31T23:59:59Z", "10000-01-01",
    "1513-01-01",
    "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 05 Oct 2026 10:00:00 XYZ", "Mon, 05 Oct 2026 10:00:00 +9999",
    "5 ต.ค. 2569 10:00", "2026-10-05T25:00:00Z", "12345",
]  # fmt: skip


@pytest.mark.parametrize("written", SAME)
def test_shapes_that_leave_no_doubt_are_read(written: str) -> None:
    found = parse_date(written)
    assert found is not None
    assert found.replace(microsecond=0) == MOMENT


@pytest.mark.parametrize("written", DOUBTFUL)
def test_what_leaves_a_doubt_is_absent(written: str) -> None:
    assert parse_date(written) is None


def test_midnight_may_be_written_as_24_and_a_leap_second_as_60() -> None:
    assert parse_date("2026-10-05T24:00:00Z") == datetime(2026, 10, 6, tzinfo=UTC)
    assert parse_date("2026-12-31T23:59:60Z") == datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)


@given(st.datetimes(datetime(1981, 1, 1), datetime(2099, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_what_python_writes_is_read_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, fold=0)
    written = moment.isoformat()
    offset = moment.utcoffset()
    if offset is not None and offset.seconds % 60 == 0 and len(written) == 25:
        assert parse_date(written) == moment.astimezone(UTC)


@given(st.text(alphabet="0123456789-/:. TZ+,GMTOctnov", max_size=40))
def test_nothing_that_is_written_raises(written: str) -> None:
    found = parse_date(written)
    assert found is None or found.tzinfo is UTC
