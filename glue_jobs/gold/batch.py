"""One batch of news from silver into gold: exactly the windows that it touches are computed anew, from silver.

``Touch`` rows say what is new: a trade, a span of coverage, a gap. The files of the buckets that they fall into are
rewritten in one commit, all intervals together; rows in them that nothing touched are carried over as they are.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Final

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs import delta
from glue_jobs.gold.candles import PARTS, bucket_s, candles, floor_us, parts_of, rolled_up, seconds, windows
from glue_jobs.gold.completeness import islands, open_gaps, silent_windows, with_completeness
from glue_jobs.gold.market_summary import LOOK_BACK_US, market_summary
from glue_jobs.steps import Steps
from tapehouse import intervals
from tapehouse.intervals import BY_NAME, DAY_US, INTERVALS, WEEK_US, Interval
from tapehouse.tables import (
    GOLD_CANDLES,
    GOLD_MARKET_SUMMARY,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_TRADES,
    Table,
)

TRADE, COVERAGE, GAP = "trade", "coverage", "gap"
_SLICE_US: Final = INTERVALS[0].bucket_us
"""Touched time is told in slices of the smallest bucket: each lies in one bucket of every interval."""
_MOST_SLICES: Final = 2_000
"""Beyond so many touched slices (six weeks), everything is computed anew: it is cheaper to say and to do."""
_MOST_RANGES: Final = 64
_BASE: Final = INTERVALS[0]
_LEVELS: Final = tuple(
    tuple(interval for interval in INTERVALS if interval.made_of == base) for base in ("1s", "1m", "1h")
)
"""Each level is added up from one interval of the level before; its own longest holds its other windows whole."""


def touches(spark: SparkSession, uri_of: Callable[[Table], str]) -> DataFrame:
    """A stream of what is new in silver: exchange, symbol, source, from_us, to_us (exclusive), what."""

    def stream(table: Table, **options: str) -> DataFrame:
        return spark.readStream.format("delta").options(**options).load(uri_of(table))

    trades = stream(SILVER_TRADES).select(
        *("exchange", "symbol", "source"),
        F.col("event_time_us").alias("from_us"),
        F.lit(None).cast("bigint").alias("to_us"),
        F.lit(TRADE).alias("what"),
    )
    covered = stream(SILVER_COVERAGE).select(
        "exchange", "symbol", "source", "from_us", F.col("through_us").alias("to_us"), F.lit(COVERAGE).alias("what")
    )
    return trades.unionByName(covered).unionByName(
        stream(SILVER_GAPS).select("exchange", "symbol", "source", "from_us", "to_us", F.lit(GAP).alias("what"))
    )


Market = tuple[str, str]
"""Exchange and symbol."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a batch rewrites: touched slices (starts, µs UTC) by symbol; None means everything."""

    slices: Mapping[str, frozenset[int]] | None

    def starts(self) -> list[int]:
        return sorted(set().union(*self.slices.values())) if self.slices else []

    def where(self) -> str | None:
        """The touched files, as a condition on the partition columns; None means all."""
        if self.slices is None:
            return None
        starts = self.starts()
        files = {each.name: sorted({each.bucket_s(at) for at in starts}) for each in INTERVALS}
        return " OR ".join(
            f"(interval = '{name}' AND bucket IN ({', '.join(map(str, buckets))}))" for name, buckets in files.items()
        )

    def spans(self, length_us: int) -> list[tuple[int, int]]:
        """The touched time in whole windows of ``length_us``, as few spans [from, to), µs UTC."""
        spans: list[tuple[int, int]] = []
        for start in sorted({intervals.floor_us(at, length_us) for at in self.starts()}):
            if spans and spans[-1][1] == start:
                spans[-1] = (spans[-1][0], start + length_us)
            else:
                spans.append((start, start + length_us))
        return spans if len(spans) <= _MOST_RANGES else [(spans[0][0], spans[-1][1])]


@dataclass(frozen=True, slots=True)
class _Touched:
    """What the touch rows of a batch say."""

    scope: _Scope
    sources: Mapping[Market, set[str]]
    rows: int


class GoldBatch:
    """Writes gold.candles and gold.market_summary from silver."""

    def __init__(
        self,
        spark: SparkSession,
        uri_of: Callable[[Table], str],
        steps: Steps,
        *,
        preferred_source: Mapping[str, str] | None = None,
    ) -> None:
        """``preferred_source``: exchange → the source that gold counts where a market has several."""
        self._spark = spark
        self._uri_of = uri_of
        self._steps = steps
        self._preferred = dict(preferred_source or {})

    def ensure(self) -> None:
        """Create the tables that are not there yet."""
        for table in (GOLD_CANDLES, GOLD_MARKET_SUMMARY):
            delta.ensure(self._spark, table, self._uri_of(table))

    def write(self, touch_rows: DataFrame) -> None:
        """Bring gold up to date with what ``touch_rows`` (rows of ``touches``) say is new.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
        """
        touch_rows = touch_rows.persist(StorageLevel.MEMORY_AND_DISK)
        try:
            with self._steps.step("gold touched") as count:
                touched = self._touched(touch_rows)
                count.rows = touched.rows
            if not touched.rows:
                return
            base = delta.snapshot(self._spark, GOLD_CANDLES, self._uri_of(GOLD_CANDLES))
            before = self._counted_sources(base)
            after = self._chosen(before, touched.sources)
            # Where a better source of a market appeared, all its candles count another one from now on.
            switched = any(after[market] != source for market, source in before.items())
            if touched.scope.slices is None or switched:
                self._write(base, _Scope(None), None, after)
            else:
                traded = touch_rows.where(F.col("what") == TRADE).select("symbol", F.col("from_us").alias("at_us"))
                self._write(base, touched.scope, traded, after)
        finally:
            touch_rows.unpersist()

    def rebuild(self) -> None:
        """Compute both tables from silver, in one overwrite each."""
        base = delta.snapshot(self._spark, GOLD_CANDLES, self._uri_of(GOLD_CANDLES))
        found: dict[Market, set[str]] = {}
        for row in self._silver(SILVER_TRADES).select("exchange", "symbol", "source").distinct().collect():
            found.setdefault((row["exchange"], row["symbol"]), set()).add(row["source"])
        self._write(base, _Scope(None), None, self._chosen({}, found))

    def _silver(self, table: Table) -> DataFrame:
        return self._spark.read.format("delta").load(self._uri_of(table))

    def _touched(self, touch_rows: DataFrame) -> _Touched:
        first = floor_us(F.col("from_us"), _SLICE_US)
        last = floor_us(F.greatest("from_us", F.coalesce(F.col("to_us") - 1, F.col("from_us"))), _SLICE_US)
        told = (
            touch_rows.select("exchange", "symbol", "source", "what", first.alias("first"), last.alias("last"))
            .groupBy("exchange", "symbol", "source", "what", "first", "last")
            .agg(F.count("*").alias("rows"))
            .collect()
        )
        slices: dict[str, set[int]] = {}
        sources: dict[Market, set[str]] = {}
        closed: set[Market] = set()
        whole = False
        for row in told:
            if row["first"] is None:
                closed.add((row["exchange"], row["symbol"]))
                continue
            if row["what"] == TRADE:
                sources.setdefault((row["exchange"], row["symbol"]), set()).add(row["source"])
            whole = whole or (row["last"] - row["first"]) // _SLICE_US > _MOST_SLICES
            if not whole:
                slices.setdefault(row["symbol"], set()).update(range(row["first"], row["last"] + 1, _SLICE_US))
        # The record that closes a gap says no time: what it had emptied is where it was opened.
        whole = whole or not self._add_closed(closed, slices)
        scope = _Scope(None if whole else {symbol: frozenset(starts) for symbol, starts in slices.items()})
        if len(scope.starts()) > _MOST_SLICES:
            scope = _Scope(None)
        return _Touched(scope, sources, sum(row["rows"] for row in told))

    def _add_closed(self, closed: set[Market], slices: dict[str, set[int]]) -> bool:
        """Adds the slices of the closed gaps of these markets; False where they are too many."""
        if not closed:
            return True
        opened = self._silver(SILVER_GAPS).where(F.col("from_us").isNotNull())
        for row in opened.select("exchange", "symbol", "from_us", "to_us").collect():
            if (row["exchange"], row["symbol"]) not in closed:
                continue
            first = intervals.floor_us(row["from_us"], _SLICE_US)
            last = row["to_us"] if row["to_us"] is not None else row["from_us"]
            if (last - first) // _SLICE_US > _MOST_SLICES:
                return False
            slices.setdefault(row["symbol"], set()).update(range(first, last + 1, _SLICE_US))
        return True

    def _rank(self, exchange: str, source: str) -> tuple[int, str]:
        own = [self._preferred.get(exchange), exchange, f"{exchange}-agg"]
        return (own.index(source) if source in own else len(own), source)

    def _counted_sources(self, base: delta.Snapshot) -> dict[Market, str]:
        """The source that gold counts of each market now."""
        weeks = delta.read(self._spark, base).where((F.col("interval") == "1w") & F.col("source").isNotNull())
        rows = weeks.select("exchange", "symbol", "source").distinct().collect()
        return {(row["exchange"], row["symbol"]): row["source"] for row in rows}

    def _chosen(self, before: Mapping[Market, str], seen: Mapping[Market, Iterable[str]]) -> dict[Market, str]:
        """One source a market: the setting's, else the venue's own feed, else its aggregated one, else by name."""
        after = dict(before)
        for market, names in seen.items():
            known = {before[market]} if market in before else set()
            after[market] = min({*names, *known}, key=partial(self._rank, market[0]))
        return after

    def _write(
        self, base: delta.Snapshot, scope: _Scope, traded: DataFrame | None, sources: Mapping[Market, str]
    ) -> None:
        plan = _Plan(self._spark, base, scope, traded)
        try:
            with self._steps.step("gold candles") as count:
                rows = plan.hold(candles(self._rows(plan, sources)))
                count.rows = rows.count()
            with self._steps.step("gold.candles"):
                filed = rows.repartition("interval", "bucket").sortWithinPartitions(
                    "interval", "bucket", "symbol", "window_start"
                )
                after = delta.replace(filed, base, where=scope.where())
            self._write_summary(after, scope)
        finally:
            plan.release()

    def _rows(self, plan: "_Plan", sources: Mapping[Market, str]) -> DataFrame:
        """Every row of the touched buckets, as parts with ``complete``."""
        counted = _frame(self._spark, [(*market, source) for market, source in sources.items()], _SOURCE_DDL)
        trades = self._silver(SILVER_TRADES).join(
            F.broadcast(counted), on=["exchange", "symbol", "source"], how="left_semi"
        )
        below = plan.level(seconds(plan.only_touched_trades(trades)), [_BASE])
        levels = [below]
        for level in _LEVELS:
            parts = plan.only_touched(below.where(F.col("interval") == F.lit(level[0].made_of)), level[-1].length_us)
            below = plan.level(rolled_up(parts, level), level)
            levels.append(below)
        rows = reduce(DataFrame.unionByName, levels)
        gaps = plan.hold(open_gaps(self._silver(SILVER_GAPS)))
        if not gaps.isEmpty():
            rows = rows.unionByName(plan.silent(silent_windows(gaps), rows, counted))
        covered = self._silver(SILVER_COVERAGE).join(
            F.broadcast(counted), on=["exchange", "symbol", "source"], how="left_semi"
        )
        within = [
            (F.col("from_us") < to_us) & (F.col("through_us") > from_us) for from_us, to_us in scope_weeks(plan.scope)
        ]
        if within:
            covered = covered.where(_any(within))
        return plan.reflagged(rows, islands(covered), gaps)

    def _write_summary(self, candles_base: delta.Snapshot, scope: _Scope) -> None:
        with self._steps.step("gold.market_summary") as count:
            base = delta.snapshot(self._spark, GOLD_MARKET_SUMMARY, self._uri_of(GOLD_MARKET_SUMMARY))
            there = delta.read(self._spark, candles_base)
            weeks = there.where((F.col("interval") == "1w") & F.col("close_time_us").isNotNull())
            if scope.slices is not None:
                weeks = weeks.where(F.col("symbol").isin(*scope.slices))
            newest = weeks.groupBy("exchange", "symbol").agg(F.max("close_time_us").alias("newest_us")).collect()
            if not newest:
                return
            days = _frame(
                self._spark, [(row["exchange"], row["symbol"], row["newest_us"]) for row in newest], _NEWEST_DDL
            )
            buckets = sorted(
                {
                    BY_NAME["1m"].bucket_s(row["newest_us"] - back * DAY_US)
                    for row in newest
                    for back in range(LOOK_BACK_US // DAY_US + 1)
                }
            )
            minutes = (
                there.where((F.col("interval") == "1m") & F.col("bucket").isin(buckets))
                .join(F.broadcast(days), on=["exchange", "symbol"])
                .where(F.unix_micros("window_start") > F.col("newest_us") - LOOK_BACK_US)
                .drop("newest_us")
            )
            fresh = market_summary(minutes)
            others = delta.read(self._spark, base).join(
                F.broadcast(days.select("exchange", "symbol")), on=["exchange", "symbol"], how="left_anti"
            )
            delta.replace(fresh.unionByName(others).coalesce(1), base)
            count.rows = len(newest)


_SOURCE_DDL: Final = "exchange STRING, symbol STRING, source STRING"
_NEWEST_DDL: Final = "exchange STRING, symbol STRING, newest_us BIGINT"
_SLICE_DDL: Final = "symbol STRING, slice_us BIGINT"
_KEYS: Final = ("exchange", "symbol", "interval", "start_us")


def _frame(spark: SparkSession, rows: Sequence[tuple[object, ...]], ddl: str) -> DataFrame:
    return spark.createDataFrame(list(rows), ddl)  # type: ignore[type-var, unused-ignore]


def _any(conditions: Sequence[Column]) -> Column:
    return reduce(lambda either, other: either | other, conditions)


def scope_weeks(scope: _Scope) -> list[tuple[int, int]]:
    """The weeks that touched windows lie in: no window is longer, so no coverage outside them matters."""
    return [] if scope.slices is None else scope.spans(WEEK_US)


class _Plan:
    """What one rewriting of gold.candles reads and keeps: touched windows are made anew, the others carried over."""

    def __init__(self, spark: SparkSession, base: delta.Snapshot, scope: _Scope, traded: DataFrame | None) -> None:
        self.scope = scope
        self._spark = spark
        self._held: list[DataFrame] = []
        self._everything = scope.slices is None or traded is None
        condition = scope.where()
        there = delta.read(spark, base)
        # Rows without trades are made anew each time, from the gaps that are open.
        self._there = parts_of(there.where(condition) if condition else there.where(F.lit(False))).where(
            F.col("trade_count") > 0
        )
        self._traded = traded

    def hold(self, frame: DataFrame) -> DataFrame:
        """Keep what is used more than once, until ``release``."""
        self._held.append(frame.persist(StorageLevel.MEMORY_AND_DISK))
        return self._held[-1]

    def release(self) -> None:
        for frame in self._held:
            frame.unpersist()

    def only_touched_trades(self, trades: DataFrame) -> DataFrame:
        """The trades of the seconds that a new trade fell into, of every exchange of its symbol."""
        if self._everything:
            return trades
        within = [F.col("event_time_us").between(first, last - 1) for first, last in self.scope.spans(_SLICE_US)]
        if not within:
            return trades.where(F.lit(False))
        near = trades.where(F.col("symbol").isin(*(self.scope.slices or {})) & _any(within))
        return self._semi(near.withColumn("start_us", F.col("event_time_us")), _BASE.length_us, "left_semi")

    def only_touched(self, parts: DataFrame, length_us: int) -> DataFrame:
        """The rows that lie in a window of ``length_us`` that a new trade fell into."""
        return parts if self._everything else self._semi(parts, length_us, "left_semi")

    def level(self, made: DataFrame, level: Sequence[Interval]) -> DataFrame:
        """``made`` and the rows of the level's intervals that no new trade touched."""
        if self._everything:
            return self.hold(made.withColumn("complete", F.lit(None).cast("boolean")))
        there = self._there.where(F.col("interval").isin([each.name for each in level]))
        kept = self._semi(there, level[-1].length_us, "left_anti")
        return self.hold(made.withColumn("complete", F.lit(None).cast("boolean")).unionByName(kept))

    def silent(self, windows_in_gaps: DataFrame, rows: DataFrame, counted: DataFrame) -> DataFrame:
        """Rows without prices for the windows in open gaps that have no trade, of the touched buckets."""
        quiet = windows_in_gaps.join(rows.select(*_KEYS), on=list(_KEYS), how="left_anti")
        quiet = quiet.join(F.broadcast(counted), on=["exchange", "symbol"], how="left")
        condition = self.scope.where()
        if condition is not None:
            quiet = quiet.withColumn("bucket", bucket_s(F.col("start_us"))).where(condition).drop("bucket")
        zero_sums = {"volume": "decimal(38,12)", "quote_volume": "decimal(38,18)", "trade_count": "bigint",
                     "buy_volume": "decimal(38,12)", "sell_volume": "decimal(38,12)"}  # fmt: skip
        for name in PARTS:
            if name not in quiet.columns:
                value = F.lit(0) if name in zero_sums else F.lit(None)
                kind = "bigint" if name == "close_time_us" else zero_sums.get(name, "decimal(28,12)")
                quiet = quiet.withColumn(name, value.cast(kind))
        return quiet.withColumn("complete", F.lit(None).cast("boolean")).select(*rows.columns)

    def reflagged(self, rows: DataFrame, covered: DataFrame, gaps: DataFrame) -> DataFrame:
        """``rows`` with ``complete`` told anew for every window that the batch touches in any way."""
        before = rows.withColumnRenamed("complete", "was")
        flagged = with_completeness(before, covered, gaps)
        if self.scope.slices is None:
            return flagged.drop("was")
        stays = ~F.col("dirty") & F.col("was").isNotNull()
        return (
            self._dirty(flagged)
            .withColumn("complete", F.when(stays, F.col("was")).otherwise(F.col("complete")))
            .drop("was", "dirty")
        )

    def _dirty(self, rows: DataFrame) -> DataFrame:
        """``rows`` with ``dirty``: the window shares a slice with something new of its symbol."""
        slices = [(symbol, at) for symbol, starts in (self.scope.slices or {}).items() for at in starts]
        touched = _frame(self._spark, slices, _SLICE_DDL)
        longer = [each for each in INTERVALS if each.length_us > _SLICE_US]
        marks = touched.select("symbol", F.explode(windows(F.col("slice_us"), longer)).alias("w"))
        marks = marks.select(
            "symbol", F.col("w.interval").alias("mark"), F.col("w.start_us").alias("mark_us")
        ).distinct()
        marks = marks.unionByName(touched.select("symbol", F.lit("").alias("mark"), F.col("slice_us").alias("mark_us")))
        is_longer = F.col("interval").isin([each.name for each in longer])
        marked = rows.withColumn("mark", F.when(is_longer, F.col("interval")).otherwise(F.lit(""))).withColumn(
            "mark_us", F.when(is_longer, F.col("start_us")).otherwise(floor_us(F.col("start_us"), _SLICE_US))
        )
        found = marked.join(
            F.broadcast(marks.withColumn("dirty", F.lit(True))), on=["symbol", "mark", "mark_us"], how="left"
        )
        return found.withColumn("dirty", F.coalesce("dirty", F.lit(False))).drop("mark", "mark_us")

    def _semi(self, rows: DataFrame, length_us: int, how: str) -> DataFrame:
        """Joins rows (symbol, start_us) to the windows of ``length_us`` that new trades fell into."""
        assert self._traded is not None  # noqa: S101 - told apart by _everything
        touched = self._traded.select("symbol", floor_us(F.col("at_us"), length_us).alias("window_us")).distinct()
        keyed = rows.withColumn("window_us", floor_us(F.col("start_us"), length_us))
        return keyed.join(F.broadcast(touched), on=["symbol", "window_us"], how=how).drop("window_us")
