"""judged_rows: bronze as Arrow in, the verdict of ``judge`` beside each row out."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import pyarrow as pa

from glue_jobs.engine import schema_of
from glue_jobs.silver.trades import judged_rows
from tapehouse.record import encode, id_number, judge
from tapehouse.tables import BRONZE_TRADES
from tests.factories import NOW_US, coverage, gap, gap_closed, trade

FIELDS: Final = (
    *("exchange", "symbol", "event_time_us", "source", "trade_id", "price", "size", "side", "backfilled", "trader"),
    *("gap_id", "from_id", "to_id", "from_us", "to_us", "reason", "through_us", "last_id", "received_time_us"),
)


def bronze(payloads: Sequence[bytes], arrival_us: int = NOW_US) -> pa.Table:
    """Rows of bronze.trades that hold these payloads, each its own record of the stream."""
    instant = datetime.fromtimestamp(arrival_us / 1_000_000, UTC)
    rows = [
        {
            "payload": payload,
            "stream_name": "trades",
            "stream_created_at": instant,
            "shard_id": "shardId-000000000000",
            "sequence_number": str(number),
            "sub_sequence_number": 0,
            "partition_key": "k",
            "arrival_time": instant,
            "ingested_at": instant,
            "arrival_date": date(2025, 10, 9),
        }
        for number, payload in enumerate(payloads)
    ]
    return pa.Table.from_pylist(rows, schema=schema_of(BRONZE_TRADES))


def expected(payload: bytes, arrival_us: int = NOW_US) -> dict[str, Any]:
    """What ``judge`` says of a payload, as the columns of judged_rows."""
    verdict = judge(payload, arrival_us)
    has_trade = verdict.kind == "trade" and verdict.values
    return {
        "kind": verdict.kind,
        "reasons": list(verdict.reasons),
        **{name: verdict.values.get(name) for name in FIELDS},
        "trade_number": id_number(verdict.values["trade_id"]) if has_trade else None,
    }


def test_every_kind_of_record_comes_with_its_fields_and_every_other_row_with_its_reasons() -> None:
    records = trade(1), coverage(), gap(from_us=NOW_US), gap_closed(), trade(2, price="0")
    payloads = [*(encode(record) for record in records), b"", b"\xff", b"[]"]
    rows = bronze(payloads)
    found = judged_rows(rows)
    assert found.column_names[: rows.num_columns] == rows.column_names
    assert found.select(rows.column_names).equals(rows)
    assert set(found.column_names[rows.num_columns :]) == {"kind", "reasons", "trade_number", *FIELDS}
    names = [*expected(b"")]
    assert found.select(names).to_pylist() == [expected(payload) for payload in payloads]


def test_no_rows_give_no_rows_of_the_same_columns() -> None:
    assert judged_rows(bronze([])).schema == judged_rows(bronze([encode(trade())])).schema
