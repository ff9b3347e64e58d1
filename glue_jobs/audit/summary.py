"""gold.market_summary against the one-minute candles that it is made of."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.audit.report import compared
from glue_jobs.audit.sample import Sample
from glue_jobs.gold.market_summary import LOOK_BACK_US, market_summary
from tapehouse.tables import GOLD_MARKET_SUMMARY


def summary(there: DataFrame, candles: DataFrame, sample: Sample) -> DataFrame:
    """A check that each row is what gold's ``market_summary`` makes of gold.candles, which are judged by themselves.

    A market's own time is all that it is made of, so it is cut to that before anything is computed.
    """
    key = list(GOLD_MARKET_SUMMARY.key)
    minutes = candles.where((F.col("interval") == "1m") & (F.col("trade_count") > 0) & sample.has(*key))
    newest = F.max("window_start").over(Window.partitionBy(*key))
    age_us = F.unix_micros("now") - F.unix_micros("window_start")
    recent = minutes.withColumn("now", newest).where(age_us <= LOOK_BACK_US).drop("now")
    return compared(there.where(sample.has(*key)), market_summary(recent), key, GOLD_MARKET_SUMMARY.name)
