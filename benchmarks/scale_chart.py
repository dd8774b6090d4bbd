"""The chart of `benchmarks.scale`: what a question costs, from a thousand passages to a million."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 44, 48
FASTEST, SLOWEST = 0.1, 1_000.0  # ms
TITLE = "Milliseconds of the processor for a question (95th percentile), by passages"
LINES = (  # figure, name, colour
    ("hybrid p95 of the processor, ms", "both", "#7a3b00"),
    ("words p95 of the processor, ms", "by words", "#0b5fa5"),
    ("dense p95 of the processor, ms", "by meaning", "#1a7f4b"),
)
APART = 15  # pixels between names


def draw(found: Mapping[int, Mapping[str, float]]) -> str:
    """Draw milliseconds by passages, both in powers of ten, as SVG."""
    sizes = sorted(found)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#333">',
        f"<title>{TITLE}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="14">{TITLE}</text>',
        *_grid(sizes),
    ]
    last = [(_y(found[sizes[-1]][figure]), n) for n, (figure, *_) in enumerate(LINES)]
    places = _spread(sorted(last))
    for n, (figure, name, colour) in enumerate(LINES):
        points = [(_x(size, sizes), _y(found[size][figure])) for size in sizes]
        parts += _line(points, colour)
        value = found[sizes[-1]][figure]
        parts.append(
            f'<text x="{WIDTH - RIGHT + 8}" y="{places[n] + 4:.0f}" fill="{colour}">'
            f"{name}: {value:,.0f}</text>"
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


def _line(points: Sequence[tuple[float, float]], colour: str) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
    line = f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    return [line, *dots]


def _spread(places: Sequence[tuple[float, int]]) -> dict[int, float]:
    """Move names that are too near each other down, the highest first."""
    given: dict[int, float] = {}
    lowest = 0.0
    for y, n in places:
        given[n] = lowest = max(y, lowest + APART)
    return given
