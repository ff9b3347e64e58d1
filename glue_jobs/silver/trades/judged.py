"""Bronze rows with the verdict on their payload beside them: the input of every silver table."""

from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.pandas.functions import arrow_udf

from tapehouse.record import Judged, id_number, judge

_TEXT_FIELDS: Final = (
    "exchange",
    "symbol",
    "source",
    "trade_id",
    "side",
    "trader",
    "gap_id",
    "from_id",
    "to_id",
    "reason",
    "last_id",
)
_TIME_FIELDS: Final = ("event_time_us", "received_time_us", "from_us", "to_us", "through_us")
_DECIMAL: Final = pa.decimal128(28, 12)

_STRUCT_DDL: Final = (
    "kind STRING, reasons ARRAY<STRING>, "
    + ", ".join(f"{name} STRING" for name in _TEXT_FIELDS)
    + ", "
    + ", ".join(f"{name} BIGINT" for name in _TIME_FIELDS)
    + ", price DECIMAL(28,12), size DECIMAL(28,12), trade_number DECIMAL(38,0), backfilled BOOLEAN"
)


def judged(bronze: DataFrame) -> DataFrame:
    """Every bronze row with the fields of its record, or the reasons why it is not one.

    In: bronze.trades. Out: its columns and ``kind``, ``reasons`` (empty when accepted), the record's fields, null where
    the kind has no such field or the record is refused. Rows: as many as came, whatever their bytes.
    """
    verdict = _judge_udf()(F.col("payload"), F.unix_micros("arrival_time"))
    return bronze.withColumn("judged", verdict).select(*bronze.columns, "judged.*")


def _judge_udf() -> Callable[..., Column]:
    # Spark reads the kind of function off its type hints; its stubs know only the form that it warns of.
    return arrow_udf(_judge_batch, _STRUCT_DDL)  # type: ignore[call-overload, no-any-return]


def _judge_batch(payloads: pa.Array, arrivals: pa.Array) -> pa.Array:
    verdicts = [
        judge(payload, arrival) for payload, arrival in zip(payloads.to_pylist(), arrivals.to_pylist(), strict=True)
    ]

    def column(name: str, type_: pa.DataType) -> pa.Array:
        return pa.array([verdict.values.get(name) for verdict in verdicts], type_)

    numbers = [_of_trade(verdict, lambda values: id_number(values["trade_id"])) for verdict in verdicts]
    columns = {
        "kind": pa.array([verdict.kind for verdict in verdicts], pa.string()),
        "reasons": pa.array([list(verdict.reasons) for verdict in verdicts], pa.list_(pa.string())),
        **{name: column(name, pa.string()) for name in _TEXT_FIELDS},
        **{name: column(name, pa.int64()) for name in _TIME_FIELDS},
        "price": column("price", _DECIMAL),
        "size": column("size", _DECIMAL),
        "trade_number": pa.array(numbers, pa.decimal128(38, 0)),
        "backfilled": column("backfilled", pa.bool_()),
    }
    return pa.StructArray.from_arrays(list(columns.values()), names=list(columns))


def _of_trade(verdict: Judged, value: Callable[[Any], Any]) -> Any:
    return value(verdict.values) if verdict.kind == "trade" and verdict.values else None
