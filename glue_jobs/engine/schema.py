"""Schemas of the declarations as Arrow's and Spark's: a column's type is spelled in its table alone."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

import pyarrow as pa

from tapehouse.tables import Column

_ARROW: Final[Mapping[str, pa.DataType]] = {
    "STRING": pa.string(),
    "BINARY": pa.binary(),
    "BOOLEAN": pa.bool_(),
    "INT": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
    "ARRAY<STRING>": pa.list_(pa.string()),
}
_DECIMAL: Final = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def arrow_type(spark_type: str) -> pa.DataType:
    """Arrow's type for a declared one.

    Raises:
        KeyError: no table has had such a type yet: add it above.
    """
    decimal = _DECIMAL.fullmatch(spark_type)
    return pa.decimal128(int(decimal[1]), int(decimal[2])) if decimal else _ARROW[spark_type]


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    return pa.schema([(column.name, arrow_type(column.type)) for column in columns])


def ddl(columns: Iterable[Column]) -> str:
    """The same as Spark's DDL text."""
    return ", ".join(f"{column.name} {column.type}" for column in columns)
