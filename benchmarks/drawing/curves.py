"""Curves over time as an SVG file: panels beside each other, each with an axis of its own and some lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

COLOURS: Final = (
    *("#c2410c", "#0f766e", "#1d4ed8", "#a16207", "#7e22ce"),
    *("#be123c", "#4d7c0f", "#0369a1", "#57534e", "#a21caf", "#111827", "#65a30d"),
)
_WIDTH: Final = 300
_HALO: Final = 'stroke="#fff" stroke-width="3" paint-order="stroke"'
_HEIGHT: Final = 200
_LEFT: Final = 58
_GAP: Final = 26
_TOP: Final = 52
_BOTTOM: Final = 34


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity over time."""

    title: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    """Name → points (time, value), in order of time; the same name has the same colour in every panel."""


def draw(path: Path, title: str, panels: Sequence[Panel], *, unit: str) -> None:
    """Write the picture. ``unit``: what time is counted in."""
    names = list(dict.fromkeys(name for panel in panels for name in panel.lines))
    step = _LEFT + _WIDTH + _GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {step * len(panels)} {_TOP + _HEIGHT + _BOTTOM}" '
        'font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="20" font-size="14">{escape(title)}</text>',
    ]
    for number, panel in enumerate(panels):
        parts += _panel(panel, names, number * step + _LEFT, unit)
    path.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")


def _panel(panel: Panel, names: Sequence[str], left: float, unit: str) -> list[str]:
    points = [point for line in panel.lines.values() for point in line]
    most_time, most = max(time for time, _ in points), _round_up(max(value for _, value in points))
    bottom = _TOP + _HEIGHT
    parts = [
        f'<text x="{left}" y="{_TOP - 8}" font-weight="bold">{escape(panel.title)}</text>',
        f'<path d="M{left} {_TOP}V{bottom}H{left + _WIDTH}" fill="none" stroke="#666"/>',
    ]
    for part in range(5):
        y, value = bottom - _HEIGHT * part / 4, most * part / 4
        parts.append(f'<path d="M{left} {y:.1f}H{left + _WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 5}" y="{y + 4:.1f}" text-anchor="end">{_said(value)}</text>')
        x = left + _WIDTH * part / 4
        parts.append(
            f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">{most_time * part / 4:.3g} {unit}</text>'
        )
    legend = []  # over the curves
    for name, line in panel.lines.items():
        told = " ".join(
            f"{left + _WIDTH * time / most_time:.1f},{bottom - _HEIGHT * value / most:.1f}" for time, value in line
        )
        colour = COLOURS[names.index(name) % len(COLOURS)]
        y = _TOP + 10 + 13 * list(panel.lines).index(name)
        legend.append(f'<rect x="{left + 8}" y="{y - 5}" width="12" height="3" fill="{colour}"/>')
        legend.append(f'<text x="{left + 25}" y="{y}" fill="#333" {_HALO}>{escape(name)}</text>')
        parts.append(f'<polyline points="{told}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
    return parts + legend


def _said(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == round(value) else f"{value:.2g}"


def _round_up(value: float) -> float:
    """To 1, 2, 4 or 8 of some power of ten, so that quarters of it are read easily."""
    power = 1.0
    while power * 10 <= value:
        power *= 10
    return next(power * step for step in (1, 2, 4, 8, 10) if power * step >= value)
