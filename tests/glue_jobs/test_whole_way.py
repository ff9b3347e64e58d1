"""The whole way, Kinesis to gold, in one process: on the embedded Kinesis, on moto's, and with the lake on S3."""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import boto3
import pytest

from glue_jobs.audit import audit
from glue_jobs.bronze import position_in
from glue_jobs.bronze.position import StreamGap
from glue_jobs.engine import delta, hanging_on, tables_of
from glue_jobs.engine.table_log import TableLog
from glue_jobs.pipeline import Options, pipeline
from glue_jobs.refresh import Refresh
from glue_jobs.status import table_status
from producers.synthetic.past import Stretch, past
from tapehouse import aws
from tapehouse.errors import TerminalError
from tapehouse.intervals import HOUR_US
from tapehouse.lake import Lake
from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade, encode, judge
from tapehouse.tables import BRONZE_TRADES, REGISTRY, Table
from tests import factories
from tests.glue_jobs import by_spark

pytestmark = pytest.mark.spark

Put = Callable[[list[bytes]], None]
START_US = 1_760_000_400_000_000


def trades(first: int, last: int) -> list[bytes]:
    return [
        encode(
            factories.trade(
                number,
                price=str(100 + number % 7),
                size="0.5",
                side="sell" if number % 3 else "buy",
                event_time_us=START_US + number * 700_000,
            )
        )
        for number in range(first, last)
    ]


def check(spark: Any, lake: Lake, count: int) -> None:
    """``count`` distinct trades went the whole way, and the account holds."""
    report = audit(spark, lake, pipeline())
    assert report.ok, report.lines
    assert report.counts["silver.trades"] == count
    candles = spark.read.format("delta").load(lake.table_uri("gold.candles"))
    sums = candles.groupBy("exchange", "interval").sum("trade_count").collect()
    assert {row[0] for row in sums} == {"kraken", "ALL"}
    assert len(sums) == 22
    assert {row[2] for row in sums} == {count}
    last = spark.read.format("delta").load(lake.table_uri("gold.market_summary")).collect()
    assert {row.last_time_us for row in last} == {START_US + (count - 1) * 700_000}


def test_trades_reach_gold_and_the_account_holds(spark: Any, lake: Lake, client: Any, put: Put) -> None:
    refresh = Refresh(spark, lake, pipeline(Options(client=client)))
    put(trades(0, 80))
    first = refresh.once()
    assert first.rows == 80
    put(trades(60, 120))
    refresh.once()
    check(spark, lake, 120)
    told = {
        status.table: status
        for status in table_status(spark, lake, pipeline(), now_us=lambda: START_US + 10_000_000_000)
    }
    assert told.keys() == REGISTRY.keys()
    assert told["bronze.trades"].rows == 140
    assert told["silver.rejected"].rows == 20
    position = told["bronze.trades"].position
    assert position is not None
    assert len(position.shards) == 2
    assert told["silver.trades"].newest_event_us == START_US + 119 * 700_000
    assert told["silver.trades"].lag_s == pytest.approx(10_000 - 119 * 0.7)


def test_a_stream_that_is_replayed_and_checkpoints_that_are_lost_change_nothing(
    spark: Any, lake: Lake, client: Any, put: Put
) -> None:
    refresh = Refresh(spark, lake, pipeline(Options(client=client)))
    put(trades(0, 50))
    refresh.once()
    shutil.rmtree(f"{lake.uri}/_checkpoints")
    put(trades(0, 50))
    put(trades(50, 60))
    Refresh(spark, lake, pipeline(Options(client=client))).once()
    check(spark, lake, 60)
    assert spark.read.format("delta").load(lake.table_uri("silver.rejected")).count() == 50


def test_a_history_comes_to_gold_whole_and_what_of_it_is_told_again_is_known(
    spark: Any, lake: Lake, client: Any, put: Put
) -> None:
    """As after a kill while it was told: the beginning is in the stream, then all of it comes again."""
    symbols = ("BTC-USD", "ETH-USD")
    until_us = START_US + 20 * 60 * 1_000_000 + 7
    stretch = Stretch(from_us=until_us - 3 * HOUR_US, until_us=until_us, seed=1, symbols=symbols, traders=9, prices={})
    told = [each for block in past(stretch) for each in block]
    count = sum(isinstance(each, Trade) for each in told)
    first = told[: len(told) // 3]
    refresh = Refresh(spark, lake, pipeline(Options(client=client)))
    put([encode(each) for each in first])
    refresh.once()
    put([encode(each) for each in told])
    refresh.once()
    report = audit(spark, lake, pipeline())
    assert report.ok, report.lines
    assert report.counts["silver.trades"] == count > 2_000

    def table(name: str) -> Any:
        return spark.read.format("delta").load(lake.table_uri(name))

    verdicts = [row.verdict for row in table("silver.rejected").collect()]
    assert verdicts == ["duplicate"] * sum(isinstance(each, Trade) for each in first)
    hours = table("gold.candles").where("interval = '1h' AND exchange = 'synthetic'").orderBy("symbol", "window_start")
    assert [(row.symbol, row.complete) for row in hours.collect()] == [
        (symbol, complete) for symbol in symbols for complete in (False, True, True, False)
    ], "the first hour and the last are not wholly told"
    assert all(row.change_1h is not None for row in table("gold.market_summary").collect())
    counted = table("gold.data_quality").where("source = 'synthetic'").selectExpr("sum(late)", "sum(backfilled)")
    assert counted.collect()[0] == (0, count)


def test_a_rebuild_gives_the_same_tables_and_the_next_refresh_goes_on(
    spark: Any, lake: Lake, client: Any, put: Put
) -> None:
    """A table with what hangs on it, and nothing else, is made anew of those that are there, as it was."""
    queries = pipeline(Options(client=client))
    refresh = Refresh(spark, lake, queries)
    ids = [json.loads(payload)["trade_id"] for payload in trades(0, 40)]
    opened = [
        factories.gap(name, from_id=first, to_id=last, from_us=START_US, to_us=START_US + 40_000_000)
        for name, first, last in (("filled", ids[2], ids[6]), ("open", ids[39], "40"), ("closed", "50", "51"))
    ]
    conflict = trades(3, 4)[0].replace(b'"size":"0.5"', b'"size":"0.7"')
    covered = factories.coverage(START_US, START_US + 60_000_000)
    others: list[Record] = [*opened, factories.gap_closed("closed"), covered]
    put([*trades(0, 20), b"garbage", *map(encode, others)])
    refresh.once()
    put([*trades(10, 40), conflict, encode(opened[0])])
    refresh.once()
    made = [table for query in queries[1:] for table in query.writes]

    def rows(tables: Iterable[Table]) -> dict[str, list[str]]:
        return {
            table.name: sorted(map(str, spark.read.format("delta").load(lake.table_uri(table.name)).collect()))
            for table in tables
        }

    before = rows(made)
    assert [len(before[name]) for name in ("silver.trades", "silver.rejected", "silver.gaps")] == [40, 13, 5]
    for name in ("silver.rejected", "gold.candles", "gold.market_summary"):
        hanging = hanging_on(queries, tables_of(queries)[name])
        for table in hanging:  # nothing of what was there is needed
            base = TableLog(table, lake.table_uri(table.name)).state()
            by_spark.replace(delta.read(spark, base).limit(0), base)
        report = refresh.rebuild(name)
        touched = {name for step in report.steps for name in before if step.name.startswith(name)}
        names = {each.name for each in hanging}
        assert {name for name in names if before[name]} <= touched <= names, report.steps
        assert {name for name, found in rows(hanging).items() if found != before[name]} == set()
    assert rows(made) == before
    put(trades(40, 45))
    refresh.once()
    check(spark, lake, 45)
    with pytest.raises(TerminalError, match="its input is the stream"):
        refresh.rebuild("bronze.trades")


def test_a_pause_longer_than_the_retention_leaves_no_candle_complete(
    spark: Any, lake: Lake, client: Any, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    covered = Coverage(exchange="kraken", symbol="BTC-USD", source="kraken", from_us=START_US - 86_400_000_000,
                       through_us=START_US + 86_400_000_000, last_id=None, received_time_us=START_US)  # fmt: skip
    refresh = Refresh(spark, lake, pipeline(Options(client=client)))
    put([*trades(0, 10), encode(covered)])
    refresh.once()
    candles = spark.read.format("delta").load(lake.table_uri("gold.candles"))
    assert candles.where("interval = '1m' AND exchange = 'kraken'").select("complete").distinct().collect() == [(True,)]
    base = TableLog(BRONZE_TRADES, lake.table_uri("bronze.trades")).state()
    position = position_in(base)
    assert position is not None
    gapped = replace(position, gaps=(StreamGap(START_US - 1_000_000, START_US + 5_000_000),))
    by_spark.append(delta.read(spark, base).limit(0), base, metadata={"position": gapped.as_json()})
    refresh.once()
    refresh.once()
    gaps = spark.read.format("delta").load(lake.table_uri("silver.gaps")).collect()
    assert [(row.exchange, row.event, row.from_us) for row in gaps] == [("*", "opened", START_US - 1_000_000)]
    touched = candles.where(f"unix_micros(window_start) <= {START_US} AND unix_micros(window_end) > {START_US}")
    assert touched.select("complete").distinct().collect() == [(False,)]
    _, judged, *found = audit(spark, lake, pipeline()).lines
    assert judged == "judged every record, candle and market"
    assert ["the pause was longer than the stream's retention" in line for line in found] == [True]  # and nothing else


def test_thousands_of_hostile_records_are_kept_and_named_and_stop_nothing(
    spark: Any, lake: Lake, client: Any, put: Put
) -> None:
    good = trades(0, 10)
    market = {"exchange": "kraken", "symbol": "BTC-USD", "source": "kraken"}
    others: list[Record] = [
        Coverage(**market, from_us=START_US, through_us=START_US + 1, last_id=None, received_time_us=START_US),
        Gap(**market, gap_id="g", from_id="1", to_id="2", from_us=None, to_us=None, reason="r",
            received_time_us=START_US),
        GapClosed(**market, gap_id="g", reason="r", received_time_us=START_US),
    ]  # fmt: skip
    hostile = [
        b"", b"\xff\xfe", b"\x00" * 100, b"{", b"[]", b"null", b"NaN", b'{"v":1}', b"\xf3\x89\x9a\xc2 someone else's",
        b"[" * 50_000, b'{"v":1,"kind":"trade","price":"' + b"9" * 1_000_000 + b'"}', b"x" * 1_000_000,
    ]  # fmt: skip
    hostile = [payload for payload in hostile if payload]
    for number in range(2_000):
        changed = bytearray(good[number % 10])
        changed[(number * 37) % len(changed)] = (number * 101) % 256
        if judge(bytes(changed), START_US + 10**12).reasons:
            hostile.append(bytes(changed))
        hostile.append(good[number % 10].replace(b'"100"', b'"1e5"').replace(b'"v":1', b'"v":%d' % (number + 2)))
    assert len(hostile) > 2_500
    payloads = [*good, *(encode(each) for each in others), *hostile]
    for at in range(0, len(payloads), 100):
        put(payloads[at : at + 100])
    Refresh(spark, lake, pipeline(Options(client=client))).once()
    check(spark, lake, 10)
    rejected = spark.read.format("delta").load(lake.table_uri("silver.rejected"))
    rows = rejected.select("verdict", "payload", "reasons").collect()
    assert sorted(bytes(row.payload) for row in rows) == sorted(hostile)
    assert {row.verdict for row in rows} <= {"quarantined", "conflict"}
    assert all(row.reasons for row in rows)


def test_the_whole_way_on_motos_kinesis(spark: Any, lake: Lake, moto: str) -> None:
    client = aws.client("kinesis", endpoint_url=moto, region="us-east-1")
    client.create_stream(StreamName="trades", ShardCount=1)
    client.put_records(
        StreamName="trades", Records=[{"Data": payload, "PartitionKey": "k"} for payload in trades(0, 30)]
    )
    Refresh(spark, lake, pipeline(Options(client=client))).once()
    check(spark, lake, 30)


def test_the_whole_way_with_the_lake_on_s3(
    spark: Any, client: Any, put: Put, moto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto)
    boto3.client("s3", endpoint_url=moto).create_bucket(Bucket="lake")
    hadoop = spark._jsc.hadoopConfiguration()
    for name, value in {
        "endpoint": moto, "endpoint.region": "us-east-1", "path.style.access": "true",
        "connection.ssl.enabled": "false", "access.key": "testing", "secret.key": "testing",
    }.items():  # fmt: skip
        hadoop.set(f"fs.s3a.bucket.lake.{name}", value)
    lake = Lake("s3a://lake/tape")
    refresh = Refresh(spark, lake, pipeline(Options(client=client)))
    put(trades(0, 40))
    refresh.once()
    put(trades(30, 70))
    refresh.once()
    check(spark, lake, 70)
    for name in REGISTRY:
        engines = {row.engineInfo for row in spark.sql(f"DESCRIBE HISTORY delta.`{lake.table_uri(name)}`").collect()}
        assert engines == {"tapehouse"}, "Spark's own commits could be written over another's"
