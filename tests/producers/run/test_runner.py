"""A source is driven to its end or to a signal; what was read is confirmed, or somebody is told."""

import asyncio
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from producers.counters import Counters
from producers.files import FileSource
from producers.files.lines import BrokenGzipError
from producers.run.marks import BrokenStateError, MarkStore, StreamIdentity
from producers.run.runner import Progress, produce
from producers.sink import KinesisSink, Mark, SinkConfig, UnconfirmedError
from producers.source import Batch, Raw
from producers.synthetic import SyntheticConfig, SyntheticSource
from tapehouse.errors import TerminalError
from tapehouse.kinesis import StreamRefusedError
from tapehouse.kpl import deaggregate
from tapehouse.market import MarketKey

START_US = 1_760_000_000_000_000
STREAM = StreamIdentity("tape", 1)
KRAKEN_BTC = MarketKey("kraken", "BTC-USD", "kraken")
SYNTHETIC_BTC = MarketKey("synthetic", "BTC-USD", "synthetic")


class FakeKinesis:
    """Takes everything, or fails every entry while ``down``."""

    def __init__(self, *, down: bool = False) -> None:
        self.down = down
        self.taken: list[bytes] = []

    def put_records(self, *, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:  # noqa: N803
        if self.down:
            return {"Records": [{"ErrorCode": "InternalFailure"} for _ in Records]}
        for each in Records:
            parts = deaggregate(each["Data"])
            self.taken.extend([each["Data"]] if parts is None else [part.data for part in parts])
        return {"Records": [{"SequenceNumber": "1", "ShardId": "s"} for _ in Records]}


class Lines:
    """Gives its batches, then does what it is told to do at the end."""

    name = "lines"

    def __init__(self, batches: int, then: Callable[[], Any] = lambda: None) -> None:
        self._batches, self._then = batches, then
        self.given = 0
        self.ended = False

    async def __aiter__(self) -> AsyncIterator[Batch]:
        try:
            for number in range(self._batches):
                self.given += 1
                yield [Raw(data=b"%d" % number, partition_key="k")]
            result = self._then()
            if result is not None:
                await result
        finally:
            self.ended = True


def for_ever() -> Any:
    return asyncio.Event().wait()


def sink(kinesis: Any, **changes: Any) -> KinesisSink:
    config = SinkConfig(**{"stream": "tape", "linger_ms": 1, "backoff_base_ms": 1, "backoff_cap_ms": 2, **changes})
    return KinesisSink(config, kinesis)


def run(work: Any) -> Any:
    async def bounded() -> Any:
        async with asyncio.timeout(60):
            return await work

    return asyncio.run(bounded())


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.002)


def test_a_source_that_ends_is_wholly_confirmed_and_reported() -> None:
    kinesis = FakeKinesis()
    seen: list[Progress] = []
    source = SyntheticSource(SyntheticConfig(count=2000, start_us=START_US))

    async def work() -> None:
        report = await produce(source, sink(kinesis), stop=asyncio.Event(), on_progress=seen.append)
        assert (report.source, report.stopped) == ("synthetic", False)
        assert report.read == report.sink.confirmed == len(kinesis.taken) > 2000

    run(work())
    assert seen[-1].sink.confirmed == len(kinesis.taken)
    assert [each.read for each in seen] == sorted(each.read for each in seen)


def test_a_stop_ends_a_quiet_source_and_flushes() -> None:
    kinesis = FakeKinesis()
    source = Lines(3, then=for_ever)

    async def work() -> None:
        stop = asyncio.Event()
        driving = asyncio.create_task(produce(source, sink(kinesis, linger_ms=3_600_000), stop=stop))
        await until(lambda: source.given == 3)
        assert kinesis.taken == []
        stop.set()
        report = await driving
        assert (report.stopped, report.sink.confirmed) == (True, 3)

    run(work())
    assert kinesis.taken == [b"0", b"1", b"2"]
    assert source.ended


def test_a_stop_before_the_start_reads_nothing() -> None:
    async def work() -> None:
        stop = asyncio.Event()
        stop.set()
        report = await produce(Lines(9), sink(FakeKinesis()), stop=stop)
        assert (report.read, report.sink.put) == (0, 0)

    run(work())


def test_a_source_that_can_stop_gives_what_it_has_received() -> None:
    kinesis = FakeKinesis()

    class Socket(Lines):
        def __init__(self) -> None:
            super().__init__(2)
            self._stopping = asyncio.Event()

        def stop(self) -> None:
            self._stopping.set()

        async def __aiter__(self) -> AsyncIterator[Batch]:
            yield [Raw(data=b"before", partition_key="k")]
            await self._stopping.wait()
            yield [Raw(data=b"received", partition_key="k")]

    async def work() -> None:
        stop = asyncio.Event()
        driving = asyncio.create_task(produce(Socket(), sink(kinesis), stop=stop))
        await until(lambda: len(kinesis.taken) == 1)
        stop.set()
        assert (await driving).read == 2

    run(work())
    assert kinesis.taken == [b"before", b"received"]


def test_a_stop_while_kinesis_is_down_tells_what_is_not_confirmed_after_the_deadline() -> None:
    kinesis = FakeKinesis(down=True)
    source = Lines(1000)

    async def work() -> None:
        stop = asyncio.Event()
        blocked = sink(kinesis, buffer_records=5)
        driving = asyncio.create_task(produce(source, blocked, stop=stop, deadline_s=0.05))
        await until(lambda: blocked.metrics().retried > 20)
        stop.set()
        with pytest.raises(UnconfirmedError, match=r"^5 item"):
            await driving

    run(work())
    assert source.given == 6  # the one that waits for room; no more is read


def test_a_source_that_ended_waits_for_kinesis_as_long_as_it_takes() -> None:
    kinesis = FakeKinesis(down=True)

    async def work() -> None:
        driving = asyncio.create_task(produce(Lines(3), sink(kinesis), stop=asyncio.Event(), deadline_s=0.01))
        await asyncio.sleep(0.1)
        assert not driving.done()
        kinesis.down = False
        assert (await driving).sink.confirmed == 3

    run(work())


def test_what_a_source_gave_before_its_error_is_confirmed(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(b"first\nsecond\n")[:-4])
    kinesis = FakeKinesis()

    async def work() -> None:
        with pytest.raises(BrokenGzipError, match="2 whole line"):
            await produce(FileSource(str(path)), sink(kinesis), stop=asyncio.Event())

    run(work())
    assert kinesis.taken == [b"first", b"second"]


def test_a_sink_that_fails_ends_a_source_that_has_gone_quiet() -> None:
    class Gone:
        def put_records(self, *, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:  # noqa: N803
            from botocore.exceptions import ClientError

            response: Any = {"Error": {"Code": "ResourceNotFoundException", "Message": "no."}}
            raise ClientError(response, "PutRecords")

    async def work() -> None:
        with pytest.raises(StreamRefusedError):
            await produce(Lines(1, then=for_ever), sink(Gone()), stop=asyncio.Event())

    run(work())


def test_the_marks_of_the_end_are_durable(tmp_path: Path) -> None:
    path = tmp_path / "marks.json"
    source = SyntheticSource(SyntheticConfig(count=50, start_us=START_US, symbols=("BTC-USD",), first_id=1))

    async def work() -> None:
        await produce(source, sink(FakeKinesis()), stop=asyncio.Event(), marks=MarkStore(path, STREAM))

    run(work())
    mark = MarkStore(path, STREAM).load()[SYNTHETIC_BTC]
    assert mark.trade_id == "50"
    assert mark.covered_through_us is not None
    assert mark.event_time_us == mark.covered_through_us - 1


class Beginning(Lines):
    """Its market begins just before its one batch is given."""

    def __init__(self, marks: MarkStore) -> None:
        super().__init__(1)
        self._marks = marks

    async def __aiter__(self) -> AsyncIterator[Batch]:
        self._marks.begin(KRAKEN_BTC, 99)
        async for batch in super().__aiter__():
            yield batch


def test_market_that_began_is_durable_before_anything_of_it_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "marks.json"
    found: list[Mapping[MarketKey, Mark]] = []

    class Watching(FakeKinesis):
        def put_records(self, *, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:  # noqa: N803
            found.append(MarkStore(path, STREAM).load())
            return super().put_records(StreamName=StreamName, Records=Records)

    async def work() -> None:
        marks = MarkStore(path, STREAM)
        await produce(Beginning(marks), sink(Watching()), stop=asyncio.Event(), marks=marks, progress_every_s=3600)

    run(work())
    assert found == [{KRAKEN_BTC: Mark(covered_through_us=99)}]


def test_a_full_disk_when_a_market_begins_ends_no_producer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kinesis = FakeKinesis()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    async def work() -> None:
        marks = MarkStore(tmp_path / "marks.json", STREAM)
        await produce(Beginning(marks), sink(kinesis), stop=asyncio.Event(), marks=marks)

    monkeypatch.setattr(os, "fsync", full)
    run(work())
    assert kinesis.taken == [b"0"]
    assert "No space left on device" in caplog.text


def test_broken_marks_are_told_before_anything_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "marks.json"
    path.write_text("{")
    source = Lines(1)

    async def work() -> None:
        with pytest.raises(BrokenStateError):
            await produce(source, sink(FakeKinesis()), stop=asyncio.Event(), marks=MarkStore(path, STREAM))

    run(work())
    assert source.given == 0


def test_who_is_told_may_fail_and_what_was_read_is_confirmed_before_that_is_raised(tmp_path: Path) -> None:
    kinesis, path = FakeKinesis(), tmp_path / "marks.json"
    trades = SyntheticSource(SyntheticConfig(count=20, start_us=START_US, symbols=("BTC-USD",), first_id=1))
    told: list[Progress] = []

    class Endless(Lines):
        async def __aiter__(self) -> AsyncIterator[Batch]:
            async for batch in trades:
                self.given += len(batch)
                yield batch
            await asyncio.Event().wait()

    def fails_once(progress: Progress) -> None:
        told.append(progress)
        if progress.read > 20 and len(told) < 10_000:
            told.extend([progress] * 10_000)
            raise RuntimeError("the screen is gone")

    async def work() -> None:
        with pytest.raises(RuntimeError, match="the screen is gone"):
            await produce(
                Endless(0),
                sink(kinesis, linger_ms=50),
                stop=asyncio.Event(),
                on_progress=fails_once,
                marks=MarkStore(path, STREAM),
                progress_every_s=0.001,
            )

    run(work())
    assert len(kinesis.taken) > 20
    assert MarkStore(path, STREAM).load()[SYNTHETIC_BTC].trade_id == "20"


def test_progress_tells_how_the_line_of_a_venue_does() -> None:
    class Venue(Lines):
        counters = Counters(reconnects=2, filled=7)
        unconfirmed = frozenset({"ETH-USD"})
        refused: Mapping[str, str] = {"XYZ-USD": "no such product"}

    async def work() -> None:
        report = await produce(Venue(1), sink(FakeKinesis()), stop=asyncio.Event())
        assert report.watch is not None
        assert (report.watch.counters.reconnects, report.watch.counters.filled) == (2, 7)
        assert report.watch.unconfirmed == frozenset({"ETH-USD"})
        assert report.watch.refused == frozenset({"XYZ-USD"})
        assert report.watch.counters is not Venue.counters
        plain = await produce(Lines(1), sink(FakeKinesis()), stop=asyncio.Event())
        assert plain.watch is None

    run(work())


# -- signals, in a process of its own ---------------------------------------------------------------------------------

PROGRAM = '''
import json, random, sys
from producers.counters import Counters
from producers.files import FileSource
from producers.run.runner import run
from producers.sink import SinkConfig
from producers.synthetic import SyntheticConfig, SyntheticSource
from tapehouse.kpl import UserRecord, deaggregate

class Kinesis:
    """Fails 30 % of the entries (``down``: all) and writes what it takes to a file before it answers."""
    def __init__(self, path, down):
        self.file, self.down, self.random = open(path, "ab", buffering=0), down, random.Random(3)

    def put_records(self, *, StreamName, Records):
        fails = [self.down or self.random.random() < 0.3 for _ in Records]
        kept = [each["Data"] for each, failed in zip(Records, fails) if not failed]
        taken = [part.data + b"\\n" for data in kept for part in deaggregate(data) or [UserRecord("", data)]]
        self.file.write(b"".join(taken))
        return {"Records": [{"ErrorCode": "InternalFailure"} if failed else {} for failed in fails]}

def report(each):
    print(json.dumps({"read": each.read, "confirmed": each.sink.confirmed, "stopped": each.stopped}), flush=True)

path, kind, down = sys.argv[1], sys.argv[2], sys.argv[3] == "down"
source = FileSource("-") if kind == "stdin" else SyntheticSource(SyntheticConfig(rate_per_s=2000))
config = SinkConfig(stream="tape", backoff_base_ms=1, backoff_cap_ms=20)
started = []
def progress(each):
    if not started and (kind == "stdin" or each.sink.put):
        started.append(print("started", flush=True))
sys.exit(run(source, config, Kinesis(path, down), on_progress=progress, on_report=report))
'''


def start(path: Path, kind: str, state: str) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[3]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path), kind, state],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"
    return process


def wait_for_bytes(path: Path, size: int) -> None:
    deadline = time.monotonic() + 60
    while not path.exists() or path.stat().st_size < size:
        assert time.monotonic() < deadline, "the producer sent nothing"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_flushes_what_was_read_and_ends_with_zero(number: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "taken"
    with start(path, "synthetic", "up") as process:
        wait_for_bytes(path, 100_000)
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    report = json.loads(out)
    assert process.returncode == 0
    assert report["stopped"]
    assert report["read"] == report["confirmed"] == len(set(path.read_bytes().splitlines())) > 100


def test_a_signal_ends_a_producer_that_waits_for_a_quiet_pipe(tmp_path: Path) -> None:
    path = tmp_path / "taken"
    with start(path, "stdin", "up") as process:
        assert process.stdin is not None
        process.stdin.write(b"one\n\ntwo\nunfinished")
        process.stdin.flush()
        wait_for_bytes(path, 8)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    assert sorted(path.read_bytes().splitlines()) == [b"one", b"two"]


def test_a_second_signal_ends_at_once_and_not_with_zero(tmp_path: Path) -> None:
    with start(tmp_path / "taken", "synthetic", "down") as process:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 128 + signal.SIGTERM


def test_an_error_is_raised_for_the_caller_to_show(tmp_path: Path) -> None:
    from producers.run.runner import run as run_command

    with pytest.raises(TerminalError, match="No such file"):
        run_command(FileSource(str(tmp_path / "none")), SinkConfig(stream="tape"), FakeKinesis())
