"""What stands around a job's own work: one line at the end, the region for all clients, an error that Glue sees."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from glue_jobs.engine import Step
from glue_jobs.jobs import script
from glue_jobs.jobs.arguments import JOBS, Given
from glue_jobs.jobs.script import Done, run_script
from tapehouse.errors import SettingsError, TransientError
from tests.test_rooms import loaded

ROOT = Path(__file__).parents[3]
LAKE = ["--lake", "/a/lake"]


@pytest.fixture(autouse=True)
def sessions(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was asked of each session; the session itself is none."""
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(script, "glue_session", lambda **told: asked.append(told))
    monkeypatch.setattr("tapehouse.logs.set_up", lambda **_: None)
    return asked


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_last_line_says_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [Step("a commit", 1.25, 3), Step("b", 0.5, None), Step("a commit", 0.25, 4)]
    run_script("refresh", lambda *_: Done(7, steps, {"more": 1}), [*LAKE, "--JOB_RUN_ID", "jr_9"])
    line = told(capsys)
    assert line.pop("seconds") >= 0
    assert line == {
        "job": "refresh", "run": "jr_9", "ok": True, "rows": 7, "steps": {"a commit": 1.5, "b": 0.5}, "more": 1
    }  # fmt: skip


def test_a_job_that_fails_says_so_and_raises(capsys: pytest.CaptureFixture[str]) -> None:
    def work(*_: object) -> Done:
        raise TransientError("the stream is away")

    with pytest.raises(TransientError):
        run_script("refresh", work, LAKE)
    line = told(capsys)
    assert (line["ok"], line["error"]) == (False, "TransientError: the stream is away")


def test_wrong_words_begin_no_session(capsys: pytest.CaptureFixture[str], sessions: list[dict[str, Any]]) -> None:
    with pytest.raises(SettingsError, match="--lake is missing"):
        run_script("refresh", lambda *_: Done(), ["--layer", "gold"])
    assert sessions == []
    assert told(capsys)["ok"] is False


def test_the_region_is_told_to_every_client_here_and_in_the_workers(
    sessions: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    seen: list[tuple[str, str]] = []

    def work(_: object, given: Given) -> Done:
        seen.append((os.environ["AWS_REGION"], os.environ["AWS_DEFAULT_REGION"]))
        return Done()

    run_script("audit", work, LAKE)
    run_script("audit", work, [*LAKE, "--region", "eu-west-1"])
    assert seen == [("us-east-1", "us-east-1"), ("eu-west-1", "eu-west-1")]
    assert [each["extra_conf"] for each in sessions] == [
        {},
        {"spark.executorEnv.AWS_REGION": "eu-west-1", "spark.executorEnv.AWS_DEFAULT_REGION": "eu-west-1"},
    ]
    assert {each["app_name"] for each in sessions} == {"tapehouse-audit"}


def test_importing_the_scripts_does_nothing() -> None:
    names = ", ".join(f"glue_jobs.jobs.{job}" for job in JOBS)
    found = loaded(
        f"import {names}\nfrom pyspark import SparkContext\nassert SparkContext._active_spark_context is None"
    )
    assert "awsglue" not in found


@pytest.mark.parametrize("job", JOBS)
def test_a_script_is_run_as_a_file(job: str) -> None:
    source = (ROOT / f"glue_jobs/jobs/{job}.py").read_text()
    assert source.endswith(f'if __name__ == "__main__":\n    run_script("{job}", work, sys.argv[1:])\n')
