"""Candles of every interval by plain PySpark, from the Delta table itself: a part of ``benchmarks/candles.py``.

``python benchmarks/rivals/candles_spark.py TABLE OUT ROUNDS`` with the project on the path: its session is used, with
the settings for many rows. OUT is the folder for a Parquet table, partitioned by interval. Printed is the list of the
rounds' seconds.

Seconds are added up from trades and kept, and each interval is added up from minutes or seconds. vwap is Spark's own
division, which rounds twice.
"""

import sys
from functools import reduce
from pathlib import Path
from typing import Final

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from rounds import timed  # type: ignore[import-not-found] # beside this script

from glue_jobs.engine import build_session, sized

FROM_SECONDS: Final = (("5s", 5), ("15s", 15), ("1m", 60))
FROM_MINUTES: Final = (
    *(("5m", 300), ("15m", 900), ("30m", 1800), ("1h", 3600), ("4h", 14400), ("1d", 86400), ("1w", 604800)),
)
MANY_ROWS: Final = 10_000_000
MONDAY_US: Final = 4 * 86400 * 1_000_000


def floor(instant: Column, length_us: int) -> Column:
    return instant - F.pmod(instant - F.lit(MONDAY_US), F.lit(length_us))


def seconds(trades: DataFrame) -> DataFrame:
    both = trades.withColumn("of", F.explode(F.array(F.col("exchange"), F.lit("ALL"))))
    order, size, side = F.struct("event_time_us", "trade_number", "trade_id", "exchange"), F.col("size"), F.col("side")
    none = F.lit(0).cast("decimal(28,12)")
    return (
        both.groupBy(F.col("of"), "symbol", floor(F.col("event_time_us"), 1_000_000).alias("start_us"))
        .agg(
            F.min_by("price", order).alias("open"),
            F.max("price").alias("high"),
            F.min("price").alias("low"),
            F.max_by("price", order).alias("close"),
            F.sum("size").alias("volume"),
            F.sum("quote_size").alias("quote_volume"),
            F.count("*").alias("trade_count"),
            F.sum(F.when(side == "buy", size).otherwise(none)).alias("buy_volume"),
            F.sum(F.when(side == "sell", size).otherwise(none)).alias("sell_volume"),
            F.max(F.when(F.col("of") != "ALL", F.col("source"))).alias("source"),
            F.min("event_time_us").alias("open_time_us"),
            F.max("event_time_us").alias("close_time_us"),
        )
        .withColumnRenamed("of", "exchange")
    )


def rung(parts: DataFrame, length_us: int) -> DataFrame:
    return parts.groupBy("exchange", "symbol", floor(F.col("start_us"), length_us).alias("start_us")).agg(
        F.min_by("open", "start_us").alias("open"),
        F.max("high").alias("high"),
        F.min("low").alias("low"),
        F.max_by("close", "start_us").alias("close"),
        *(F.sum(name).alias(name) for name in ("volume", "quote_volume", "trade_count", "buy_volume", "sell_volume")),
        F.max("source").alias("source"),
        F.min("open_time_us").alias("open_time_us"),
        F.max("close_time_us").alias("close_time_us"),
    )


def build(spark: SparkSession, table: str, out: Path) -> None:
    first = seconds(spark.read.format("delta").load(table)).persist()
    minutes = rung(first, 60_000_000).persist()
    found = [first.withColumn("interval", F.lit("1s"))]
    found += [rung(first, s * 1_000_000).withColumn("interval", F.lit(name)) for name, s in FROM_SECONDS[:2]]
    found += [minutes.withColumn("interval", F.lit("1m"))]
    found += [rung(minutes, s * 1_000_000).withColumn("interval", F.lit(name)) for name, s in FROM_MINUTES]
    every = reduce(DataFrame.unionByName, found)
    rows = every.select(
        *("exchange", "symbol", "interval", "start_us", "open", "high", "low", "close"),
        F.col("volume").cast("decimal(38,12)"),
        F.col("quote_volume").cast("decimal(38,18)"),
        (F.col("quote_volume") / F.col("volume")).cast("decimal(28,12)").alias("vwap"),
        "trade_count",
        F.col("buy_volume").cast("decimal(38,12)"),
        F.col("sell_volume").cast("decimal(38,12)"),
        *("source", "open_time_us", "close_time_us"),
    )
    rows.repartition("interval").write.mode("overwrite").option("compression", "zstd").parquet(str(out))
    first.unpersist()
    minutes.unpersist()


def main() -> None:
    spark = build_session(app_name="tapehouse-benchmark-rival")
    with sized(spark, MANY_ROWS):  # compiled plans and adaptive execution: what suits it
        timed(lambda: build(spark, sys.argv[1], Path(sys.argv[2])))
    spark.stop()


if __name__ == "__main__":
    main()
