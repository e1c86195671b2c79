"""Draws the plot of docs/related.md: three panels of bars as SVG."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from benchmarks.related.measuring import Figures

WIDTH, ROW, LEFT, RIGHT = 760, 22, 190, 90
OURS, OTHERS, BEST = "#33658a", "#c9c9c9", "#b5482f"
Languages = Sequence[tuple[str, Figures, dict[str, Figures]]]


def draw(path: Path, small: Sequence[Figures], large: Sequence[Figures], languages: Languages) -> None:
    """Write the plot of one run to an SVG file."""
    parts: list[str] = []
    top = 16
    speeds = [f"{row.mean('nDCG@5'):.3f} at {row.quantile(0.95):.0f} ms" for row in large]
    for heading, rows, labels in (
        ("ECB+ Dev: texts on the same event, nDCG@5", small, [f"{row.mean('nDCG@5'):.3f}" for row in small]),
        ("The same in a large archive, and the 95th percentile of query times", large, speeds),
    ):
        parts += _heading(heading, top)
        values = [row.mean("nDCG@5") for row in rows]
        for at, (row, value, label) in enumerate(zip(rows, values, labels, strict=True)):
            parts += _bar(row.system, value, label, top + 24 + at * ROW, OTHERS if at else OURS)
        top += 24 + ROW * len(rows) + 24
    parts += _heading(
        "SIB-200, P@5 of the topic: Newswire (blue) and BM25 over the best tokenization (red)", top
    )
    for at, (language, ours, others) in enumerate(languages):
        best = max(row.mean("P@5") for row in others.values())
        parts += _dots(language, ours.mean("P@5"), best, top + 24 + at * ROW)
    height = top + 24 + ROW * len(languages) + 16
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="system-ui, sans-serif" font-size="12">'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([head, *parts, "</svg>", ""]), encoding="utf-8")


def _heading(text: str, top: int) -> list[str]:
    return [f'<text x="16" y="{top + 12}" font-size="14" font-weight="600" fill="#222">{escape(text)}</text>']


def _name(name: str, top: int) -> str:
    return f'<text x="{LEFT - 10}" y="{top + 12}" text-anchor="end" fill="#222">{escape(name)}</text>'


def _bar(name: str, value: float, label: str, top: int, color: str) -> list[str]:
    length = round((WIDTH - LEFT - RIGHT) * value, 1)
    return [
        _name(name, top),
        f'<rect x="{LEFT}" y="{top}" width="{length}" height="15" fill="{color}"/>',
        f'<text x="{LEFT + length + 6}" y="{top + 12}" fill="#222">{escape(label)}</text>',
    ]


def _dots(name: str, ours: float, best: float, top: int) -> list[str]:
    low, high = 0.4, 0.7
    place = [
        round(LEFT + (WIDTH - LEFT - RIGHT) * float(np.clip((value - low) / (high - low), 0, 1)), 1)
        for value in (ours, best)
    ]
    return [
        _name(name, top),
        f'<line x1="{place[1]}" y1="{top + 8}" x2="{place[0]}" y2="{top + 8}" stroke="#999"/>',
        f'<circle cx="{place[1]}" cy="{top + 8}" r="4" fill="{BEST}"/>',
        f'<circle cx="{place[0]}" cy="{top + 8}" r="5" fill="{OURS}"/>',
        f'<text x="{max(place) + 10}" y="{top + 12}" fill="#222">{ours:.3f}</text>',
    ]
