"""gold.market_summary: each market at a glance, from its one-minute candles.

"Now" is the minute of the market's newest trade. 24 hours are the 1,440 minutes that end with it; "then" is the last
price before the minute that lies so long back, not older than a day before that.
"""

from functools import reduce
from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from tapehouse.intervals import DAY_US, HOUR_US, MINUTE_US
from tapehouse.tables import GOLD_MARKET_SUMMARY

LOOK_BACK_US: Final = 8 * DAY_US
"""What the summary needs of the past: seven days, and one day in which a last price is looked for."""
_CHANGES: Final = {"change_1h": HOUR_US, "change_24h": DAY_US, "change_7d": 7 * DAY_US}
_MINUTES_A_YEAR: Final = 525_600
_KEY: Final = ("exchange", "symbol")


def market_summary(minutes: DataFrame) -> DataFrame:
    """In: gold.candles of interval 1m, the last ``LOOK_BACK_US`` of each market. Out: gold.market_summary."""
    traded = minutes.where(F.col("trade_count") > 0).withColumn("start_us", F.unix_micros("window_start"))
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
