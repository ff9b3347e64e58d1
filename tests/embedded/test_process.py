"""Detached processes: known by id and beginning, ended in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded import process as processes
from embedded.process import Process

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)
SLEEPY = "import time; print('ready', flush=True); time.sleep(60)"


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Process]]:
    found: list[Process] = []
    yield found
    processes.stop(found, grace_s=0)


def start(tmp_path: Path, code: str, name: str = "log") -> Process:
    log = tmp_path / "logs" / name
    process = processes.start([sys.executable, "-S", "-c", code], environment={"GREETING": "hello"}, log=log)
    deadline = time.monotonic() + 20
    while "ready" not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.01)
    return process


def test_output_and_environment_of_a_detached_process(tmp_path: Path, started: list[Process]) -> None:
    code = "import os, sys; print(os.environ['GREETING'], os.getsid(0) == os.getpid(), file=sys.stderr); print('ready')"
    started.append(start(tmp_path, code))
    assert (tmp_path / "logs/log").read_text().splitlines() == ["hello True", "ready"]


def test_a_process_is_alive_until_it_is_stopped(tmp_path: Path, started: list[Process]) -> None:
    started.append(start(tmp_path, SLEEPY))
    assert started[0].alive
    assert processes.stop(started, grace_s=20) == []
    assert not started[0].alive


def test_another_process_under_the_same_id_is_a_stranger_and_is_left_alone(started: list[Process]) -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", SLEEPY], stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        stranger.stdout.readline()
        ours = Process(stranger.pid, "some other time")
        assert not ours.alive
        ours.signal(signal.SIGKILL)
        assert processes.stop([ours], grace_s=0) == []
        assert stranger.poll() is None
        stranger.kill()


def test_who_does_not_listen_is_killed_and_named(tmp_path: Path, started: list[Process]) -> None:
    started.extend([start(tmp_path, STUBBORN, "a"), start(tmp_path, SLEEPY, "b")])
    assert processes.stop(started, grace_s=1) == [started[0]]
    assert not any(process.alive for process in started)


def test_the_exit_status_of_a_child_is_told(tmp_path: Path) -> None:
    process = processes.start([sys.executable, "-S", "-c", "raise SystemExit(3)"], environment={}, log=tmp_path / "log")
    deadline = time.monotonic() + 20
    while (status := processes.exit_status(process)) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert status == 3
    assert processes.exit_status(process) is None


def test_a_zombie_is_not_alive() -> None:
    child = os.posix_spawn(sys.executable, [sys.executable, "-S", "-c", ""], {})
    began = processes._began(child)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert processes._began(child) == ""
    assert not Process(child, began).alive
