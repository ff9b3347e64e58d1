"""The audit's own judging asks ``judge`` for every record: silver's reading by columns is held against it. No Spark."""

import importlib

import pyarrow as pa
import pytest

from glue_jobs.audit.judged import _judge_batch
from glue_jobs.engine import arrow_schema
from glue_jobs.silver.trades.one_by_one import SAID
from tapehouse.record import Judged, encode, judge
from tests.factories import NOW_US, coverage, trade


def test_every_record_is_judged_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    payloads = [encode(trade(1)), encode(coverage()), encode(trade(2, price="0")), b""]
    asked: list[tuple[bytes, int]] = []

    def noted(payload: bytes, arrived_us: int) -> Judged:
        asked.append((payload, arrived_us))
        return judge(payload, arrived_us)

    monkeypatch.setattr(importlib.import_module("glue_jobs.silver.trades.one_by_one"), "judge", noted)
    arrivals = [NOW_US + number for number in range(len(payloads))]
    said = _judge_batch(pa.array(payloads), pa.array(arrivals, pa.timestamp("us", "UTC")))
    assert asked == list(zip(payloads, arrivals, strict=True))
    assert said.type == pa.struct(list(arrow_schema(SAID)))
    assert said.field("reasons").to_pylist() == [[], [], ["price.range"], ["payload.json"]]
