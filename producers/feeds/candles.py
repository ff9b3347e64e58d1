"""A venue's own candles: what a feed says of them, and the page of them that its module reads.

A request asks for so many windows as one page holds, so no order and no cursor of a venue's pages matters.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any, Final

from producers.feeds.fields import BadFieldError, number

_WIDE: Final = Context(prec=96)
"""A record's number has at most 38 digits on each side of the point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """How exactly a venue tells a number; with neither, to its last digit."""

    decimals: int | None = None
    """It rounds, or cuts, at so many decimals."""
    digits: int | None = None
    """It has been through a binary float: so many of its digits, from the first that is not zero, can be held on to."""

    def agrees(self, ours: Decimal, theirs: Decimal) -> bool:
        """Whether the venue may tell ``ours`` so: they are equal, or less than its last sure place apart."""
        places = [] if self.decimals is None else [-self.decimals]
        if self.digits is not None and theirs:
            places.append(theirs.adjusted() + 1 - self.digits)
        apart = _WIDE.abs(_WIDE.subtract(ours, theirs))
        return not apart or (bool(places) and apart < Decimal(1).scaleb(max(places)))

    def __str__(self) -> str:
        told = [] if self.decimals is None else [f"{self.decimals} decimals"]
        told += [] if self.digits is None else [f"{self.digits} digits"]
        return " or ".join(told) or "the last digit"


EXACT: Final = Precision()


@dataclass(frozen=True, slots=True, kw_only=True)
class Klines:
    """What one venue's candles are: facts that decide what is asked for, and what can be compared."""

    steps: Mapping[str, str] = field(hash=False)
    """Our interval → how its requests name it. An interval whose windows begin elsewhere than ours is none of them."""
    page_candles: int
    """Windows that one page may hold."""
    reach_candles: int | None = None
    """It gives the newest so many and no others, the running one counted; None: it names no bound."""
    volume: Precision = EXACT
    quote_volume: Precision | None = None
    """None: it tells none."""
    counts: bool = False
    """It tells how many single trades there were."""
    opens_at_last_close: bool = False
    """Its candle opens at the close before, not at its first trade; that price may be its high or its low."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """One candle as the venue tells it. Volume 0: a window without trades, which some fill with the last price."""

    open_time_us: int
    """Start of its window, µs UTC."""
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    """In base units."""
    quote_volume: Decimal | None = None
    trade_count: int | None = None


@dataclass(frozen=True, slots=True)
class CandlePage:
    """What one page said."""

    candles: tuple[Candle, ...] = ()
    """Oldest first, each window once; perhaps some outside of what was asked for, and the running one."""
    refused: str | None = None
    """The venue's own words when it refuses, or what is wrong with the page: one bad candle spoils it, since a window
    left out would pass for a quiet one."""
    ignored: str | None = None
    """``not_json``: a proxy's page, or half an answer."""


def read_candles(rows: object, read: Callable[[Any], Candle]) -> CandlePage:
    """The page of ``rows``, in whatever order they come."""
    if not isinstance(rows, list):
        return CandlePage(refused="the list of candles is missing")
    found: dict[int, Candle] = {}
    for position, row in enumerate(rows):
        try:
            candle = read(row)
        except BadFieldError as fault:
            return CandlePage(refused=f"candle {position}: {fault}")
        if candle.open_time_us in found:
            return CandlePage(refused=f"candle {position}: its window came before")
        found[candle.open_time_us] = candle
    return CandlePage(tuple(found[at] for at in sorted(found)))


def amount(value: object, name: str) -> Decimal:
    """A price or a volume. Raises BadFieldError, of one below zero too."""
    found = Decimal(number(value, name))
    if found < 0:
        raise BadFieldError(name, "is below zero")
    return found


def items(row: Any, count: int) -> list[Any]:
    """The first ``count`` items of a row, which may have more: venues add at the end. Raises BadFieldError."""
    if not isinstance(row, list) or len(row) < count:
        raise BadFieldError("candle", f"is no row of {count} items")
    return row[:count]
