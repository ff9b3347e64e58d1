"""Bronze rows with the verdict on their payload beside them: the input of every silver table."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final

import pyarrow as pa
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.pandas.functions import arrow_udf

from glue_jobs.engine import arrow_type, ddl
from tapehouse.record import KINDS, Judged, id_number, judge
from tapehouse.tables import SILVER_COVERAGE, SILVER_GAPS, SILVER_REJECTED, SILVER_TRADES, Column

_OF_RECORDS: Final = {field.name for kind in KINDS.values() for field in fields(kind)}
_COLUMNS: Final = {
    column.name: column
    for table in (SILVER_TRADES, SILVER_GAPS, SILVER_COVERAGE, SILVER_REJECTED)
    for column in table.columns
    if column.name in _OF_RECORDS
}
"""The fields of records that are a column of silver, typed as there."""
_VERDICT: Final = tuple(column for column in SILVER_REJECTED.columns if column.name in ("kind", "reasons"))
_RECEIVED: Final = Column("received_time_us", "BIGINT", "silver has it as received_time")
_NUMBER: Final = next(column for column in SILVER_TRADES.columns if column.name == "trade_number")
_FIELDS: Final = (*_COLUMNS.values(), _RECEIVED)
_INSTANT: Final = arrow_type("TIMESTAMP")


def judged_rows(bronze: pa.Table) -> pa.Table:
    """Every bronze row with the fields of its record, or the reasons why it is not one.

    In: rows of bronze.trades, ``payload`` and ``arrival_time`` among their columns. Out: their columns and ``kind``,
    ``reasons`` (empty when accepted), the record's fields, null where the kind has no such field or the record is
    refused, and ``trade_number``. Rows: as many as came, in their order, whatever their bytes.
    """
    verdict = _judge_batch(
        bronze.column("payload").combine_chunks(), bronze.column("arrival_time").cast(_INSTANT).combine_chunks()
    )
    said = pa.Table.from_arrays(verdict.flatten(), names=[field.name for field in verdict.type])
    for name in said.column_names:
        bronze = bronze.append_column(name, said.column(name))
    return bronze


def judged(bronze: DataFrame) -> DataFrame:
    """The same of a frame of Spark."""
    verdict = _judge_udf()(F.col("payload"), F.col("arrival_time"))
    return bronze.withColumn("judged", verdict).select(*bronze.columns, "judged.*")


def _judge_udf() -> Callable[..., SparkColumn]:
    # Spark reads the kind of function off its type hints; its stubs know only the form that it warns of.
    return arrow_udf(_judge_batch, ddl((*_VERDICT, *_FIELDS, _NUMBER)))  # type: ignore[call-overload, no-any-return]


def _judge_batch(payloads: pa.Array, arrivals: pa.Array) -> pa.Array:
    arrived_us = arrivals.cast(pa.int64()).to_pylist()
    verdicts = [judge(payload, at) for payload, at in zip(payloads.to_pylist(), arrived_us, strict=True)]
    numbers = [_of_trade(verdict, lambda values: id_number(values["trade_id"])) for verdict in verdicts]
    columns = {
        "kind": pa.array([verdict.kind for verdict in verdicts], pa.string()),
        "reasons": pa.array([list(verdict.reasons) for verdict in verdicts], pa.list_(pa.string())),
        **{
            field.name: pa.array([verdict.values.get(field.name) for verdict in verdicts], arrow_type(field.type))
            for field in _FIELDS
        },
        _NUMBER.name: pa.array(numbers, arrow_type(_NUMBER.type)),
    }
    return pa.StructArray.from_arrays(list(columns.values()), names=list(columns))


def _of_trade(verdict: Judged, value: Callable[[Any], Any]) -> Any:
    return value(verdict.values) if verdict.kind == "trade" and verdict.values else None
