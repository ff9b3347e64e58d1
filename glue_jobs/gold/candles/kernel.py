"""Candles of many markets at once, in numpy over Arrow: from trades to seconds, from seconds up, and finished rows.

A *part* is a candle while it is added up. Sums are exact (``units``), and nothing here works row by row in Python. No
order of rows is asked for; rows in the order of time within each market save a sort.

The order of trades is (event_time_us, trade_number, trade_id, exchange): open and close follow it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import arrow_schema, arrow_type, schema_of
from glue_jobs.gold.candles.units import Flags, Ints, Units, Unsigned
from glue_jobs.gold.candles.vwap import vwap
from glue_jobs.gold.candles.wholeness import PACKED_BITS, Span, Wholeness, numbered, packed, ranges, second_of
from tapehouse.intervals import BY_NAME, INTERVALS, MINUTE_US, ORIGIN_US, SECOND_US, Interval
from tapehouse.market import Market
from tapehouse.tables import ALL_EXCHANGES, EVERYWHERE, GOLD_CANDLES, Column

TRADE_COLUMNS: Final = (
    *("exchange", "symbol", "source", "event_time_us", "trade_number", "trade_id"),
    *("price", "size", "quote_size", "side"),
)
"""What ``seconds`` asks of silver.trades."""

_COLUMNS: Final = {column.name: column for column in GOLD_CANDLES.columns}
_KEY: Final = ("exchange", "symbol", "interval")
_FINISHED: Final = frozenset({"window_start", "window_end", "vwap", "complete", "bucket"})
"""What a candle has only when it is whole, and what start_us stands for meanwhile."""
PARTS: Final = arrow_schema(
    (
        *(_COLUMNS[name] for name in ("symbol", "exchange", "interval")),
        Column("start_us", "BIGINT", "window_start, microseconds UTC"),
        *(each for name, each in _COLUMNS.items() if name not in _FINISHED.union(_KEY)),
    )
)
"""A part; start_us is window_start in microseconds UTC."""
_PRICES: Final = ("open", "high", "low", "close")
_SUMS: Final = ("volume", "quote_volume", "buy_volume", "sell_volume")
_INSTANT: Final = arrow_type("TIMESTAMP")
_MOST: Final = 2**63
_BY_LENGTH: Final = sorted(INTERVALS, key=lambda interval: interval.length_us)
_SILENT: Final = tuple(interval for interval in _BY_LENGTH if interval.length_us >= MINUTE_US)


def seconds(trades: pa.Table) -> pa.Table:
    """One-second parts of each market, and of each symbol over all exchanges (``ALL``).

    In: ``TRADE_COLUMNS`` of silver.trades, of one source a market, in any order. Out: ``PARTS``, one row a market or
    symbol and second with a trade, by symbol, exchange and time.

    Raises:
        TerminalError: a sum has more than 38 digits.
    """
    if not trades.num_rows:
        return PARTS.empty_table()
    tape = _Tape.of(trades)
    alone = tape.seconds()
    parts = _Parts.joined(tape.parts(alone), tape.parts(tape.together(alone)))
    order = _order(parts.market, parts.start_us)
    return (parts if order is None else parts.take(order)).table(INTERVALS[0])


def rolled_up(parts: pa.Table, interval: Interval) -> pa.Table:
    """Parts of ``interval`` from those of one shorter interval that divides it; in and out: ``PARTS``.

    In: any order. Out: one row a market and window with a trade, by symbol, exchange and time.

    Raises:
        TerminalError: a sum has more than 38 digits.
    """
    found = _Parts.of(parts)
    return PARTS.empty_table() if found is None else found.rolled_up(interval.length_us).table(interval)


def ladder(parts: pa.Table) -> Iterator[pa.Table]:
    """Parts of every interval, from one-second parts: each interval divides the next, so each is made of the last.

    In and out as in ``rolled_up``; the first that comes out are the one-second parts.
    """
    found = _Parts.of(parts)
    for interval in _BY_LENGTH:
        if found is None:
            yield PARTS.empty_table()
            continue
        found = found.rolled_up(interval.length_us)
        yield found.table(interval)


def finished(parts: pa.Table, wholeness: Wholeness) -> pa.Table:
    """Rows of gold.candles from parts of any intervals, in their order: with vwap, window_end and ``complete``."""
    starts = parts.column("start_us").to_numpy()
    interval = parts.column("interval").combine_chunks().dictionary_encode()
    of = [BY_NAME[name] for name in interval.dictionary.to_pylist()]
    code = interval.indices.to_numpy(zero_copy_only=False)
    ends = starts + np.array([each.length_us for each in of], np.int64)[code]
    buckets_us = np.array([each.bucket_us for each in of], np.int64)[code]
    made = {
        "window_start": pa.array(starts, _INSTANT),
        "window_end": pa.array(ends, _INSTANT),
        "vwap": vwap(parts.column("quote_volume"), parts.column("volume")),
        "complete": pa.array(wholeness.complete(parts, starts, ends)),
        "bucket": pa.array(_floor(starts, buckets_us) // SECOND_US),
    }
    schema = schema_of(GOLD_CANDLES)
    return pa.table([made[name] if name in made else parts.column(name) for name in schema.names], schema=schema)


def silent(
    rows: pa.Table,
    gaps: Iterable[Span],
    sources: Mapping[Market, str],
    *,
    from_us: int,
    to_us: int,
    now_us: int | None,
) -> pa.Table:
    """Parts without prices: windows of a minute and more, wholly inside an open gap of a market, without a trade.

    ``rows``: what is there, of which exchange, symbol, interval and start_us are asked; ``gaps``: open ones, of which
    those of all markets (exchange ``*``) count for nothing here; ``sources``: what is counted of each market. Windows
    that begin in [``from_us``, ``to_us``) are asked for. ``now_us``: the newest trade of the lake, to which a gap that
    goes on is known to reach. Out: ``PARTS``, without order.
    """
    reached = [
        (Market(gap.exchange, gap.symbol), gap.from_us, now_us if gap.to_us is None else gap.to_us)
        for gap in gaps
        if gap.exchange != EVERYWHERE and not (gap.to_us is None and now_us is None)
    ]
    numbers = {market: number for number, market in enumerate(sorted({market for market, _, _ in reached}))}
    spans = np.array([(numbers[market], low, high) for market, low, high in reached], np.int64).reshape(-1, 3)
    known, starts = numbered(rows, numbers), rows.column("start_us").to_numpy() // SECOND_US
    tables = [PARTS.empty_table()]
    for interval in _SILENT:
        length_us = interval.length_us
        firsts = -(_floor(-np.maximum(spans[:, 1], from_us) + 2 * ORIGIN_US, length_us) - 2 * ORIGIN_US)
        lasts = _floor(np.minimum(spans[:, 2] - length_us, to_us - 1), length_us)
        counts = np.maximum((lasts - firsts) // length_us + 1, 0)
        steps = ranges(np.zeros_like(counts), counts)
        inside = packed(np.repeat(spans[:, 0], counts), (np.repeat(firsts, counts) + steps * length_us) // SECOND_US)
        there = (known >= 0) & pc.equal(rows.column("interval"), interval.name).to_numpy()
        tables.append(
            _empty(np.setdiff1d(inside, packed(known[there], starts[there])), interval, list(numbers), sources)
        )
    return pa.concat_tables(tables)


def _empty(windows: Ints, interval: Interval, markets: Sequence[Market], sources: Mapping[Market, str]) -> pa.Table:
    """Parts of windows without a trade, ``packed``."""
    of = windows >> PACKED_BITS
    text = {
        "symbol": [market.symbol for market in markets],
        "exchange": [market.exchange for market in markets],
        "source": [sources.get(market) for market in markets],
    }
    made = {name: pa.array(values, pa.string()).take(pa.array(of)) for name, values in text.items()}
    made["interval"] = pa.repeat(interval.name, len(of))
    made["start_us"] = pa.array(second_of(windows) * SECOND_US)
    for field in PARTS:
        if field.name not in made:
            is_sum = field.name in _SUMS or field.name == "trade_count"
            made[field.name] = pa.repeat(pa.scalar(0 if is_sum else None, field.type), len(of))
    return pa.table([made[name] for name in PARTS.names], schema=PARTS)


@dataclass(frozen=True, slots=True, eq=False)
class _Names:
    """Markets by number, in the order of (symbol, exchange); texts ascend as their bytes do."""

    symbols: pa.Array
    exchanges: pa.Array
    sources: pa.Array

    @property
    def all_exchanges(self) -> int:
        return int(pc.index(self.exchanges, ALL_EXCHANGES).as_py())


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """Parts in columns of numpy, by market and time."""

    names: _Names
    market: Ints
    """symbol * exchanges + exchange"""
    start_us: Ints
    prices: Mapping[str, Units]
    """open, high, low, close"""
    sums: Mapping[str, Units]
    trade_count: Ints
    source: Ints
    """-1: none"""
    open_time_us: Ints
    close_time_us: Ints

    @classmethod
    def of(cls, parts: pa.Table) -> "_Parts | None":
        """None where nothing traded."""
        traded = pc.greater(parts.column("trade_count"), 0)
        if not pc.all(traded).as_py():
            parts = parts.filter(traded)
        if not parts.num_rows:
            return None
        symbols, symbol = _encoded(parts.column("symbol"))
        exchanges, exchange = _encoded(parts.column("exchange"))
        sources, source = _encoded(parts.column("source"))
        found = cls(
            _Names(symbols, exchanges, sources),
            symbol * len(exchanges) + exchange,
            parts.column("start_us").to_numpy(),
            {name: Units.of(parts.column(name)) for name in _PRICES},
            {name: Units.of(parts.column(name)) for name in _SUMS},
            parts.column("trade_count").to_numpy(),
            source,
            parts.column("open_time_us").to_numpy(),
            parts.column("close_time_us").to_numpy(),
        )
        order = _order(found.market, found.start_us)
        return found if order is None else found.take(order)

    @classmethod
    def joined(cls, one: "_Parts", other: "_Parts") -> "_Parts":
        def both(name: str) -> Ints:
            found: Ints = np.concatenate([getattr(one, name), getattr(other, name)])
            return found

        return cls(
            one.names,
            both("market"),
            both("start_us"),
            {name: Units.joined([each, other.prices[name]]) for name, each in one.prices.items()},
            {name: Units.joined([each, other.sums[name]]) for name, each in one.sums.items()},
            *(both(name) for name in ("trade_count", "source", "open_time_us", "close_time_us")),
        )

    def take(self, rows: Ints) -> "_Parts":
        return _Parts(
            self.names,
            self.market[rows],
            self.start_us[rows],
            {name: each.take(rows) for name, each in self.prices.items()},
            {name: each.take(rows) for name, each in self.sums.items()},
            self.trade_count[rows],
            self.source[rows],
            self.open_time_us[rows],
            self.close_time_us[rows],
        )

    def rolled_up(self, length_us: int) -> "_Parts":
        start_us = _floor(self.start_us, length_us)
        firsts = _firsts(self.market, start_us)
        if len(firsts) == len(start_us):
            return replace(self, start_us=start_us)
        lasts = np.append(firsts[1:], len(start_us)) - 1
        return _Parts(
            self.names,
            self.market[firsts],
            start_us[firsts],
            {
                "open": self.prices["open"].take(firsts),
                "high": self.prices["high"].greatest(firsts),
                "low": self.prices["low"].least(firsts),
                "close": self.prices["close"].take(lasts),
            },
            {name: each.sums(firsts) for name, each in self.sums.items()},
            np.add.reduceat(self.trade_count, firsts),
            self.source[firsts],
            self.open_time_us[firsts],
            self.close_time_us[lasts],
        )

    def table(self, interval: Interval) -> pa.Table:
        """``PARTS``, as those of an interval."""
        symbol, exchange = np.divmod(self.market, len(self.names.exchanges))
        made = {
            "symbol": _text(self.names.symbols, symbol),
            "exchange": _text(self.names.exchanges, exchange),
            "interval": pa.repeat(interval.name, len(self.market)),
            "source": _text(self.names.sources, self.source),
            **{
                name: pa.array(getattr(self, name))
                for name in ("start_us", "trade_count", "open_time_us", "close_time_us")
            },
            **{name: each.column(PARTS.field(name).type) for name, each in (*self.prices.items(), *self.sums.items())},
        }
        return pa.table([made[name] for name in PARTS.names], schema=PARTS)


@dataclass(frozen=True, slots=True, eq=False)
class _Seconds:
    """Parts of a second, with the trades that open and close them."""

    market: Ints
    start_us: Ints
    high: Units
    low: Units
    sums: Mapping[str, Units]
    trade_count: Ints
    opened_by: Ints
    closed_by: Ints


@dataclass(frozen=True, slots=True, eq=False)
class _Tape:
    """Trades in columns of numpy, by market and time."""

    names: _Names
    trades: pa.Table
    row: Ints | None
    """Of each in ``trades``; None is the same."""
    market: Ints
    at_us: Ints
    source: Ints
    price: Units
    sums: Mapping[str, Units]

    @classmethod
    def of(cls, trades: pa.Table) -> "_Tape":
        symbols, symbol = _encoded(trades.column("symbol"))
        exchanges, exchange = _encoded(trades.column("exchange"), ALL_EXCHANGES)
        sources, source = _encoded(trades.column("source"))
        market, at_us = symbol * len(exchanges) + exchange, trades.column("event_time_us").to_numpy()
        price, size, quote_size = (Units.of(trades.column(name)) for name in ("price", "size", "quote_size"))
        bought, sold = (_is(trades.column("side"), side) for side in ("buy", "sell"))
        sums = {
            "volume": size,
            "quote_volume": quote_size,
            "buy_volume": size.only(bought),
            "sell_volume": size.only(sold),
        }
        row = _order(market, at_us)
        if row is not None:
            market, at_us, source, price = market[row], at_us[row], source[row], price.take(row)
            sums = {name: each.take(row) for name, each in sums.items()}
        return cls(_Names(symbols, exchanges, sources), trades, row, market, at_us, source, price, sums)

    def seconds(self) -> _Seconds:
        """Of each market by itself."""
        start_us = _floor(self.at_us, SECOND_US)
        firsts, instants = _firsts(self.market, start_us), _firsts(self.market, self.at_us)
        behind, instants_behind = (np.append(each[1:], len(start_us)) for each in (firsts, instants))
        opening = instants_behind[np.searchsorted(instants, firsts)]
        closing = instants[np.searchsorted(instants, behind) - 1]
        return _Seconds(
            self.market[firsts],
            start_us[firsts],
            self.price.greatest(firsts),
            self.price.least(firsts),
            {name: each.sums(firsts) for name, each in self.sums.items()},
            behind - firsts,
            self._first(ranges(firsts, opening), np.repeat(np.arange(len(firsts)), opening - firsts)),
            self._last(ranges(closing, behind), np.repeat(np.arange(len(firsts)), behind - closing)),
        )

    def together(self, alone: _Seconds) -> _Seconds:
        """Of ALL, by those of each market."""
        symbol = alone.market // len(self.names.exchanges)
        row = _order(symbol, alone.start_us)
        row = np.arange(len(symbol)) if row is None else row
        symbol, start_us = symbol[row], alone.start_us[row]
        firsts = _firsts(symbol, start_us)
        group = np.repeat(np.arange(len(firsts)), np.diff(firsts, append=len(symbol)))
        opened_by, closed_by = alone.opened_by[row], alone.closed_by[row]
        opened_us, closed_us = self.at_us[opened_by], self.at_us[closed_by]
        opening = np.flatnonzero(opened_us == np.minimum.reduceat(opened_us, firsts)[group])
        closing = np.flatnonzero(closed_us == np.maximum.reduceat(closed_us, firsts)[group])
        return _Seconds(
            symbol[firsts] * len(self.names.exchanges) + self.names.all_exchanges,
            start_us[firsts],
            alone.high.take(row).greatest(firsts),
            alone.low.take(row).least(firsts),
            {name: each.take(row).sums(firsts) for name, each in alone.sums.items()},
            np.add.reduceat(alone.trade_count[row], firsts),
            self._first(opened_by[opening], group[opening]),
            self._last(closed_by[closing], group[closing]),
        )

    def parts(self, seconds: _Seconds) -> _Parts:
        is_alone = seconds.market % len(self.names.exchanges) != self.names.all_exchanges
        return _Parts(
            self.names,
            seconds.market,
            seconds.start_us,
            {
                "open": self.price.take(seconds.opened_by),
                "high": seconds.high,
                "low": seconds.low,
                "close": self.price.take(seconds.closed_by),
            },
            seconds.sums,
            seconds.trade_count,
            np.where(is_alone, self.source[seconds.opened_by], -1),
            self.at_us[seconds.opened_by],
            self.at_us[seconds.closed_by],
        )

    def _first(self, rows: Ints, group: Ints) -> Ints:
        """Of each group's trades, all of one instant, the first in the order of trades. The groups ascend."""
        ordered = self._in_order(rows, group)
        found: Ints = ordered[_firsts(group)]
        return found

    def _last(self, rows: Ints, group: Ints) -> Ints:
        ordered = self._in_order(rows, group)
        found: Ints = ordered[np.append(_firsts(group)[1:], len(rows)) - 1]
        return found

    def _in_order(self, rows: Ints, group: Ints) -> Ints:
        """The trades of each group by number, id and exchange, group by group."""
        tied = group[1:] == group[:-1]
        if not tied.any():
            return rows
        is_tied = np.r_[tied, False] | np.r_[False, tied]
        some, of = rows[is_tied], group[is_tied]
        at = pa.array(some if self.row is None else self.row[some])
        low, high = Units.of(self.trades.column("trade_number").take(at)).limbs()
        order = np.lexsort((low, high, of))
        if not _steps(of[order], high[order], low[order]).all():
            rank = pc.rank(self.trades.column("trade_id").take(at), tiebreaker="dense").to_numpy()
            order = np.lexsort((self.market[some], rank, low, high, of))
        ordered = rows.copy()
        ordered[is_tied] = some[order]
        return ordered


def _encoded(column: pa.ChunkedArray, *also: str) -> tuple[pa.Array, Ints]:
    """The texts in the order of their bytes, and the number of each row's; -1 for null. ``also``: texts more."""
    encoded = column.dictionary_encode().unify_dictionaries()
    found = encoded.chunk(0).dictionary.to_pylist() if encoded.num_chunks else []
    texts = sorted({*found, *also}, key=str.encode)
    number = np.array([*(texts.index(each) for each in found), -1], np.int64)
    codes = [pc.fill_null(chunk.indices, -1).to_numpy(zero_copy_only=False) for chunk in encoded.chunks]
    return pa.array(texts, pa.string()), number[np.concatenate(codes)]


def _text(texts: pa.Array, numbers: Ints) -> pa.Array:
    return texts.take(pa.array(numbers, mask=numbers < 0))


def _is(column: pa.ChunkedArray, text: str) -> Flags:
    found: Flags = pc.fill_null(pc.equal(column, text), False).to_numpy()
    return found


def _order(market: Ints, at_us: Ints) -> Ints | None:
    """The rows by market and time; None where they are already."""
    step = np.diff(market)
    if np.all((step > 0) | ((step == 0) & (np.diff(at_us) >= 0))):
        return None
    least, span = int(np.min(at_us)), int(np.ptp(at_us)) + 1
    if (int(np.max(market)) + 1) * span < _MOST:
        return np.argsort(market * span + (at_us - least), kind="stable")
    return np.lexsort((at_us, market))


def _firsts(*keys: Ints) -> Ints:
    """The rows in which a key is another than in the row before."""
    return np.flatnonzero(np.r_[True, _steps(*keys)])


def _steps(*keys: Ints | Unsigned) -> Flags:
    found: Flags = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return found


def _floor(instants_us: Ints, length_us: int | Ints) -> Ints:
    return (instants_us - ORIGIN_US) // length_us * length_us + ORIGIN_US
