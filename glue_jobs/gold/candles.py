"""gold.candles: trades added up to seconds, seconds to minutes, minutes to hours, hours to weeks.

Sums of decimals are exact, and open and close follow the order (event_time_us, trade_number, trade_id, exchange), so a
candle added up from smaller ones is the candle of their trades to the last digit. ``vwap`` is divided once, at the
end, from the exact sums: Spark's own decimal division rounds at 21 digits first.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.pandas.functions import ArrowUDFType, arrow_udf

from tapehouse.intervals import BY_NAME, ORIGIN_US, SECOND_US, Interval
from tapehouse.tables import ALL_EXCHANGES, GOLD_CANDLES

PARTS: Final = (
    "exchange",
    "symbol",
    "interval",
    "start_us",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "quote_volume",
    "trade_count",
    "buy_volume",
    "sell_volume",
    "source",
    "close_time_us",
)
"""The columns of a candle while it is added up; start_us is window_start in microseconds."""
_VWAP_TYPE: Final = "decimal(28,12)"
_LAST_DIGIT: Final = Decimal(1).scaleb(-12)
_EXACT: Final = Context(prec=90, rounding=ROUND_HALF_UP)


def floor_us(instant_us: Column, length_us: int) -> Column:
    """The start of the window that holds the instant: tapehouse.intervals.floor_us as a column."""
    return instant_us - F.pmod(instant_us - F.lit(ORIGIN_US), F.lit(length_us))


def seconds(trades: DataFrame) -> DataFrame:
    """One-second candles of each market, and of each symbol over all exchanges.

    In: silver.trades of one source a market. Out: ``PARTS``, interval 1s, one row a market or symbol and second.
    """
    markets = trades.withColumn("start_us", floor_us(F.col("event_time_us"), SECOND_US))
    # One scan for both: each trade counts for its own exchange and for ALL.
    both = markets.withColumn("of", F.explode(F.array(F.col("exchange"), F.lit(ALL_EXCHANGES))))
    order = F.struct("event_time_us", "trade_number", "trade_id", "exchange")
    bought = F.when(F.col("side") == "buy", F.col("size")).otherwise(F.lit(0).cast("decimal(28,12)"))
    sold = F.when(F.col("side") == "sell", F.col("size")).otherwise(F.lit(0).cast("decimal(28,12)"))
    return (
        both.groupBy(F.col("of"), "symbol", "start_us")
        .agg(
            F.min_by("price", order).alias("open"),
            F.max("price").alias("high"),
            F.min("price").alias("low"),
            F.max_by("price", order).alias("close"),
            F.sum("size").alias("volume"),
            F.sum("quote_size").cast("decimal(38,18)").alias("quote_volume"),
            F.count("*").alias("trade_count"),
            F.sum(bought).alias("buy_volume"),
            F.sum(sold).alias("sell_volume"),
            F.when(F.col("of") != ALL_EXCHANGES, F.max("source")).alias("source"),
            F.max("event_time_us").alias("close_time_us"),
        )
        .withColumnRenamed("of", "exchange")
        .withColumn("interval", F.lit("1s"))
        .select(*PARTS)
    )


def rolled_up(parts: DataFrame, intervals: Sequence[Interval]) -> DataFrame:
    """Candles of longer intervals from candles of one shorter interval that divides them all.

    In: ``PARTS`` with trades. Out: ``PARTS``, one row a market, interval and window that has a part.
    """
    exploded = (
        parts.drop("interval")
        .withColumnRenamed("start_us", "part_us")
        .withColumn("window", F.explode(windows(F.col("part_us"), intervals)))
        .select("*", "window.interval", "window.start_us")
    )
    return (
        exploded.groupBy("exchange", "symbol", "interval", "start_us")
        .agg(
            F.min_by("open", "part_us").alias("open"),
            F.max("high").alias("high"),
            F.min("low").alias("low"),
            F.max_by("close", "part_us").alias("close"),
            F.sum("volume").cast("decimal(38,12)").alias("volume"),
            F.sum("quote_volume").cast("decimal(38,18)").alias("quote_volume"),
            F.sum("trade_count").alias("trade_count"),
            F.sum("buy_volume").cast("decimal(38,12)").alias("buy_volume"),
            F.sum("sell_volume").cast("decimal(38,12)").alias("sell_volume"),
            F.max("source").alias("source"),
            F.max("close_time_us").alias("close_time_us"),
        )
        .select(*PARTS)
    )


def windows(instant_us: Column, intervals: Sequence[Interval]) -> Column:
    """An array of (interval, start_us): the window of each interval that holds the instant."""
    return F.array(
        *(
            F.struct(F.lit(interval.name).alias("interval"), floor_us(instant_us, interval.length_us).alias("start_us"))
            for interval in intervals
        )
    )


def candles(parts: DataFrame) -> DataFrame:
    """gold.candles from finished parts.

    In: ``PARTS`` and ``complete``; a window without trades has nulls for prices and zero sums. Out: gold.candles.
    """
    start_us = F.col("start_us")
    length_us, bucket = _of_interval("length_us"), bucket_s(start_us)
    return parts.select(
        "exchange",
        "symbol",
        "interval",
        F.timestamp_micros(start_us).alias("window_start"),
        F.timestamp_micros(start_us + length_us).alias("window_end"),
        *("open", "high", "low", "close", "volume", "quote_volume"),
        vwap(F.col("quote_volume"), F.col("volume")).alias("vwap"),
        *("trade_count", "buy_volume", "sell_volume", "complete", "source", "close_time_us"),
        bucket.alias("bucket"),
    ).select(*GOLD_CANDLES.column_names)


def parts_of(candles: DataFrame) -> DataFrame:
    """``PARTS`` and ``complete`` of rows of gold.candles."""
    return candles.withColumn("start_us", F.unix_micros("window_start")).select(*PARTS, "complete")


def vwap(quote_volume: Column, volume: Column) -> Column:
    """quote_volume / volume, rounded half up to 12 decimals, once; null without volume."""
    return arrow_udf(_vwap, _VWAP_TYPE, ArrowUDFType.SCALAR)(quote_volume, volume)


def _vwap(quote_volumes: pa.Array, volumes: pa.Array) -> pa.Array:
    return pa.array(
        [
            _EXACT.divide(quote, volume).quantize(_LAST_DIGIT, context=_EXACT) if volume else None
            for quote, volume in zip(quote_volumes.to_pylist(), volumes.to_pylist(), strict=True)
        ],
        pa.decimal128(28, 12),
    )


def _of_interval(attribute: str) -> Column:
    pairs = [F.lit(value) for name in BY_NAME for value in (name, getattr(BY_NAME[name], attribute))]
    return F.create_map(*pairs)[F.col("interval")]


def bucket_s(start_us: Column) -> Column:
    """The file span of a window, in seconds since the epoch: of the row's own ``interval``."""
    return ((start_us - F.pmod(start_us - F.lit(ORIGIN_US), _of_interval("bucket_us"))) / F.lit(SECOND_US)).cast(
        "bigint"
    )
