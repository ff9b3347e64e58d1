"""Every script, end to end, on an embedded Kinesis and a local lake, in the process that a run of Glue is."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from embedded.kinesis import KinesisServer
from glue_jobs.engine import Steps, Workspace, tables_of
from glue_jobs.pipeline import pipeline
from tapehouse.lake import Lake
from tapehouse.record import encode
from tapehouse.tables import BRONZE_TRADES, GOLD_CANDLES, SILVER_TRADES, Table
from tests.glue_jobs.layers import trade

pytestmark = pytest.mark.spark

ROOT = Path(__file__).parents[3]


def rows_of(lake: Lake, table: Table) -> list[str]:
    """All rows of a table now, in no order of theirs."""
    workspace = Workspace(None, lake, Steps())  # type: ignore[arg-type]
    state = workspace.state(table)
    return sorted(str(row) for row in workspace.rows(state, state.files).to_pylist())


GLUES = ["--JOB_NAME", "tapehouse-dev-x", "--JOB_RUN_ID", "jr_1", "--enable-metrics", "true", "--TempDir", "s3://b/tmp"]


class Glue:
    """The process; runs one script after another."""

    def __init__(self, lake: Lake, kinesis: KinesisServer) -> None:
        self.numbers = Counter[str]()
        """What the scripts counted, all together."""
        self._words = ["--lake", lake.uri, "--region", "us-east-1", *GLUES]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.glue_jobs.jobs.as_glue"],
            cwd=ROOT,
            env={**os.environ, "AWS_ENDPOINT_URL_KINESIS": kinesis.endpoint},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, job: str, *words: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([str(ROOT / f"glue_jobs/jobs/{job}.py"), *self._words, *words]) + "\n")
        self.process.stdin.flush()

    def line(self) -> dict[str, Any]:
        """The script's last word, behind whatever else it says."""
        assert self.process.stdout is not None
        for text in iter(self.process.stdout.readline, ""):
            if not text.startswith("{"):
                continue
            found: dict[str, Any] = json.loads(text)
            if "numbers" not in found:
                return found
            self.numbers.update({name: count for name, count in found.items() if name != "numbers"})
        raise AssertionError("the process has ended")

    def run(self, job: str, *words: str) -> dict[str, Any]:
        self.start(job, *words)
        return self.line()

    def end(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(60)

    def close(self) -> None:
        """However it ends: nothing of it is left."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def started(lake: Lake, kinesis: KinesisServer) -> Iterator[Glue]:
    glue = Glue(lake, kinesis)
    try:
        yield glue
    finally:
        glue.close()


@pytest.mark.timeout(900)  # seven scripts in a row, on a machine that may be busy
def test_the_scripts_end_to_end(lake: Lake, kinesis: KinesisServer, put: Callable[[list[bytes]], None]) -> None:
    put([encode(trade(number)) for number in range(40)])
    with started(lake, kinesis) as glue:
        first = glue.run("refresh")
        assert (first["job"], first["run"], first["ok"], first["rows"]) == ("refresh", "jr_1", True, 40)
        assert {f"{query.name} query" for query in pipeline() if query.reads} <= first["steps"].keys()
        assert glue.numbers == {"accepted": 40, "duplicate": 0, "conflict": 0, "quarantined": 0}
        assert glue.run("refresh", "--layer", "gold")["rows"] == 0
        candles = rows_of(lake, GOLD_CANDLES)
        rebuilt = glue.run("rebuild", "--table", "gold.candles")
        assert rebuilt["ok"] is True
        assert rows_of(lake, GOLD_CANDLES) == candles
        refused = glue.run("rebuild", "--table", "bronze.trades")
        assert refused["ok"] is False
        assert "bronze.trades cannot be rebuilt" in refused["error"]

        put([encode(trade(number)) for number in range(40, 52)])
        assert glue.run("refresh", "--layer", "bronze")["rows"] == 12
        shutil.rmtree(lake.path / "_checkpoints/upkeep")  # as of a lake that was not kept for long
        kept = glue.run("maintain", "--most_minutes", "5")
        assert kept["rows"] == 0
        assert kept["steps"].keys() == {f"{name} vacuum" for name in tables_of(pipeline())}
        assert glue.run("maintain")["steps"] == {}
        assert len(rows_of(lake, SILVER_TRADES)) == 40, "maintain takes nothing in"

        _stream(glue, lake, put)
        assert glue.run("refresh")["ok"] is True
        well = glue.run("audit", "--full", "true")
        assert well["ok"] is True
        assert well["counts"]["silver.trades"] == 70
        assert len(rows_of(lake, BRONZE_TRADES)) == 70
        lake.check_origin("demo")
        smoke = glue.run("smoke", "--JOB_NAME", "")
        assert (smoke["ok"], smoke.get("checks")) == (True, {"as told": 10, "not here": 6}), smoke
        assert not list((lake.path / "_smoke").glob("*")), "it leaves nothing behind"
        assert glue.end() == 0


def _stream(glue: Glue, lake: Lake, put: Callable[[list[bytes]], None]) -> None:
    """Once for a while that is given, once until a signal."""
    put([encode(trade(number)) for number in range(52, 60)])
    bounded = glue.run("stream", "--refresh_every_s", "100ms", "--most_minutes", "0.02")
    assert bounded["ok"] is True
    assert 1.2 <= bounded["seconds"] < 20
    glue.start("stream", "--refresh_every_s", "100ms")
    put([encode(trade(number)) for number in range(60, 70)])
    deadline = time.monotonic() + 30
    while len(rows_of(lake, SILVER_TRADES)) < 70:
        assert time.monotonic() < deadline, "the stream job takes in what comes"
        time.sleep(0.1)
    glue.process.send_signal(signal.SIGTERM)
    ended = glue.line()
    assert ended["ok"] is True
    assert bounded["rows"] + ended["rows"] == 18
    assert set(ended["pieces"]) == {query.name for query in pipeline()}
