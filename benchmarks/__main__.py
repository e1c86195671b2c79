"""`python -m benchmarks` runs every benchmark, or those named, one after the other; a table each."""

import subprocess
import sys
import time

from rich.console import Console

#: In the order of an article's way. Each is a module of its own, `python -m benchmarks.NAME`.
ALL = (
    "fetch_many", "decompression_bomb", "replay_feeds", "article_pages", "fanout", "flood", "box_speed",
    "related", "related.readers", "related.semantic",
)  # fmt: skip


def main(names: list[str]) -> int:
    """Run each in a process of its own; how many failed."""
    console, failed = Console(highlight=False), 0
    if unknown := set(names) - set(ALL):
        console.print(f"{', '.join(sorted(unknown))}: one of {', '.join(ALL)} is wanted.")
        return 2
    for name in names or ALL:
        console.rule(f"[bold]{name}", align="left")
        began = time.monotonic()
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode != 0
        console.print(f"[dim]{time.monotonic() - began:.0f} s[/dim]\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
