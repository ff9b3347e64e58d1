"""gold.manifest: what each market's day holds, how much of it was seen, and a hash over its trades.

A row follows its 1d candle, which tells when anything of the day changed. The hash is taken once the day has ended; a
change puts null in its place, and the rows without one are the list of what is left to do: it stands in the table, and
is found by the log's statistics.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import (
    Batch,
    DataFile,
    LostRaceError,
    Rewrite,
    TableState,
    Workspace,
    date_of,
    instant_text,
    read_files,
    schema_of,
    upsert,
)
from glue_jobs.gold.candles import GAP_COLUMNS, Counted, Islands, Known, counted_in, may_hold_interval
from glue_jobs.gold.digest import TRADE_COLUMNS, Digest
from tapehouse import logs
from tapehouse.intervals import DAY_US, WEEK_US, floor_us
from tapehouse.market import Market, MarketKey
from tapehouse.tables import (
    ALL_EXCHANGES,
    EVERYWHERE,
    FILLED,
    GOLD_CANDLES,
    GOLD_MANIFEST,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_TRADES,
    Table,
)

log = logs.of(__name__)

MAKES: Final[Mapping[Table, tuple[Table, ...]]] = {
    GOLD_MANIFEST: (SILVER_TRADES, SILVER_GAPS, SILVER_COVERAGE, GOLD_CANDLES)
}
PIECE_ROWS: Final = 500_000
"""Trades that one piece hashes, but for one market's day that has more; that one is read in parts of this size."""
PIECE_MARKETS: Final = 256
_CANDLE: Final = ("exchange", "symbol", "interval", "window_start", "source", "trade_count", "volume", "open_time_us",
                  "close_time_us", "complete")  # fmt: skip
_PRINT: Final = ("source", "trade_count", "volume", "open_time_us", "close_time_us")
"""What tells that a day's trades are others: silver only ever adds to a source's."""
_WEEK: Final = ("exchange", "symbol", "source", "interval", "trade_count", "open_time_us", "close_time_us")
_EPOCH: Final = date(1970, 1, 1)
_LAST_DAY: Final = 2**31

Key = tuple[str, str, int]
"""Exchange, symbol, day since the epoch."""
Row = dict[str, Any]


@dataclass(slots=True)
class Touched:
    """Days, first and last, by market; those of a gap of the stream itself under ``EVERYWHERE``."""

    days: dict[Market, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, market: Market, from_us: int, to_us: int | None) -> None:
        """The days that [from_us, to_us) meets; to_us None: all from then on."""
        self.days[market].append((from_us // DAY_US, _LAST_DAY if to_us is None else max(to_us - 1, from_us) // DAY_US))

    def holds(self, key: Key) -> bool:
        spans = [*self.days.get(Market(*key[:2]), ()), *self.days.get(Market(EVERYWHERE, EVERYWHERE), ())]
        return any(first <= key[2] <= last for first, last in spans)

    def ranges(self) -> list[tuple[int, int]]:
        """The days of all, in as few ranges."""
        found: list[tuple[int, int]] = []
        for first, last in sorted({each for spans in self.days.values() for each in spans}):
            if found and first <= found[-1][1] + 1:
                found[-1] = found[-1][0], max(found[-1][1], last)
            else:
                found.append((first, last))
        return found


class ManifestJob:
    """Writes gold.manifest."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace
        self._gaps: tuple[frozenset[str], Known] | None = None
        self._waiting: set[str] = set()
        """Files whose rows without a hash are of days that had not ended when they were last looked at."""

    def prepare(self) -> None:
        """Nothing is due."""

    def write(self, batch: Batch) -> None:
        """Bring the rows of the days up to date of which the batch tells anything.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
        """
        self._waiting.clear()
        with self._ws.steps.step("gold.manifest") as step:
            base = self._ws.state(GOLD_MANIFEST)
            touched = self._touched(batch)
            rewrite = self._rewrite(base, touched)
            step.rows = rewrite.rows
            self._commit(base, rewrite)

    def more(self) -> bool:
        """Hash some days that have ended, the newest first; False where none is left."""
        base = self._ws.state(GOLD_MANIFEST)
        try:
            return self._hash_some(base)
        except LostRaceError as error:
            log.info("piece_lost_race", table=error.table, turn=error.turn)
            return True

    def rebuild(self, tables: Collection[Table]) -> None:
        """Compute every row anew: all but the hashes in one commit, and those piece by piece; hashes of days of which
        silver keeps no longer all trades stay.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        if GOLD_MANIFEST not in tables:
            return
        self._gaps, base = None, self._ws.state(GOLD_MANIFEST)
        self._waiting.clear()
        with self._ws.steps.step("gold.manifest rebuild") as step:
            everything = Touched()
            everything.add(Market(EVERYWHERE, EVERYWHERE), 0, None)
            rows = self._rows(self._candles(everything), self._before_floor(base))
            added = [self._ws.stage(GOLD_MANIFEST, each) for each in _by_day(rows)]
            step.rows = rows.num_rows
            self._commit(base, Rewrite(added, base.files))
        while self.more():
            pass

    def _before_floor(self, base: TableState) -> dict[Key, Row]:
        """The rows of days of which silver keeps no longer all trades: none could be hashed again."""
        floor_us = self._ws.state(SILVER_TRADES).floor_us
        if floor_us is None:
            return {}
        held = base.files if base.replaces is None else base.replaces
        rows = [row for file in held for row in self._ws.rows(GOLD_MANIFEST, [file]).to_pylist()]
        return {key: row for row in rows if (key := _row_key(row))[2] < floor_us // DAY_US}

    def _commit(self, base: TableState, rewrite: Rewrite) -> None:
        if rewrite:
            self._ws.commit(base, add=rewrite.add, remove=rewrite.remove)

    # -- which days -------------------------------------------------------------------------------------------------

    def _touched(self, batch: Batch) -> Touched:
        touched = Touched()
        lost = batch.read_removed(GOLD_CANDLES, _CANDLE, pc.field("interval") == "1d")
        if lost is None:  # a day that is no more is found among all
            touched.add(Market(EVERYWHERE, EVERYWHERE), 0, None)
            return touched
        for rows in (lost, batch.read(GOLD_CANDLES, _CANDLE)):
            for row in _days(rows).to_pylist():
                exchange, symbol, day = _key(row)
                touched.add(Market(exchange, symbol), day * DAY_US, day * DAY_US + 1)
        spans = batch.read(SILVER_COVERAGE, ("exchange", "symbol", "from_us", "through_us"))
        for row in spans.group_by(["exchange", "symbol", "from_us", "through_us"]).aggregate([]).to_pylist():
            touched.add(Market(row["exchange"], row["symbol"]), row["from_us"], row["through_us"] + 1)
        told = batch.read(SILVER_GAPS, GAP_COLUMNS).to_pylist()
        known = self._known_gaps() if told else Known()
        for row in told:
            market = Market(row["exchange"], row["symbol"])
            gap = known.gaps.get((*market, row["source"], row["gap_id"]))
            span = None if gap is None else gap.span(market)
            if span is not None:
                touched.add(market, span.from_us, span.to_us)
            if row["event"] == FILLED and row["from_us"] is not None and row["to_us"] is not None:
                touched.add(market, row["from_us"], row["to_us"] + 1)
        return touched

    def _candles(self, touched: Touched) -> dict[Key, Row]:
        """The 1d candles of the days, as gold has them now."""
        found: dict[Key, Row] = {}
        for first, last in touched.ranges():
            low, high = instant_text(first * DAY_US), instant_text(min(last, 100_000) * DAY_US + 999)
            files = [
                each
                for each in self._ws.state(GOLD_CANDLES).files
                if may_hold_interval(each, "1d") and each.may_hold("window_start", low, high)
            ]
            for file in files:
                for row in _days(self._ws.rows(GOLD_CANDLES, [file], _CANDLE)).to_pylist():
                    if first <= (key := _key(row))[2] <= last and touched.holds(key):
                        found[key] = row
        return found

    # -- rows -------------------------------------------------------------------------------------------------------

    def _rewrite(self, base: TableState, touched: Touched) -> Rewrite:
        if not touched.days:
            return Rewrite()
        there: dict[Key, Row] = {}
        for first, last in touched.ranges():
            low, high = date_of(first).isoformat(), date_of(min(last, 100_000)).isoformat()
            for file in base.files:
                if file.may_hold("day", low, high):
                    rows = self._ws.rows(GOLD_MANIFEST, [file]).to_pylist()
                    there |= {key: row for row in rows if touched.holds(key := _row_key(row))}
        candles = self._candles(touched)
        gone = [key for key in there if key not in candles]
        keys = {"exchange": [key[0] for key in gone], "symbol": [key[1] for key in gone]}
        schema = pa.schema([schema_of(GOLD_MANIFEST).field(name) for name in GOLD_MANIFEST.key])
        lost = pa.table({**keys, "day": [date_of(key[2]) for key in gone]}, schema=schema)
        return upsert(self._ws, base, self._rows(candles, there), near="day", gone=lost)

    def _rows(self, candles: Mapping[Key, Row], there: Mapping[Key, Row]) -> pa.Table:
        """Rows of gold.manifest of these days. A hash is kept while nothing of its trades changed."""
        days = self._seen(candles)
        found = []
        for key, candle in candles.items():
            seen, old = days[key], there.get(key)
            row = {
                "exchange": key[0],
                "symbol": key[1],
                "day": date_of(key[2]),
                **{name: candle[name] for name in _PRINT},
                "open_gaps": seen.open_gaps,
                "coverage": seen.share,
                "complete": candle["complete"],
            }
            if old is not None and seen.has_ended and all(old[name] == row[name] for name in _PRINT):
                row |= {name: old[name] for name in ("first_trade_id", "last_trade_id", "trades_sha256")}
            found.append(row)
        running = [row for row in found if not days[_row_key(row)].has_ended and row["trade_count"]]
        self._name_ends(running)
        names = schema_of(GOLD_MANIFEST).names
        return pa.Table.from_pylist(
            [{name: row.get(name) for name in names} for row in found], schema=schema_of(GOLD_MANIFEST)
        )

    def _name_ends(self, rows: Sequence[Row]) -> None:
        """Put the ids of the first and the last trade into rows of days that go on."""
        ends = {(row[name], row["symbol"]) for row in rows for name in ("open_time_us", "close_time_us")}
        if not ends:
            return
        state = self._ws.state(SILVER_TRADES)
        instants, symbols = sorted({at for at, _ in ends}), sorted({symbol for _, symbol in ends})
        files = [
            each
            for each in state.files
            if any(each.may_hold("event_time_us", at, at) and each.may_hold("symbol", s, s) for at, s in ends)
        ]
        where = pc.field("event_time_us").isin(instants) & pc.field("symbol").isin(symbols)
        columns = ("exchange", "symbol", "source", *TRADE_COLUMNS)
        at_ends: dict[tuple[MarketKey, int], list[Row]] = defaultdict(list)
        for trade in read_files(state.uri, SILVER_TRADES, files, columns, where).to_pylist():
            market = MarketKey(trade["exchange"], trade["symbol"], trade["source"])
            at_ends[market, trade["event_time_us"]].append(trade)
        for row in rows:
            market = MarketKey(row["exchange"], row["symbol"], row["source"])
            for name, at, pick in (("first", "open_time_us", min), ("last", "close_time_us", max)):
                trades = at_ends.get((market, row[at]))
                if trades:
                    one = pick(trades, key=lambda each: (each["trade_number"], each["trade_id"]))
                    row[f"{name}_trade_id"] = one["trade_id"]

    # -- what was seen of a day -------------------------------------------------------------------------------------

    def _seen(self, candles: Mapping[Key, Row]) -> dict[Key, "_Seen"]:
        if not candles:
            return {}
        days = {key[2] for key in candles}
        counted = self._counted(min(days) * DAY_US)
        sources = {key: row["source"] or _source_of(counted, key) for key, row in candles.items()}
        covered = self._covered(days, {key[1] for key in candles})
        known = self._known_gaps()
        gaps = defaultdict(list)
        for (exchange, symbol, source, _), gap in known.gaps.items():
            span = gap.span(Market(exchange, symbol))
            if not gap.is_ended and span is not None:
                gaps[Market(exchange, symbol)].append((source, span))
        held: dict[Market, list[tuple[str, Islands]]] = defaultdict(list)
        for seen_by, spans in (*covered.items(), *known.islands.items()):  # filled gaps were seen after all
            held[seen_by.market].append((seen_by.source, spans))
        found = {}
        for key in candles:
            market, counts = Market(*key[:2]), sources[key]
            start_us, end_us = key[2] * DAY_US, (key[2] + 1) * DAY_US
            islands = Islands()
            for by, spans in held.get(market, ()):
                if counts in (None, by):
                    for low, high in spans.within(start_us, end_us):
                        islands.add(low, high)
            touching = [
                span
                for name in (market, Market(EVERYWHERE, EVERYWHERE))
                for of, span in gaps.get(name, ())
                if (name != market or counts in (None, of))
                and span.from_us < end_us
                and (span.to_us is None or span.to_us > start_us)
            ]
            last_us = counted[market].last_us if market in counted else 0
            found[key] = _Seen.of(
                islands.all(), start_us, max(last_us, candles[key]["close_time_us"] or 0), len(touching)
            )
        return found

    def _covered(self, days: Collection[int], symbols: Collection[str]) -> dict[MarketKey, Islands]:
        """What was seen around these days, by the coverage that meets them."""
        first_us, last_us = min(days) * DAY_US, (max(days) + 1) * DAY_US
        spans = [(day * DAY_US, (day + 1) * DAY_US) for day in days]
        state = self._ws.state(SILVER_COVERAGE)
        files = [
            each
            for each in state.files
            if each.may_hold("symbol", min(symbols), max(symbols))
            and any(_low(each, "from_us") < to and _high(each, "through_us") >= from_ for from_, to in spans)
        ]
        where = (pc.field("from_us") < last_us) & (pc.field("through_us") >= first_us)
        columns = ("exchange", "symbol", "source", "from_us", "through_us")
        found: dict[MarketKey, Islands] = defaultdict(Islands)
        for exchange, symbol, source, low, high in _tuples(
            read_files(state.uri, SILVER_COVERAGE, files, columns, where), columns
        ):
            if low < high:
                found[MarketKey(exchange, symbol, source)].add(low, high)
        return found

    def _counted(self, from_us: int) -> dict[Market, Counted]:
        """What gold counts of each market from that week on."""
        low = instant_text(floor_us(from_us, WEEK_US))
        files = [
            each
            for each in self._ws.state(GOLD_CANDLES).files
            if may_hold_interval(each, "1w") and each.may_hold("window_start", low, "9999")
        ]
        found = [self._ws.rows(GOLD_CANDLES, [each], _WEEK) for each in files]
        rows = pa.concat_tables([*found, self._ws.rows(GOLD_CANDLES, (), _WEEK)])
        return counted_in(rows.filter(pc.equal(rows.column("interval"), "1w")))

    def _known_gaps(self) -> Known:
        """The gaps that silver has now. They are kept, and grow by the files that come."""
        files = self._ws.state(SILVER_GAPS).files
        paths = frozenset(each.path for each in files)
        there, known = self._gaps or (frozenset(), Known())
        if not there <= paths:
            there, known = frozenset(), Known()  # merged into others
        new = [each for each in files if each.path not in there]
        self._gaps = None
        if new:
            known.tell(self._ws.rows(SILVER_GAPS, new, GAP_COLUMNS), None)
        self._gaps = paths, known
        return known

    # -- hashes -----------------------------------------------------------------------------------------------------

    def _hash_some(self, base: TableState) -> bool:
        for day, files in self._without_hash(base):
            rows = [row for file in files for row in self._ws.rows(GOLD_MANIFEST, [file]).to_pylist()]
            rows = [row for row in rows if row["trades_sha256"] is None and _row_key(row)[2] == day]
            hashed = self._hashed(day, rows)
            if hashed:
                with self._ws.steps.step("gold.manifest hashes") as step:
                    schema = schema_of(GOLD_MANIFEST)
                    rewrite = upsert(self._ws, base, pa.Table.from_pylist(hashed, schema=schema), near="day")
                    step.rows = len(hashed)
                    self._commit(base, rewrite)
                return True
            self._waiting.update(f"{day}:{file.path}" for file in files)
        return False

    def _without_hash(self, base: TableState) -> Iterator[tuple[int, list[DataFile]]]:
        """The days of which a row has no hash, by the log's statistics, with the files that hold them; newest first."""
        found: dict[int, list[DataFile]] = defaultdict(list)
        for file in base.files:
            if file.nulls.get("trades_sha256") == 0:
                continue
            rows = self._ws.rows(GOLD_MANIFEST, [file])
            lacking = rows.filter(pc.is_null(rows.column("trades_sha256"))).column("day").unique().to_pylist()
            for day in lacking:
                number = (day - _EPOCH).days
                if f"{number}:{file.path}" not in self._waiting:
                    found[number].append(file)
        yield from sorted(found.items(), reverse=True)

    def _hashed(self, day: int, rows: Sequence[Row]) -> list[Row]:
        """Of the rows those of ended days, with hash and ends: as many as a piece takes.

        Where silver is ahead of the candle, or has been made anew behind it, the row waits for its candle.
        """
        touched = Touched()
        for row in rows:
            touched.add(Market(row["exchange"], row["symbol"]), day * DAY_US, day * DAY_US + 1)
        candles = self._candles(touched)
        seen = self._seen(candles)
        due = [row for row in rows if (key := _row_key(row)) in seen and seen[key].has_ended]
        while due:
            piece: list[Row] = []
            while due and len(piece) < PIECE_MARKETS:
                if piece and sum(each["trade_count"] for each in (*piece, due[0])) > PIECE_ROWS:
                    break
                piece.append(due.pop(0))
            digests = self._digests(day, piece)
            found = []
            for row in piece:
                key, digest = _row_key(row), digests[_row_key(row)]
                if _matches(digest, row) and all(candles[key][name] == row[name] for name in _PRINT):
                    fresh = {"open_gaps": seen[key].open_gaps, "coverage": seen[key].share}
                    ends = {
                        "first_trade_id": digest.first and digest.first["trade_id"],
                        "last_trade_id": digest.last and digest.last["trade_id"],
                    }
                    complete = candles[key]["complete"]
                    found.append({**row, **fresh, **ends, "complete": complete, "trades_sha256": digest.hex})
            if found:
                return found
        return []

    def _digests(self, day: int, rows: Sequence[Row]) -> dict[Key, Digest]:
        """The trades of the rows, read in parts of the day where one market's are too many to hold."""
        state = self._ws.state(SILVER_TRADES)
        found = {_row_key(row): Digest() for row in rows}
        symbols = sorted({row["symbol"] for row in rows})
        parts = max(1, -(-sum(row["trade_count"] for row in rows) // PIECE_ROWS))
        step_us = -(-DAY_US // parts)
        columns = ("exchange", "symbol", "source", *TRADE_COLUMNS)
        for from_us in range(day * DAY_US, (day + 1) * DAY_US, step_us):
            to_us = min(from_us + step_us, (day + 1) * DAY_US)
            files = [
                each
                for each in state.files
                if each.may_hold("event_time_us", from_us, to_us - 1)
                and each.may_hold("symbol", symbols[0], symbols[-1])
            ]
            at = pc.field("event_time_us")
            where = (at >= from_us) & (at < to_us) & pc.field("symbol").isin(symbols)
            trades = read_files(state.uri, SILVER_TRADES, files, columns, where)
            for row in rows:
                if row["trade_count"]:
                    is_its = pc.and_(
                        pc.and_(
                            pc.equal(trades.column("symbol"), row["symbol"]),
                            pc.equal(trades.column("exchange"), row["exchange"]),
                        ),
                        pc.equal(trades.column("source"), row["source"]),
                    )
                    found[_row_key(row)].take(trades.filter(is_its))
        return found


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known of a market's day beside its trades."""

    has_ended: bool
    """The market has a newer day's trade, or coverage through the day's end."""
    share: float
    open_gaps: int

    @classmethod
    def of(cls, spans: Iterable[tuple[int, int]], start_us: int, last_us: int, open_gaps: int) -> "_Seen":
        """``spans``: the time in which it was wholly seen; ``last_us``: its newest trade."""
        listed, end_us = list(spans), start_us + DAY_US
        newest_us = max([last_us + 1, *(high for _, high in listed)])
        has_ended = last_us >= end_us or any(low < end_us <= high for low, high in listed)
        until_us = end_us if has_ended else min(newest_us, end_us)
        covered = sum(max(0, min(high, until_us) - max(low, start_us)) for low, high in listed)
        share = covered / (until_us - start_us) if until_us > start_us else 0.0
        return cls(has_ended, share, open_gaps)


def _source_of(counted: Mapping[Market, Counted], key: Key) -> str | None:
    found = counted.get(Market(*key[:2]))
    return None if found is None else found.source


def _matches(digest: Digest, row: Row) -> bool:
    """Whether silver holds just the trades that the row, and so its candle, was made of."""
    ends = tuple(each and each["event_time_us"] for each in (digest.first, digest.last))
    told = row["trade_count"], row["volume"], row["open_time_us"], row["close_time_us"]
    return (digest.count, digest.volume, *ends) == told


def _days(candles: pa.Table) -> pa.Table:
    """The 1d rows of markets."""
    is_day = pc.equal(candles.column("interval"), "1d")
    return candles.filter(pc.and_(is_day, pc.not_equal(candles.column("exchange"), ALL_EXCHANGES)))


def _key(candle: Row) -> Key:
    start: datetime = candle["window_start"]
    return candle["exchange"], candle["symbol"], (start.astimezone(UTC).date() - _EPOCH).days


def _row_key(row: Row) -> Key:
    return row["exchange"], row["symbol"], (row["day"] - _EPOCH).days


def _by_day(rows: pa.Table) -> Iterator[pa.Table]:
    for day in rows.column("day").unique():
        yield rows.filter(pc.equal(rows.column("day"), day))


def _tuples(rows: pa.Table, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(rows.column(name).to_pylist() for name in names), strict=True)


def _low(file: DataFile, name: str) -> Any:
    return file.low.get(name, float("-inf"))


def _high(file: DataFile, name: str) -> Any:
    return file.high.get(name, float("inf"))
