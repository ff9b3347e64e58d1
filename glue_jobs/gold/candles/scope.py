"""What a batch of gold rewrites: the time that it touches, and the files that hold it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tapehouse import intervals
from tapehouse.intervals import INTERVALS, WEEK_US

SLICE_US: Final = INTERVALS[0].bucket_us
"""Touched time is told in slices of the smallest bucket: each lies in one bucket of every interval."""
MOST_SLICES: Final = 2_000
"""Beyond so many touched slices (six weeks), everything is computed anew: it is cheaper to say and to do."""
_MOST_RANGES: Final = 64


class Slices:
    """Gathers touched time. Past ``MOST_SLICES`` it only remembers that it was too much."""

    def __init__(self) -> None:
        self._found: dict[str, set[int]] = {}
        self._too_many = False

    def add(self, symbol: str, from_us: int, to_us: int) -> None:
        """The time of a symbol from ``from_us`` to ``to_us``, exclusive, at least the instant ``from_us``."""
        first, last = (intervals.floor_us(instant, SLICE_US) for instant in (from_us, max(from_us, to_us - 1)))
        self._too_many = self._too_many or (last - first) // SLICE_US > MOST_SLICES
        if not self._too_many:
            self._found.setdefault(symbol, set()).update(range(first, last + 1, SLICE_US))

    def scope(self) -> "Scope":
        """What was gathered."""
        if not self._too_many:
            scope = Scope({symbol: frozenset(starts) for symbol, starts in self._found.items()})
            if len(scope.starts()) <= MOST_SLICES:
                return scope
        return Scope(None)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a batch rewrites: touched slices (starts, µs UTC) by symbol; None means everything."""

    slices: Mapping[str, frozenset[int]] | None

    def starts(self) -> list[int]:
        return sorted(set().union(*self.slices.values())) if self.slices else []

    def buckets(self) -> Mapping[str, frozenset[int]] | None:
        """interval → the touched files; None means all."""
        if self.slices is None:
            return None
        starts = self.starts()
        return {each.name: frozenset(each.bucket_s(at) for at in starts) for each in INTERVALS}

    def where(self) -> str | None:
        """The touched files, as a condition on the partition columns; None means all."""
        files = self.buckets()
        if files is None:
            return None
        return " OR ".join(
            f"(interval = '{name}' AND bucket IN ({', '.join(map(str, sorted(starts)))}))"
            for name, starts in files.items()
        )

    def spans(self, length_us: int) -> list[tuple[int, int]]:
        """The touched time in whole windows of ``length_us``, as few spans [from, to), µs UTC."""
        spans: list[tuple[int, int]] = []
        for start in sorted({intervals.floor_us(at, length_us) for at in self.starts()}):
            if spans and spans[-1][1] == start:
                spans[-1] = (spans[-1][0], start + length_us)
            else:
                spans.append((start, start + length_us))
        return spans if len(spans) <= _MOST_RANGES else [(spans[0][0], spans[-1][1])]

    def weeks(self) -> list[tuple[str, int]]:
        """The touched weeks of each symbol: their starts."""
        return sorted(
            {
                (symbol, intervals.floor_us(at, WEEK_US))
                for symbol, starts in (self.slices or {}).items()
                for at in starts
            }
        )
