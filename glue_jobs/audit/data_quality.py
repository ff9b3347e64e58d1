"""gold.data_quality against bronze.trades and silver: every row counted anew by Spark, where gold's own adds up."""

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.audit.report import compared
from tapehouse.tables import (
    BRONZE_TRADES,
    CLOSED,
    EVERYWHERE,
    FILLED,
    GOLD_DATA_QUALITY,
    GOLD_DATA_QUALITY_REASONS,
    LATE_US,
    OPENED,
    SILVER_GAPS,
    SILVER_REJECTED,
    SILVER_TRADES,
    UNKNOWN_SOURCE,
)

_PLACED: Final = ("accepted", "duplicate", "conflict", "quarantined", "gap_records")
_NUMBERS: Final = [name for name in GOLD_DATA_QUALITY.column_names if name not in GOLD_DATA_QUALITY.key]
_OF_TRADES: Final = ("received", "accepted", "late", "backfilled", "coverage_records")
_KEY: Final = list(GOLD_DATA_QUALITY.key)


def data_quality(
    there: Mapping[str, DataFrame], bronze_us: int | None = None, trades_us: int | None = None
) -> Iterator[DataFrame]:
    """Checks that each row of both tables is what the records of its hour and source are. ``there``: tables by name.

    ``bronze_us``, ``trades_us``: the floors of bronze and of silver.trades. Of hours before bronze's, records may be
    gone; trades that are kept no longer arrived at any time, so what they are counted in is not asked any more.
    """
    rejected = there[SILVER_REJECTED.name]
    named = _counted(there[SILVER_TRADES.name], rejected, there[SILVER_GAPS.name])
    in_all = there[BRONZE_TRADES.name].groupBy(_hour()).agg(F.count("*").alias("received"))
    told = named.groupBy("hour").agg(F.sum(_added(_PLACED)).alias("told"))
    rest = in_all.join(told, on="hour", how="full").select(
        "hour",
        F.lit(EVERYWHERE).alias("source"),
        (F.coalesce("received", F.lit(0)) - F.coalesce("told", F.lit(0))).alias("coverage_records"),
    )
    due = _summed([named, rest]).withColumn("received", _added((*_PLACED, "coverage_records")))
    due = due.where(reduce(Column.__or__, (F.col(name) != 0 for name in _NUMBERS)))
    found = there[GOLD_DATA_QUALITY.name]
    if bronze_us is not None:
        found, due = (rows.where(F.unix_micros("hour") >= bronze_us) for rows in (found, due))
    if trades_us is not None:
        names = [name for name in _NUMBERS if name not in _OF_TRADES]
        is_told = reduce(Column.__or__, (F.col(name) != 0 for name in names))
        found, due = (rows.where(is_told).select(*_KEY, *names) for rows in (found, due))
    yield compared(found, due, _KEY, GOLD_DATA_QUALITY.name)
    refused = rejected.where("verdict = 'quarantined'").select(_hour(), _source(), F.explode("reasons").alias("reason"))
    reasons = refused.groupBy(*GOLD_DATA_QUALITY_REASONS.key).agg(F.count("*").alias("records"))
    name = GOLD_DATA_QUALITY_REASONS.name
    yield compared(there[name], reasons, GOLD_DATA_QUALITY_REASONS.key, name)


def _counted(trades: DataFrame, rejected: DataFrame, gaps: DataFrame) -> DataFrame:
    is_behind = F.unix_micros("arrival_time") - F.col("event_time_us") > LATE_US
    late = is_behind & ~F.col("backfilled")
    accepted = {"accepted": F.lit(True), "late": late, "backfilled": F.col("backfilled")}
    refused = {verdict: F.col("verdict") == verdict for verdict in ("duplicate", "conflict", "quarantined")}
    events = {f"gaps_{event}": F.col("event") == event for event in (OPENED, CLOSED, FILLED)}
    events["gap_records"] = F.col("shard_id").isNotNull()
    asked = [(trades, accepted), (rejected, refused), (gaps, events)]
    ones = [
        frame.select(_hour(), _source(), *(flag.cast("bigint").alias(name) for name, flag in flags.items()))
        for frame, flags in asked
    ]
    return _summed(ones)


def _summed(frames: list[DataFrame]) -> DataFrame:
    rows = reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), frames)
    sums = [F.coalesce(F.sum(name) if name in rows.columns else F.lit(None), F.lit(0)).alias(name) for name in _NUMBERS]
    return rows.groupBy(*_KEY).agg(*sums)


def _added(names: tuple[str, ...]) -> Column:
    return reduce(Column.__add__, (F.col(name) for name in names))


def _hour() -> Column:
    return F.date_trunc("hour", F.col("arrival_time")).alias("hour")


def _source() -> Column:
    return F.coalesce("source", F.lit(UNKNOWN_SOURCE)).alias("source")
