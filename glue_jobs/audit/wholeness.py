"""Which windows are complete: plain Python over spans of time, nothing of what computes the candles."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tapehouse.tables import ALL_EXCHANGES

FOREVER: Final = 2**63 - 1
"""The end of what goes on, µs."""


class Spans:
    """Spans of one market's time, [from, to), µs UTC; those that meet or overlap are one."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            else:
                self._starts.append(start)
                self._ends.append(end)

    def behind(self, instant: int) -> int:
        """How much of them lies behind it."""
        return sum(
            end - max(start, instant) for start, end in zip(self._starts, self._ends, strict=True) if end > instant
        )

    @property
    def ends(self) -> tuple[int, int] | None:
        """The first and the last instant of all."""
        return (self._starts[0], self._ends[-1]) if self._starts else None

    def hold(self, start: int, end: int) -> bool:
        """Whether the window lies in one of them."""
        at = bisect_right(self._starts, start) - 1
        return at >= 0 and self._ends[at] >= end

    def meet(self, start: int, end: int) -> bool:
        """Whether the window has an instant in common with one of them."""
        at = bisect_left(self._starts, end) - 1
        return at >= 0 and self._ends[at] > start


_NOTHING: Final = Spans(())


@dataclass(frozen=True, slots=True)
class Wholeness:
    """What is known of the symbols: where their markets were seen, and where they have open gaps."""

    lives: Mapping[str, Mapping[str, tuple[int, int]]]
    """symbol → exchange → from when to when there was such a market"""
    seen: Mapping[tuple[str, ...], Spans]
    """(exchange, symbol) → what was wholly seen"""
    gaps: Mapping[str, Mapping[str, Spans]]
    """symbol → exchange → its open gaps"""
    everywhere: Spans
    """Open gaps of the stream."""

    def complete(self, exchange: str, symbol: str, start_us: int, end_us: int) -> bool:
        """Wholly seen and without an open gap; ALL: so is each market of the symbol that there was in it."""
        gaps = self.gaps.get(symbol, {})
        if exchange != ALL_EXCHANGES:
            asked, spans = [exchange], [gaps.get(exchange, _NOTHING)]
        else:
            lives = self.lives.get(symbol, {}).items()
            asked = [name for name, (from_us, to_us) in lives if from_us < end_us and to_us > start_us]
            spans = list(gaps.values())
        return (
            not self.everywhere.meet(start_us, end_us)
            and not any(spans.meet(start_us, end_us) for spans in spans)
            and all(self.seen.get((name, symbol), _NOTHING).hold(start_us, end_us) for name in asked)
        )
