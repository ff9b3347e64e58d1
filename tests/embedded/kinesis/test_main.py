"""The server as a process of its own: started, told to end, and killed."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

Run = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def run(port: int, tmp_path: Path) -> Iterator[Run]:
    """Starts the module and waits until it is healthy."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, healthy: bool = True) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "embedded.kinesis", "--port", str(port), *arguments]
        with (tmp_path / "log").open("ab") as log:
            started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log))
        deadline = time.monotonic() + 30
        while healthy:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_tapehouse/health", timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(0.05)
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_runs_till_sigterm_and_prints_nothing_but_logs(
    run: Run, port: int, tmp_path: Path, connect: Callable[..., Any]
) -> None:
    journal = ("--journal", str(tmp_path / "journal"), "--stream", "a:2", "--stream", "b:1")
    process = run(*journal)
    client = connect(f"http://127.0.0.1:{port}")
    assert client.list_streams()["StreamNames"] == ["a", "b"]
    client.delete_stream(StreamName="b")
    made = client.describe_stream(StreamName="a")["StreamDescription"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert process.stdout is not None
    assert process.stdout.read() == b""
    run(*journal)
    assert client.describe_stream(StreamName="a")["StreamDescription"] == made
    assert client.list_streams()["StreamNames"] == ["a", "b"]


def test_port_in_use_ends_with_one_sentence(run: Run, port: int, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert run(healthy=False).wait(15) == 1
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"Port {port} on 127.0.0.1 cannot be used")


@pytest.mark.parametrize("stream", ["../up:1", "s", "s:0", "s:x", ":3"])
def test_wrong_stream_on_the_command_line_is_refused(run: Run, tmp_path: Path, stream: str) -> None:
    assert run("--journal", str(tmp_path / "a" / "b"), "--stream", stream, healthy=False).wait(15) != 0
    assert stream.rpartition(":")[0] in (tmp_path / "log").read_text().splitlines()[-1]
    assert [path.name for path in tmp_path.rglob("*") if path.is_dir()] in ([], ["a", "b"])


def test_kill_while_a_writer_writes_loses_nothing_acknowledged(
    run: Run, port: int, tmp_path: Path, connect: Callable[..., Any], read_stream: Callable[..., Any]
) -> None:
    journal = ("--journal", str(tmp_path / "journal"), "--stream", "s:3")
    process = run(*journal)
    acknowledged: dict[bytes, str] = {}
    tried: set[bytes] = set()
    ended = threading.Event()

    def write(name: str, client: Any) -> None:
        batch = 0
        while not ended.is_set():
            batch += 1
            data = [f"{name}-{batch}-{n}".encode() for n in range(100)]
            tried.update(data)
            try:
                records = [{"Data": one + b" " * 200, "PartitionKey": one.decode()} for one in data]
                answers = client.put_records(StreamName="s", Records=records)["Records"]
            except (botocore.exceptions.HTTPClientError, botocore.exceptions.EndpointConnectionError):
                ended.wait(0.02)
                continue
            for one, answer in zip(data, answers, strict=True):
                acknowledged[one] = answer["SequenceNumber"]

    endpoint = f"http://127.0.0.1:{port}"
    writers = [threading.Thread(target=write, args=(str(n), connect(endpoint))) for n in range(2)]
    for writer in writers:
        writer.start()
    for kill in range(3):
        before = len(acknowledged)
        while len(acknowledged) < before + 1500:
            time.sleep(0.01)
        if kill == 1:
            scale = {"TargetShardCount": 6, "ScalingType": "UNIFORM_SCALING"}
            connect(endpoint, attempts=3).update_shard_count(StreamName="s", **scale)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process = run(*journal)
    ended.set()
    for writer in writers:
        writer.join(20)
    found = read_stream(connect(endpoint), "s")
    by_data = {one["Data"].rstrip(): one["SequenceNumber"] for one in found}
    assert len(by_data) == len(found), "a record came twice"
    assert {data: by_data.get(data) for data in acknowledged} == acknowledged
    assert set(by_data) <= tried
    assert len({one["SequenceNumber"] for one in found}) == len(found)
