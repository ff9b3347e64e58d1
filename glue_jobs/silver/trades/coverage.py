"""silver.coverage: the spans in which a market was wholly seen."""

from pyspark.sql import DataFrame

from tapehouse.tables import COORDINATE_NAMES


def coverage(accepted: DataFrame) -> DataFrame:
    """In: judged rows of kind coverage without reasons. Out: silver.coverage, one a row."""
    return accepted.select(
        "exchange", "symbol", "from_us", "through_us", "source", "last_id", "arrival_time", *COORDINATE_NAMES
    )
