"""From trades to one-second parts, of each market and of all exchanges together.

Trades are taken in blocks that stay in a processor's cache. Rows of one market and second that lie together make a part
at once, whatever lies before or behind; what belongs together and came apart is merged after that, and so are the parts
of a symbol's markets into those of ``ALL``. Where blocks are sorted, as files are, no trade is moved.

The order of trades is (event_time_us, trade_number, trade_id, exchange): open and close follow it.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.gold.candles.parts import (
    EXCHANGE_BITS,
    Names,
    Parts,
    Vocabulary,
    behind,
    firsts_of,
    order_by,
    steps,
)
from glue_jobs.gold.candles.units import Flags, Ints, Units
from glue_jobs.gold.candles.wholeness import ranges
from tapehouse.intervals import SECOND_US
from tapehouse.tables import ALL_EXCHANGES

TRADE_COLUMNS: Final = (
    *("exchange", "symbol", "source", "event_time_us", "trade_number", "trade_id"),
    *("price", "size", "quote_size", "side"),
)
"""What is asked of silver.trades."""
ENCODED: Final = ("exchange", "symbol", "source", "side")
"""Those of them that may come as dictionaries, at half the cost."""
_BLOCK_ROWS: Final = 131_072
_TOGETHER: Final = 0
"""The number of ALL among the exchanges."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seconds:
    """Parts of seconds, and the trades that open and close each: rows of the tape."""

    parts: Parts
    opened_by: Ints
    closed_by: Ints

    def take(self, rows: Ints) -> "_Seconds":
        return _Seconds(self.parts.take(rows), self.opened_by[rows], self.closed_by[rows])


def seconds_of(trades: pa.Table) -> tuple[Parts, Vocabulary]:
    """One-second parts by symbol, exchange and time. In: ``TRADE_COLUMNS``, at least one row."""
    vocabulary = Vocabulary(Names(), Names(ALL_EXCHANGES), Names())
    tape = _Tape(trades)
    blocks, row = [], 0
    for batch in trades.to_batches(max_chunksize=_BLOCK_ROWS):
        if batch.num_rows:
            blocks.append(_Block.of(batch, row, vocabulary).seconds(vocabulary))
        row += batch.num_rows
    alone = tape.merged(
        _Seconds(
            Parts.joined([each.parts for each in blocks]),
            np.concatenate([each.opened_by for each in blocks]),
            np.concatenate([each.closed_by for each in blocks]),
        )
    )
    market = alone.parts.market >> EXCHANGE_BITS << EXCHANGE_BITS | _TOGETHER
    none = np.full(len(market), -1)
    together = tape.merged(replace(alone, parts=replace(alone.parts, market=market, source=none)))
    return Parts.joined([alone.parts, together.parts]).sorted(vocabulary), vocabulary


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Some trades. Within a run of one market, time does not go back."""

    batch: pa.RecordBatch
    row: Ints
    """Of each in the tape."""
    market: Ints
    at_us: Ints
    order: Ints | None
    """Of each in the batch; None is the same."""

    @classmethod
    def of(cls, batch: pa.RecordBatch, first_row: int, vocabulary: Vocabulary) -> "_Block":
        market, at_us = _markets(batch, vocabulary), batch.column("event_time_us").to_numpy()
        row = first_row + np.arange(len(market))
        new = steps(market)
        goes_back = np.any((at_us[1:] < at_us[:-1]) & ~new)
        order = order_by(market, at_us) if goes_back or 2 * np.count_nonzero(new) > len(new) else None
        if order is None:
            return cls(batch, row, market, at_us, None)
        return cls(batch, row[order], market[order], at_us[order], order)

    def seconds(self, vocabulary: Vocabulary) -> _Seconds:
        second = self.at_us // SECOND_US
        firsts = firsts_of(self.market, second)
        price, size, quote_size = (self._units(name) for name in ("price", "size", "quote_size"))
        side = self.batch.column("side")
        bought = self._flags(_is(side, "buy"))
        volume, buy_volume = size.sums(firsts), size.only(bought).sums(firsts)
        sell_volume = (
            size.only(self._flags(_is(side, "sell"))).sums(firsts) if side.null_count else volume.minus(buy_volume)
        )
        opened_by, closed_by = self._ends(firsts)
        at = opened_by if self.order is None else self.order[opened_by]
        parts = Parts(
            self.market[firsts],
            second[firsts] * SECOND_US,
            {
                "open": price.take(opened_by),
                "high": price.greatest(firsts),
                "low": price.least(firsts),
                "close": price.take(closed_by),
            },
            {
                "volume": volume,
                "quote_volume": quote_size.sums(firsts),
                "buy_volume": buy_volume,
                "sell_volume": sell_volume,
            },
            behind(firsts, len(second)) - firsts,
            vocabulary.sources.numbers(self.batch.column("source").take(pa.array(at))),
            self.at_us[opened_by],
            self.at_us[closed_by],
        )
        return _Seconds(parts, self.row[opened_by], self.row[closed_by])

    def _units(self, name: str) -> Units:
        found = Units.of(self.batch.column(name))
        return found if self.order is None else found.take(self.order)

    def _flags(self, column: pa.BooleanArray) -> Flags:
        found: Flags = (pc.fill_null(column, False) if column.null_count else column).to_numpy(zero_copy_only=False)
        return found if self.order is None else found[self.order]

    def _ends(self, firsts: Ints) -> tuple[Ints, Ints]:
        """The first and the last trade of each second, in the order of trades."""
        number = self._units("trade_number")
        after = behind(firsts, len(self.at_us))
        tied = (self.at_us[1:] == self.at_us[:-1]) & ~steps(self.market)
        if number.high is None and not np.any(tied & (number.low[1:] <= number.low[:-1])):
            return firsts, after - 1
        instants = firsts_of(self.market, self.at_us)
        opening = behind(instants, len(self.at_us))[np.searchsorted(instants, firsts)]
        closing = instants[np.searchsorted(instants, after) - 1]
        early, late, group = ranges(firsts, opening), ranges(closing, after), np.arange(len(firsts))
        tape = _Tape(pa.Table.from_batches([self.batch]), self.order)
        return (
            early[tape.first(early, np.repeat(group, opening - firsts))],
            late[tape.last(late, np.repeat(group, after - closing))],
        )


def _markets(batch: pa.RecordBatch, vocabulary: Vocabulary) -> Ints:
    """The market of each trade. Where many of one follow each other, few texts are looked at."""
    symbols, exchanges = batch.column("symbol"), batch.column("exchange")
    firsts = np.flatnonzero(np.r_[True, _changes(symbols) | _changes(exchanges)])
    if 2 * len(firsts) > batch.num_rows:
        return vocabulary.markets(symbols, exchanges)
    at = pa.array(firsts)
    return np.repeat(vocabulary.markets(symbols.take(at), exchanges.take(at)), behind(firsts, batch.num_rows) - firsts)


def _changes(texts: pa.Array) -> Flags:
    """Of each row but the first: whether its text is another than that before."""
    compared = texts.indices if pa.types.is_dictionary(texts.type) else texts
    found: Flags = pc.not_equal(compared[1:], compared[:-1]).to_numpy(zero_copy_only=False)
    return found


def _is(texts: pa.Array, text: str) -> pa.BooleanArray:
    """Whether each is the text; null where it is null."""
    if not pa.types.is_dictionary(texts.type):
        return pc.equal(texts, text)
    return pc.equal(texts.indices, pc.index(texts.dictionary, text))


@dataclass(frozen=True, slots=True, eq=False)
class _Tape:
    """What decides between trades of one instant."""

    trades: pa.Table
    order: Ints | None = None
    """Of each row, its row in ``trades``; None is the same."""

    def merged(self, seconds: _Seconds) -> _Seconds:
        """One part a market and second."""
        order = order_by(seconds.parts.market, seconds.parts.start_us)
        if order is not None:
            seconds = seconds.take(order)
        parts = seconds.parts
        firsts = firsts_of(parts.market, parts.start_us)
        if len(firsts) == len(parts.market):
            return seconds
        group = np.repeat(np.arange(len(firsts)), behind(firsts, len(parts.market)) - firsts)
        opening = np.flatnonzero(parts.open_time_us == np.minimum.reduceat(parts.open_time_us, firsts)[group])
        closing = np.flatnonzero(parts.close_time_us == np.maximum.reduceat(parts.close_time_us, firsts)[group])
        opening = opening[self.first(seconds.opened_by[opening], group[opening])]
        closing = closing[self.last(seconds.closed_by[closing], group[closing])]
        merged = parts.merged(firsts, opening, closing)
        return _Seconds(merged, seconds.opened_by[opening], seconds.closed_by[closing])

    def first(self, rows: Ints, group: Ints) -> Ints:
        """Of each group of trades of one instant, the place of its first in the order of trades. The groups ascend."""
        found: Ints = self._places(rows, group)[firsts_of(group)]
        return found

    def last(self, rows: Ints, group: Ints) -> Ints:
        """Of each group the place of its last."""
        found: Ints = self._places(rows, group)[behind(firsts_of(group), len(group)) - 1]
        return found

    def _places(self, rows: Ints, group: Ints) -> Ints:
        """The places of the trades in the order of groups and, within them, of number, id and exchange."""
        places = np.arange(len(rows))
        tied = group[1:] == group[:-1]
        among = np.flatnonzero(np.r_[tied, False] | np.r_[False, tied])
        if not len(among):
            return places
        of = group[among]
        at = pa.array(rows[among] if self.order is None else self.order[rows[among]])
        low, high = Units.of(self.trades.column("trade_number").take(at)).limbs()
        order = np.lexsort((low, high, of))
        if not steps(of[order], high[order], low[order]).all():
            trade_id, exchange = (
                pc.rank(self.trades.column(name).take(at).cast(pa.string()), tiebreaker="dense").to_numpy()
                for name in ("trade_id", "exchange")
            )
            order = np.lexsort((exchange, trade_id, low, high, of))
        places[among] = among[order]
        return places
