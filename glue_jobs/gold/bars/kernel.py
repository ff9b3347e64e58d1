"""Bars of many markets at once, in numpy over Arrow: from the newest bars that there are and the trades behind them.

The way from bar to bar is a step each, since where one begins hangs on where the last one ended; everything else works
on whole columns. Sums are differences of exact running totals, so each further kind of bar costs its bars alone.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import arrow_type, schema_of
from glue_jobs.gold.bars.running import Counted, Running, Totals
from glue_jobs.gold.bars.tape import Position, Tape, markets_of
from glue_jobs.gold.candles.codes import numbered
from glue_jobs.gold.candles.parts import behind, firsts_of
from glue_jobs.gold.candles.units import Flags, Ints, Units
from glue_jobs.gold.candles.vwap import vwap
from tapehouse.bars import DOLLAR, KINDS, TICK, VOLUME, BarSizes
from tapehouse.intervals import DAY_US
from tapehouse.market import Market
from tapehouse.tables import GOLD_BARS

_SCHEMA: Final = schema_of(GOLD_BARS)
_RANK: Final = {kind: number for number, kind in enumerate(KINDS)}
_PLACES: Final = {TICK: 0, VOLUME: 12, DOLLAR: 18}
"""Digits behind the point of what a kind counts."""
_COUNTED: Final = {TICK: "trade_count", VOLUME: "volume", DOLLAR: "quote_volume"}
"""Kind → the column that reaches the size of a bar."""
_SUMS: Final = ("volume", "quote_volume", "buy_volume", "sell_volume")
_FIRST: Final = (
    *("exchange", "symbol", "kind", "day", "number", "size", "source"),
    *("open_time", "open", "open_time_us", "open_trade_number", "open_trade_id"),
)
"""Columns that a bar has from its first part; the others that are no sums, bounds or quotients from its last."""
_INSTANT: Final = arrow_type("TIMESTAMP")


class Cut(NamedTuple):
    """What is to become of the trades of one market, kind and day that are not counted yet."""

    kind: str
    first: int
    end: int
    ends: Sequence[int]
    """Where each bar is over that reached its size."""
    number: int
    """Of the first bar."""
    size: Decimal


def continued(newest: pa.Table, trades: pa.Table, sizes: BarSizes) -> pa.Table:
    """Bars with all of these trades that are not counted yet.

    In: ``newest``: rows of gold.bars, at most one a market and kind, beyond whose last trades nothing is counted;
    ``trades``: ``TRADE_COLUMNS`` of silver.trades, of one source a market, in any order. Those that are not behind a
    newest bar are counted already. Out: the rows of ``newest``, continued where its bar goes on, and the bars behind
    them, by symbol, exchange, kind, day and number. ``growing`` is as of what comes out.

    Raises:
        TerminalError: a sum has more than 38 digits.
    """
    if not trades.num_rows:
        return in_order(newest)
    tape = Tape.of(trades)
    bought, sold = tape.is_side("buy"), tape.is_side("sell")
    size = tape.units("size")
    totals = {
        "volume": Running.of(size),
        "quote_volume": Running.of(tape.units("quote_size")),
        "buy_volume": Running.of(size.only(bought)),
        "sell_volume": Running.of(size.only(sold)),
    }
    cuts = _cuts(tape, newest, sizes, totals)
    return in_order(pa.concat_tables([newest, _parts(tape, cuts, totals)]) if cuts else newest)


def _cuts(tape: Tape, newest: pa.Table, sizes: BarSizes, totals: Mapping[str, Running]) -> list[Cut]:
    of_kind: dict[str, Totals] = {
        TICK: Counted(len(tape.at_us)), VOLUME: totals["volume"], DOLLAR: totals["quote_volume"],
    }  # fmt: skip
    there = {(Market(row["exchange"], row["symbol"]), row["kind"]): row for row in _of_markets(newest, tape.markets)}
    days = tape.day
    firsts = firsts_of(tape.market, days)
    found = []
    for first, end in zip(firsts.tolist(), behind(firsts, len(days)).tolist(), strict=True):
        market, day = tape.markets[tape.market[first]], int(days[first])
        for kind, size in sizes.of(market).items():
            bar = there.get((market, kind))
            start, number, filled = first, 1, 0
            if bar is not None and bar["close_time_us"] >= day * DAY_US:
                last = Position(bar["close_time_us"], int(bar["close_trade_number"]), bar["close_trade_id"])
                start = tape.behind(first, end, last)
                if bar["close_time_us"] // DAY_US == day:
                    number = bar["number"] + bar["complete"]
                    filled = 0 if bar["complete"] else _units(bar[_COUNTED[kind]], kind)
            if start < end:
                ends = _ends(of_kind[kind], start, end, _units(size, kind), filled)
                found.append(Cut(kind, start, end, ends, number, size))
    return found


def _ends(totals: Totals, first: int, end: int, size: int, filled: int) -> list[int]:
    """Where bars are over that reach the size. ``filled``: what the first one has already."""
    found = []
    reached = totals.reached(totals.at(first) + size - filled)
    while reached <= end:
        found.append(reached)
        reached = totals.reached(totals.at(reached) + size)
    return found


def _units(value: Decimal | int, kind: str) -> int:
    """In units of the last digit of what the kind counts."""
    numerator, denominator = Decimal(value).as_integer_ratio()
    return numerator * int(10 ** _PLACES[kind]) // denominator


def _of_markets(newest: pa.Table, markets: Sequence[Market]) -> list[dict[str, Any]]:
    """Of the newest bars, what cuts ask for, of markets."""
    symbols = pa.array(sorted({market.symbol for market in markets}), pa.string())
    rows = newest.filter(pc.is_in(newest.column("symbol"), value_set=symbols))
    names = ("exchange", "symbol", "kind", "number", "complete", "trade_count", "volume", "quote_volume",
             "close_time_us", "close_trade_number", "close_trade_id")  # fmt: skip
    found: list[dict[str, Any]] = rows.select(names).to_pylist()
    return found


def _parts(tape: Tape, cuts: Sequence[Cut], totals: Mapping[str, Running]) -> pa.Table:
    """Each bar's part of the trades: rows of gold.bars of which vwap and growing say nothing."""
    bounds = [[cut.first, *cut.ends, *([] if cut.ends and cut.ends[-1] == cut.end else [cut.end])] for cut in cuts]
    counts = np.array([len(each) - 1 for each in bounds], np.int64)
    of = np.repeat(np.arange(len(cuts)), counts)
    firsts = np.array([first for each in bounds for first in each[:-1]], np.int64)
    ends = np.array([end for each in bounds for end in each[1:]], np.int64)
    steps = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    complete = steps < np.array([len(cut.ends) for cut in cuts], np.int64)[of]
    price, lasts = tape.units("price"), ends - 1
    high, low = _bounds(price, firsts, ends, np.array([_RANK[cut.kind] for cut in cuts], np.int64)[of])
    open_us, close_us = tape.at_us[firsts], tape.at_us[lasts]
    kinds = pa.array([cut.kind for cut in cuts], pa.string())
    size = pa.array([cut.size for cut in cuts], _SCHEMA.field("size").type)
    made = {
        **{name: tape.texts(name, firsts) for name in ("exchange", "symbol", "source")},
        "kind": kinds.take(pa.array(of)),
        "day": pa.array((open_us // DAY_US).astype(np.int32), pa.int32()).cast(pa.date32()),
        "number": pa.array(np.array([cut.number for cut in cuts], np.int64)[of] + steps),
        "size": size.take(pa.array(of)),
        "open_time": pa.array(open_us, _INSTANT),
        "close_time": pa.array(close_us, _INSTANT),
        "open": price.take(firsts),
        "high": high,
        "low": low,
        "close": price.take(lasts),
        **{name: each.between(firsts, ends) for name, each in totals.items()},
        "vwap": pa.nulls(len(of), _SCHEMA.field("vwap").type),
        "trade_count": pa.array(ends - firsts),
        "complete": pa.array(complete),
        "growing": pa.repeat(False, len(of)),
        "open_time_us": pa.array(open_us),
        "close_time_us": pa.array(close_us),
        "open_trade_number": tape.number.take(firsts),
        "close_trade_number": tape.number.take(lasts),
        "open_trade_id": tape.texts("trade_id", firsts),
        "close_trade_id": tape.texts("trade_id", lasts),
    }
    return _table(made)


def _bounds(price: Units, firsts: Ints, ends: Ints, kind: Ints) -> tuple[Units, Units]:
    """Highest and lowest price of the rows of each part; parts of one kind do not overlap."""
    high: list[Units] = []
    low: list[Units] = []
    order = np.argsort(kind, kind="stable")
    for number in range(len(KINDS)):
        of = np.flatnonzero(kind == number)
        if not len(of):
            continue
        edges = np.unique(np.concatenate([[0], firsts[of], ends[of]]))
        edges = edges[edges < len(price.low)]
        at = np.searchsorted(edges, firsts[of])
        high.append(price.greatest(edges).take(at))
        low.append(price.least(edges).take(at))
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return Units.joined(high).take(back), Units.joined(low).take(back)


def in_order(parts: pa.Table) -> pa.Table:
    """Bars from their parts (rows of gold.bars, of which one bar may have two), ordered and told as ``continued`` does.

    Raises:
        TerminalError: a sum has more than 38 digits.
    """
    if not parts.num_rows:
        return parts
    rows = parts.take(pa.array(ordered(parts)))
    (market, _), kind = markets_of(rows), kinds_of(rows)
    firsts = firsts_of(market, kind, *_bar_of(rows))
    lasts = behind(firsts, rows.num_rows) - 1
    first, last = rows.take(pa.array(firsts)), rows.take(pa.array(lasts))
    made: dict[str, Any] = {
        name: (first if name in _FIRST else last).column(name) for name in _SCHEMA.names if name != "vwap"
    }
    if len(firsts) < rows.num_rows:
        made |= {name: Units.of(rows.column(name)).sums(firsts) for name in _SUMS}
        made["high"], made["low"] = (
            Units.of(rows.column("high")).greatest(firsts), Units.of(rows.column("low")).least(firsts),
        )  # fmt: skip
        made["trade_count"] = pa.array(np.add.reduceat(rows.column("trade_count").to_numpy(), firsts))
    of_all = _table({**made, "vwap": last.column("vwap")})
    is_newest = _is_newest(market[firsts], kind[firsts])
    still = pc.and_(pa.array(is_newest), pc.invert(of_all.column("complete")))
    made["growing"], made["vwap"] = still, vwap(of_all.column("quote_volume"), of_all.column("volume"))
    return _table(made)


def ordered(bars: pa.Table) -> Ints:
    """Rows by symbol, exchange, kind, day, number; parts of one bar by time."""
    (market, _), (day, number) = markets_of(bars), _bar_of(bars)
    found: Ints = np.lexsort((bars.column("close_time_us").to_numpy(), number, day, kinds_of(bars), market))
    return found


def _bar_of(bars: pa.Table) -> tuple[Ints, Ints]:
    """Day and number of each."""
    return bars.column("day").cast(pa.int32()).to_numpy(), bars.column("number").to_numpy()


def parted(bars: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The newest bar of each market and kind, and all others. In: what ``continued`` or ``in_order`` gives."""
    if not bars.num_rows:
        return bars, bars
    market, _ = markets_of(bars)
    is_newest = pa.array(_is_newest(market, kinds_of(bars)))
    return bars.filter(is_newest), bars.filter(pc.invert(is_newest))


def kinds_of(bars: pa.Table) -> Ints:
    """Each row's kind by its number."""
    codes, names = numbered(bars.column("kind"))
    return np.array([_RANK[name] for name in names], np.int64)[codes]


def _is_newest(market: Ints, kind: Ints) -> Flags:
    """Whether each row is the last of its market and kind, where rows are in their order."""
    found: Flags = np.r_[(market[1:] != market[:-1]) | (kind[1:] != kind[:-1]), True]
    return found


def _table(columns: Mapping[str, Any]) -> pa.Table:
    arrays = []
    for field in _SCHEMA:
        column = columns[field.name]
        arrays.append(column.column(field.type) if isinstance(column, Units) else column)
    return pa.table(arrays, schema=_SCHEMA)
