"""`python -m benchmarks [NAME ...]` runs all benchmarks, or those named, one after the other."""

import subprocess
import sys
import time

from rich.console import Console

#: In the order of the pipeline, from fetching to search. Each also runs alone: `python -m benchmarks.NAME`.
ALL = (
    "fetch_many", "decompression_bomb", "replay_feeds", "article_pages", "fanout", "flood",
    "fake_telegram_speed", "related", "related.readers", "related.semantic",
)  # fmt: skip


def main(names: list[str]) -> int:
    """Run each in a separate process. Exit code 1 if one failed, 2 for an unknown name."""
    console, failed = Console(highlight=False), 0
    if unknown := set(names) - set(ALL):
        console.print(f"No benchmark {', '.join(sorted(unknown))}; the benchmarks are {', '.join(ALL)}.")
        return 2
    for name in names or ALL:
        console.rule(f"[bold]{name}", align="left")
        began = time.monotonic()
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode != 0
        console.print(f"[dim]{time.monotonic() - began:.0f} s[/dim]\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
