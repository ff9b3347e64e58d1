"""The verdict on records' bytes, by ``judge`` a record: nothing of what silver reads by columns."""

from collections.abc import Callable

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.pandas.functions import arrow_udf

from glue_jobs.engine import ddl
from glue_jobs.silver.trades.one_by_one import SAID, one_by_one


def judged(bronze: DataFrame) -> DataFrame:
    """Every bronze row with the fields of its record, or the reasons why it is not one.

    In: bronze.trades. Out: its columns and those of ``SAID``. Rows: as many as came, whatever their bytes.
    """
    verdict = _judge()(F.col("payload"), F.col("arrival_time"))
    return bronze.withColumn("judged", verdict).select(*bronze.columns, "judged.*")


def _judge() -> Callable[..., Column]:
    # Spark reads the kind of function off its type hints; its stubs know only the form that it warns of.
    return arrow_udf(_judge_batch, ddl(SAID))  # type: ignore[call-overload, no-any-return]


def _judge_batch(payloads: pa.Array, arrivals: pa.Array) -> pa.Array:
    said = one_by_one(payloads, arrivals)
    return pa.StructArray.from_arrays(list(said.values()), names=list(said))
