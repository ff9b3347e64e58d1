"""gold.candles as Spark frames: trades added up to seconds, and finished rows.

What lies between, from seconds to weeks, is ``week``. The order of trades is (event_time_us, trade_number, trade_id,
exchange): open and close follow it.
"""

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.gold.candles.week import PART_COLUMNS
from tapehouse.intervals import INTERVALS, ORIGIN_US, SECOND_US
from tapehouse.tables import ALL_EXCHANGES, GOLD_CANDLES

PARTS: Final = ("symbol", *(column.name for column in PART_COLUMNS))
"""The columns of a candle while it is added up; start_us is window_start in microseconds."""


def floor_us(instant_us: Column, length_us: int) -> Column:
    """The start of the window that holds the instant: tapehouse.intervals.floor_us as a column."""
    return floor_by(instant_us, F.lit(length_us))


def floor_by(instant_us: Column, length_us: Column) -> Column:
    """The same for a length that is a column."""
    return instant_us - F.pmod(instant_us - F.lit(ORIGIN_US), length_us)


def seconds(trades: DataFrame) -> DataFrame:
    """One-second candles of each market, and of each symbol over all exchanges.

    In: silver.trades of one source a market. Out: ``PARTS``, interval 1s, one row a market or symbol and second.
    """
    # One scan for both: each trade counts for its own exchange and for ALL.
    both = trades.withColumn("start_us", floor_us(F.col("event_time_us"), SECOND_US)).withColumn(
        "of", F.explode(F.array(F.col("exchange"), F.lit(ALL_EXCHANGES)))
    )
    order = F.struct("event_time_us", "trade_number", "trade_id", "exchange")
    none = F.lit(0).cast("decimal(28,12)")
    return (
        both.groupBy("of", "symbol", "start_us")
        .agg(
            F.min_by("price", order).alias("open"),
            F.max("price").alias("high"),
            F.min("price").alias("low"),
            F.max_by("price", order).alias("close"),
            F.sum("size").alias("volume"),
            F.sum("quote_size").cast("decimal(38,18)").alias("quote_volume"),
            F.count("*").alias("trade_count"),
            F.sum(F.when(F.col("side") == "buy", F.col("size")).otherwise(none)).alias("buy_volume"),
            F.sum(F.when(F.col("side") == "sell", F.col("size")).otherwise(none)).alias("sell_volume"),
            F.when(F.col("of") != ALL_EXCHANGES, F.max("source")).alias("source"),
            F.min("event_time_us").alias("open_time_us"),
            F.max("event_time_us").alias("close_time_us"),
        )
        .withColumnRenamed("of", "exchange")
        .withColumn("interval", F.lit("1s"))
        .select(*PARTS)
    )


def candles(weeks: DataFrame) -> DataFrame:
    """gold.candles from rows of ``week.week_candles`` with their symbol. In and out: one row a window."""
    start_us = F.col("start_us")
    return weeks.select(
        "exchange",
        "symbol",
        "interval",
        F.timestamp_micros(start_us).alias("window_start"),
        F.timestamp_micros(start_us + _of_interval("length_us")).alias("window_end"),
        *("open", "high", "low", "close", "volume", "quote_volume", "vwap", "trade_count", "buy_volume", "sell_volume"),
        *("complete", "source", "open_time_us", "close_time_us"),
        (floor_by(start_us, _of_interval("bucket_us")) / F.lit(SECOND_US)).cast("bigint").alias("bucket"),
    ).select(*GOLD_CANDLES.column_names)


def parts_of(candles: DataFrame) -> DataFrame:
    """``PARTS`` of rows of gold.candles."""
    return candles.withColumn("start_us", F.unix_micros("window_start")).select(*PARTS)


def _of_interval(attribute: str) -> Column:
    """A number of the row's own interval, by its name."""
    pairs = [F.lit(value) for interval in INTERVALS for value in (interval.name, getattr(interval, attribute))]
    return F.create_map(*pairs)[F.col("interval")]
