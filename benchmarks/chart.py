"""Draws a bar chart with two figures for each name as SVG, for the README."""

from dataclasses import dataclass
from html import escape
from pathlib import Path

_LEFT, _ROW, _WIDTH = 240, 44, 760
_COLORS = ("#b5482f", "#33658a")


@dataclass(frozen=True, slots=True)
class Bar:
    """A name with its two figures."""

    name: str
    first: int
    second: int


def write_bars(path: Path, heading: str, words: tuple[str, str], bars: list[Bar]) -> None:
    """Write the bars to an SVG file; `words` are the labels of the two figures."""
    most = max(max(bar.first, bar.second) for bar in bars) or 1
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {70 + _ROW * len(bars)}" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="{_WIDTH}" height="{70 + _ROW * len(bars)}" fill="#ffffff"/>',
        f'<text x="16" y="28" font-size="16" font-weight="600" fill="#222">{escape(heading)}</text>',
    ]
    for index, word in enumerate(words):
        place = _LEFT + 120 * index
        lines.append(f'<rect x="{place}" y="40" width="12" height="12" fill="{_COLORS[index]}"/>')
        lines.append(f'<text x="{place + 18}" y="51" fill="#222">{escape(word)}</text>')
    for row, bar in enumerate(bars):
        lines += _row(bar, 64 + row * _ROW, most)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, "</svg>", ""]), encoding="utf-8")


def _row(bar: Bar, top: int, most: int) -> list[str]:
    name = f'<text x="{_LEFT - 12}" y="{top + 21}" text-anchor="end" fill="#222">{escape(bar.name)}</text>'
    drawn = [name]
    for index, figure in enumerate((bar.first, bar.second)):
        length = round((_WIDTH - _LEFT - 80) * figure / most, 1)
        place = top + index * 16
        drawn.append(f'<rect x="{_LEFT}" y="{place}" width="{length}" height="13" fill="{_COLORS[index]}"/>')
        drawn.append(f'<text x="{_LEFT + length + 6}" y="{place + 11}" fill="#222">{figure:,}</text>')
    return drawn
