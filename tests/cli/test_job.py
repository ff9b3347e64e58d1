"""``tapehouse job``: the home's words are put in, wrong ones are told before Spark starts, the file is __main__."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import job
from cli.command import target
from cli.main import main
from tapehouse.record import encode
from tapehouse.settings import Settings
from tests.glue_jobs.layers import trade

pytestmark = pytest.mark.usefixtures("in_an_empty_folder")

ROOT = Path(__file__).parents[2]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """Which file was run with which words; no session is begun."""
    found: list[tuple[str, list[str]]] = []

    @contextlib.contextmanager
    def session(*_: object) -> Iterator[None]:
        yield

    monkeypatch.setattr("cli.spark.session", session)
    monkeypatch.setattr(job, "_run_file", lambda path, words: found.append((Path(path).name, list(words))))
    return found


def test_what_the_words_do_not_say_is_the_home_s(ran: list[tuple[str, list[str]]], tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    assert main(["job", "--lake", lake, "audit", "--full", "true"]) == 0
    assert main(["job", "audit", "--lake", lake, "--stream_name=other"]) == 0
    assert ran == [
        ("audit.py", ["--lake", lake, "--stream_name", "trades", "--region", "us-east-1", "--full", "true"]),
        ("audit.py", ["--region", "us-east-1", "--lake", lake, "--stream_name=other"]),
    ]
    assert target(Settings(lake=lake)).lake.origin() == "demo"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["refersh"], "there is no job 'refersh'; the jobs are stream, refresh,"),
        (["refresh", "--layr", "gold"], "--layr: this job has no such argument; did you mean --layer?"),
        (["rebuild"], "--table is missing"),
        (["refresh"], "tapehouse up"),
    ],
)
def test_what_is_wrong_is_told_before_spark_starts(
    words: list[str], told: str, ran: list[tuple[str, list[str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["job", *words]) == 1
    assert told in capsys.readouterr().err
    assert ran == []


@pytest.mark.parametrize("words", [["--layer", "gold"], ["--table", "silver.trades"]])
def test_a_pass_that_reads_no_stream_needs_none(words: list[str], ran: list[tuple[str, list[str]]]) -> None:
    assert main(["job", "refresh", *words]) == 0
    assert len(ran) == 1


def test_on_aws_glue_runs_the_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["job", "--target", "aws", "--lake", "s3://bucket/lake", "audit"]) == 1
    assert "works on the local target only" in capsys.readouterr().err


def test_the_words_of_a_job_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["job", "refresh", "-h"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("tapehouse job refresh\n  --lake X (needed): where the tables are")
    assert "--layer X: only this layer" in said


def test_a_file_is_run_as_glue_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.py"
    script.write_text("import sys\nif __name__ == '__main__':\n    print(sys.argv)\n")
    before = sys.argv
    job._run_file(str(script), ["--a", "b"])
    assert capsys.readouterr().out == f"{[str(script), '--a', 'b']}\n"
    assert sys.argv is before


@pytest.mark.spark
def test_a_job_runs_at_home_end_to_end(tmp_path: Path) -> None:
    here = target(Settings(lake=str(tmp_path / "lake")))
    here.stack.up(wanted={"kinesis": 0, "aws": 0})
    try:
        here.stack.ensure_stream("trades", 1)
        import boto3

        kinesis = boto3.client("kinesis", endpoint_url=here.stack.endpoint("kinesis"), region_name="us-east-1")
        for number in range(3):
            kinesis.put_record(StreamName="trades", Data=encode(trade(number)), PartitionKey="x")
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "job", "--lake", here.lake.uri, "refresh", "--layer", "bronze"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        here.stack.down()
    assert done.returncode == 0, done.stderr
    line: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert (line["job"], line["ok"], line["rows"]) == ("refresh", True, 3)
