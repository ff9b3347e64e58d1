"""Candles while they are added up, as columns of numpy: many markets, one interval at a time.

Everything here works on whole columns. A market is one number, symbol above exchange, so that rows sort by it and a
symbol's rows lie together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import arrow_schema
from glue_jobs.gold.candles.units import Flags, Ints, Units
from tapehouse.intervals import ORIGIN_US, Interval
from tapehouse.tables import GOLD_CANDLES, Column

_COLUMNS: Final = {column.name: column for column in GOLD_CANDLES.columns}
_KEY: Final = ("exchange", "symbol", "interval")
_FINISHED: Final = frozenset({"window_start", "window_end", "vwap", "complete"})
"""What a candle has only when it is whole, and what start_us stands for meanwhile."""
PARTS: Final = arrow_schema(
    (
        *(_COLUMNS[name] for name in ("symbol", "exchange", "interval")),
        Column("start_us", "BIGINT", "window_start, microseconds UTC"),
        *(each for name, each in _COLUMNS.items() if name not in _FINISHED.union(_KEY)),
    )
)
"""A part; start_us is window_start in microseconds UTC."""
PRICES: Final = ("open", "high", "low", "close")
SUMS: Final = ("volume", "quote_volume", "buy_volume", "sell_volume")
EXCHANGE_BITS: Final = 20
"""Of a market's number; above them stands the symbol."""
_MOST: Final = 2**63


class Names:
    """Texts by number, in the order in which they came."""

    def __init__(self, *first: str) -> None:
        self._numbers = {text: number for number, text in enumerate(first)}

    def numbers(self, column: pa.Array) -> Ints:
        """The number of each text, a new one for a new text; -1 for null."""
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        found = [self._numbers.setdefault(text, len(self._numbers)) for text in encoded.dictionary.to_pylist()]
        codes = encoded.indices if not encoded.null_count else pc.fill_null(encoded.indices, -1)
        rows: Ints = np.array([*found, -1], np.int64)[codes.to_numpy()]
        return rows

    def column(self, numbers: Ints) -> pa.Array:
        """The texts of numbers; null for -1."""
        texts = pa.array(list(self._numbers), pa.string())
        return texts.take(pa.array(numbers, mask=numbers < 0) if (numbers < 0).any() else pa.array(numbers))

    def ranks(self) -> Ints:
        """Of each number, its place in the order of the texts' bytes."""
        place = {text: at for at, text in enumerate(sorted(self._numbers, key=str.encode))}
        return np.array([place[text] for text in self._numbers] or [0], np.int64)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the numbers in ``Parts`` stand for."""

    symbols: Names
    exchanges: Names
    sources: Names

    def markets(self, symbols: pa.Array, exchanges: pa.Array) -> Ints:
        """The number of each row's market."""
        return (self.symbols.numbers(symbols) << EXCHANGE_BITS) | self.exchanges.numbers(exchanges)


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Parts of one interval; of each row, its market's number and the start of its window."""

    market: Ints
    start_us: Ints
    prices: Mapping[str, Units]
    """open, high, low, close"""
    sums: Mapping[str, Units]
    """volume, quote_volume, buy_volume, sell_volume"""
    trade_count: Ints
    source: Ints
    """-1: none"""
    open_time_us: Ints
    close_time_us: Ints

    @classmethod
    def of(cls, parts: pa.Table, vocabulary: Vocabulary) -> "Parts":
        """Those rows of a table (``PARTS``) in which something traded, by market and time."""
        traded = pc.greater(parts.column("trade_count"), 0)
        if not pc.all(traded).as_py():
            parts = parts.filter(traded)
        symbols, exchanges, sources = (parts.column(name).combine_chunks() for name in ("symbol", "exchange", "source"))
        found = cls(
            vocabulary.markets(symbols, exchanges),
            parts.column("start_us").to_numpy(),
            {name: Units.of(parts.column(name)) for name in PRICES},
            {name: Units.of(parts.column(name)) for name in SUMS},
            parts.column("trade_count").to_numpy(),
            vocabulary.sources.numbers(sources),
            parts.column("open_time_us").to_numpy(),
            parts.column("close_time_us").to_numpy(),
        )
        return found.sorted(vocabulary)

    @classmethod
    def joined(cls, several: Sequence["Parts"]) -> "Parts":
        """One behind the other; there is at least one."""

        def column(name: str) -> Ints:
            found: Ints = np.concatenate([getattr(each, name) for each in several])
            return found

        return cls(
            column("market"),
            column("start_us"),
            {name: Units.joined([each.prices[name] for each in several]) for name in PRICES},
            {name: Units.joined([each.sums[name] for each in several]) for name in SUMS},
            *(column(name) for name in ("trade_count", "source", "open_time_us", "close_time_us")),
        )

    def sorted(self, vocabulary: Vocabulary) -> "Parts":
        """By the texts of symbol and exchange, and by time."""
        symbol, exchange = (each.ranks() for each in (vocabulary.symbols, vocabulary.exchanges))
        rank = (symbol[self.market >> EXCHANGE_BITS] << EXCHANGE_BITS) | exchange[exchange_of(self.market)]
        order = order_by(rank, self.start_us)
        return self if order is None else self.take(order)

    def take(self, rows: Ints) -> "Parts":
        return Parts(
            self.market[rows],
            self.start_us[rows],
            {name: each.take(rows) for name, each in self.prices.items()},
            {name: each.take(rows) for name, each in self.sums.items()},
            self.trade_count[rows],
            self.source[rows],
            self.open_time_us[rows],
            self.close_time_us[rows],
        )

    def rolled_up(self, length_us: int) -> "Parts":
        """Parts of windows of ``length_us``, of these by market and time."""
        start_us = floor(self.start_us, length_us)
        firsts = firsts_of(self.market, start_us)
        if len(firsts) == len(start_us):
            return replace(self, start_us=start_us)
        lasts = behind(firsts, len(start_us)) - 1
        return replace(self.merged(firsts, firsts, lasts), start_us=start_us[firsts])

    def merged(self, firsts: Ints, opening: Ints, closing: Ints) -> "Parts":
        """One part of each run of rows that begins at one of ``firsts``; its open and close are those of a row each."""
        return Parts(
            self.market[firsts],
            self.start_us[firsts],
            {
                "open": self.prices["open"].take(opening),
                "high": self.prices["high"].greatest(firsts),
                "low": self.prices["low"].least(firsts),
                "close": self.prices["close"].take(closing),
            },
            {name: each.sums(firsts) for name, each in self.sums.items()},
            np.add.reduceat(self.trade_count, firsts),
            self.source[firsts],
            self.open_time_us[opening],
            self.close_time_us[closing],
        )

    def table(self, interval: Interval, vocabulary: Vocabulary) -> pa.Table:
        """``PARTS``, as those of an interval."""
        made = {
            "symbol": vocabulary.symbols.column(self.market >> EXCHANGE_BITS),
            "exchange": vocabulary.exchanges.column(exchange_of(self.market)),
            "interval": pa.repeat(interval.name, len(self.market)),
            "source": vocabulary.sources.column(self.source),
            **{
                name: pa.array(getattr(self, name))
                for name in ("start_us", "trade_count", "open_time_us", "close_time_us")
            },
            **{name: each.column(PARTS.field(name).type) for name, each in (*self.prices.items(), *self.sums.items())},
        }
        return pa.table([made[name] for name in PARTS.names], schema=PARTS)


def exchange_of(market: Ints) -> Ints:
    return market & ((1 << EXCHANGE_BITS) - 1)


def order_by(market: Ints, at_us: Ints) -> Ints | None:
    """The rows by market and time; None where they are already."""
    step = np.diff(market)
    if np.all((step > 0) | ((step == 0) & (np.diff(at_us) >= 0))):
        return None
    # Market and time in one number, where they fit: markets by their place among those that are there.
    values, place = np.unique(market, return_inverse=True)
    least, span = int(np.min(at_us)), int(np.ptp(at_us)) + 1
    if len(values) * span < _MOST:
        return np.argsort(place * span + (at_us - least), kind="stable")
    return np.lexsort((at_us, place))


def firsts_of(*keys: Ints) -> Ints:
    """The rows in which a key is another than in the row before, and the first row."""
    return np.flatnonzero(np.r_[True, steps(*keys)]) if len(keys[0]) else np.empty(0, np.int64)


def steps(*keys: Ints | np.ndarray[tuple[int], np.dtype[np.uint64]]) -> Flags:
    """Of each row but the first: whether a key is another than in the row before."""
    found: Flags = keys[0][1:] != keys[0][:-1]
    for key in keys[1:]:
        found = found | (key[1:] != key[:-1])
    return found


def behind(firsts: Ints, rows: int) -> Ints:
    """Where the group that begins at each of ``firsts`` is over."""
    return np.append(firsts[1:], rows)


def floor(instants_us: Ints, length_us: int | Ints) -> Ints:
    """tapehouse.intervals.floor_us of many instants."""
    return (instants_us - ORIGIN_US) // length_us * length_us + ORIGIN_US
