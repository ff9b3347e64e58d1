"""Payloads judged one by one, and the columns of their verdicts: slow, and right by what it stands on alone."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final

import pyarrow as pa

from glue_jobs.engine import arrow_schema
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
SAID: Final = (*_VERDICT, *_COLUMNS.values(), _RECEIVED, _NUMBER)
"""What is said of a payload: ``kind``, ``reasons`` (empty when accepted), the record's fields (where it is refused, the
market and source that it claims, as far as they can be read), ``trade_number``."""
SAID_SCHEMA: Final = arrow_schema(SAID)


def one_by_one(payloads: pa.Array, arrivals: pa.Array) -> dict[str, pa.Array]:
    """What ``judge`` says of each payload, by the names of ``SAID``; null where the kind has no such field."""
    arrived_us = arrivals.cast(pa.int64()).to_pylist()
    verdicts = [judge(payload, at) for payload, at in zip(payloads.to_pylist(), arrived_us, strict=True)]
    numbers = [_of_trade(verdict, lambda values: id_number(values["trade_id"])) for verdict in verdicts]
    said: dict[str, list[Any]] = {
        **{name: [(verdict.values or verdict.claimed).get(name) for verdict in verdicts] for name in SAID_SCHEMA.names},
        "kind": [verdict.kind for verdict in verdicts],
        "reasons": [list(verdict.reasons) for verdict in verdicts],
        "trade_number": numbers,
    }
    return {field.name: pa.array(said[field.name], field.type) for field in SAID_SCHEMA}


def _of_trade(verdict: Judged, value: Callable[[Any], Any]) -> Any:
    return value(verdict.values) if verdict.kind == "trade" and verdict.values else None
