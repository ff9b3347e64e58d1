"""silver into gold: exactly the windows that a batch touches are computed anew, from silver.

The files that the touched time falls into (see ``tapehouse.intervals``) are rewritten in one commit, all intervals
together; what nothing touched is carried over. The summary of each touched symbol follows its candles.
"""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import Final

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.engine import Workspace, delta
from glue_jobs.gold.candles.changes import GAP, TRADE, Changes, touches
from glue_jobs.gold.candles.completeness import GAP_KEY, SOURCE_KEY, GapSpan, gap_spans, islands, seen
from glue_jobs.gold.candles.frames import candles, floor_us, parts_of, seconds
from glue_jobs.gold.candles.scope import SLICE_US, Scope
from glue_jobs.gold.candles.sources import SourceChoice, counted_in, spans_of
from glue_jobs.gold.candles.week import Counted
from glue_jobs.gold.candles.week_job import WEEK_DDL, SpanRow, WeekJob
from glue_jobs.gold.market_summary import LOOK_BACK_US, market_summary
from tapehouse.intervals import BY_NAME, DAY_US, SECOND_US, WEEK_US
from tapehouse.market import Market
from tapehouse.tables import (
    GOLD_CANDLES,
    GOLD_MARKET_SUMMARY,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_TRADES,
    Table,
)

MAKES: Final[Mapping[Table, tuple[Table, ...]]] = {
    GOLD_CANDLES: (SILVER_TRADES, SILVER_COVERAGE, SILVER_GAPS),
    GOLD_MARKET_SUMMARY: (GOLD_CANDLES,),
}
_SOURCE_DDL: Final = "exchange STRING, symbol STRING, source STRING"
_MARK_DDL: Final = "symbol STRING, start_us BIGINT"


class CandlesJob:
    """Writes gold.candles and gold.market_summary from silver."""

    def __init__(self, workspace: Workspace, *, choice: SourceChoice = SourceChoice()) -> None:  # noqa: B008 - frozen
        self._ws = workspace
        self._choice = choice

    def prepare(self) -> None:
        pass

    def source(self) -> DataFrame:
        return touches(self._ws)

    def write(self, batch: DataFrame) -> None:
        """Bring gold up to date with what the batch (rows of ``changes.touches``) says is new.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
        """
        touched = batch.persist(StorageLevel.MEMORY_AND_DISK)
        try:
            with self._ws.steps.step("gold touched") as step:
                changes = Changes.of(touched)
                step.rows = changes.rows
            if not changes.rows:
                return
            base = self._ws.snapshot(GOLD_CANDLES)
            with self._ws.steps.step("gold known"), ThreadPoolExecutor(max_workers=2) as pool:
                gaps = pool.submit(self._gaps, touched if changes.gaps else None)
                before = counted_in(self._ws.at(base)) if base.turn else {}
                found = gaps.result()
            after = self._choice.choose(before, changes.trades)
            # Where a better source of a market appeared, all its candles count another one from now on.
            switched = any(after[market].source != counted.source for market, counted in before.items())
            scope = Scope(None) if switched else changes.scope(before, after, found)
            if scope.slices is None:
                self._write_all(base, {market: counted.source for market, counted in after.items()}, found)
            elif scope.slices:
                traded = touched.where(F.col("what") == TRADE).select("symbol", F.col("from_us").alias("at_us"))
                trades = _only_touched(self._ws.read(SILVER_TRADES), scope, traded)
                self._write(base, scope, trades, after, found)
        finally:
            touched.unpersist()

    def rebuild(self, tables: Collection[Table]) -> None:
        """Compute the tables from their inputs, in one overwrite each: candles from silver, the summary from candles.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        base = self._ws.snapshot(GOLD_CANDLES)
        if GOLD_CANDLES in tables:
            self._write_all(base, None, self._gaps(None))
        elif GOLD_MARKET_SUMMARY in tables:
            self._write_summary(base, Scope(None), {})

    def _write_all(self, base: delta.Snapshot, sources: Mapping[Market, str] | None, found: Sequence[GapSpan]) -> None:
        """Everything anew, from one version of silver.trades. ``sources``: the markets that count; None is all."""
        trades = self._ws.at(self._ws.snapshot(SILVER_TRADES))
        spans = {
            market: {source: span for source, span in of.items() if sources is None or sources.get(market) == source}
            for market, of in spans_of(trades).items()
        }
        markets = self._choice.choose({}, {market: of for market, of in spans.items() if of})
        self._write(base, Scope(None), trades, markets, found)

    def _write(
        self,
        base: delta.Snapshot,
        scope: Scope,
        trades: DataFrame,
        markets: Mapping[Market, Counted],
        found: Sequence[GapSpan],
    ) -> None:
        """``trades``: those to be added up anew, of any source; ``found``: the open gaps at least."""
        sources = {market: counted.source for market, counted in markets.items()}
        with self._ws.steps.step("gold wholeness"):
            gaps = [gap for gap in found if gap.is_open and gap.counts(sources)]
            job = WeekJob.of(markets, scope, self._covered(scope, sources), gaps)
        with self._ws.steps.step("gold.candles") as step:
            rows = self._rows(base, trades, sources, job, scope)
            filed = rows.repartition("interval", "bucket").sortWithinPartitions(
                "interval", "bucket", "symbol", "exchange", "window_start"
            )
            after = delta.replace(filed, base, where=scope.where())
            step.rows = after.rows_written
        self._write_summary(after, scope, markets)

    def _covered(self, scope: Scope, sources: Mapping[Market, str]) -> list[SpanRow]:
        """Unbroken spans of the counted sources, of the touched weeks: no window is longer than one."""
        covered = seen(self._ws.read(SILVER_COVERAGE), self._ws.read(SILVER_GAPS))
        if scope.slices is not None:
            touched = [
                (F.col("from_us") < to_us) & (F.col("through_us") > from_us) for from_us, to_us in scope.spans(WEEK_US)
            ]
            covered = covered.where(_any(touched))
        counted = covered.join(F.broadcast(self._source_frame(sources)), on=list(SOURCE_KEY), how="left_semi")
        return [SpanRow(*row) for row in islands(counted).select(*SpanRow._fields).collect()]

    def _gaps(self, touched: DataFrame | None) -> list[GapSpan]:
        """The open gaps, and those that the batch opened or closed."""
        changed = touched.where(F.col("what") == GAP).select(*GAP_KEY) if touched is not None else None
        rows = gap_spans(self._ws.read(SILVER_GAPS), changed).select(*GapSpan._fields)
        return [GapSpan(*row) for row in rows.collect()]

    def _source_frame(self, sources: Mapping[Market, str]) -> DataFrame:
        return self._ws.frame([(*market, source) for market, source in sources.items()], _SOURCE_DDL)

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
        there = self._ws.at(base).where(scope.where() or "true")
        marks = scope.weeks()
        in_touched_week = floor_us(F.unix_micros("window_start"), WEEK_US).isin(sorted({start for _, start in marks}))
        kept = parts_of(there.where(in_touched_week)).withColumn("fresh", F.lit(False))
        rewritten = candles(self._by_week(fresh.unionByName(kept), marks, job))
        return rewritten.unionByName(there.where(~in_touched_week))

    def _by_week(self, parts: DataFrame, marks: Sequence[tuple[str, int]], job: WeekJob) -> DataFrame:
        """``week.week_candles`` of each symbol and week that has parts, or is marked: a gap may fill an empty one."""
        marked = self._ws.frame(marks, _MARK_DDL).withColumns(
            {"trade_count": F.lit(0).cast("bigint"), "fresh": F.lit(False)}
        )
        grouped = parts.unionByName(marked, allowMissingColumns=True).groupBy(
            "symbol", floor_us(F.col("start_us"), WEEK_US).alias("week_us")
        )

        def run(key: tuple[pa.Scalar, ...], rows: pa.Table) -> pa.Table:
            return job.run(key, rows)

        return grouped.applyInArrow(run, WEEK_DDL)

    def _write_summary(self, candles_base: delta.Snapshot, scope: Scope, markets: Mapping[Market, Counted]) -> None:
        with self._ws.steps.step("gold.market_summary") as step:
            base = self._ws.snapshot(GOLD_MARKET_SUMMARY)
            minutes = self._ws.at(candles_base).where(F.col("interval") == "1m")
            if scope.slices is None:
                delta.replace(market_summary(minutes).coalesce(1), base)
                return
            there = self._ws.at(base)
            is_touched = F.col("symbol").isin(*scope.slices)
            newest = [row["last_time_us"] for row in there.where(is_touched).select("last_time_us").collect()]
            newest += [max(starts) + SLICE_US for starts in scope.slices.values()]
            # A market of a touched symbol may end long before the others, and have no row yet.
            newest += [counted.last_us for market, counted in markets.items() if market.symbol in scope.slices]
            buckets = {
                BY_NAME["1m"].bucket_s(newest_us - back * DAY_US)
                for newest_us in newest
                for back in range(LOOK_BACK_US // DAY_US + 2)
            }
            minutes = minutes.where(F.col("bucket").isin(sorted(buckets)) & is_touched)
            rows = market_summary(minutes).unionByName(there.where(~is_touched))
            step.rows = delta.replace(rows.coalesce(1), base).rows_written


def _any(conditions: Sequence[Column]) -> Column:
    return reduce(lambda either, other: either | other, conditions)


def _only_touched(trades: DataFrame, scope: Scope, traded: DataFrame) -> DataFrame:
    """The trades of the seconds that a new trade fell into, of every exchange of its symbol."""
    within = [F.col("event_time_us").between(first, last - 1) for first, last in scope.spans(SLICE_US)]
    near = trades.where(F.col("symbol").isin(*(scope.slices or {})) & _any(within))
    touched = traded.select("symbol", floor_us(F.col("at_us"), SECOND_US).alias("second_us")).distinct()
    keyed = near.withColumn("second_us", floor_us(F.col("event_time_us"), SECOND_US))
    return keyed.join(F.broadcast(touched), on=["symbol", "second_us"], how="left_semi")
