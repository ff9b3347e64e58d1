"""One batch of news from silver into gold: exactly the windows that it touches are computed anew, from silver.

The rows of ``touches`` say what is new: a trade, a span of coverage, a gap. The files that they fall into (see
``tapehouse.intervals``) are rewritten in one commit, all intervals together; what nothing touched is carried over.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial, reduce
from typing import Final

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.engine import Steps, delta
from glue_jobs.gold.candles.completeness import GAP_KEY, Hole, holes, islands, seen
from glue_jobs.gold.candles.frames import candles, floor_us, parts_of, seconds
from glue_jobs.gold.candles.news import COVERAGE, GAP, SOURCE_KEY, TRADE, News
from glue_jobs.gold.candles.scope import SLICE_US, Scope
from glue_jobs.gold.candles.week import Counted
from glue_jobs.gold.candles.week_job import WEEK_DDL, Market, SpanRow, WeekJob
from glue_jobs.gold.market_summary import LOOK_BACK_US, market_summary
from tapehouse.intervals import BY_NAME, DAY_US, SECOND_US, WEEK_US
from tapehouse.tables import (
    GOLD_CANDLES,
    GOLD_MARKET_SUMMARY,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_TRADES,
    Table,
)

_SOURCE_DDL: Final = "exchange STRING, symbol STRING, source STRING"
_MARK_DDL: Final = "symbol STRING, start_us BIGINT"


def touches(spark: SparkSession, uri_of: Callable[[Table], str]) -> DataFrame:
    """A stream of what is new in silver: exchange, symbol, source, gap_id, from_us, to_us (exclusive), what.

    A gap's row says only which gap: where it lies is asked of silver.gaps, since what closes it says no time.
    """

    def stream(table: Table, **options: str) -> DataFrame:
        return spark.readStream.format("delta").options(**options).load(uri_of(table))

    trades = stream(SILVER_TRADES).select(
        *("exchange", "symbol", "source"),
        F.lit(None).cast("string").alias("gap_id"),
        F.col("event_time_us").alias("from_us"),
        F.lit(None).cast("bigint").alias("to_us"),
        F.lit(TRADE).alias("what"),
    )
    covered = stream(SILVER_COVERAGE).select(
        *("exchange", "symbol", "source"),
        F.lit(None).cast("string").alias("gap_id"),
        "from_us",
        F.col("through_us").alias("to_us"),
        F.lit(COVERAGE).alias("what"),
    )
    nowhere = (F.lit(None).cast("bigint").alias(name) for name in ("from_us", "to_us"))
    missed = stream(SILVER_GAPS).select(*GAP_KEY, *nowhere, F.lit(GAP).alias("what"))
    return trades.unionByName(covered).unionByName(missed)


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
                news = News.of(touch_rows)
                count.rows = news.rows
            if not news.rows:
                return
            base = delta.snapshot(self._spark, GOLD_CANDLES, self._uri_of(GOLD_CANDLES))
            with self._steps.step("gold known"), ThreadPoolExecutor(max_workers=2) as pool:
                told = pool.submit(self._holes, touch_rows if news.gaps else None)
                before = self._counted(base)
                found = told.result()
            after = self._chosen(before, news.trades)
            # Where a better source of a market appeared, all its candles count another one from now on.
            switched = any(after[market].source != counted.source for market, counted in before.items())
            scope = Scope(None) if switched else news.scope(before, after, found)
            if scope.slices is None:
                self._write_all(base, {market: counted.source for market, counted in after.items()}, found)
            elif scope.slices:
                traded = touch_rows.where(F.col("what") == TRADE).select("symbol", F.col("from_us").alias("at_us"))
                trades = _only_touched(self._silver(SILVER_TRADES), scope, traded)
                self._write(base, scope, trades, after, found)
        finally:
            touch_rows.unpersist()

    def rebuild(self) -> None:
        """Compute both tables from silver, in one overwrite each."""
        self._write_all(delta.snapshot(self._spark, GOLD_CANDLES, self._uri_of(GOLD_CANDLES)), None, self._holes(None))

    def _write_all(self, base: delta.Snapshot, sources: Mapping[Market, str] | None, found: Sequence[Hole]) -> None:
        """Everything anew, from one version of silver.trades. ``sources``: the markets that count; None is all."""
        trades = delta.read(self._spark, delta.snapshot(self._spark, SILVER_TRADES, self._uri_of(SILVER_TRADES)))
        spans: dict[Market, dict[str, tuple[int, int]]] = {}
        told = trades.groupBy(*SOURCE_KEY).agg(
            F.min("event_time_us").alias("first"), F.max("event_time_us").alias("last")
        )
        for row in told.collect():
            market = row["exchange"], row["symbol"]
            if sources is None or sources.get(market) == row["source"]:
                spans.setdefault(market, {})[row["source"]] = row["first"], row["last"]
        self._write(base, Scope(None), trades, self._chosen({}, spans), found)

    def _silver(self, table: Table) -> DataFrame:
        return self._spark.read.format("delta").load(self._uri_of(table))

    def _rank(self, exchange: str, source: str) -> tuple[int, str]:
        own = [self._preferred.get(exchange), exchange, f"{exchange}-agg"]
        return (own.index(source) if source in own else len(own), source)

    def _counted(self, base: delta.Snapshot) -> dict[Market, Counted]:
        """What gold counts of each market now."""
        if not base.turn:
            return {}
        weeks = delta.read(self._spark, base).where((F.col("interval") == "1w") & (F.col("trade_count") > 0))
        rows = (
            weeks.where(F.col("source").isNotNull())
            .groupBy(*SOURCE_KEY)
            .agg(F.min("open_time_us").alias("first"), F.max("close_time_us").alias("last"))
            .collect()
        )
        return {(row["exchange"], row["symbol"]): Counted(row["source"], row["first"], row["last"]) for row in rows}

    def _chosen(
        self, before: Mapping[Market, Counted], seen: Mapping[Market, Mapping[str, tuple[int, int]]]
    ) -> dict[Market, Counted]:
        """One source a market: the setting's, else the venue's own feed, else its aggregated one, else by name."""
        after = dict(before)
        for market, spans in seen.items():
            known = before.get(market)
            source = min({*spans, *({known.source} if known else ())}, key=partial(self._rank, market[0]))
            ends = [*spans.get(source, ()), *((known.first_us, known.last_us) if known else ())]
            after[market] = Counted(source, min(ends), max(ends))
        return after

    def _write(
        self,
        base: delta.Snapshot,
        scope: Scope,
        trades: DataFrame,
        markets: Mapping[Market, Counted],
        found: Sequence[Hole],
    ) -> None:
        """``trades``: those to be added up anew, of any source; ``found``: the open gaps at least."""
        sources = {market: counted.source for market, counted in markets.items()}
        with self._steps.step("gold wholeness"):
            gaps = [hole for hole in found if hole.is_open and hole.counts(sources)]
            job = WeekJob.of(markets, scope, self._covered(scope, sources), gaps)
        with self._steps.step("gold.candles") as count:
            rows = self._rows(base, trades, sources, job, scope)
            filed = rows.repartition("interval", "bucket").sortWithinPartitions(
                "interval", "bucket", "symbol", "exchange", "window_start"
            )
            after = delta.replace(filed, base, where=scope.where())
            count.rows = after.rows_written
        self._write_summary(after, scope)

    def _covered(self, scope: Scope, sources: Mapping[Market, str]) -> list[SpanRow]:
        """Unbroken spans of the counted sources, of the touched weeks: no window is longer than one."""
        covered = seen(self._silver(SILVER_COVERAGE), self._silver(SILVER_GAPS))
        if scope.slices is not None:
            touched = [
                (F.col("from_us") < to_us) & (F.col("through_us") > from_us) for from_us, to_us in scope.spans(WEEK_US)
            ]
            covered = covered.where(_any(touched))
        counted = covered.join(F.broadcast(self._source_frame(sources)), on=list(SOURCE_KEY), how="left_semi")
        return [SpanRow(*row) for row in islands(counted).select(*SpanRow._fields).collect()]

    def _holes(self, touch_rows: DataFrame | None) -> list[Hole]:
        """The open gaps, and those of which the batch tells."""
        changed = touch_rows.where(F.col("what") == GAP).select(*GAP_KEY) if touch_rows is not None else None
        return [Hole(*row) for row in holes(self._silver(SILVER_GAPS), changed).select(*Hole._fields).collect()]

    def _source_frame(self, sources: Mapping[Market, str]) -> DataFrame:
        return self._frame([(*market, source) for market, source in sources.items()], _SOURCE_DDL)

    def _frame(self, rows: Sequence[tuple[object, ...]], ddl: str) -> DataFrame:
        return self._spark.createDataFrame(list(rows), ddl)  # type: ignore[type-var, unused-ignore]

    def _rows(
        self,
        base: delta.Snapshot,
        trades: DataFrame,
        sources: Mapping[Market, str],
        job: WeekJob,
        scope: Scope,
    ) -> DataFrame:
        """Every row of the touched files."""
        counted = trades.join(F.broadcast(self._source_frame(sources)), on=list(SOURCE_KEY), how="left_semi")
        fresh = seconds(counted).withColumn("fresh", F.lit(True))
        if scope.slices is None:
            return candles(self._by_week(fresh, job.silent_weeks(), job))
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
