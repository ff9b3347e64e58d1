"""silver.gaps: gaps as they open and close."""

from typing import Final

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.silver.trades.verdicts import ACCEPTED, DUPLICATE, KNOWN, same, stream_order
from tapehouse.tables import CLOSED, COORDINATE_NAMES, OPENED, SILVER_GAPS

KEY: Final = SILVER_GAPS.key


def gap_verdicts(judged: DataFrame, known: DataFrame) -> DataFrame:
    """The verdict on gap and gap_closed records: the first that says a thing counts, repeats are duplicates.

    In: judged rows of kinds gap and gap_closed without reasons; ``known``: silver.gaps. Out: the judged columns,
    ``event`` and ``verdict``.
    """
    said = judged.withColumn("event", F.when(F.col("kind") == "gap", OPENED).otherwise(CLOSED))
    theirs = known.select(*KEY, *(F.col(name).alias(f"known_{name}") for name in COORDINATE_NAMES))
    rows = said.join(theirs, on=list(KEY), how="left").withColumn(
        "number", F.row_number().over(Window.partitionBy(*KEY).orderBy(*stream_order()))
    )
    verdict = (
        F.when(same(COORDINATE_NAMES, "known_"), KNOWN)
        .when(F.col("known_shard_id").isNotNull(), DUPLICATE)
        .when(F.col("number") == 1, ACCEPTED)
        .otherwise(DUPLICATE)
    )
    return rows.withColumn("verdict", verdict).select(*judged.columns, "event", "verdict")


def gaps(accepted: DataFrame) -> DataFrame:
    """silver.gaps' columns of accepted gap and gap_closed rows, one a row."""
    return accepted.select(
        "exchange",
        "symbol",
        "source",
        "gap_id",
        "event",
        "from_id",
        "to_id",
        "from_us",
        "to_us",
        "reason",
        "arrival_time",
        *COORDINATE_NAMES,
    )
