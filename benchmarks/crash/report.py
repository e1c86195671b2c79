"""The counts of the crash laboratory, whether they are within the limits, and the table."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from benchmarks.crash.points import Point


@dataclass
class Report:
    """The counts of one experiment, or the sums of several."""

    kills: Counter[Point] = field(default_factory=Counter)
    stories: int = 0
    corrections: int = 0
    edits: int = 0  #: versions of messages after the first
    faults: int = 0
    channels: int = 0
    readers: int = 0
    lost: int = 0
    doubled: int = 0
    outdated: int = 0  #: channel posts without the last correction
    reader_lost: int = 0
    reader_outdated: int = 0  #: articles in private chats without the last correction
    reader_doubled: int = 0
    uncounted: int = 0  #: of these, those that were not recorded as unclear
    unclear: int = 0
    found: int = 0
    repeated: int = 0
    undone: int = 0  #: deliveries that are not settled at the end
    exit_code: int = 0

    @property
    def good(self) -> bool:
        wrong = (
            self.lost,
            self.doubled,
            self.outdated,
            self.reader_lost,
            self.reader_outdated,
            self.uncounted,
        )
        return not any((*wrong, self.undone, self.exit_code))


def sum_of(reports: Iterable[Report]) -> Report:
    """The sum of the reports."""
    total = Report()
    for report in reports:
        for name in Report.__dataclass_fields__:
            value = getattr(report, name)
            setattr(total, name, getattr(total, name) + value)
    return total


def show(report: Report) -> None:
    table = Table(title="Crash laboratory", show_header=False)
    rows: dict[str, object] = {
        "articles": report.stories,
        "corrections": report.corrections,
        "  edits of posts": report.edits,
        "channels": report.channels,
        "private chats": report.readers,
        "kills": report.kills.total(),
        **{f"  {point}": report.kills[point] for point in Point},
        "requests that met a fault": report.faults,
        "channels: lost": report.lost,
        "channels: duplicated": report.doubled,
        "channels: without the last correction": report.outdated,
        "private chats: lost": report.reader_lost,
        "private chats: without the last correction": report.reader_outdated,
        "private chats: duplicated, recorded as unclear": report.reader_doubled - report.uncounted,
        "private chats: duplicated, not recorded": report.uncounted,
        "unclear sends": report.unclear,
        "  found to be sent": report.found,
        "  found not to be sent": report.unclear - report.found - report.repeated,
        "  repeated in private chats": report.repeated,
        "not settled": report.undone,
        "exit code after SIGTERM": report.exit_code,
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    Console().print(table)
