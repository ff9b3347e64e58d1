"""Rows of silver's tables from judged rows: pure, one a row."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import schema_of
from glue_jobs.silver.trades.verdicts import CONFLICT, DUPLICATE
from tapehouse.tables import CLOSED, OPENED, SILVER_COVERAGE, SILVER_GAPS, SILVER_REJECTED, SILVER_TRADES

_INSTANT: Final = pa.timestamp("us", tz="UTC")
_CONFLICT_REASON: Final = "trade.conflict"


def trades_of(judged: pa.Table) -> pa.Table:
    """In: judged rows of trades that are new. Out: silver.trades."""
    event_time = judged.column("event_time_us").cast(_INSTANT)
    sides = pc.split_pattern(judged.column("symbol"), "-", max_splits=1)
    exact = pc.multiply(
        judged.column("price").cast(pa.decimal256(28, 12)), judged.column("size").cast(pa.decimal256(28, 12))
    )
    made = {
        "base": pc.list_element(sides, 0),
        "quote": pc.list_element(sides, 1),
        "quote_size": pc.round(exact, 18, "half_towards_infinity").cast(pa.decimal128(38, 18)),
        "event_time": event_time,
        "received_time": judged.column("received_time_us").cast(_INSTANT),
        "event_date": event_time.cast(pa.timestamp("us")).cast(pa.date32(), safe=False),
    }
    schema = schema_of(SILVER_TRADES)
    return pa.table(
        [(made[name] if name in made else judged.column(name)).cast(schema.field(name).type) for name in schema.names],
        schema=schema,
    )


def gaps_of(judged: pa.Table) -> pa.Table:
    """In: judged rows of kinds gap and gap_closed. Out: silver.gaps."""
    event = pc.if_else(pc.equal(judged.column("kind"), "gap"), OPENED, CLOSED)
    columns = [event if name == "event" else judged.column(name) for name in SILVER_GAPS.column_names]
    return pa.table(columns, schema=schema_of(SILVER_GAPS))


def coverage_of(judged: pa.Table) -> pa.Table:
    """In: judged rows of kind coverage. Out: silver.coverage."""
    columns = [judged.column(name) for name in SILVER_COVERAGE.column_names]
    return pa.table(columns, schema=schema_of(SILVER_COVERAGE))


def rejected_of(judged: pa.Table) -> pa.Table:
    """In: judged rows with ``verdict`` duplicate, conflict or quarantined. Out: silver.rejected."""
    verdict, reasons = judged.column("verdict"), judged.column("reasons")
    conflict = pa.array([[_CONFLICT_REASON]], reasons.type)[0]
    nothing = pa.scalar(None, pa.binary())
    made = {
        "reasons": pc.if_else(pc.equal(verdict, CONFLICT), conflict, reasons),
        "payload": pc.if_else(pc.not_equal(verdict, DUPLICATE), judged.column("payload"), nothing),
        "arrival_date": judged.column("arrival_time").cast(pa.timestamp("us")).cast(pa.date32(), safe=False),
    }
    columns = [made[name] if name in made else judged.column(name) for name in SILVER_REJECTED.column_names]
    return pa.table(columns, schema=schema_of(SILVER_REJECTED))
