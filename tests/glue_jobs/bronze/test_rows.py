"""Rows of bronze as files."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

from glue_jobs.bronze.reader import Columns
from glue_jobs.bronze.rows import Source, rows_of, stage
from glue_jobs.engine import DataFile


def test_a_file_holds_a_bound_of_payloads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glue_jobs.bronze.rows._FILE_BYTES", 1000)
    columns = Columns()
    payloads = [b"x" * size for size in (400, 400, 400, 5000, 0, 10, 999, 1)]
    for number, payload in enumerate(payloads):
        columns.sequence_number.append(str(10**20 + number))
        columns.sub_sequence_number.append(0)
        columns.partition_key.append("k")
        columns.arrival_us.append(1_760_000_000_000_000 + number)
        columns.payload.append(payload)
    written: list[list[bytes]] = []

    def write(rows: pa.Table, partition: Mapping[str, Any]) -> DataFile:
        written.append(rows.column("payload").to_pylist())
        return DataFile(str(partition), 0)

    stage(rows_of(Source("trades", 1, 1_760_000_000_000_000), {"s": [columns]}), write)
    assert [payload for rows in written for payload in rows] == payloads
    assert len(written) > 3
    assert all(sum(map(len, rows[1:])) < 1000 for rows in written)
