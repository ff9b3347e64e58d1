"""Which windows were wholly seen: covered from start to end, and touched by no open gap."""

from functools import reduce
from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.silver.gaps import CLOSED, OPENED
from tapehouse.intervals import BY_NAME, INTERVALS, MINUTE_US, ORIGIN_US
from tapehouse.tables import ALL_EXCHANGES

_MARKET: Final = ("exchange", "symbol")
EVERYWHERE: Final = "*"
"""Exchange and symbol of a gap of the stream itself, which any market may have lost trades in."""


def islands(coverage: DataFrame) -> DataFrame:
    """The unbroken spans of each market.

    In: exchange, symbol, from_us, through_us of silver.coverage. Out: the same columns, spans that neither meet nor
    overlap.
    """
    before = Window.partitionBy(*_MARKET).orderBy("from_us", "through_us").rowsBetween(Window.unboundedPreceding, -1)
    upto = Window.partitionBy(*_MARKET).orderBy("from_us", "through_us").rowsBetween(Window.unboundedPreceding, 0)
    reached = F.coalesce(F.max("through_us").over(before), F.lit(-1))
    starts = coverage.withColumn("starts", F.when(F.col("from_us") > reached, 1).otherwise(0))
    return (
        starts.withColumn("island", F.sum("starts").over(upto))
        .groupBy(*_MARKET, "island")
        .agg(F.min("from_us").alias("from_us"), F.max("through_us").alias("through_us"))
        .drop("island")
    )


def open_gaps(gaps: DataFrame) -> DataFrame:
    """Gaps that opened and did not close: exchange, symbol, from_us, to_us (null while one goes on)."""
    names = (*_MARKET, "source", "gap_id")
    closed = gaps.where(F.col("event") == CLOSED).select(*names)
    opened = gaps.where((F.col("event") == OPENED) & F.col("from_us").isNotNull())
    return opened.join(closed, on=list(names), how="left_anti").select(*_MARKET, "from_us", "to_us")


def silent_windows(gaps: DataFrame) -> DataFrame:
    """Windows of a minute and more that lie inside an open gap: exchange, symbol, interval, start_us, each once."""
    ended = gaps.where(F.col("to_us").isNotNull() & (F.col("exchange") != EVERYWHERE))

    def inside(name: str, length_us: int) -> DataFrame:
        first = F.col("from_us") + F.pmod(-(F.col("from_us") - F.lit(ORIGIN_US)), F.lit(length_us))
        starts = F.sequence(first, F.col("to_us") - length_us, F.lit(length_us))
        fits = ended.where(first + length_us <= F.col("to_us"))
        return fits.select(*_MARKET, F.lit(name).alias("interval"), F.explode(starts).alias("start_us"))

    frames = [inside(each.name, each.length_us) for each in INTERVALS if each.length_us >= MINUTE_US]
    return reduce(DataFrame.unionByName, frames).distinct()


def with_completeness(windows: DataFrame, covered: DataFrame, gaps: DataFrame) -> DataFrame:
    """``windows`` (exchange, symbol, interval, start_us, …) with ``complete``.

    ``covered`` are islands, ``gaps`` open gaps. A window of ALL is complete when every market that has a row for it is.
    """
    pairs = [F.lit(value) for name, each in BY_NAME.items() for value in (name, each.length_us)]
    end_us = F.col("w.start_us") + F.create_map(*pairs)[F.col("w.interval")]
    markets = windows.where(F.col("exchange") != ALL_EXCHANGES).select(*_MARKET, "interval", "start_us").alias("w")
    seen = markets.join(
        F.broadcast(covered.alias("c")),
        on=_same_market("c") & (F.col("c.from_us") <= F.col("w.start_us")) & (F.col("c.through_us") >= end_us),
        how="left_semi",
    ).alias("w")
    anywhere = (F.col("g.exchange") == EVERYWHERE) | _same_market("g")
    overlaps = (F.col("g.from_us") < end_us) & (F.col("g.to_us").isNull() | (F.col("g.to_us") > F.col("w.start_us")))
    whole = (
        seen.join(F.broadcast(gaps.alias("g")), on=anywhere & overlaps, how="left_anti")
        .select(*_MARKET, "interval", "start_us")
        .withColumn("complete", F.lit(True))
    )
    keys = [*_MARKET, "interval", "start_us"]
    flagged = windows.drop("complete").join(whole, on=keys, how="left")
    flagged = flagged.withColumn("complete", F.coalesce("complete", F.lit(False)))
    everywhere = Window.partitionBy("symbol", "interval", "start_us")
    all_markets = F.coalesce(
        F.bool_and(F.when(F.col("exchange") != ALL_EXCHANGES, F.col("complete"))).over(everywhere), F.lit(False)
    )
    return flagged.withColumn(
        "complete", F.when(F.col("exchange") == ALL_EXCHANGES, all_markets).otherwise(F.col("complete"))
    )


def _same_market(alias: str) -> Column:
    return (F.col(f"{alias}.exchange") == F.col("w.exchange")) & (F.col(f"{alias}.symbol") == F.col("w.symbol"))
