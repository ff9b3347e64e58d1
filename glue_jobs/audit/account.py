"""The account: every bronze record is in exactly one place, and no key is in a table twice."""

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.audit.report import again, faults
from glue_jobs.bronze import Position
from tapehouse.tables import COORDINATE_NAMES, SILVER_TRADES, Table


def account(bronze: DataFrame, placed: Mapping[str, DataFrame]) -> DataFrame:
    """A check that each record is in bronze once and in one silver table once, by its coordinates.

    ``placed``: the rows of each silver table that a record of bronze made.
    """
    places = [
        bronze.select(*COORDINATE_NAMES, F.lit(1).alias("bronze"), F.lit(0).alias("silver")),
        *(
            frame.select(*COORDINATE_NAMES, F.lit(0).alias("bronze"), F.lit(1).alias("silver"))
            for frame in placed.values()
        ),
    ]
    rows = (
        reduce(DataFrame.unionByName, places)
        .groupBy(*COORDINATE_NAMES)
        .agg(F.sum("bronze").alias("bronze"), F.sum("silver").alias("silver"))
        .where((F.col("bronze") != 1) | (F.col("silver") != 1))
    )
    what = (
        F.when(F.col("bronze") > 1, "key(s) are in bronze.trades more than once")
        .when(F.col("bronze") == 0, "silver record(s) are not in bronze")
        .when(
            F.col("silver") == 0,
            f"bronze record(s) are in no silver table ({again(SILVER_TRADES.name)})",
        )
        .otherwise("bronze record(s) are in silver more than once")
    )
    return faults(rows, what, COORDINATE_NAMES)


def unique(table: Table, frame: DataFrame) -> DataFrame:
    """A check that no two rows of the table share its key."""
    rows = frame.groupBy(*table.key).agg(F.count("*").alias("rows")).where(F.col("rows") > 1)
    return faults(rows, f"key(s) are in {table.name} more than once", table.key)


def stream_gaps(position: Position | None) -> list[str]:
    """What the stream had dropped before bronze read it: no table can hold that."""
    if position is None:
        return []
    return [
        f"stream {position.stream_name}{f', {gap.shard_id}' if gap.shard_id else ''}: records that arrived from "
        f"{gap.from_us} to {gap.to_us} (µs UTC) may have passed unread: {gap.reason}"
        for gap in position.gaps
    ]
