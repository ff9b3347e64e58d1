"""Days of markets computed anew from silver.trades, each from the bar on that something late falls into.

What lies before that bar is as it was: silver only ever gains trades of a source, and a day's bars are made one after
the other. Where a bar comes out as it was, its file is left alone.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import DataFile, TableState, Workspace, schema_of
from glue_jobs.gold.bars.kernel import continued, in_order, kinds_of, ordered, parted
from glue_jobs.gold.bars.tape import markets_of
from glue_jobs.gold.candles.spans import Spans
from glue_jobs.gold.candles.trades import of_sources, read, rows_within, within
from glue_jobs.gold.candles.units import Flags, Ints
from tapehouse.bars import BarSizes
from tapehouse.intervals import DAY_US
from tapehouse.market import Market
from tapehouse.tables import GOLD_BARS, NEWEST_BARS

SLICE_ROWS: Final = 1_000_000
"""Trades of silver that are looked at together: about 300 MB at their peak."""
Asked = Mapping[int, Mapping[Market, int]]
"""Day since the epoch → market → since when it is out of date, µs UTC: midnight is all of the day."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it."""

    newest: pa.Table
    """The newest bar of each market and kind, of all that there are."""
    others: pa.Table
    """Bars that are new, or differ."""
    rest: Mapping[str, pa.Table]
    """Path of a file that held a bar which changed or vanished → its other rows."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Computes days from one state of gold and one of silver."""

    workspace: Workspace
    gold: TableState
    trades: TableState
    sizes: BarSizes
    sources: Mapping[Market, str]
    """What is counted."""

    def run(self, newest: pa.Table, asked: Asked) -> Replayed:
        """``newest``: the newest bar of each market and kind."""
        is_asked = are_of(newest, {market for of in asked.values() for market in of})
        loose, held = newest.filter(pa.array(is_asked)), _Held(self.workspace, self.gold, self.sizes)
        made = []
        for day, of in asked.items():
            is_now = are_of(loose, of) & (days_of_bars(loose) == day)
            now, loose = loose.filter(pa.array(is_now)), loose.filter(pa.array(~is_now))
            made.append(self._made(day, of, held.take(day, of, now)))
        bars = in_order(pa.concat_tables([loose, *made]))
        ends, others = parted(bars)
        rest, changed = held.without(others)
        return Replayed(pa.concat_tables([newest.filter(pa.array(~is_asked)), ends]), changed, rest)

    def _made(self, day: int, of: Mapping[Market, int], seeds: pa.Table) -> pa.Table:
        """The bars of a day from the last ones on that stay (``seeds``, which are among them)."""
        known: dict[Market, dict[str, int]] = {}
        for row in seeds.select(["exchange", "symbol", "kind", "close_time_us"]).to_pylist():
            known.setdefault(Market(row["exchange"], row["symbol"]), {})[row["kind"]] = row["close_time_us"]
        midnight = day * DAY_US
        spans = []
        for market in of:
            ends = known.get(market, {})
            from_us = min((ends.get(kind, midnight) for kind in self.sizes.of(market)), default=midnight)
            spans.append((market.symbol, from_us, midnight + DAY_US))
        sources = {market: self.sources[market] for market in of if market in self.sources}
        bars, done = seeds, [_NONE]
        for trades in self._slices(Spans.of_micros(spans)):
            bars, others = parted(continued(bars, of_sources(trades, sources), self.sizes))
            done.append(others)
        return pa.concat_tables([*done, bars])

    def _slices(self, spans: Spans) -> Iterator[pa.Table]:
        """The trades of the spans in pieces of time, one after the other."""
        ends = spans.ends()
        if ends is None:
            return
        pieces = max(-(-rows_within(self.trades, spans) // SLICE_ROWS), 1)
        edges = [ends[0] + (ends[1] - ends[0]) * at // pieces for at in range(pieces + 1)]
        for low, high in itertools.pairwise(edges):
            piece = spans.between(low, high)
            yield within(read(self.workspace, self.trades, piece), piece)


class _Held:
    """What of gold's files is to be replaced. Changes as days are asked for."""

    def __init__(self, workspace: Workspace, gold: TableState, sizes: BarSizes) -> None:
        self._ws, self._sizes = workspace, sizes
        # The newest first; a file without statistics may hold anything.
        files = [each for each in gold.files if not is_newest(each)]
        self._files = sorted(files, key=_until_us, reverse=True)
        self._rows: list[pa.Table] = []
        """Of files: what is replaced."""
        self._places: list[_Places] = []

    def take(self, day: int, of: Mapping[Market, int], newest: pa.Table) -> pa.Table:
        """Take out the bars of a day that are out of date, and of each market and kind the last one before them.

        ``newest``: rows of the day that lie in none of the files. Returns those last ones.
        """
        rows, places = [newest], [_Places.nowhere(newest.num_rows)]
        for number, file in self._of(day, of):
            if self._is_enough(rows, of, file):
                break
            held = self._ws.rows(GOLD_BARS, [file])
            mine = np.flatnonzero(are_of(held, of) & (days_of_bars(held) == day))
            rows.append(held.take(pa.array(mine)))
            places.append(_Places(np.full(len(mine), number), mine))
        found, at = pa.concat_tables(rows), _Places.joined(places)
        order = ordered(found)
        found, at = found.take(pa.array(order)), at.take(order)
        stays = close_us(found) < _since(found, of)
        # The last that stays is followed by another market or kind, or by one that does not.
        kind, (market, _) = kinds_of(found), markets_of(found)
        is_other = (market[1:] != market[:-1]) | (kind[1:] != kind[:-1])
        is_seed = stays & np.r_[is_other | ~stays[1:], np.ones(min(len(stays), 1), np.bool_)]
        is_out = (~stays | is_seed) & (at.file >= 0)
        self._rows.append(found.filter(pa.array(is_out)))
        self._places.append(at.take(np.flatnonzero(is_out)))
        return found.filter(pa.array(is_seed))

    def _of(self, day: int, of: Mapping[Market, int]) -> Iterator[tuple[int, DataFile]]:
        """The files that may hold bars of the day."""
        text = str(np.datetime64(day, "D"))
        low, high = min(market.symbol for market in of), max(market.symbol for market in of)
        for number, file in enumerate(self._files):
            if file.may_hold("day", text, text) and file.may_hold("symbol", low, high):
                yield number, file

    def _is_enough(self, rows: Sequence[pa.Table], of: Mapping[Market, int], file: DataFile) -> bool:
        """Whether neither this file nor an older one holds what is out of date, or the last bar before it."""
        until_us = _until_us(file)
        if until_us >= min(of.values()):
            return False
        ends: dict[tuple[Market, str], int] = {}
        for row in pa.concat_tables(rows).select(["exchange", "symbol", "kind", "close_time_us"]).to_pylist():
            market = Market(row["exchange"], row["symbol"])
            if row["close_time_us"] < of[market]:
                ends[market, row["kind"]] = max(ends.get((market, row["kind"]), 0), row["close_time_us"])
        return all(ends.get((market, kind), -1) > until_us for market in of for kind in self._sizes.of(market))

    def without(self, made: pa.Table) -> tuple[dict[str, pa.Table], pa.Table]:
        """What files are left with that held a bar which is not among ``made``; and the bars that no file holds yet."""
        if not self._rows:
            return {}, made
        out, at = pa.concat_tables(self._rows), _Places.joined(self._places)
        is_same_out, is_same = _same(out, made)
        rest = {}
        for number in np.unique(at.file[~is_same_out]).tolist():
            held = self._ws.rows(GOLD_BARS, [self._files[number]])
            stays = np.ones(held.num_rows, np.bool_)
            stays[at.row[~is_same_out & (at.file == number)]] = False
            rest[self._files[number].path] = held.filter(pa.array(stays))
        return rest, made.filter(pa.array(~is_same))


class _Places(NamedTuple):
    """Where rows lie: the number of their file (-1: none), and their number in it."""

    file: Ints
    row: Ints

    @classmethod
    def nowhere(cls, rows: int) -> "_Places":
        return cls(np.full(rows, -1), np.full(rows, -1))

    @classmethod
    def joined(cls, several: Sequence["_Places"]) -> "_Places":
        return cls(np.concatenate([each.file for each in several]), np.concatenate([each.row for each in several]))

    def take(self, rows: Ints) -> "_Places":
        return _Places(self.file[rows], self.row[rows])


def is_newest(file: DataFile) -> bool:
    """Whether a file of gold.bars holds the newest bar of each market and kind."""
    return file.path.rpartition("/")[2].startswith(NEWEST_BARS)


def are_of(bars: pa.Table, markets: Collection[Market]) -> Flags:
    """Whether each row is of one of the markets."""
    market, there = markets_of(bars)
    found: Flags = np.array([each in markets for each in there], np.bool_)[market]
    return found


def close_us(bars: pa.Table) -> Ints:
    found: Ints = bars.column("close_time_us").to_numpy()
    return found


def days_of_bars(bars: pa.Table) -> Ints:
    """Days since the epoch."""
    return close_us(bars) // DAY_US


def _since(bars: pa.Table, of: Mapping[Market, int]) -> Ints:
    market, there = markets_of(bars)
    return np.array([of[each] for each in there], np.int64)[market]


def _until_us(file: DataFile) -> int:
    return int(file.high.get("close_time_us", 1 << 62))


def _same(left: pa.Table, right: pa.Table) -> tuple[Flags, Flags]:
    """Of the rows of two tables of bars, keys once each, which are in both."""
    both, split = pa.concat_tables([left, right]), left.num_rows
    is_same = np.zeros(both.num_rows, np.bool_)
    order = ordered(both)  # of two with one key the left one is first
    first, second = order[:-1], order[1:]
    is_pair = (first < split) & (second >= split)
    first, second = first[is_pair], second[is_pair]
    if len(first):
        one, other = both.take(pa.array(first)), both.take(pa.array(second))
        equal = np.all(
            [pc.equal(one.column(name), other.column(name)).to_numpy() for name in both.column_names], axis=0
        )
        is_same[first[equal]] = is_same[second[equal]] = True
    return is_same[:split], is_same[split:]


_NONE: Final = schema_of(GOLD_BARS).empty_table()
