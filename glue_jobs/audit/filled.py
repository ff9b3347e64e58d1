"""Gaps that silver calls filled, against the ids that silver.trades has of them."""

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.audit.derived import id_number
from glue_jobs.audit.report import compared
from glue_jobs.audit.sample import Sample
from tapehouse.intervals import HOUR_US
from tapehouse.market import MarketKey
from tapehouse.tables import EVERYWHERE, FILLED, OPENED, SILVER_GAPS

_MARKET_KEY: Final = MarketKey._fields
_NAMES: Final = (*_MARKET_KEY, "gap_id")
_REASON: Final = "all its ids are in silver.trades"


def filled(gaps: DataFrame, trades: DataFrame, sample: Sample, floor_us: int | None = None) -> DataFrame:
    """A check that a gap has a ``filled`` row where every id of it is there, and only there.

    In: silver.gaps and silver.trades. An id is there within an hour of the gap's times. Gaps of the stream
    itself are no record's and no trade's: they are not asked. ``floor_us``: trades before it may be gone, so gaps that
    reach there, or have no beginning, are not asked.
    """
    asked = gaps.where(sample.has(*_NAMES))
    if floor_us is not None:
        told = asked.where((F.col("event") == OPENED) & (F.col("from_us") - HOUR_US >= floor_us)).select(*_NAMES)
        asked = asked.join(told.distinct(), on=list(_NAMES), how="left_semi")
    there = asked.where((F.col("event") == FILLED) | (F.col("shard_id").isNull() & (F.col("exchange") != EVERYWHERE)))
    opened = asked.where((F.col("event") == OPENED) & (_kind("from_id") == _kind("to_id")))
    opened = opened.withColumns({"first": id_number("from_id"), "last": id_number("to_id")})
    opened = opened.where((F.col("first") >= 0) & (F.col("first") <= F.col("last")))
    known = ("from_id", "to_id", "from_us", "to_us")
    opened = opened.select(*_NAMES, *known, "first", "last", F.col("arrival_time").alias("opened_at"))
    # A trade meets a gap by its day, as far as the gap's market has trades.
    times = trades.groupBy(*_MARKET_KEY).agg(
        F.min("event_time_us").alias("oldest"), F.max("event_time_us").alias("newest")
    )
    dated = opened.join(times, on=list(_MARKET_KEY)).withColumns(
        {
            "low": F.greatest(F.coalesce(F.col("from_us") - HOUR_US, "oldest"), "oldest"),
            "high": F.least(F.coalesce(F.col("to_us") + HOUR_US, "newest"), "newest"),
        }
    )
    days = F.sequence(*(F.to_date(F.timestamp_micros(end)) for end in ("low", "high")))
    dated = dated.where(F.col("low") <= F.col("high")).withColumn("day", F.explode(days))
    ids = trades.select(*_MARKET_KEY, "trade_id", "event_time_us", "arrival_time").withColumns(
        {
            "day": F.to_date(F.timestamp_micros("event_time_us")),
            "number": id_number("trade_id"),
        }
    )
    met = dated.join(ids, on=[*_MARKET_KEY, "day"]).where(
        F.col("number").between(F.col("first"), F.col("last"))
        & F.col("event_time_us").between(F.col("low"), F.col("high"))
        & (F.col("trade_id") == F.concat(_kind("from_id"), F.col("number").cast("string")))
    )
    due = (
        met.groupBy(*_NAMES, *known, "first", "last", "opened_at")
        .agg(F.count_distinct("number").alias("ids"), F.max("arrival_time").alias("came_at"))
        .where(F.col("ids") - 1 == F.col("last") - F.col("first"))
        .select(
            *_NAMES,
            F.lit(FILLED).alias("event"),
            *known,
            F.lit(_REASON).alias("reason"),
            F.greatest("opened_at", "came_at").alias("arrival_time"),
        )
    )
    return compared(there, due, SILVER_GAPS.key, SILVER_GAPS.name)


def _kind(name: str) -> Column:
    """Ids of aggregates are written with a prefix of their own."""
    return F.when(F.col(name).startswith("a:"), "a:").otherwise("")
