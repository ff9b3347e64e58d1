"""What is known of a market's wholeness: the spans in which it was seen, and the gaps that are open."""

from typing import Final

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.silver.gaps import CLOSED, OPENED

_MARKET: Final = ("exchange", "symbol")


def islands(coverage: DataFrame) -> DataFrame:
    """The unbroken spans of each market.

    In: exchange, symbol, from_us, through_us of silver.coverage. Out: exchange, symbol, from_us, to_us (exclusive),
    spans that neither meet nor overlap.
    """
    in_order = Window.partitionBy(*_MARKET).orderBy("from_us", "through_us")
    before = in_order.rowsBetween(Window.unboundedPreceding, -1)
    reached = F.coalesce(F.max("through_us").over(before), F.lit(-1))
    starts = coverage.withColumn("starts", F.when(F.col("from_us") > reached, 1).otherwise(0))
    return (
        starts.withColumn("island", F.sum("starts").over(in_order.rowsBetween(Window.unboundedPreceding, 0)))
        .groupBy(*_MARKET, "island")
        .agg(F.min("from_us").alias("from_us"), F.max("through_us").alias("to_us"))
        .drop("island")
    )


def open_gaps(gaps: DataFrame) -> DataFrame:
    """Gaps that opened and did not close: exchange, symbol, from_us, to_us (exclusive; null while one goes on).

    In: silver.gaps, whose to_us is the first trade after the hole: a missing trade may share that instant, so it is
    the gap's. A gap that says ids only has no place in time, and makes no window incomplete by itself.
    """
    names = (*_MARKET, "source", "gap_id")
    closed = gaps.where(F.col("event") == CLOSED).select(*names)
    opened = gaps.where((F.col("event") == OPENED) & F.col("from_us").isNotNull())
    until = (F.col("to_us") + 1).alias("to_us")
    return opened.join(closed, on=list(names), how="left_anti").select(*_MARKET, "from_us", until)
