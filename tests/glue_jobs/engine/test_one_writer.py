"""Two drivers on one table on S3, each a process of its own; one is stopped for longer than its lease lasts, and wakes.

The bucket keeps every version of every object: had any commit been written over, its file would have two.
"""

import queue
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from glue_jobs.engine import Steps, Workspace
from glue_jobs.engine.objects import Objects
from tapehouse.lake import Lake
from tapehouse.tables import SILVER_TRADES

ROOT = Path(__file__).parents[3]
SOON_S = 60.0
LASTS_S = 1.5


@pytest.fixture
def uri(bucket_name: str) -> str:
    boto3.client("s3").put_bucket_versioning(Bucket=bucket_name, VersioningConfiguration={"Status": "Enabled"})
    return f"s3://{bucket_name}/lake"


class Driver:
    """The process, and what it said."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process, self._log = process, log
        self.lines: list[str] = []
        self._said: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.strip())
            self._said.put(line.strip())

    def until(self, word: str, *, times: int = 1) -> None:
        """Until it has said lines that begin so, from here on."""
        end = time.monotonic() + SOON_S
        while times:
            try:
                times -= self._said.get(timeout=max(0.0, end - time.monotonic())).startswith(word)
            except queue.Empty:
                if self.process.poll() is None:
                    self.signal(signal.SIGUSR1)  # where its threads are goes to its log
                    time.sleep(1.0)
                ended, log = self.process.poll(), self._log.read_text()
                pytest.fail(f"it never said {word}: {self.lines[-5:]}; its exit code is {ended}\n{log}")

    def begin(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wrote(self) -> dict[int, int]:
        """Version → the trade, by what it said."""
        told = (line.split() for line in self.lines if line.startswith("wrote"))
        return {int(version): int(number) for _, number, version in told}


@pytest.fixture
def start(uri: str, tmp_path: Path) -> Iterator[Callable[..., Driver]]:
    drivers: list[Driver] = []

    def start(*options: object, lasts_s: float = LASTS_S) -> Driver:
        command = [sys.executable, "-m", "tests.glue_jobs.engine.driver", uri, str(lasts_s), *map(str, options)]
        log = tmp_path / f"driver-{len(drivers)}.log"
        with log.open("w") as stderr:
            process = subprocess.Popen(
                command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
            )
        drivers.append(Driver(process, log))
        return drivers[-1]

    yield start
    for driver in drivers:
        with closing(driver):
            driver.process.kill()


@contextmanager
def closing(driver: Driver) -> Iterator[None]:
    yield
    driver.process.wait(SOON_S)
    for pipe in (driver.process.stdin, driver.process.stdout):
        if pipe is not None:
            pipe.close()


def end(*drivers: Driver) -> None:
    for driver in drivers:
        driver.signal(signal.SIGCONT)
        assert driver.process.stdin is not None
        driver.process.stdin.close()
        assert driver.process.wait(SOON_S) == 0, driver.lines[-3:]


def check(uri: str, *drivers: Driver) -> None:
    """Every commit that a driver made is there, once, and no file of the log was ever written twice."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    pages = boto3.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    written = Counter(each["Key"] for page in pages for each in page.get("Versions", []))
    log = {key: times for key, times in written.items() if re.search(r"/\d{20}\.json$", key)}
    assert {key: times for key, times in log.items() if times > 1} == {}
    state = Workspace(None, Lake(uri), Steps()).log(SILVER_TRADES).state()  # type: ignore[arg-type]
    assert len(log) == state.version + 1, "no hole, and nothing above"
    workspace: Any = Workspace(None, Lake(uri), Steps())  # type: ignore[arg-type]
    rows = workspace.rows(state, state.files)
    assert sorted(map(int, rows["trade_id"].to_pylist())) == list(range(state.rows))
    by_version = [driver.wrote() for driver in drivers]
    assert sum(map(len, by_version)) == len({version for wrote in by_version for version in wrote})
    assert sorted(number for wrote in by_version for number in wrote.values()) == list(range(state.rows))


def test_a_driver_that_wakes_between_its_check_and_its_put_writes_over_nothing(uri: str, start: Any) -> None:
    one, other = start("stop-at", 4), start()
    one.begin()
    one.until("stops")
    other.begin()
    other.until("wrote", times=5)
    one.signal(signal.SIGCONT)
    one.until("lost LostRaceError")
    other.until("wrote", times=5)
    end(one, other)
    check(uri, one, other)


def test_a_driver_that_wakes_on_a_table_that_nobody_wrote_meanwhile_commits_nothing(uri: str, start: Any) -> None:
    """The new holder may already have removed, as nobody's, the files that the late commit names."""
    one, other = start("stop-at", 4), start("idle")
    one.begin()
    one.until("stops")
    other.begin()
    other.until("here")
    one.signal(signal.SIGCONT)
    one.until("lost LostRaceError")
    end(one, other)
    assert min(one.wrote()) == 2, "version 1 is the fence of who came first"
    assert 4 not in one.wrote(), "that is the fence of who stole it"
    check(uri, one, other)


def test_drivers_that_are_stopped_at_any_moment_lose_nothing_and_double_nothing(uri: str, start: Any) -> None:
    dice = random.Random(7)
    drivers = [start(), start()]
    for driver in drivers:
        driver.begin()
    for driver in drivers:
        driver.until("wrote")
    for _ in range(6):
        victim = dice.choice(drivers)
        victim.signal(signal.SIGSTOP)
        time.sleep(LASTS_S * dice.uniform(0.5, 2.5))
        victim.signal(signal.SIGCONT)
        time.sleep(dice.uniform(0.3, 1.5))
    end(*drivers)
    check(uri, *drivers)


def test_who_asks_gets_it_from_a_live_driver_and_who_leaves_leaves_it_free(uri: str, start: Any) -> None:
    one, other = start(lasts_s=60), start(lasts_s=60)
    one.begin()
    one.until("wrote", times=3)
    other.begin()
    other.until("here")
    end(other)
    one.until("wrote", times=3)
    end(one)
    check(uri, one, other)
    assert "lost" not in " ".join(one.lines + other.lines), "no one had to learn it by a failure"
    found = Objects(uri).get("_locks/silver.json")
    assert found is not None
    assert b'"holder": ""' in found.content
