"""Every table read by readers that are none of ours: delta-rs, and the Trino that Athena is made of. The same rows."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from embedded.kinesis import KinesisServer
from glue_jobs.engine import Workspace, schema_of
from glue_jobs.engine.steps import Steps
from glue_jobs.pipeline import Options, pipeline
from glue_jobs.refresh import Refresh
from tapehouse import aws
from tapehouse.document import document_id
from tapehouse.lake import Lake
from tapehouse.landing import Landed, Landing
from tapehouse.record import Record, encode
from tapehouse.score import EMOTIONS, Score, body_of, text_hash
from tapehouse.tables import REGISTRY, Table
from tests import factories
from tests.trino import Trino, trino

__all__ = ["trino"]
pytestmark = pytest.mark.spark

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START_US = 1_760_054_400_000_000 - 3_000_000_000
"""Fifty minutes before midnight: two days have trades."""
HELD = """
holdings:
  - {symbol: BTC-USD, transactions: [{buy: 0.5, at: 2025-10-09T22:30:00Z, price: 99.5, fee: 0.01}]}
  - {symbol: ETH-USD, transactions: [{buy: 3, at: 2025-10-09T23:30:00Z}, {sell: 1.000000000001, at: 2025-10-10T00:10Z}]}
"""
STORY = b"""<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>CoinDesk</title>
<item><title>Bitcoin trades in microseconds now</title><link>https://coindesk.example/a</link><guid>a</guid>
<pubDate>Fri, 10 Oct 2025 00:10:00 +0000</pubDate><description>Faster than before.</description></item>
</channel></rss>"""
INDEX = b"""{"name": "Fear and Greed Index", "data": [{"value": "25", "value_classification": "Extreme Fear",
"timestamp": "1760054400"}], "metadata": {"error": null}}"""


@pytest.fixture(scope="module")
def lake(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake in which every table has rows, made by the pipeline in two passes."""
    made = Lake(tmp_path_factory.mktemp("readers") / "lake")
    held = made.path / "_portfolio" / "portfolio.yaml"
    held.parent.mkdir(parents=True)
    held.write_text(HELD)
    _land(Landing(f"{made.uri}/_landing"))
    with KinesisServer(seed=7) as server:
        client = aws.client("kinesis", endpoint_url=server.endpoint, region="us-east-1")
        client.create_stream(StreamName="trades", ShardCount=2)
        refresh = Refresh(spark, made, pipeline(Options(client=client)))
        for payloads in _records():
            for at in range(0, len(payloads), 500):
                entries = [{"Data": each, "PartitionKey": str(n % 7)} for n, each in enumerate(payloads[at : at + 500])]
                assert client.put_records(StreamName="trades", Records=entries)["FailedRecordCount"] == 0
            refresh.once()
    yield made


def _records() -> Iterator[list[bytes]]:
    """Two hours of two markets with microseconds that a millisecond does not hold; then what comes late and wrong."""
    trades = [
        factories.trade(
            number,
            symbol=symbol,
            price=f"{100 + number % 17}.{number % 7}",
            size="0.500000000001",
            side=("buy", "sell", None)[number % 3],
            event_time_us=START_US + number * 3_600_999,
        )
        for number in range(2_000)
        for symbol in ("BTC-USD", "ETH-USD")
    ]
    first = [encode(each) for each in trades if each.trade_id not in ("11", "12")]
    early, later = first[:3_000], first[3_000:]  # what was forecast in between is judged by what comes then
    others: list[Record] = [
        factories.coverage(START_US, START_US + 7_000_000_000),
        factories.gap("filled", from_id="11", to_id="12", from_us=START_US, to_us=START_US + 60_000_000),
        factories.gap("open", from_us=START_US + 600_000_000, to_us=START_US + 900_000_000),
    ]
    yield [*early, *map(encode, others), b"no JSON", b'{"v":1,"kind":"trade"}']
    late = [encode(each) for each in trades if each.trade_id in ("11", "12")]
    yield [*later, *late, *first[:20], first[30].replace(b'"size":"0.5', b'"size":"0.7')]


def _land(landing: Landing) -> None:
    """A story of the second day with a score of its title, an index, and what is none of them."""
    at_us = START_US + 3 * 3_600_000_000
    said: dict[str, Any] = {"request": "GET http://127.0.0.1/", "fetched_at_us": at_us}
    landing.put([Landed(kind="news", source="coindesk", body=STORY, content_type="application/rss+xml", **said)])
    landing.put([Landed(kind="index", source="fear-greed", body=INDEX, content_type="application/json", **said)])
    landing.put([Landed(kind="score", source="scores", body=b"garbage", **said)])
    title = "Bitcoin trades in microseconds now"
    scored = Score(
        document_id=document_id("coindesk", url="https://coindesk.example/a", key="a"),
        field="title",
        text_hash=text_hash(title),
        scorer="own:1",
        language="en",
        sentiment=0.123456789,
        emotions=dict.fromkeys(EMOTIONS, 1 / 7),
        key_phrases=("bitcoin trades",),
        summary=None,
        symbols=("BTC",),
        published_at_us=START_US + 3_600_000_000,
    )
    landing.put([Landed(kind="score", source="scores", body=body_of([scored]), **said)])


def ours(table: Table, lake: Lake) -> pa.Table:
    workspace = Workspace(None, lake, Steps())  # type: ignore[arg-type]
    return workspace.rows(table, workspace.state(table).files)


def sorted_text(rows: Any) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


@pytest.mark.parametrize("name", REGISTRY)
def test_delta_rs_reads_the_same_rows(lake: Lake, name: str) -> None:
    table = REGISTRY[name]
    due = ours(table, lake)
    assert due.num_rows, f"{name} has no rows here: give it some"
    found = pa.table(DeltaTable(lake.table_uri(name)).to_pyarrow_dataset().to_table())
    assert set(found.column_names) == set(table.column_names)
    found = found.select(table.column_names).cast(schema_of(table))
    assert sorted_text(map(_spelled, found.to_pylist())) == sorted_text(map(_spelled, due.to_pylist()))


@pytest.mark.athena
@pytest.mark.parametrize("name", REGISTRY)
def test_trino_reads_the_same_rows(lake: Lake, trino: Trino, name: str) -> None:
    """All but the microseconds of a timestamp, which it does not read (docs/tables.md)."""
    table = REGISTRY[name]
    trino.register(name, lake.table_uri(name))
    columns = ", ".join(_asked(each.name, each.type) for each in table.columns)
    found = trino.rows(f"SELECT {columns} FROM {name}")
    due = [_as_trino(row) for row in ours(table, lake).to_pylist()]
    for column in (each.name for each in table.columns if each.type == "DOUBLE"):
        for row in found:  # the same number, which Java spells otherwise
            row[column] = None if (told := row[column]) is None else str(float(told))
    assert sorted_text(found) == sorted_text(due)


def _spelled(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, list | None) else repr(value) for name, value in row.items()}


def _asked(name: str, kind: str) -> str:
    if kind == "BINARY":
        return f"to_hex({name}) AS {name}"
    if kind == "TIMESTAMP":
        return f"CAST(to_unixtime({name}) * 1000 AS bigint) AS {name}"
    if kind.startswith("ARRAY"):
        return f"json_format(CAST({name} AS json)) AS {name}"
    return name


def _as_trino(row: dict[str, Any]) -> dict[str, str | None]:
    return {name: None if value is None else _told(value) for name, value in row.items()}


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return value.hex().upper()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list):
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, datetime):
        return str((value - EPOCH) // timedelta(milliseconds=1))
    return str(value)
