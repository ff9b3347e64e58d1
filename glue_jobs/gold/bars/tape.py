"""Trades in the order in which bars take them: by market, event_time_us, trade_number and trade_id."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.gold.candles.codes import numbered
from glue_jobs.gold.candles.parts import firsts_of, order_by, steps
from glue_jobs.gold.candles.units import Flags, Ints, Units
from tapehouse.intervals import DAY_US
from tapehouse.market import Market

_SHIFT: Final = 32


class Position(NamedTuple):
    """A trade's place in its market. No two trades of one source share one."""

    time_us: int
    number: int
    trade_id: str


@dataclass(frozen=True, slots=True, eq=False)
class Tape:
    """Trades of many markets, one source each, in order."""

    trades: pa.Table
    """``TRADE_COLUMNS``, as they came."""
    order: Ints | None
    """Of each, its row in ``trades``; None is the same."""
    markets: list[Market]
    market: Ints
    """Of each, the number of its market."""
    at_us: Ints
    number: Units

    @classmethod
    def of(cls, trades: pa.Table) -> "Tape":
        """In: ``TRADE_COLUMNS`` in any order; texts as such or as dictionaries."""
        market, markets = markets_of(trades)
        at_us, number = trades.column("event_time_us").to_numpy(), Units.of(trades.column("trade_number"))
        order = _order(trades, market, at_us, number)
        if order is not None:
            market, at_us, number = market[order], at_us[order], number.take(order)
        return cls(trades, order, markets, market, at_us, number)

    @property
    def day(self) -> Ints:
        """Of each, days since the epoch."""
        found: Ints = self.at_us // DAY_US
        return found

    def units(self, name: str) -> Units:
        """A column of decimals."""
        found = Units.of(self.trades.column(name))
        return found if self.order is None else found.take(self.order)

    def is_side(self, side: str) -> Flags:
        """Whether the taker's side is this one."""
        column = self.trades.column("side")
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        found: Flags = pc.fill_null(pc.equal(column, side), False).to_numpy()
        return found if self.order is None else found[self.order]

    def texts(self, name: str, rows: Ints) -> pa.Array:
        """A column of texts, of some trades."""
        at = rows if self.order is None else self.order[rows]
        return self.trades.column(name).take(pa.array(at)).cast(pa.string()).combine_chunks()

    def position(self, row: int) -> Position:
        low, high = self.number.take(slice(row, row + 1)).limbs()
        text = self.trades.column("trade_id")[row if self.order is None else int(self.order[row])].as_py()
        return Position(int(self.at_us[row]), int(high[0]) << 64 | int(low[0]), text)

    def behind(self, first: int, end: int, position: Position) -> int:
        """Of the trades of one market in [``first``, ``end``), the first that is behind a position; ``end``: none."""
        at_us = self.at_us[first:end]
        row = first + int(at_us.searchsorted(position.time_us))
        last = first + int(at_us.searchsorted(position.time_us, "right"))
        while row < last and self.position(row) <= position:
            row += 1
        return row


def markets_of(rows: pa.Table) -> tuple[Ints, list[Market]]:
    """Each row's market by its number, and the markets by number; in the order of symbol and exchange."""
    exchange, exchanges = numbered(rows.column("exchange"))
    symbol, symbols = numbered(rows.column("symbol"))
    packed = (symbol << _SHIFT) | exchange
    if not len(packed):
        return packed, []
    firsts = firsts_of(packed)
    there = np.unique(packed[firsts])
    named = [Market(exchanges[int(each) & ((1 << _SHIFT) - 1)], symbols[int(each) >> _SHIFT]) for each in there]
    rank = np.empty(len(named), np.int64)
    rank[sorted(range(len(named)), key=lambda at: (named[at].symbol, named[at].exchange))] = np.arange(len(named))
    market = np.repeat(rank[np.searchsorted(there, packed[firsts])], np.diff(firsts, append=len(packed)))
    return market, sorted(named, key=lambda each: (each.symbol, each.exchange))


def _order(trades: pa.Table, market: Ints, at_us: Ints, number: Units) -> Ints | None:
    """The rows in order; None where they are."""
    order = order_by(market, at_us)
    if order is not None:
        market, at_us, number = market[order], at_us[order], number.take(order)
    tied = ~steps(market, at_us)
    low, high = number.limbs()
    rises = (high[1:] > high[:-1]) | ((high[1:] == high[:-1]) & (low[1:] > low[:-1]))
    if not np.any(tied & ~rises):
        return order
    among = np.flatnonzero(np.r_[tied, False] | np.r_[False, tied])
    group = np.cumsum(np.r_[True, ~tied])[among]
    at = among if order is None else order[among]
    rank = pc.rank(trades.column("trade_id").take(pa.array(at)).cast(pa.string()), tiebreaker="dense").to_numpy()
    sorted_ = np.lexsort((rank, low[among], high[among], group))
    found = np.arange(len(market)) if order is None else order
    found = found.copy()
    found[among] = at[sorted_]
    return found
