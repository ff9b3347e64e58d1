"""Colours of the light and the dark page. Green is up."""

from dataclasses import dataclass
from typing import Final

UP: Final = frozenset({"bought", "buy", "bullish", "joy", "accepted", "gain", "inside"})
SOMEWHAT_UP: Final = frozenset({"somewhat bullish"})
DOWN: Final = frozenset({"sold", "sell", "bearish", "anger", "quarantined", "loss"})
SOMEWHAT_DOWN: Final = frozenset({"somewhat bearish"})
NEITHER: Final = frozenset({"side unknown", "unknown", "neutral"})


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is drawn."""

    text: str
    muted: str
    line: str
    surface: str
    up: str
    down: str
    warn: str
    somewhat_up: str
    somewhat_down: str
    neither: str
    series: tuple[str, ...]
    is_dark: bool
    is_narrow: bool = False
    """As a phone: less beside the axes, and no gesture of a chart keeps the page from being scrolled."""

    def color(self, name: str, index: int) -> str:
        """Of a series: by what its name says of up and down, else by its place."""
        for names, color in (
            (UP, self.up),
            (DOWN, self.down),
            (SOMEWHAT_UP, self.somewhat_up),
            (SOMEWHAT_DOWN, self.somewhat_down),
            (NEITHER, self.neither),
        ):
            if name.lower() in names:
                return color
        return self.series[index % len(self.series)]

    def named(self, color: str) -> str:
        """green, yellow or red, as the questions' files have them."""
        return {"green": self.up, "yellow": self.warn, "red": self.down}[color]


LIGHT: Final = Look(
    text="#1f2937",
    muted="#5b6472",
    line="#e3e6ea",
    surface="#ffffff",
    up="#16a34a",
    down="#dc2626",
    warn="#eab308",
    somewhat_up="#86c99c",
    somewhat_down="#ee9d93",
    neither="#a3abb7",
    series=("#2563eb", "#ea7a0c", "#7c3aed", "#0891b2", "#be185d", "#65a30d", "#a16207", "#475569", "#0d9488"),
    is_dark=False,
)
DARK: Final = Look(
    text="#e5e7eb",
    muted="#a2abb8",
    line="#2d3541",
    surface="#161b22",
    up="#22c55e",
    down="#f05252",
    warn="#facc15",
    somewhat_up="#3f8f5c",
    somewhat_down="#a85050",
    neither="#6b7482",
    series=("#60a5fa", "#fb9a3c", "#a78bfa", "#22d3ee", "#f472b6", "#a3e635", "#d6b04c", "#94a3b8", "#2dd4bf"),
    is_dark=True,
)
