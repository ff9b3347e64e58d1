"""silver.rejected: what did not become a trade, a gap or a coverage, with the verdict and its reasons."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.silver.trades.verdicts import CONFLICT, DUPLICATE
from tapehouse.tables import COORDINATE_NAMES

_CONFLICT_REASON = "trade.conflict"


def rejected(refused: DataFrame) -> DataFrame:
    """In: judged rows with ``verdict`` duplicate, conflict or quarantined. Out: silver.rejected, one a row."""
    is_conflict = F.col("verdict") == CONFLICT
    return refused.select(
        *COORDINATE_NAMES,
        "arrival_time",
        "verdict",
        "kind",
        F.when(is_conflict, F.array(F.lit(_CONFLICT_REASON))).otherwise(F.col("reasons")).alias("reasons"),
        F.when(F.col("verdict") != DUPLICATE, F.col("payload")).alias("payload"),
        F.to_date("arrival_time").alias("arrival_date"),
    )
