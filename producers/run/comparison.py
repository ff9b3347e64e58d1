"""Our candles against a venue's: window by window, field by field, as decimals. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

from producers.feeds import Candle, Klines

PRICES: Final = ("open", "high", "low", "close")
Number: TypeAlias = Decimal | int


@dataclass(frozen=True, slots=True, kw_only=True)
class OurCandle:
    """A row of gold.candles. Prices are null where no trade was in the window."""

    is_complete: bool
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    volume: Decimal
    quote_volume: Decimal
    trade_count: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not the same in one window."""

    window_us: int
    """Its start, µs UTC."""
    field: str
    """``open``, …, ``trade_count``; ``window`` where only one side has trades in it."""
    ours: Number | None
    """Of a window that only one side has, its volume; None on the other side."""
    theirs: Number | None


@dataclass(slots=True)
class Tally:
    """What became of the windows."""

    equal: int = 0
    differing: int = 0
    only_ours: int = 0
    only_theirs: int = 0
    incomplete: int = 0
    """Ours are not wholly known, and were left out."""
    unreachable: int = 0
    """Of ours, older than what the venue still gives; left out."""

    @property
    def compared(self) -> int:
        return self.equal + self.differing + self.only_ours + self.only_theirs

    @property
    def is_equal(self) -> bool:
        """Something was compared, and all of it was the same."""
        return self.compared == self.equal > 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares with the candles of one venue, as exactly as it tells them."""

    klines: Klines
    with_counts: bool
    """Trade counts too: the venue tells them, and what we count is its single trades."""
    tally: Tally = field(default_factory=Tally)

    @property
    def fields(self) -> tuple[str, ...]:
        """What is compared of each window."""
        return (
            *PRICES[self.klines.opens_at_last_close :],
            "volume",
            *(["quote_volume"] if self.klines.quote_volume is not None else []),
            *(["trade_count"] if self.with_counts else []),
        )

    def compare(self, ours: Mapping[int, OurCandle], theirs: Mapping[int, Candle]) -> Iterator[Difference]:
        """The differences of the windows that either side has, oldest first; keys are windows' starts, µs UTC.

        A window of volume 0 is one without trades, and the same as none.
        """
        for at_us in sorted(ours.keys() | theirs.keys()):
            mine, other = ours.get(at_us), theirs.get(at_us)
            if mine is not None and not mine.is_complete:
                self.tally.incomplete += 1
                continue
            mine = mine if mine is not None and mine.trade_count else None
            other = other if other is not None and other.volume else None
            if mine is not None and other is not None:
                found = list(self._of(at_us, mine, other))
                self.tally.differing += bool(found)
                self.tally.equal += not found
                yield from found
            elif mine is not None:
                self.tally.only_ours += 1
                yield Difference(at_us, "window", mine.volume, None)
            elif other is not None:
                self.tally.only_theirs += 1
                yield Difference(at_us, "window", None, other.volume)

    def _of(self, at_us: int, mine: OurCandle, other: Candle) -> Iterator[Difference]:
        for name in self.fields:
            ours, theirs = self._ours(name, mine, other), getattr(other, name)
            if ours is None or theirs is None or not self._agree(name, ours, theirs):
                yield Difference(at_us, name, ours, theirs)

    def _ours(self, name: str, mine: OurCandle, other: Candle) -> Number | None:
        """Our number as the venue would have it."""
        found: Number | None = getattr(mine, name)
        if self.klines.opens_at_last_close and found is not None and name in ("high", "low"):
            return max(found, other.open) if name == "high" else min(found, other.open)
        return found

    def _agree(self, name: str, ours: Number, theirs: Number) -> bool:
        precision = {"volume": self.klines.volume, "quote_volume": self.klines.quote_volume}.get(name)
        if precision is None:
            return ours == theirs
        return precision.agrees(Decimal(ours), Decimal(theirs))
