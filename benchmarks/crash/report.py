"""What the laboratory saw: the counts, whether they are good, and the table."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from benchmarks.crash.points import Point


@dataclass
class Report:
    """Counts of one experiment, or the sum of several."""

    kills: Counter[Point] = field(default_factory=Counter)
    stories: int = 0
    corrections: int = 0
    edits: int = 0  #: versions that followed a message's first
    faults: int = 0
    channels: int = 0
    readers: int = 0
    lost: int = 0
    doubled: int = 0
    outdated: int = 0  #: channel posts that do not show the last correction
    reader_lost: int = 0
    reader_outdated: int = 0  #: readers' articles of which nothing shows the last correction
    reader_doubled: int = 0
    uncounted: int = 0  #: of these, those that were not counted as unclear
    unclear: int = 0
    found: int = 0
    repeated: int = 0
    undone: int = 0  #: deliveries that are not settled in the end
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
    """All of them as one."""
    total = Report()
    for report in reports:
        for name in Report.__dataclass_fields__:
            value = getattr(report, name)
            setattr(total, name, getattr(total, name) + value)
    return total


def show(report: Report) -> None:
    """Print the table."""
    table = Table(title="Crash laboratory", show_header=False)
    rows: dict[str, object] = {
        "articles": report.stories,
        "corrections": report.corrections,
        "  edits of posts that they brought": report.edits,
        "channels": report.channels,
        "private chats": report.readers,
        "kills": report.kills.total(),
        **{f"  {point}": report.kills[point] for point in Point},
        "calls that met a fault": report.faults,
        "channels: lost": report.lost,
        "channels: doubled": report.doubled,
        "channels: without the last correction": report.outdated,
        "private chats: lost": report.reader_lost,
        "private chats: without the last correction": report.reader_outdated,
        "private chats: doubled, counted as unclear": report.reader_doubled - report.uncounted,
        "private chats: doubled, not counted": report.uncounted,
        "sends unclear": report.unclear,
        "  looked up: settled as sent": report.found,
        "  looked up: settled as not sent": report.unclear - report.found - report.repeated,
        "  private: repeated once": report.repeated,
        "left undone": report.undone,
        "exit code after SIGTERM": report.exit_code,
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    Console().print(table)
