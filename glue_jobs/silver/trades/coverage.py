"""silver.coverage: the spans in which a market was wholly seen, kept as islands.

A record that says nothing new, because its span lies within what silver knows of its market and source, adds no row: it
is accounted for by the rows that hold it. So a batch that runs again adds none, whether its rows are there as they came
or have been joined since, and whatever became of the checkpoint. Rows whose spans meet are joined once they count, that
is below the arrival watermark; the coordinates of the last one stay.
"""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import DataFile, Flags, Ints, TableState, codes_of, instant_us, ints_of
from tapehouse.market import MarketKey

_FEED: Final = MarketKey._fields
SPAN_COLUMNS: Final = (*_FEED, "from_us", "through_us")


def says_more(rows: pa.Table, places: Ints, there: pa.Table) -> Flags:
    """Of each coverage row, whether its span is not within what ``there`` and the rows before it hold.

    In: rows of silver.coverage, and their places in the stream's order; ``there``: at least ``SPAN_COLUMNS`` of those
    of the same feeds that meet them.
    """
    both = pa.concat_tables([there.select(SPAN_COLUMNS), rows.select(SPAN_COLUMNS)])
    feeds, lows, highs = _numbers(both)
    is_asked = np.arange(both.num_rows) >= there.num_rows
    more = ~_within(feeds, lows, highs, is_asked)
    place = np.concatenate([np.full(there.num_rows, -1), places])
    # Where a feed's own rows overlap in the batch, it hangs on their order.
    for feed in _overlapping(feeds[is_asked], lows[is_asked], highs[is_asked]):
        members = np.flatnonzero(feeds == feed)
        members = members[np.argsort(place[members], kind="stable")]
        held = _Held()
        for at in members:
            said_more = held.take(int(lows[at]), int(highs[at]))
            more[at] = said_more
    found: Flags = more[is_asked]
    return found


def within(rows: pa.Table, there: pa.Table) -> Flags:
    """Of each row, whether the spans that are there hold its own. In: ``SPAN_COLUMNS`` of both."""
    both = pa.concat_tables([rows.select(SPAN_COLUMNS), there.select(SPAN_COLUMNS)], promote_options="default")
    asked = np.arange(both.num_rows) < rows.num_rows
    found: Flags = _within(*_numbers(both), asked)[asked]
    return found


def joined(rows: pa.Table, *, through_us: int | None = None) -> pa.Table:
    """The rows with those joined whose spans meet or overlap; those that arrived after ``through_us`` as they are.

    In and out: silver.coverage, out sorted by feed and time.
    """
    counts = np.ones(rows.num_rows, bool)
    if through_us is not None:
        counts = ints_of(rows.column("arrival_time")) <= through_us
    late, rows = rows.filter(pa.array(~counts)), rows.filter(pa.array(counts))
    if rows.num_rows:
        feeds, lows, highs = _numbers(rows)
        order = np.lexsort((highs, lows, feeds))
        first, last, high = _islands(feeds[order], lows[order], highs[order])
        island = np.repeat(np.arange(len(first)), last - first + 1)
        arrivals = ints_of(rows.column("arrival_time"))[order]
        newest = order[np.lexsort((arrivals, island))[last]]
        low = lows[order][first]
        rows = rows.take(pa.array(newest))
        for name, ends in (("from_us", low), ("through_us", high)):
            rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), pa.array(ends))
    rows = pa.concat_tables([rows, late])
    return rows.sort_by([(name, "ascending") for name in (*_FEED, "from_us", "through_us")])


def meeting(files: Sequence[DataFile], rows: pa.Table) -> list[DataFile]:
    """The files of silver.coverage that may hold a span which meets one of these rows'."""
    lows, highs = ints_of(rows.column("from_us")), ints_of(rows.column("through_us"))
    order = np.argsort(lows, kind="stable")
    first, _, reached = _islands(np.zeros(len(order), np.int64), lows[order], highs[order])
    starts, ends = lows[order][first].tolist(), reached.tolist()
    names = {name: sorted(pc.unique(rows.column(name)).to_pylist()) for name in ("exchange", "symbol")}

    def may_meet(file: DataFile) -> bool:
        low, high = file.low.get("from_us"), file.high.get("through_us")
        if low is None or high is None:
            return True
        at = bisect_right(starts, high) - 1
        if at < 0 or ends[at] < low:
            return False
        return all(_one_within(asked, file.low.get(name), file.high.get(name)) for name, asked in names.items())

    return [file for file in files if may_meet(file)]


def _one_within(names: Sequence[str], low: str | None, high: str | None) -> bool:
    return low is None or high is None or bisect_left(names, low) < bisect_right(names, high)


@dataclass(frozen=True, slots=True)
class Watermark:
    """What a commit of silver.coverage says of arrivals, µs UTC. Coverage that arrived later does not count yet."""

    through_us: int | None = None
    """Every record that arrived up to then is in silver; None: no lag is known, and all counts."""
    newest_us: int | None = None
    """The newest arrival in silver.coverage."""
    ingested_us: int = 0
    """Of the bronze commit that said ``through_us``: it grows with each, also when another stream is read."""

    @classmethod
    def of(cls, state: TableState) -> "Watermark":
        told = state.metadata or {}
        newest_us = told.get("newest_us")
        if newest_us is None and state.files:
            # No commit of ours is in the log any more: the statistics are not below it.
            texts = [file.high.get("arrival_time") for file in state.files]
            newest_us = max((_us_of(text) for text in texts if text is not None), default=None)
        return cls(told.get("arrived_through_us"), newest_us, told.get("ingested_us") or 0)

    def told(self, rows: pa.Table | None, bronze: Mapping[str, Any] | None, *, is_all: bool = True) -> "Watermark":
        """With new rows, and what the commit of bronze says up to which all is here now; None: not yet all of one.

        Another stream's mark may lie before that of the stream before it, whose coverage then waits once more: a record
        of the new one that arrived long ago may not be here. ``is_all``: what the commit says holds with these rows;
        else it holds soon, and only a mark that lies before ours is taken over.
        """
        newest = pc.max(rows.column("arrival_time")).cast(pa.int64()).as_py() if rows is not None else None
        newest_us = max((each for each in (self.newest_us, newest) if each is not None), default=None)
        position = (bronze or {}).get("position") or {}
        through_us, ingested_us = position.get("arrived_through_us"), position.get("ingested_us") or 0
        is_newer = ingested_us > self.ingested_us
        if bronze is None or not is_all:
            known_us = self.through_us or 0
            goes_back = is_newer and through_us is not None
            return Watermark(min(known_us, through_us or 0) if goes_back else known_us, newest_us, self.ingested_us)
        if ingested_us < self.ingested_us:  # a commit of before, taken once more
            return Watermark(self.through_us, newest_us, self.ingested_us)
        if through_us is None:
            through_us = newest_us
        known = [each for each in (None if is_newer else self.through_us, through_us) if each is not None]
        return Watermark(max(known, default=None), newest_us, ingested_us)

    def passes(self, before: "Watermark") -> bool:
        """Whether rows that waited come to count."""
        if before.through_us is None or before.newest_us is None or self.through_us is None:
            return False
        return before.through_us < before.newest_us <= self.through_us

    def as_json(self) -> dict[str, int]:
        told = {"arrived_through_us": self.through_us, "newest_us": self.newest_us}
        told["ingested_us"] = self.ingested_us or None
        return {name: value for name, value in told.items() if value is not None}


def _us_of(text: str) -> int:
    """Of an instant as statistics spell it, to a whole millisecond above."""
    return instant_us(text) + 1000


def _numbers(rows: pa.Table) -> tuple[Ints, Ints, Ints]:
    return codes_of(rows, _FEED), ints_of(rows.column("from_us")), ints_of(rows.column("through_us"))


def _within(feeds: Ints, lows: Ints, highs: Ints, is_asked: Flags) -> Flags:
    """Of each row that is asked, whether an island of those that are not holds it."""
    order = np.lexsort((is_asked, lows, feeds))
    known = order[~is_asked[order]]
    found = np.zeros(len(feeds), bool)
    if not len(known):
        return found
    first, _, high = _islands(feeds[known], lows[known], highs[known])
    island_feeds, island_lows = feeds[known][first], lows[known][first]
    merged = np.lexsort(
        (
            np.r_[np.zeros(len(first), bool), np.ones(int(is_asked.sum()), bool)],
            np.r_[island_lows, lows[is_asked]],
            np.r_[island_feeds, feeds[is_asked]],
        )
    )
    before = np.maximum.accumulate(np.where(merged < len(first), merged, -1))
    asked_at = np.flatnonzero(is_asked)
    is_row = merged >= len(first)
    rows, islands = asked_at[merged[is_row] - len(first)], before[is_row]
    there = islands >= 0
    rows, islands = rows[there], islands[there]
    found[rows] = (island_feeds[islands] == feeds[rows]) & (high[islands] >= highs[rows])
    return found


def _islands(feeds: Ints, lows: Ints, highs: Ints) -> tuple[Ints, Ints, Ints]:
    """Of rows sorted by feed and beginning: each island's first and last row, and its end."""
    edges = np.r_[np.flatnonzero(np.r_[True, feeds[1:] != feeds[:-1]]), len(feeds)]
    reached = np.empty(len(feeds), np.int64)
    for first, last in itertools.pairwise(edges):
        reached[first:last] = np.maximum.accumulate(highs[first:last])
    begins = np.r_[True, (feeds[1:] != feeds[:-1]) | (lows[1:] > reached[:-1])]
    first = np.flatnonzero(begins)
    last = np.r_[first[1:], len(feeds)] - 1
    return first, last, reached[last]


def _overlapping(feeds: Ints, lows: Ints, highs: Ints) -> Iterable[int]:
    """Feeds of which two rows have an instant in common."""
    order = np.lexsort((lows, feeds))
    feeds, lows, highs = feeds[order], lows[order], highs[order]
    edges = np.r_[np.flatnonzero(np.r_[True, feeds[1:] != feeds[:-1]]), len(feeds)]
    for first, last in itertools.pairwise(edges):
        reached = np.maximum.accumulate(highs[first:last])
        if np.any(lows[first + 1 : last] < reached[:-1]):
            yield int(feeds[first])


class _Held:
    """Spans of one feed, joined where they meet, as they come."""

    def __init__(self) -> None:
        self._lows: list[int] = []
        self._highs: list[int] = []

    def take(self, low: int, high: int) -> bool:
        """Add a span; False where it was held already."""
        first, last = bisect_left(self._highs, low), bisect_right(self._lows, high)
        if first < last and self._lows[first] <= low and self._highs[first] >= high:
            return False
        met = slice(first, last)
        low, high = min([low, *self._lows[met]]), max([high, *self._highs[met]])
        self._lows[met], self._highs[met] = [low], [high]
        return True
