"""The chart of `benchmarks.scale`: what a question costs, from a thousand passages to a million."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 44, 48
FASTEST, SLOWEST = 0.1, 1_000.0  # ms
LINES = (  # figure, name, colour, dashes; p50 and p95 of one thing share a colour
    ("hybrid p95, ms", "both, p95", "#7a3b00", ""),
    ("words p95, ms", "by words, p95", "#0b5fa5", ""),
    ("dense p95, ms", "by meaning, p95", "#1a7f4b", ""),
    ("hybrid p50, ms", "both, median", "#7a3b00", "3 4"),
    ("words p50, ms", "by words, median", "#0b5fa5", "3 4"),
    ("dense p50, ms", "by meaning, median", "#1a7f4b", "3 4"),
)
APART = 15  # pixels between names


def draw(found: Mapping[int, Mapping[str, float]]) -> str:
    """Draw milliseconds by passages, both in powers of ten, as SVG."""
    sizes = sorted(found)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#333">',
        "<title>Milliseconds for a question, by passages in the index</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="14">Milliseconds for a question, by passages</text>',
        *_grid(sizes),
    ]
    last = [(_y(found[sizes[-1]][figure]), n) for n, (figure, *_) in enumerate(LINES)]
    places = _spread(sorted(last))
    for n, (figure, name, colour, dashes) in enumerate(LINES):
        points = [(_x(size, sizes), _y(found[size][figure])) for size in sizes]
        parts += _line(points, colour, dashes)
        value = found[sizes[-1]][figure]
        parts.append(
            f'<text x="{WIDTH - RIGHT + 8}" y="{places[n] + 4:.0f}" fill="{colour}">'
            f"{escape(name)} {value:.0f}</text>"
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _x(size: int, sizes: Sequence[int]) -> float:
    low, high = math.log10(sizes[0]), math.log10(sizes[-1])
    share = (math.log10(size) - low) / ((high - low) or 1)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(value: float) -> float:
    low, high = math.log10(FASTEST), math.log10(SLOWEST)
    share = (math.log10(min(max(value, FASTEST), SLOWEST)) - low) / (high - low)
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _grid(sizes: Sequence[int]) -> list[str]:
    parts = []
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for value in (0.1, 1, 10, 100, 1_000):
        y = _y(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>')
    for size in sizes:
        x = _x(size, sizes)
        parts.append(f'<path d="M{x:.1f} {TOP}V{bottom}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{size:,}</text>')
    return parts


def _line(points: Sequence[tuple[float, float]], colour: str, dashes: str) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
    style = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
    return [f'<polyline points="{path}" fill="none" {style}/>', *dots]


def _spread(places: Sequence[tuple[float, int]]) -> dict[int, float]:
    """Move names that are too near each other down, the highest first."""
    given: dict[int, float] = {}
    lowest = 0.0
    for y, n in places:
        given[n] = lowest = max(y, lowest + APART)
    return given
