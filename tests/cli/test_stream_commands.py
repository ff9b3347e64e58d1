"""up, produce, run-app's processes and down, with the real embedded Kinesis; no Spark."""

import gzip
import io
import itertools
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.command import Target, target
from cli.main import main
from cli.processes import AppProcesses
from producers.synthetic import chronicle_path
from tapehouse.kpl import deaggregate
from tapehouse.lake import Lake
from tapehouse.record import judge
from tapehouse.settings import Settings

pytestmark = pytest.mark.usefixtures("in_an_empty_folder")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Target]:
    """Forecasts so seldom that no bounded pass waits for one."""
    found = target(Settings(lake=str(tmp_path / "lake"), once=True, forecast_every_s=900.0))
    yield found
    found.stack.down()


def records(here: Target) -> list[bytes]:
    """Everything that is in the stream."""
    client = boto3.client("kinesis", endpoint_url=here.stack.endpoint("kinesis"))
    found: list[bytes] = []
    for shard in client.list_shards(StreamName="trades")["Shards"]:
        words: dict[str, Any] = {"StreamName": "trades", "ShardId": shard["ShardId"]}
        iterator = client.get_shard_iterator(**words, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while True:
            page = client.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                parts = deaggregate(record["Data"])
                found.extend([record["Data"]] if parts is None else [part.data for part in parts])
            iterator = page["NextShardIterator"]
            if not page["Records"] and page["MillisBehindLatest"] == 0:
                break
    return found


def of_kind(kind: str, found: Iterable[bytes]) -> list[dict[str, Any]]:
    """Of what silver takes."""
    now_us = time.time_ns() // 1000
    return [json.loads(data) for data in found if (judged := judge(data, now_us)).kind == kind and not judged.reasons]


def test_up_produce_and_down(here: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = ["--lake", here.lake.uri]
    assert main(["up", *lake]) == 0
    assert "started kinesis and aws" in capsys.readouterr().out
    assert main(["up", *lake]) == 0
    assert "is up already" in capsys.readouterr().out
    assert here.lake.origin() == "demo"

    with gzip.open(tmp_path / "records.gz", "wb") as file:
        file.write(b'{"any": "thing"}\n\xff\n')
    assert main(["produce", *lake, "--feed", "file", "--path", str(tmp_path / "records.gz")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [told[name] for name in ("feed", "read", "confirmed", "refused", "final")] == ["file", 2, 2, 0, True]
    report = tmp_path / "report.json"
    assert main(["produce", *lake, "--feed", "synthetic", "--count", "50", "--report", str(report)]) == 0
    confirmed = json.loads(report.read_text())["confirmed"]
    found = records(here)
    assert len(found) == 2 + confirmed
    assert {b'{"any": "thing"}', b"\xff"} <= set(found)
    capsys.readouterr()

    assert main(["down", *lake]) == 0
    assert capsys.readouterr().out == "Stopped kinesis, aws.\n"
    assert main(["down", *lake]) == 0
    assert "Nothing of" in capsys.readouterr().out


def test_a_lake_of_another_origin_takes_no_records(here: Target, capsys: pytest.CaptureFixture[str]) -> None:
    here.lake.check_origin("recorded")
    here.stack.up()
    here.stack.ensure_stream("trades", 1)
    assert main(["produce", "--lake", here.lake.uri, "--feed", "synthetic", "--count", "1"]) == 1
    assert "holds recorded trades, and this run would add demo ones" in capsys.readouterr().err
    assert records(here) == []


def bounded_pass(here: Target) -> AppProcesses:
    """All that the producers of one have is in the stream."""
    processes = AppProcesses(here)
    processes.start()
    deadline = time.monotonic() + 60
    while not processes.finished and time.monotonic() < deadline:
        processes.supervise()
        time.sleep(0.05)
    assert processes.finished
    return processes


def test_a_second_run_goes_on_where_the_synthetic_market_was(here: Target) -> None:
    def synthetic(found: list[bytes]) -> list[dict[str, Any]]:
        bodies = [*of_kind("trade", found), *of_kind("gap", found), *of_kind("coverage", found)]
        return [body for body in bodies if body["exchange"] == "synthetic"]

    here.lake.check_origin("demo")
    here.stack.up()
    here.stack.ensure_stream("trades", 2)
    processes = bounded_pass(here)
    assert processes.stop_producers() == []
    assert here.stack.stop(processes.names) == []
    assert here.stack.alive().keys() == {"kinesis", "aws"}
    there = records(here)
    assert len(there) == sum(report["confirmed"] for report in processes.reports().values())
    first = synthetic(there)
    here.stack.stop(bounded_pass(here).names)
    both = synthetic(records(here))
    told = Counter((body["symbol"], body["trade_id"]) for body in both if body["kind"] == "trade")
    assert max(told.values()) == 2, "some are sent again on purpose"
    assert sum(count > 1 for count in told.values()) < 50, "and no more"
    assert 900 < len(both) - len(first) < 3_000, "the day is not told again"
    for symbol in ("BTC-USD", "ETH-USD", "SOL-USD"):
        mine = [body for body in both if body["symbol"] == symbol]
        spans = sorted((body["from_us"], body["through_us"]) for body in mine if body["kind"] == "coverage")
        holes = {(before[1], after[0]) for before, after in itertools.pairwise(spans) if before[1] != after[0]}
        gaps = {(body["from_us"], body["to_us"] + 1) for body in mine if body["kind"] == "gap"}
        assert holes <= gaps, "no hole between the runs"


@pytest.mark.parametrize(
    ("history_h", "there", "words"),
    [
        (26.0, "nothing", ("--history-h", "26")),
        (26.0, "trades", ()),  # of an older version's lake nobody knows what is told
        (26.0, "a history", ("--history-h", "26")),
        (0.0, "nothing", ()),
        (0.0, "a history", ("--history-h", "0")),  # so that it is known what this run tells
    ],
)
def test_the_history_goes_into_a_new_lake_and_goes_on_in_one_that_has_one(
    history_h: float,
    there: str,
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = target(Settings(lake=str(tmp_path / "lake"), history_h=history_h))
    if there == "a history":
        path = chronicle_path(here.lake.path)
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    monkeypatch.setattr(Lake, "existing_tables", lambda _: [] if there == "nothing" else ["bronze.trades"])
    assert AppProcesses(here)._history() == words


def test_venues_that_traded_into_a_stream_that_nobody_read_trade_otherwise_the_next_time(tmp_path: Path) -> None:
    """A run that was stopped before its first refresh has left no table."""
    here = target(Settings(lake=str(tmp_path / "lake"), seed=7))
    assert AppProcesses(here)._seed() == 7
    try:
        here.stack.up()
        AppProcesses(here)._start_simulator()
    finally:
        here.stack.down()
    assert AppProcesses(here, clock=lambda: 1_000.0)._seed() == 1_007


def test_the_markets_that_are_asked_for_are_the_synthetic_ones_too(tmp_path: Path) -> None:
    from tapehouse.errors import TerminalError

    here = target(Settings(lake=str(tmp_path / "lake"), symbols=("DOGE-USD", "BTC-USD")))
    try:
        here.stack.up()
        *_, synthetic = AppProcesses(here)._planned()
    finally:
        here.stack.down()
    assert synthetic.arguments[-2:] == ("--symbols", "DOGE-USD,BTC-USD")
    here = target(Settings(lake=str(tmp_path / "lake"), symbols=("binance:BTC-USDT",)))
    with pytest.raises(TerminalError, match="binance:BTC-USDT is a vendor's market, and no FEEDS are set"):
        list(AppProcesses(here)._planned())


def test_a_producer_that_died_in_a_bounded_pass_is_told_with_its_log(here: Target) -> None:
    from tapehouse.errors import TerminalError

    here.lake.check_origin("live")  # every producer of a demo is refused this lake
    here.stack.up()
    here.stack.ensure_stream("trades", 1)
    processes = AppProcesses(here)
    processes.start()
    with pytest.raises(TerminalError, match=r"The producer \w+ died: see .*\.log"):
        for _ in range(600):
            processes.supervise()
            time.sleep(0.05)
    here.stack.stop(processes.names)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--feed", "file"], "needs --path"),
        (["--feed", "synthetic", "--path", "x"], "no other feed takes --path"),
        (["--feed", "coinbase", "--count", "3"], "--count does not go with --feed coinbase"),
        (["--feed", "synthetic", "--start", "noon"], "--start 'noon' is no time: write 2026-"),
        (["--feed", "synthetic", "--url", "ws://x"], "--url does not go with --feed synthetic"),
    ],
)
def test_words_that_mean_nothing_for_a_source(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["produce", *words]) == 1
    assert said in capsys.readouterr().err


def test_parse_writes_records_and_counts(capsysbinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    match = {
        **{"type": "match", "trade_id": 7, "side": "sell", "size": "0.5", "price": "100.25"},
        **{"product_id": "BTC-USD", "sequence": 1, "time": "2024-03-09T23:59:59.999999Z"},
    }
    stdin = io.TextIOWrapper(io.BytesIO(json.dumps(match).encode() + b'\n{"type":"heartbeat"}\n'))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["parse", "coinbase"]) == 0
    said = capsysbinary.readouterr()
    record = json.loads(said.out)
    assert (record["trade_id"], record["side"], record["price"]) == ("7", "buy", "100.25")  # the taker's side
    assert b"messages=2 trades=1" in said.err


def test_a_killed_producer_of_a_live_run_is_started_again(tmp_path: Path) -> None:
    here = target(Settings(lake=str(tmp_path / "lake")))
    here.lake.check_origin("demo")
    try:
        here.stack.up()
        here.stack.ensure_stream("trades", 1)
        processes = AppProcesses(here)
        processes.start()
        first = here.stack.alive()["kraken"]
        first.process.signal(signal.SIGKILL)
        while first.process.alive:
            time.sleep(0.01)
        processes.supervise()
        assert here.stack.alive()["kraken"] != first
        assert processes.running == processes.total == 4
    finally:
        here.stack.down()
