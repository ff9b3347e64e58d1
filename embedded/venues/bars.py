"""What one simulated market traded, minute by minute: the truth of the venue's own candles.

They are added up from the trades as they are made, by nothing that the lake's candles are made with.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from typing import Final

MINUTE_S: Final = 60
WEEK_S: Final = 604_800
_MONDAY_S: Final = 345_600
"""1970-01-05: weeks are counted from a Monday."""
KEPT: Final = 20_160
"""Minutes with trades that are remembered."""
_WIDE: Final = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Bar:
    """The trades of one window."""

    start_s: int
    open: str
    high: str
    low: str
    close: str
    volume: Decimal
    quote_volume: Decimal
    trades: int

    def joined(self, later: "Bar") -> "Bar":
        """Both in one window, this one the earlier."""
        return replace(
            self,
            high=max(self.high, later.high, key=Decimal),
            low=min(self.low, later.low, key=Decimal),
            close=later.close,
            volume=_WIDE.add(self.volume, later.volume),
            quote_volume=_WIDE.add(self.quote_volume, later.quote_volume),
            trades=self.trades + later.trades,
        )


class Bars:
    """The bars of one market."""

    def __init__(self) -> None:
        self._minutes: deque[Bar] = deque(maxlen=KEPT)

    def add(self, time_us: int, price: str, size: str) -> None:
        """Take in a trade. One that is late is no simulator's: time only goes on."""
        start_s = time_us // 1_000_000 // MINUTE_S * MINUTE_S
        quote = _WIDE.multiply(Decimal(price), Decimal(size))
        one = Bar(start_s, price, price, price, price, Decimal(size), quote, 1)
        if self._minutes and self._minutes[-1].start_s == start_s:
            self._minutes[-1] = self._minutes[-1].joined(one)
        else:
            self._minutes.append(one)

    def within(self, step_s: int, from_s: int, to_s: int, *, filled_to_s: int | None = None) -> Sequence[Bar]:
        """The windows of ``step_s`` seconds that begin in [from_s, to_s), oldest first; those with trades.

        ``filled_to_s``: the others too, from the first trade on up to the window of that instant, at the last price.
        """
        found: dict[int, Bar] = {}
        offset_s = _MONDAY_S if step_s == WEEK_S else 0
        for minute in self._minutes:
            at_s = (minute.start_s - offset_s) // step_s * step_s + offset_s
            before = found.get(at_s)
            found[at_s] = replace(minute, start_s=at_s) if before is None else before.joined(minute)
        if filled_to_s is not None and found:
            _fill(found, step_s, filled_to_s)
        return [found[at_s] for at_s in sorted(found) if from_s <= at_s < to_s]


def _fill(found: dict[int, Bar], step_s: int, to_s: int) -> None:
    close = ""
    for at_s in range(min(found), to_s + 1, step_s):
        if at_s not in found:
            found[at_s] = Bar(at_s, close, close, close, close, Decimal(0), Decimal(0), 0)
        close = found[at_s].close
