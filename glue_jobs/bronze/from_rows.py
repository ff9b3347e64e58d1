"""The position that the rows of bronze.trades prove by themselves, for where no commit in the log tells it."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that all Spark code has for it

from glue_jobs.bronze.position import Position


def newest_position(spark: SparkSession, uri: str) -> Position | None:
    """The position in the stream that the newest rows came from; None for a table without rows."""
    newest = (
        _table(spark, uri)
        .agg(F.max(F.struct("ingested_at", "stream_name", "stream_created_at")).alias("of"))
        .select("of.stream_name", F.unix_micros("of.stream_created_at").alias("created_us"))
        .first()
    )
    if newest is None or newest["stream_name"] is None:
        return None
    return position_of(spark, uri, newest["stream_name"], newest["created_us"])


def position_of(spark: SparkSession, uri: str, stream_name: str, created_us: int) -> Position | None:
    """The position in this stream; None where the table has no row of it."""
    rows = (
        _table(spark, uri)
        .where(
            (F.col("stream_name") == stream_name)
            & (F.col("stream_created_at") == F.timestamp_micros(F.lit(created_us)))
        )
        .groupBy("shard_id")
        .agg(
            # Compared as integers: a longer number is the greater one.
            F.max(F.struct(F.length("sequence_number").alias("digits"), "sequence_number")).alias("last"),
            F.max(F.unix_micros("ingested_at")).alias("ingested_us"),
        )
        .select("shard_id", "last.sequence_number", "ingested_us")
        .collect()
    )
    if not rows:
        return None
    ingested_us = max(row["ingested_us"] for row in rows)
    return Position(
        stream_name,
        created_us,
        {row["shard_id"]: int(row["sequence_number"]) for row in rows},
        watched_us=ingested_us,
        ingested_us=ingested_us,
    )


def _table(spark: SparkSession, uri: str) -> DataFrame:
    return spark.read.format("delta").load(uri)
