"""gold.market_summary against the one-minute candles that it is made of: by Spark, where gold's own is Arrow."""

from functools import reduce
from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.audit.report import compared
from glue_jobs.audit.sample import Sample
from tapehouse.intervals import DAY_US, HOUR_US, MINUTE_US
from tapehouse.tables import GOLD_MARKET_SUMMARY

_LOOK_BACK_US: Final = 8 * DAY_US
"""Seven days, and one day in which a last price is looked for."""
_CHANGES: Final = {"change_1h": HOUR_US, "change_24h": DAY_US, "change_7d": 7 * DAY_US}
_MINUTES_A_YEAR: Final = 525_600
_KEY: Final = GOLD_MARKET_SUMMARY.key


def summary(there: DataFrame, candles: DataFrame, sample: Sample) -> DataFrame:
    """A check that each row is what its definition makes of gold.candles, which are judged by themselves.

    A market's own time is all that it is made of, so it is cut to that before anything is computed.
    """
    key = list(_KEY)
    minutes = candles.where((F.col("interval") == "1m") & (F.col("trade_count") > 0) & sample.has(*key))
    newest = F.max("window_start").over(Window.partitionBy(*key))
    age_us = F.unix_micros("now") - F.unix_micros("window_start")
    recent = minutes.withColumn("now", newest).where(age_us <= _LOOK_BACK_US).drop("now")
    return compared(there.where(sample.has(*key)), _due(recent), key, GOLD_MARKET_SUMMARY.name)


def _due(minutes: DataFrame) -> DataFrame:
    """In: gold.candles of interval 1m with trades, the last days of each market. Out: gold.market_summary."""
    traded = minutes.withColumn("start_us", F.unix_micros("window_start"))
    market = Window.partitionBy(*_KEY)
    rows = traded.withColumn("now_us", F.max("start_us").over(market))
    rows = rows.withColumn("age_us", F.col("now_us") - F.col("start_us"))
    rows = rows.withColumn("today", F.col("age_us") < DAY_US)
    before = F.lag("close").over(market.orderBy("start_us"))
    step = F.log(F.col("close").cast("double")) - F.log(before.cast("double"))
    # The return into the day's first minute belongs to the day before.
    in_day = F.lag("today").over(market.orderBy("start_us"))
    rows = rows.withColumn("log_return", F.when(F.col("today") & in_day, step))
    today = F.col("today")
    grouped = rows.groupBy(*_KEY).agg(
        F.max_by("close", "start_us").alias("last_price"),
        F.max("close_time_us").alias("last_time_us"),
        *(_then(back_us).alias(f"then_{name}") for name, back_us in _CHANGES.items()),
        F.max(F.when(today, F.col("high"))).alias("high_24h"),
        F.min(F.when(today, F.col("low"))).alias("low_24h"),
        F.sum(F.when(today, F.col("volume"))).cast("decimal(38,12)").alias("volume_24h"),
        F.sum(F.when(today, F.col("quote_volume"))).cast("decimal(38,18)").alias("quote_volume_24h"),
        F.sum(F.when(today, F.col("trade_count"))).alias("trades_24h"),
        (F.stddev_samp("log_return") * F.sqrt(F.lit(float(_MINUTES_A_YEAR)))).alias("volatility_24h"),
    )
    changed = reduce(lambda frame, name: frame.withColumn(name, _change(F.col(f"then_{name}"))), _CHANGES, grouped)
    return changed.withColumn("last_time", F.timestamp_micros("last_time_us")).select(*GOLD_MARKET_SUMMARY.column_names)


def _then(back_us: int) -> Column:
    """Close of the newest minute that had ended ``back_us`` before the end of now's, at most a day older."""
    eligible = F.col("age_us").between(back_us, back_us + DAY_US - MINUTE_US)
    return F.max_by(F.when(eligible, F.col("close")), F.when(eligible, F.col("start_us")))


def _change(then: Column) -> Column:
    last, before = F.col("last_price").cast("double"), then.cast("double")
    return (last - before) / before * F.lit(100.0)
