"""produce with the real embedded Kinesis and simulated venues: holes, marks, keys, words. No Spark."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.command import Target, target
from cli.main import main
from cli.processes import AppProcesses
from producers.feeds import FEEDS
from producers.health.check import check
from producers.run import wiring
from producers.run.arguments import ProduceOptions, SyntheticOptions, VenueOptions
from producers.sink import SinkConfig
from producers.synthetic import Chronicle, SyntheticSource, chronicle_path
from producers.synthetic.chronicle import End
from tapehouse.errors import TerminalError
from tapehouse.intervals import HOUR_US
from tapehouse.settings import Settings
from tests.cli.venues import Venues, in_stream, simulated

pytestmark = pytest.mark.usefixtures("in_an_empty_folder")

ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Target]:
    found = target(Settings(lake=str(tmp_path / "lake")))
    found.lake.check_origin("demo")
    found.stack.up()
    found.stack.ensure_stream("trades", 2)
    yield found
    found.stack.down()


@pytest.fixture
def venues() -> Iterator[Venues]:
    with simulated() as found:
        yield found


class Producer:
    """``tapehouse produce`` as a process; ``until`` reads its metrics lines."""

    def __init__(self, here: Target, words: list[str], **environ: str) -> None:
        command = [sys.executable, "-m", "cli.main", "produce", "--lake", here.lake.uri, *words]
        environment = {**here.stack.environment(os.environ), "PYTHONPATH": str(ROOT), **environ}
        self.process = subprocess.Popen(
            [*command, "--metrics-every-s", "0.1"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[dict[str, Any]] = []

    def until(self, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        assert self.process.stdout is not None
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            text = self.process.stdout.readline()
            assert text, self.process.communicate()[1]
            self.lines.append(json.loads(text))
            if true(self.lines[-1]):
                return self.lines[-1]
        raise AssertionError(f"never so: {self.lines[-1]}")

    def stop(self) -> dict[str, Any]:
        """The final report."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err
        return dict(json.loads(out.splitlines()[-1]))


@contextlib.contextmanager
def producing(here: Target, words: list[str], **environ: str) -> Iterator[Producer]:
    producer = Producer(here, words, **environ)
    try:
        yield producer
    finally:
        producer.process.kill()
        producer.process.communicate()


def test_what_was_traded_between_two_runs_is_read_back_and_told(here: Target, venues: Venues, tmp_path: Path) -> None:
    words = [*venues.urls("coinbase"), "--symbols", "BTC-USD", "--state-folder", str(tmp_path / "marks")]
    with producing(here, words) as first:
        first.until(lambda line: line["connected"])
        venues.trade("coinbase", 30)
        first.until(lambda line: line["trades"] > 0 and line["waiting"] == 0)
        assert first.stop()["stopped"] is True
    venues.trade("coinbase", 60)
    beat = tmp_path / "beat"
    with producing(here, words, TAPEHOUSE_HEARTBEAT=str(beat)) as second:
        second.until(lambda line: line["connected"])
        venues.trade("coinbase", 30)
        second.until(lambda line: line["gaps"] == 1 and line["open_gaps"] == 0 and line["waiting"] == 0)
        assert check(beat, time.time_ns() // 1000) is None
        assert json.loads(beat.read_text())["feed"] == "coinbase"
        last = second.stop()
    made = {trade.trade_id for trade in venues.truth("coinbase", "BTC-USD")}
    records = in_stream(here)
    told = [record for record in records if record["kind"] == "trade"]
    assert {record["trade_id"] for record in told} == made
    assert len(made) > 30
    assert last["filled"] == sum(record["backfilled"] for record in told) > 0
    assert (last["final"], last["read"], last["confirmed"]) == (True, last["confirmed"], last["read"])
    assert [record["reason"] for record in records if record["kind"] == "gap_closed"] == ["filled"]
    assert [path.name for path in (tmp_path / "marks").iterdir() if path.suffix == ".json"] == ["coinbase.json"]


def test_a_history_that_is_killed_while_it_is_told_is_told_to_its_end_by_the_next_run(here: Target) -> None:
    words = ["--feed", "synthetic", "--rate", "50", "--history-h", "26"]
    with producing(here, words) as first:
        first.until(lambda line: line["confirmed"] > 0)
        first.process.kill()
        first.process.wait()
    is_told = json.loads(chronicle_path(here.lake.path).read_text())["stretch"] is None
    before = in_stream(here)
    with producing(here, words) as second:
        second.until(lambda line: line["confirmed"] > 1_000)
        time.sleep(1)
        assert second.stop()["stopped"] is True
    found = [record for record in in_stream(here) if record["kind"] == "trade"]
    texts: dict[tuple[str, str], set[str]] = {}
    for record in found:
        texts.setdefault((record["symbol"], record["trade_id"]), set()).add(json.dumps(record))
    assert {len(told) for told in texts.values()} == {1}, "what is told again is the same"
    again = len(found) - len(texts)
    assert again == (0 if is_told else sum(record["kind"] == "trade" for record in before))
    for symbol in ("BTC-USD", "ETH-USD", "SOL-USD"):
        ids = sorted(int(number) for name, number in texts if name == symbol)
        of_history = [number for number in ids if number < ids[0] + 1_000_000]
        assert of_history == list(range(ids[0], ids[0] + len(of_history)))
        assert len(of_history) > 8_000


def test_a_history_is_told_by_one_producer_of_a_lake(here: Target) -> None:
    with contextlib.ExitStack() as held:
        options = ProduceOptions(synthetic=SyntheticOptions(history_h=1))
        settings = here.settings.model_copy(update={"feed": "synthetic", "history_h": 1.0})
        assert wiring.parts(options, settings, here.lake, held).marks is not None
        with pytest.raises(TerminalError, match=r"Another producer of synthetic keeps .*: end that one first"):
            wiring.parts(options, settings, here.lake, held)


@pytest.mark.parametrize("history_h", [None, 1.0])
def test_no_market_begins_later(here: Target, history_h: float | None) -> None:
    """Its lake would be told up to then, and whoever comes next would wait."""
    ahead = SyntheticOptions(start_us=time.time_ns() // 1000 + HOUR_US, history_h=history_h)
    settings = here.settings.model_copy(update={"feed": "synthetic", "history_h": 1.0})
    with contextlib.ExitStack() as held, pytest.raises(TerminalError, match="--start lies ahead"):
        wiring.parts(ProduceOptions(synthetic=ahead), settings, here.lake, held)
    assert not chronicle_path(here.lake.path).exists()


def test_who_wants_no_history_leaves_word_of_what_he_tells_to_who_wants_one(here: Target) -> None:
    plain = ProduceOptions(synthetic=SyntheticOptions())
    settings = here.settings.model_copy(update={"feed": "synthetic", "history_h": 1.0})
    with contextlib.ExitStack() as held:
        assert wiring.parts(plain, settings, here.lake, held).marks is None
    path = chronicle_path(here.lake.path)
    Chronicle(path, history_us=HOUR_US).close(End(at_us=1_000_000, prices={}))
    with contextlib.ExitStack() as held:
        source = wiring.parts(plain, settings, here.lake, held).source
        with pytest.raises(TerminalError, match="Another producer of synthetic"):
            wiring.parts(plain, settings, here.lake, held)
        assert isinstance(source, SyntheticSource)

        async def a_moment() -> None:
            async for _ in source:
                source.stop()

        asyncio.run(a_moment())
    told = json.loads(path.read_text())
    assert (told["stretch"], told["end"]) == (None, None)
    assert told["live_us"] > 1_000_000, "the hole before it is nobody's"


def test_two_producers_of_one_feed_do_not_share_marks(here: Target, venues: Venues) -> None:
    words = [*venues.urls("kraken"), "--symbols", "BTC-USD"]
    with producing(here, words) as first:
        first.until(lambda line: line["connected"])
        second = subprocess.run(
            [sys.executable, "-m", "cli.main", "produce", "--lake", here.lake.uri, *words],
            env={**here.stack.environment(os.environ), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert "Another producer of kraken keeps its marks in" in second.stderr
        first.stop()


def test_marks_need_a_place_when_the_lake_is_on_s3() -> None:
    far = target(Settings(lake="s3://some-bucket/lake", feed="kraken"))
    with contextlib.ExitStack() as held, pytest.raises(TerminalError, match="set TAPEHOUSE_STATE_FOLDER to a folder"):
        wiring._marks(far.settings, far.lake, held)


def test_marks_need_a_folder_that_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    there = target(Settings(lake=str(tmp_path / "lake"), feed="kraken", state_folder=tmp_path / "file"))
    with contextlib.ExitStack() as held, pytest.raises(TerminalError, match="cannot keep the marks of kraken"):
        wiring._marks(there.settings, there.lake, held)


@pytest.mark.parametrize(
    ("words", "fills"),
    [
        ({}, True),
        ({"no_recovery": True}, False),
        ({"url": "ws://127.0.0.1:9"}, False),  # the venue's own past trades are not those of another address
        ({"url": "ws://127.0.0.1:9", "rest_url": "http://127.0.0.1:9"}, True),
    ],
)
def test_holes_are_filled_from_where_the_trades_come(words: dict[str, Any], fills: bool) -> None:
    with contextlib.ExitStack() as held:
        assert (wiring._recovery(VenueOptions(**words), FEEDS["kraken"], held) is not None) is fills


def test_a_synthetic_market_is_spoiled_as_the_words_say_and_its_truth_written(
    here: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = ["--duplicates", "0.1", "--out-of-order", "0.1", "--malformed", "0.1", "--gaps", "0.02"]
    more = ["--late", "0.01", "--late-s", "1", "--gap-trades", "2", "--truth", str(tmp_path / "truth.jsonl")]
    words = ["--feed", "synthetic", "--count", "500", "--symbols", "BTC-USD,ETH-USD"]
    assert main(["produce", "--lake", here.lake.uri, *words, *rates, *more]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    truth = json.loads((tmp_path / "truth.summary.json").read_text())
    assert truth["trades"] == 500
    assert min(truth[fault] for fault in ("duplicate", "out_of_order", "malformed", "gap", "missing")) > 0
    assert last["symbols"] == ["BTC-USD", "ETH-USD"]
    assert last["read"] == last["confirmed"] > truth["sent"] + truth["duplicate"]


def test_the_source_and_its_markets_come_from_the_environment_too(
    here: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FEED", "synthetic")
    monkeypatch.setenv("SYMBOLS", "ETH-USD")
    monkeypatch.setenv("LAKE", here.lake.uri)
    assert main(["produce", "--count", "5"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["feed"], last["symbols"], last["final"]) == ("synthetic", ["ETH-USD"], True)


def test_a_key_is_in_nothing_that_is_said_even_when_nothing_works(here: Target) -> None:
    """No line, a limit that ends it, and --debug, which shows all there is."""
    done = subprocess.run(
        [
            *[sys.executable, "-m", "cli.main", "produce", "--debug", "--lake", here.lake.uri, "--no-marks"],
            *["--feed", "finnhub", "--symbols", "us:AAPL-USD", "--url", "ws://127.0.0.1:9/there"],
        ],
        env={
            **here.stack.environment(os.environ),
            "PYTHONPATH": str(ROOT),
            "TAPEHOUSE_FINNHUB_TOKEN": "hunter2",
            "TAPEHOUSE_FEED_LIMITS": "finnhub.max_attempts=1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "finnhub: no connection to ws://127.0.0.1:9/there in 1 attempts" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name a source: --feed coinbase"),
        (["--feed", "nosuch", "--no-marks"], "there is no feed 'nosuch'"),
        (["--feed", "coinbase", "--no-marks", "--symbols", "us:AAPL-USD"], "symbol 'us:AAPL-USD' is not BASE-QUOTE"),
        (["--feed", "synthetic", "--symbols", "us:AAPL-USD"], "the synthetic market has pairs alone"),
        (["--feed", "synthetic", "--late", "2"], "late: 2.0 is not 0 to below 1"),
        (["--feed", "kraken", "--gaps", "0.1"], "--gaps does not go with --feed kraken"),
        (["--feed", "file", "--path", "-", "--no-recovery"], "--no-recovery does not go with --feed file"),
        (["--feed", "kraken", "--feed-limits", "kraken.nosuch=1"], "nosuch: there is no such limit"),
        (["--feed", "finnhub", "--no-marks"], "TAPEHOUSE_FINNHUB_TOKEN is not set"),
    ],
)
def test_what_cannot_be_produced_is_told_in_words(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", "http://127.0.0.1:9")  # as if a stack were there: nothing is sent
    assert main(["produce", "--lake", str(tmp_path / "lake"), *words]) == 1
    assert said in capsys.readouterr().err


def test_the_sink_takes_its_share_of_the_shards_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[SinkConfig] = []

    def run(source: Any, config: SinkConfig, client: Any, **_: Any) -> int:
        seen.append(config)
        raise TerminalError("as far as that")

    monkeypatch.setattr("producers.run.runner.run", run)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    words = ["--feed", "synthetic", "--stream-name", "tape", "--shard-share", "0.5"]
    assert main(["produce", "--lake", str(tmp_path / "lake"), *words]) == 1
    assert "as far as that" in capsys.readouterr().err
    assert [(each.stream, each.shard_bytes_per_s, each.shard_records_per_s) for each in seen] == [
        ("tape", 500_000, 500)
    ]


def test_vendors_markets_are_asked_of_vendors_alone(tmp_path: Path) -> None:
    settings = Settings(
        lake=str(tmp_path / "lake"),
        feeds=("coinbase", "finnhub", "kraken"),
        symbols=("BTC-USD", "us:AAPL-USD", "binance:BTC-USDT"),
    )
    parts = {each.name: each.arguments for each in AppProcesses(target(settings))._planned()}
    assert parts["coinbase"] == ("--feed", "coinbase", "--symbols", "BTC-USD")
    assert parts["kraken"] == ("--feed", "kraken", "--symbols", "BTC-USD")
    assert parts["finnhub"] == ("--feed", "finnhub", "--symbols", "us:AAPL-USD,binance:BTC-USDT")


def test_a_vendors_market_that_nobody_would_read_is_refused(tmp_path: Path) -> None:
    settings = Settings(lake=str(tmp_path / "lake"), feeds=("coinbase",), symbols=("us:AAPL-USD",))
    with pytest.raises(TerminalError, match="none of FEEDS=coinbase has it"):
        list(AppProcesses(target(settings))._planned())
