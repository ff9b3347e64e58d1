"""One batch of news from silver into gold: exactly the windows that it touches are computed anew, from silver.

The rows of ``touches`` say what is new: a trade, a span of coverage, a gap. The files that they fall into (see
``tapehouse.intervals``) are rewritten in one commit, all intervals together; what nothing touched is carried over.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial, reduce
from typing import Final

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs import delta
from glue_jobs.gold.candles import candles, floor_us, parts_of, seconds
from glue_jobs.gold.completeness import islands, open_gaps
from glue_jobs.gold.market_summary import LOOK_BACK_US, market_summary
from glue_jobs.gold.scope import MOST_SLICES, SLICE_US, Scope
from glue_jobs.gold.week_job import WEEK_DDL, Market, SpanRow, WeekJob
from glue_jobs.steps import Steps
from tapehouse import intervals
from tapehouse.intervals import BY_NAME, DAY_US, SECOND_US, WEEK_US
from tapehouse.tables import (
    GOLD_CANDLES,
    GOLD_MARKET_SUMMARY,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_TRADES,
    Table,
)

TRADE, COVERAGE, GAP = "trade", "coverage", "gap"
_SOURCE_KEY: Final = ("exchange", "symbol", "source")
_SOURCE_DDL: Final = "exchange STRING, symbol STRING, source STRING"
_MARK_DDL: Final = "symbol STRING, start_us BIGINT"


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
    # A missing trade may share the instant of the first one after the hole: that instant belongs to the gap.
    missed = stream(SILVER_GAPS).select(
        *("exchange", "symbol", "source", "from_us"), (F.col("to_us") + 1).alias("to_us"), F.lit(GAP).alias("what")
    )
    return trades.unionByName(covered).unionByName(missed)


@dataclass(frozen=True, slots=True)
class _Touched:
    """What the touch rows of a batch say."""

    scope: Scope
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
                self._write(base, Scope(None), None, after)
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
        self._write(base, Scope(None), None, self._chosen({}, found))

    def _silver(self, table: Table) -> DataFrame:
        return self._spark.read.format("delta").load(self._uri_of(table))

    def _touched(self, touch_rows: DataFrame) -> _Touched:
        first = floor_us(F.col("from_us"), SLICE_US)
        last = floor_us(F.greatest("from_us", F.coalesce(F.col("to_us") - 1, F.col("from_us"))), SLICE_US)
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
            whole = whole or (row["last"] - row["first"]) // SLICE_US > MOST_SLICES
            if not whole:
                slices.setdefault(row["symbol"], set()).update(range(row["first"], row["last"] + 1, SLICE_US))
        # The record that closes a gap says no time: what it had emptied is where it was opened.
        whole = whole or not self._add_closed(closed, slices)
        scope = Scope(None if whole else {symbol: frozenset(starts) for symbol, starts in slices.items()})
        if len(scope.starts()) > MOST_SLICES:
            scope = Scope(None)
        return _Touched(scope, sources, sum(row["rows"] for row in told))

    def _add_closed(self, closed: set[Market], slices: dict[str, set[int]]) -> bool:
        """Adds the slices of the closed gaps of these markets; False where they are too many."""
        if not closed:
            return True
        opened = self._silver(SILVER_GAPS).where(F.col("from_us").isNotNull())
        for row in opened.select("exchange", "symbol", "from_us", "to_us").collect():
            if (row["exchange"], row["symbol"]) not in closed:
                continue
            first = intervals.floor_us(row["from_us"], SLICE_US)
            last = row["to_us"] if row["to_us"] is not None else row["from_us"]
            if (last - first) // SLICE_US > MOST_SLICES:
                return False
            slices.setdefault(row["symbol"], set()).update(range(first, last + 1, SLICE_US))
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
        self, base: delta.Snapshot, scope: Scope, traded: DataFrame | None, sources: Mapping[Market, str]
    ) -> None:
        with self._steps.step("gold wholeness"), ThreadPoolExecutor(max_workers=2) as pool:
            gaps = pool.submit(self._open_gaps)
            job = WeekJob.of(sources, scope, self._covered(scope, sources), gaps.result())
        with self._steps.step("gold.candles") as count:
            rows = self._rows(base, traded, sources, job, scope)
            filed = rows.repartition("interval", "bucket").sortWithinPartitions(
                "interval", "bucket", "symbol", "exchange", "window_start"
            )
            after = delta.replace(filed, base, where=scope.where())
            count.rows = after.rows_written
        self._write_summary(after, scope)

    def _covered(self, scope: Scope, sources: Mapping[Market, str]) -> list[SpanRow]:
        """Unbroken spans of the counted sources, of the touched weeks: no window is longer than one."""
        covered = self._silver(SILVER_COVERAGE)
        if scope.slices is not None:
            touched = [
                (F.col("from_us") < to_us) & (F.col("through_us") > from_us) for from_us, to_us in scope.spans(WEEK_US)
            ]
            covered = covered.where(_any(touched))
        counted = covered.join(F.broadcast(self._source_frame(sources)), on=list(_SOURCE_KEY), how="left_semi")
        return [SpanRow(*row) for row in islands(counted).select(*SpanRow._fields).collect()]

    def _open_gaps(self) -> list[SpanRow]:
        return [SpanRow(*row) for row in open_gaps(self._silver(SILVER_GAPS)).select(*SpanRow._fields).collect()]

    def _source_frame(self, sources: Mapping[Market, str]) -> DataFrame:
        return self._frame([(*market, source) for market, source in sources.items()], _SOURCE_DDL)

    def _frame(self, rows: Sequence[tuple[object, ...]], ddl: str) -> DataFrame:
        return self._spark.createDataFrame(list(rows), ddl)  # type: ignore[type-var, unused-ignore]

    def _rows(
        self,
        base: delta.Snapshot,
        traded: DataFrame | None,
        sources: Mapping[Market, str],
        job: WeekJob,
        scope: Scope,
    ) -> DataFrame:
        """Every row of the touched files."""
        trades = self._silver(SILVER_TRADES).join(
            F.broadcast(self._source_frame(sources)), on=list(_SOURCE_KEY), how="left_semi"
        )
        if scope.slices is None or traded is None:
            fresh = seconds(trades).withColumn("fresh", F.lit(True))
            return candles(self._by_week(fresh, job.silent_weeks(), job))
        fresh = seconds(_only_touched(trades, scope, traded)).withColumn("fresh", F.lit(True))
        there = delta.read(self._spark, base).where(scope.where() or "true")
        marks = scope.weeks()
        in_touched_week = floor_us(F.unix_micros("window_start"), WEEK_US).isin(sorted({start for _, start in marks}))
        kept = parts_of(there.where(in_touched_week)).withColumn("fresh", F.lit(False))
        rewritten = candles(self._by_week(fresh.unionByName(kept), marks, job))
        return rewritten.unionByName(there.where(~in_touched_week))

    def _by_week(self, parts: DataFrame, marks: Sequence[tuple[str, int]], job: WeekJob) -> DataFrame:
        """``week.week_candles`` of each symbol and week that has parts, or is marked: a gap may fill an empty one."""
        marked = self._frame(marks, _MARK_DDL).withColumns(
            {"trade_count": F.lit(0).cast("bigint"), "fresh": F.lit(False)}
        )
        grouped = parts.unionByName(marked, allowMissingColumns=True).groupBy(
            "symbol", floor_us(F.col("start_us"), WEEK_US).alias("week_us")
        )

        def run(key: tuple[pa.Scalar, ...], rows: pa.Table) -> pa.Table:
            return job.run(key, rows)

        return grouped.applyInArrow(run, WEEK_DDL)

    def _write_summary(self, candles_base: delta.Snapshot, scope: Scope) -> None:
        with self._steps.step("gold.market_summary") as count:
            base = delta.snapshot(self._spark, GOLD_MARKET_SUMMARY, self._uri_of(GOLD_MARKET_SUMMARY))
            minutes = delta.read(self._spark, candles_base).where(F.col("interval") == "1m")
            if scope.slices is None:
                delta.replace(market_summary(minutes).coalesce(1), base)
                return
            there = delta.read(self._spark, base)
            is_touched = F.col("symbol").isin(*scope.slices)
            newest = [row["last_time_us"] for row in there.where(is_touched).select("last_time_us").collect()]
            newest += [max(starts) + SLICE_US for starts in scope.slices.values()]
            buckets = {
                BY_NAME["1m"].bucket_s(newest_us - back * DAY_US)
                for newest_us in newest
                for back in range(LOOK_BACK_US // DAY_US + 2)
            }
            minutes = minutes.where(F.col("bucket").isin(sorted(buckets)) & is_touched)
            rows = market_summary(minutes).unionByName(there.where(~is_touched))
            count.rows = delta.replace(rows.coalesce(1), base).rows_written


def _any(conditions: Sequence[Column]) -> Column:
    return reduce(lambda either, other: either | other, conditions)


def _only_touched(trades: DataFrame, scope: Scope, traded: DataFrame) -> DataFrame:
    """The trades of the seconds that a new trade fell into, of every exchange of its symbol."""
    within = [F.col("event_time_us").between(first, last - 1) for first, last in scope.spans(SLICE_US)]
    near = trades.where(F.col("symbol").isin(*(scope.slices or {})) & _any(within))
    touched = traded.select("symbol", floor_us(F.col("at_us"), SECOND_US).alias("second_us")).distinct()
    keyed = near.withColumn("second_us", floor_us(F.col("event_time_us"), SECOND_US))
    return keyed.join(F.broadcast(touched), on=["symbol", "second_us"], how="left_semi")
