"""Windows of gold.candles computed anew where something touched them, from silver and from what gold holds.

The seconds that trades touched are added up from silver whole. What such a second was before is in gold, so a longer
window needs nothing but its own row: the second's old part goes out of its sums, and the new one comes in. That holds
because silver only ever gains trades of a source. Windows that begin before its floor, below which it keeps no trades,
stay as they are, whatever is said of them. Where a market's source changes, whole weeks are added up from silver
alone (``Work.anew``). What is only judged again keeps its sums.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import DataFile, TableState, Workspace, schema_of
from glue_jobs.gold.candles import kernel
from glue_jobs.gold.candles.codes import Flags, Ints, numbered
from glue_jobs.gold.candles.kernel import PARTS
from glue_jobs.gold.candles.spans import Spans
from glue_jobs.gold.candles.todo import Work, weeks
from glue_jobs.gold.candles.trades import counted_seconds
from glue_jobs.gold.candles.wholeness import Span, Wholeness
from glue_jobs.gold.candles.zones import Zones
from tapehouse import logs
from tapehouse.intervals import INTERVALS, MINUTE_US, SECOND_US, WEEK_US, floor_us
from tapehouse.market import Market
from tapehouse.tables import EVERYWHERE, GOLD_CANDLES

log = logs.of(__name__)

SHORT: Final = tuple(each.name for each in INTERVALS if each.length_us < MINUTE_US)
"""The intervals of which a retention may drop the old rows."""
_SUMS: Final = ("volume", "quote_volume", "trade_count", "buy_volume", "sell_volume")
_VALUES: Final = ("open", "high", "low", "close", *_SUMS, "source", "open_time_us", "close_time_us", "complete")
"""What may differ between two rows of one key."""
_LENGTH_S: Final = {each.name: each.length_us // SECOND_US for each in INTERVALS}
_INTERVAL_BITS: Final = 4
_SECOND_BITS: Final = 36


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    changed: pa.Table
    """Rows of gold.candles that are new or differ."""
    rest: Mapping[str, pa.Table]
    """Path of a file that held a row which changed or vanished → its other rows."""
    vanished: int
    """Rows that are no more: without prices, in a gap that is no more."""

    @classmethod
    def nothing(cls) -> "Outcome":
        return cls(schema_of(GOLD_CANDLES).empty_table(), {}, 0)

    def __bool__(self) -> bool:
        return bool(self.changed.num_rows or self.rest)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What rows are judged by. It can be pickled."""

    sources: Mapping[Market, str]
    """What is counted of each market."""
    wholeness: Wholeness
    gaps: tuple[Span, ...]
    """Open ones of what is counted."""
    newest_us: int | None
    """The newest trade that is counted, to which a gap that goes on is known to reach."""
    unsummed: Spans
    """Time whose trades are not in gold yet: no window that meets it is complete, whatever was covered."""


class _Places(NamedTuple):
    """Where rows lie: the number of their file among some, and their number in it."""

    file: Ints
    row: Ints


@dataclass(frozen=True, slots=True)
class Recompute:
    """Computes work, from one state of gold and one of silver."""

    workspace: Workspace
    gold: TableState
    trades: TableState
    zones: Zones
    short_from_us: int | None = None
    """Rows of less than a minute that begin before are not kept."""

    def seconds(self, work: Work, sources: Mapping[Market, str]) -> pa.Table:
        """One-second parts of all that the work asks of silver."""
        return counted_seconds(self.workspace, self.trades, work.traded | self._late(work) | work.anew, sources)

    def run(self, work: Work, fresh: pa.Table, known: Judgement) -> Outcome:
        """Compute the work from its seconds (``fresh``).

        Where gold does not hold what silver says it was made of, whole weeks are made anew.
        """
        rows, files, places = self._held(work.all)
        old = parts_of(rows)
        there = _traded(old.filter(pa.array(~meeting(old, work.anew))))
        more, less = self._bases(work, fresh, there)
        if doubtful := _doubtful(more, less):
            log.warning("candles_doubted", symbols=len(doubtful.symbols), note="their weeks are computed anew")
            work = Work(work.traded, work.judged, work.anew | doubtful)
            return self.run(work, self.seconds(work, known.sources), known)
        made = _added_up(more, less, there)
        parts = pa.concat_tables([made, _without(there, made)])
        parts = pa.concat_tables([parts, self._silent(work.all, parts, known)])
        parts = within_retention(parts, self.short_from_us, self.trades.floor_us)
        return self._outcome(rows, files, places, finished(parts, known))

    def _held(self, spans: Spans) -> tuple[pa.Table, list[DataFile], _Places]:
        """The rows of gold whose windows meet the spans, the files that they are of, and where each lies."""
        found, numbers, places = [], [], []
        files: list[DataFile] = []
        for file in self.zones.meeting(self.gold, spans):
            rows = self.workspace.rows(GOLD_CANDLES, [file])
            self.zones.learn(file, rows)
            parts = parts_of(rows)
            at = np.flatnonzero(meeting(parts, spans) & since(parts, self.trades.floor_us))
            if len(at):
                found.append(rows.take(pa.array(at)))
                numbers.append(np.full(len(at), len(files), np.int64))
                places.append(at)
                files.append(file)
        if not found:
            nowhere = np.empty(0, np.int64)
            return schema_of(GOLD_CANDLES).empty_table(), files, _Places(nowhere, nowhere)
        return pa.concat_tables(found), files, _Places(np.concatenate(numbers), np.concatenate(places))

    def _late(self, work: Work) -> Spans:
        """Touched time of which gold keeps nothing shorter than minutes: in whole ones."""
        if self.short_from_us is None:
            return Spans()
        return work.traded.between(0, self.short_from_us // SECOND_US).widened(MINUTE_US // SECOND_US)

    def _bases(self, work: Work, fresh: pa.Table, there: pa.Table) -> tuple[pa.Table, pa.Table]:
        """What touched windows are added up from, now and before: seconds, and minutes where seconds are not kept."""
        late = self._late(work)
        less = there.filter(pa.array(_is(there, "1s") & meeting(there, work.traded)))
        if not late:
            return fresh, less
        minutes = kernel.rolled_up(fresh.filter(pa.array(meeting(fresh, late))), _MINUTE)
        more = [fresh.filter(pa.array(~meeting(fresh, late))), minutes]
        less = less.filter(pa.array(~meeting(less, late)))
        return pa.concat_tables(more), pa.concat_tables(
            [less, there.filter(pa.array(_is(there, "1m") & meeting(there, late)))]
        )

    def _silent(self, spans: Spans, parts: pa.Table, known: Judgement) -> pa.Table:
        """The rows without prices of windows that meet the spans and are not among the parts."""
        gaps = [gap for gap in known.gaps if gap.exchange != EVERYWHERE and len(spans.seconds_of(gap.symbol))]
        ends = spans.ends()
        if not gaps or ends is None:
            return PARTS.empty_table()
        from_us, to_us = floor_us(ends[0] * SECOND_US, WEEK_US), ends[1] * SECOND_US
        found = kernel.silent(parts, gaps, known.sources, from_us=from_us, to_us=to_us, now_us=known.newest_us)
        return found.filter(pa.array(meeting(found, spans)))

    def _outcome(self, rows: pa.Table, files: list[DataFile], places: _Places, new: pa.Table) -> Outcome:
        """What of ``new`` differs from ``rows``, which lie at ``places`` in ``files``."""
        mine, theirs = _keys(parts_of(new), parts_of(rows))
        at = _places(mine, theirs)
        is_known = at >= 0
        now, before = new.filter(pa.array(is_known)), rows.take(pa.array(at[is_known]))
        differs = ~is_known
        same = [_same(now.column(name), before.column(name)) for name in _VALUES]
        differs[is_known] = ~np.all(np.array(same), axis=0)
        is_out = ~np.isin(theirs, mine)
        vanished = int(is_out.sum())
        is_out[at[is_known & differs]] = True
        rest = {}
        for number in np.unique(places.file[is_out]).tolist():
            held = self.workspace.rows(GOLD_CANDLES, [files[number]])
            stays = np.ones(held.num_rows, np.bool_)
            stays[places.row[is_out & (places.file == number)]] = False
            rest[files[number].path] = held.filter(pa.array(stays))
        return Outcome(new.filter(pa.array(differs)), rest, vanished)


_MINUTE: Final = next(each for each in INTERVALS if each.length_us == MINUTE_US)


def within_retention(parts: pa.Table, short_from_us: int | None, floor_us: int | None) -> pa.Table:
    """Without the parts of less than a minute that begin before the one, and those that begin before the other: of
    their trades not all are there."""
    if floor_us is not None:
        parts = parts.filter(pa.array(since(parts, floor_us)))
    if short_from_us is None:
        return parts
    is_short = pc.is_in(parts.column("interval"), value_set=pa.array(SHORT))
    return parts.filter(pc.invert(pc.and_(is_short, pc.less(parts.column("start_us"), short_from_us))))


def since(parts: pa.Table, floor_us: int | None) -> Flags:
    """Whether each part begins at the instant or later; None: all do."""
    found: Flags = parts.column("start_us").to_numpy() >= (0 if floor_us is None else floor_us)
    return found


def finished(parts: pa.Table, known: Judgement) -> pa.Table:
    """Rows of gold.candles from parts."""
    rows = kernel.finished(parts, known.wholeness)
    late = meeting(parts, known.unsummed)
    if not late.any():
        return rows
    at = rows.schema.get_field_index("complete")
    return rows.set_column(at, "complete", pc.and_(rows.column("complete"), pa.array(~late)))


def parts_of(rows: pa.Table) -> pa.Table:
    """Rows of gold.candles as parts of longer windows."""
    start_us = rows.column("window_start").cast(pa.int64())
    return pa.table([start_us if name == "start_us" else rows.column(name) for name in PARTS.names], schema=PARTS)


def meeting(parts: pa.Table, spans: Spans) -> Flags:
    """Whether each part's window has a second in common with a span of its symbol."""
    if not spans or not parts.num_rows:
        return np.zeros(parts.num_rows, np.bool_)
    codes, symbols = numbered(parts.column("symbol"))
    starts = parts.column("start_us").to_numpy() // SECOND_US
    return spans.index(symbols).meet(codes, starts, starts + _lengths(parts))


def _lengths(parts: pa.Table) -> Ints:
    codes, names = numbered(parts.column("interval"))
    return np.array([_LENGTH_S[name] for name in names], np.int64)[codes]


def _is(parts: pa.Table, interval: str) -> Flags:
    found: Flags = pc.equal(parts.column("interval"), interval).to_numpy()
    return found


def _traded(parts: pa.Table) -> pa.Table:
    return parts.filter(pc.greater(parts.column("trade_count"), 0))


def _keys(*tables: pa.Table) -> list[Ints]:
    """One number a window (market, interval, start), the same in all the tables."""
    columns = {
        name: pa.chunked_array([c for t in tables for c in t.column(name).chunks], pa.string()) for name in _TEXTS
    }
    symbol, _ = numbered(columns["symbol"])
    exchange, exchanges = numbered(columns["exchange"])
    interval, names = numbered(columns["interval"])
    kind = np.array([_NUMBER[name] for name in names], np.int64)[interval]
    starts = np.concatenate([t.column("start_us").to_numpy() for t in tables]) // SECOND_US
    market = symbol * max(len(exchanges), 1) + exchange
    packed = (((market << _INTERVAL_BITS) | kind) << _SECOND_BITS) | starts
    return np.split(packed, np.cumsum([t.num_rows for t in tables])[:-1])


_TEXTS: Final = ("symbol", "exchange", "interval")
_NUMBER: Final = {each.name: number for number, each in enumerate(INTERVALS)}


def _without(parts: pa.Table, others: pa.Table) -> pa.Table:
    """The parts whose window is not among the others'."""
    if not parts.num_rows or not others.num_rows:
        return parts
    mine, theirs = _keys(parts, others)
    return parts.filter(pa.array(~np.isin(mine, theirs)))


def _places(wanted: Ints, among: Ints) -> Ints:
    """Where each key is among others that are unique; -1 where it is not."""
    if not len(among):
        return np.full(len(wanted), -1, np.int64)
    order = np.argsort(among, kind="stable")
    at = np.minimum(np.searchsorted(among[order], wanted), len(among) - 1)
    return np.where(among[order][at] == wanted, order[at], -1)


def _doubtful(more: pa.Table, less: pa.Table) -> Spans:
    """The weeks in which gold counted what silver does not have: more trades, or those of another source."""
    if not less.num_rows:
        return Spans()
    new, old = _keys(more, less)
    at = _places(old, new)
    there = at >= 0
    now = more.take(pa.array(np.maximum(at, 0))) if more.num_rows else less.slice(0, 0)
    if not more.num_rows:
        is_wrong = np.ones(less.num_rows, np.bool_)
    else:
        fewer = now.column("trade_count").to_numpy() < less.column("trade_count").to_numpy()
        is_wrong = ~there | fewer | ~_same(now.column("source"), less.column("source"))
    wrong = less.filter(pa.array(is_wrong))
    starts = wrong.column("start_us").to_pylist()
    spans = Spans.of_micros(
        (symbol, start, start + 1) for symbol, start in zip(wrong.column("symbol").to_pylist(), starts, strict=True)
    )
    return weeks(spans)


def _added_up(more: pa.Table, less: pa.Table, there: pa.Table) -> pa.Table:
    """The parts of every window that holds a touched second, from the shortest interval up.

    ``more``, ``less``: what touched windows are added up from, now and before; ``there``: rows with trades in gold.
    """
    news = {name: more.filter(pa.array(_is(more, name))) for name in ("1s", "1m")}
    gone = {name: less.filter(pa.array(_is(less, name))) for name in ("1s", "1m")}
    made = [news["1s"]]
    for interval in INTERVALS[1:]:
        name, base = interval.name, interval.made_of or ""
        for parts in (news, gone):
            rolled = kernel.rolled_up(parts[base], interval)
            parts[name] = pa.concat_tables([rolled, parts[name]]) if name in parts else rolled
        made.append(_carried(there.filter(pa.array(_is(there, name))), gone[name], news[name]))
    return pa.concat_tables(made)


def _carried(there: pa.Table, less: pa.Table, more: pa.Table) -> pa.Table:
    """Windows of one interval that hold ``more`` in the place of ``less``. ``there``: what they were."""
    if not there.num_rows:
        return more
    now, before, was = _keys(more, there, less)
    at = _places(now, before)
    is_new = at < 0
    grown, old = more.filter(pa.array(~is_new)), there.take(pa.array(at[~is_new]))
    gone_at = _places(now[~is_new], was)
    columns = {name: grown.column(name) for name in PARTS.names}
    for name in _SUMS:
        columns[name] = _sum(old.column(name), less.column(name), gone_at, grown.column(name), PARTS.field(name).type)
    columns["high"] = pc.max_element_wise(old.column("high"), grown.column("high"))
    columns["low"] = pc.min_element_wise(old.column("low"), grown.column("low"))
    # A touched second is whole in ``more``: where the window's first trade was in it, its first trade now is too.
    opens = _second(grown, "open_time_us") <= _second(old, "open_time_us")
    closes = _second(grown, "close_time_us") >= _second(old, "close_time_us")
    for names, is_mine in ((("open", "open_time_us"), opens), (("close", "close_time_us"), closes)):
        for name in names:
            columns[name] = pc.if_else(pa.array(is_mine), grown.column(name), old.column(name))
    return pa.concat_tables([more.filter(pa.array(is_new)), pa.table(columns, schema=PARTS)])


def _sum(
    old: pa.ChunkedArray, less: pa.ChunkedArray, less_at: Ints, more: pa.ChunkedArray, kind: pa.DataType
) -> pa.ChunkedArray:
    """old - less + more, where there is any less."""
    if pa.types.is_integer(kind):
        gone = less.take(pa.array(np.maximum(less_at, 0))) if len(less) else old
        return pc.add(pc.subtract(old, pc.if_else(pa.array(less_at >= 0), gone, 0)), more)
    wide = pa.decimal256(kind.precision + 2, kind.scale)
    zero = pa.scalar(0, pa.int64()).cast(wide)
    gone = less.cast(wide).take(pa.array(np.maximum(less_at, 0))) if len(less) else old.cast(wide)
    left = pc.subtract(old.cast(wide), pc.if_else(pa.array(less_at >= 0), gone, zero))
    return pc.add(left, more.cast(wide)).cast(kind)


def _second(parts: pa.Table, name: str) -> Ints:
    seconds: Ints = parts.column(name).to_numpy() // SECOND_US
    return seconds


def _same(left: pa.ChunkedArray, right: pa.ChunkedArray) -> Flags:
    """Whether each two are equal, or both null."""
    equal = pc.fill_null(pc.equal(left, right), False)
    both = pc.and_(left.is_null(), right.is_null())
    found: Flags = pc.or_(equal, both).to_numpy()
    return found
