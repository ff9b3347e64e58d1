"""silver.trades into gold.bars: what is new continues the newest bars, and what is late rebuilds its day behind it.

The newest bar of each market and kind says where its market is, so a trade behind it needs nothing but that row. A
trade that is not behind it was counted already, or is late: the day is computed anew from silver, from the bar on that
it falls into. Days beyond what one batch may ask for, and those of a market of which another source or size counts, are
noted in the same commit as left to do, and done newest first, a commit each. Days before silver's floor, of whose
trades not all are there, stay as they are.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import (
    Batch,
    DataFile,
    LostRaceError,
    TableState,
    Workspace,
    below,
    read_files,
    rows_below,
    schema_of,
)
from glue_jobs.gold.bars.kernel import continued, ordered, parted
from glue_jobs.gold.bars.ledger import DAY_S, MOST_OF_ALL, MOST_SPANS, Ledger, days_of, markets_named
from glue_jobs.gold.bars.replay import Asked, Replay, are_of, is_newest
from glue_jobs.gold.bars.tape import Position, markets_of
from glue_jobs.gold.candles.build import extents_of, pieces_of
from glue_jobs.gold.candles.kernel import ENCODED, TRADE_COLUMNS
from glue_jobs.gold.candles.sources import Counted, SourceChoice
from glue_jobs.gold.candles.spans import Spans
from glue_jobs.gold.candles.trades import of_sources, rows_within
from glue_jobs.gold.candles.units import Flags
from tapehouse import logs
from tapehouse.bars import BarSizes
from tapehouse.intervals import DAY_US, SECOND_US
from tapehouse.market import Market
from tapehouse.tables import GOLD_BARS, NEWEST_BARS, SILVER_TRADES, Table

log = logs.of(__name__)

MAKES: Final[Mapping[Table, tuple[Table, ...]]] = {GOLD_BARS: (SILVER_TRADES,)}
AT_ONCE_ROWS: Final = 300_000
"""Trades of silver that one batch may ask for; the other days that it touches are left to do."""
PIECE_ROWS: Final = 500_000
"""Trades of one piece of what is left to do, but for a least one: a day of one market."""
BUILD_ROWS: Final = 1_000_000
"""Trades that are looked at together where all bars are made anew: about 300 MB at their peak."""
FULL_ROWS: Final = 65_536
"""Of a file."""
_FOREVER_S: Final = 1 << 35
_MOST_S: Final = 32 * DAY_S
"""Of one piece: a day costs something also where nobody traded."""
_STATISTICS: Final = ("exchange", "symbol", "kind", "day", "close_time_us")
"""What files are chosen by; the log holds no bounds of other columns."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What a commit puts into the table."""

    newest: pa.Table
    """The newest bar of each market and kind, in the place of those that there are."""
    others: pa.Table
    """Bars that come to them."""
    rest: Mapping[str, pa.Table]
    """Path of a file that is replaced → what is left of it."""


class BarsJob:
    """Writes gold.bars from silver.trades. Remembers nothing but whose sizes it has looked at."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        choice: SourceChoice = SourceChoice(),  # noqa: B008 - frozen
        sizes: BarSizes = BarSizes(),  # noqa: B008 - frozen
    ) -> None:
        self._ws, self._choice, self._sizes = workspace, choice, sizes
        self._fitting: frozenset[str] = frozenset()
        """Files of newest bars whose sizes are those of now."""

    def prepare(self) -> None:
        """Make all bars where there are none yet; note the days of markets whose bars were made by another size.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        base = self._ws.state(GOLD_BARS)
        files = _newest_files(base)
        if not files and (base.files or Ledger.of(base).through < 0) and self._ws.state(SILVER_TRADES).rows:
            self._build(base)
        elif not {each.path for each in files} <= self._fitting:
            newest, ledger = self._newest(base), Ledger.of(base)
            if odd := self._odd(newest, ledger.todo):
                log.info("bar_sizes_changed", markets=len(odd))
                after = self._left(ledger, odd, {**_sources(newest), **ledger.counted})
                self._commit(base, _Change(newest, _NONE, {}), after, ledger)
            self._fitting = frozenset(each.path for each in files)

    def write(self, batch: Batch) -> None:
        """Bring gold up to date with the batch's trades, or note their days as left to do.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
            TerminalError: a sum has more than 38 digits.
        """
        base = self._ws.state(GOLD_BARS)
        ledger, reached = Ledger.of(base), batch.reached[SILVER_TRADES]
        if ledger.holds(batch) or not batch.files(SILVER_TRADES):
            return
        with self._ws.steps.step("gold.bars") as step:
            step.rows = batch.rows
            trades, newest = self._kept(batch.read(SILVER_TRADES, TRADE_COLUMNS)), self._newest(base)
            known = {**_sources(newest), **ledger.counted}
            sources = self._chosen(known, trades)
            turned = {market: source for market, source in sources.items() if known.get(market, source) != source}
            before = ledger
            if reached.table_id != ledger.table_id:
                ledger = replace(ledger, table_id=reached.table_id, through=-1, read=-1)
            if reached.after is None:
                ledger = replace(ledger, through=max(reached.version, ledger.through))
            ledger = self._left(ledger, turned, sources)
            trades = of_sources(trades, sources)
            trades = trades.filter(pa.array(~_are_left(trades, ledger.todo)))
            late, is_late = _late(trades, newest)
            silver = self._ws.state(SILVER_TRADES)
            at_once, later = self._at_once(silver, late)
            if later:
                todo = (ledger.todo | later).bounded(MOST_SPANS, MOST_OF_ALL)
                ledger = replace(ledger, todo=todo, counted=sources)
            change = _Change(newest, _NONE, {})
            if at_once:
                seen, version = self._up_to(silver, batch, ledger)
                change = self._replayed(base, seen, newest, at_once, sources)
                ledger = replace(ledger, read=max(ledger.read, version))
            change = self._continued(change, trades.filter(pa.array(~is_late)))
            self._commit(base, change, ledger, before)

    def more(self) -> bool:
        """One piece of what is left to do; False where nothing is.

        Raises:
            TerminalError: a sum has more than 38 digits.
        """
        base = self._ws.state(GOLD_BARS)
        ledger = Ledger.of(base)
        ledger = replace(ledger, todo=self._since_floor(ledger.todo))
        if not ledger.todo:
            return False
        try:
            with self._ws.steps.step("gold.bars left") as step:
                silver, newest = self._ws.state(SILVER_TRADES), self._newest(base)
                sources = {**_sources(newest), **ledger.counted}
                piece = self._piece(silver, ledger.todo)
                change = self._replayed(base, silver, newest, _asked(piece, sources), sources)
                step.rows = change.others.num_rows
                left = replace(ledger, todo=ledger.todo - piece, read=silver.version)
                log.info("bars_piece", spans=len(piece), left=len(left.todo))
                self._commit(base, change, left, ledger)
        except LostRaceError as error:
            log.info("piece_lost_race", table=error.table, turn=error.turn)
        return True

    def rebuild(self, tables: Collection[Table]) -> None:
        """Compute the bars anew from silver, in one commit; those of days of which it keeps no longer all trades stay.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        if GOLD_BARS in tables:
            self._build(self._ws.state(GOLD_BARS))

    def _build(self, base: TableState) -> None:
        """All bars, in the place of those that are there: the trades of all time, one piece of it behind the other."""
        silver = self._ws.state(SILVER_TRADES)
        with self._ws.steps.step("gold.bars") as step:
            held = base.files if base.replaces is None else base.replaces
            ends = [each for each in held if is_newest(each)]
            kept = below(self._ws, base, silver.floor_us, "close_time_us", but={each.path for each in ends})
            newest, others_of_ends = parted(rows_below(self._ws, GOLD_BARS, ends, silver.floor_us, "close_time_us"))
            seen = extents_of(self._ws.spark, silver)
            chosen = self._choice.choose(_counted(newest), seen)
            sources = {market: each.source for market, each in chosen.items()}
            instants = [instant for of in seen.values() for span in of.values() for instant in span]
            first_us, last_us = min(instants, default=0), max(instants, default=-1)
            left, add = [_NONE, others_of_ends], [*kept.written]
            for piece in pieces_of(silver, first_us, last_us + 1, most=BUILD_ROWS) if seen else ():
                at = pc.field("event_time_us")
                asked = (at >= max(piece.from_us, silver.floor_us or piece.from_us)) & (at < piece.to_us)
                trades = read_files(silver.uri, SILVER_TRADES, piece.files, TRADE_COLUMNS, asked, encoded=ENCODED)
                newest, others = parted(continued(newest, of_sources(trades, sources), self._sizes))
                left.append(others)
                if sum(each.num_rows for each in left) >= FULL_ROWS:
                    add += self._written(pa.concat_tables(left))
                    left = [_NONE]
            add += self._written(pa.concat_tables(left))
            add.append(self._ws.stage(GOLD_BARS, newest, prefix=NEWEST_BARS, bounds=_STATISTICS, keep=True))
            step.rows = sum(each.rows or 0 for each in add)
            ledger = Ledger(table_id=silver.table_id, through=silver.version, read=silver.version)
            stay = {each.path for each in kept.stay}
            remove = [each for each in base.files if each.path not in stay]
            self._ws.commit(base, add=add, remove=remove, metadata=ledger.to_json())

    def _kept(self, trades: pa.Table) -> pa.Table:
        """The trades of days of which silver keeps all: of what is older, no bar is made."""
        floor_us = self._ws.state(SILVER_TRADES).floor_us
        return trades if floor_us is None else trades.filter(pc.greater_equal(trades.column("event_time_us"), floor_us))

    def _since_floor(self, days: Spans) -> Spans:
        floor_us = self._ws.state(SILVER_TRADES).floor_us
        return days if floor_us is None else days.between(floor_us // SECOND_US, _FOREVER_S)

    def _newest(self, base: TableState) -> pa.Table:
        return self._ws.rows(GOLD_BARS, _newest_files(base))

    def _chosen(self, known: Mapping[Market, str], trades: pa.Table) -> dict[Market, str]:
        """What counts of each market, with the batch's."""
        found = dict(known)
        of = trades.select(["exchange", "symbol", "source"]).group_by(["exchange", "symbol", "source"]).aggregate([])
        for exchange, symbol, source in zip(*(column.to_pylist() for column in of.columns), strict=True):
            market = Market(exchange, symbol)
            found[market] = min(found.get(market, source), source, key=lambda each: self._choice.rank(exchange, each))
        return found

    def _odd(self, newest: pa.Table, todo: Spans) -> set[Market]:
        """The markets whose newest bars are of other kinds or sizes than now, and not left to do already."""
        there: dict[Market, dict[str, object]] = {}
        rows = newest.filter(pa.array(~_are_left(newest, todo))).select(["exchange", "symbol", "kind", "size"])
        for exchange, symbol, kind, size in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            there.setdefault(Market(exchange, symbol), {})[kind] = size
        return {market for market, sizes in there.items() if sizes != self._sizes.of(market)}

    def _left(self, ledger: Ledger, markets: Collection[Market], sources: Mapping[Market, str]) -> Ledger:
        """With all days of markets left to do. ``sources``: what counts of each market, while days are left."""
        spans: set[tuple[str, int, int]] = set()
        for file in self._ws.state(SILVER_TRADES).files if markets else ():
            low, high = file.low.get("event_time_us"), file.high.get("event_time_us")
            if low is not None and high is not None:
                held = (market for market in markets if file.may_hold("symbol", market.symbol, market.symbol))
                spans.update(days_of(market, low, high + 1) for market in held)
        todo = self._since_floor(ledger.todo | Spans.of(spans)).bounded(MOST_SPANS, MOST_OF_ALL)
        return replace(ledger, todo=todo, counted=sources if todo else {})

    def _at_once(self, silver: TableState, late: Asked) -> tuple[Asked, Spans]:
        """The newest days of what is late, as far as one batch may ask for them, and the others."""
        found: dict[int, Mapping[Market, int]] = {}
        rows, later = 0, []
        for day, of in sorted(late.items(), reverse=True):
            until_us = (day + 1) * DAY_US
            rows += rows_within(silver, Spans.of_micros((each.symbol, since, until_us) for each, since in of.items()))
            if rows <= AT_ONCE_ROWS:
                found[day] = of
            else:
                later += [days_of(market, day * DAY_US, until_us) for market in of]
        return found, Spans.of(later)

    def _up_to(self, silver: TableState, batch: Batch, ledger: Ledger) -> tuple[TableState, int]:
        """silver.trades without what later batches bring, as far as its log tells, and the version that is of.

        Else a batch that computes a day anew would take the next one's trades with it, which would then be no news, and
        make it do the same.
        """
        reached = batch.reached[SILVER_TRADES]
        version = max(reached.version + bool(reached.files), ledger.read)
        if reached.after is not None or version >= silver.version:
            return silver, silver.version
        commits = self._ws.log(SILVER_TRADES).commits(version, silver.version)
        if commits is None:
            return silver, silver.version
        ahead = {each.path for commit in commits for each in commit.added}
        return replace(silver, files=tuple(each for each in silver.files if each.path not in ahead)), version

    def _replayed(
        self, base: TableState, silver: TableState, newest: pa.Table, asked: Asked, sources: Mapping[Market, str]
    ) -> _Change:
        found = Replay(self._ws, base, silver, self._sizes, sources).run(newest, asked)
        return _Change(found.newest, found.others, found.rest)

    def _continued(self, change: _Change, trades: pa.Table) -> _Change:
        """With trades that are behind the newest bars."""
        if not trades.num_rows:
            return change
        is_touched = are_of(change.newest, set(markets_of(trades)[1]))
        bars = continued(change.newest.filter(pa.array(is_touched)), trades, self._sizes)
        newest, others = parted(bars)
        kept = change.newest.filter(pa.array(~is_touched))
        return _Change(pa.concat_tables([kept, newest]), pa.concat_tables([change.others, others]), change.rest)

    def _piece(self, silver: TableState, todo: Spans) -> Spans:
        """The newest days that are left to do, or of one day as many markets, as one piece may ask for."""

        def rows_of(spans: Spans) -> int:
            symbols = ((name.rpartition(" ")[2], low, high) for name, low, high in spans)
            return rows_within(silver, Spans.of(symbols))

        first, last = todo.ends() or (0, 0)
        length_s = DAY_S
        while last - length_s > first and length_s < _MOST_S:
            if rows_of(todo.between(last - 2 * length_s, last)) > PIECE_ROWS:
                break
            length_s *= 2
        piece = todo.between(last - length_s, last)
        if length_s > DAY_S or piece.is_everywhere or (rows := rows_of(piece)) <= PIECE_ROWS:
            return piece
        names = sorted(piece.symbols)
        taken = set(names[: max(len(names) * PIECE_ROWS // rows, 1)])
        return Spans.of(span for span in piece if span.symbol in taken)

    def _commit(self, base: TableState, change: _Change, ledger: Ledger, before: Ledger) -> None:
        """Put what changed into the table, with what is left to do then; nothing where neither changed."""
        remove = [each for each in base.files if each.path in change.rest]
        add = [file for rows in (change.others, *change.rest.values()) for file in self._written(rows)]
        newest = change.newest.take(pa.array(ordered(change.newest)))
        if not newest.equals(self._newest(base)):
            remove += _newest_files(base)
            # Also where there is none: it says that this table is whole.
            add.append(self._ws.stage(GOLD_BARS, newest, prefix=NEWEST_BARS, bounds=_STATISTICS, keep=True))
        if add or remove or ledger.work != before.work:
            self._ws.commit(base, add=add, remove=remove, metadata=ledger.to_json())

    def _written(self, bars: pa.Table) -> list[DataFile]:
        """Files of finished bars."""
        rows = bars.take(pa.array(ordered(bars)))
        return [
            self._ws.stage(GOLD_BARS, rows.slice(at, FULL_ROWS), bounds=_STATISTICS, keep=True)
            for at in range(0, rows.num_rows, FULL_ROWS)
        ]


_NONE: Final = schema_of(GOLD_BARS).empty_table()


def _counted(newest: pa.Table) -> dict[Market, Counted]:
    """What counted of each market, by its newest bars."""
    rows = newest.select(["exchange", "symbol", "source", "open_time_us", "close_time_us"])
    columns = (column.to_pylist() for column in rows.columns)
    return {Market(exchange, symbol): Counted(*of) for exchange, symbol, *of in zip(*columns, strict=True)}


def _newest_files(base: TableState) -> list[DataFile]:
    return [each for each in base.files if is_newest(each)]


def _sources(newest: pa.Table) -> dict[Market, str]:
    """What the newest bars are made of."""
    rows = newest.select(["exchange", "symbol", "source"])
    return {
        Market(exchange, symbol): source
        for exchange, symbol, source in zip(*(column.to_pylist() for column in rows.columns), strict=True)
    }


def _are_left(rows: pa.Table, todo: Spans) -> Flags:
    """Whether each row (of a market, with an event time) lies in a day that is left to do."""
    if not todo:
        return np.zeros(rows.num_rows, np.bool_)
    market, markets = markets_of(rows)
    time = "event_time_us" if "event_time_us" in rows.column_names else "close_time_us"
    return todo.index([str(each) for each in markets]).hold(market, rows.column(time).to_numpy() // SECOND_US)


def _asked(left: Spans, known: Iterable[Market]) -> Asked:
    """All of the days of spans."""
    found: dict[int, dict[Market, int]] = {}
    markets = sorted(known)
    for name, low, high in left:
        for day in range(low // DAY_S, high // DAY_S):
            of = markets_named([name], markets)
            found.setdefault(day, {}).update(dict.fromkeys(of, day * DAY_US))
    return found


def _late(trades: pa.Table, newest: pa.Table) -> tuple[Asked, Flags]:
    """The days that must be computed anew, since when, and whether each trade lies in one of them.

    ``newest``: the newest bar of each market and kind. A trade that is not behind its market's is late, or counted.
    """
    market, markets = markets_of(trades)
    rows = newest.select(["exchange", "symbol", "close_time_us", "close_trade_number", "close_trade_id"])
    last: dict[Market, Position] = {}
    for exchange, symbol, *position in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        last[Market(exchange, symbol)] = Position(*position)
    ends = [last.get(each) for each in markets]
    at_us = trades.column("event_time_us").to_numpy()
    end_us = np.array([-1 if each is None else each.time_us for each in ends], np.int64)[market]
    is_late = at_us < end_us
    for row in np.flatnonzero(at_us == end_us).tolist():
        number, trade_id = (trades.column(name)[row].as_py() for name in ("trade_number", "trade_id"))
        is_late[row] = Position(int(at_us[row]), int(number), trade_id) <= ends[market[row]]
    day = at_us // DAY_US
    found: dict[int, dict[Market, int]] = {}
    is_asked = np.zeros(len(at_us), np.bool_)
    if not is_late.any():
        return found, is_asked
    key = market << 32 | day
    late_keys, place = np.unique(key[is_late], return_inverse=True)
    since_us = np.full(len(late_keys), np.iinfo(np.int64).max)
    np.minimum.at(since_us, place, at_us[is_late])
    for each, since in zip(late_keys.tolist(), since_us.tolist(), strict=True):
        found.setdefault(each & (2**32 - 1), {})[markets[each >> 32]] = since
    return found, np.isin(key, late_keys)
