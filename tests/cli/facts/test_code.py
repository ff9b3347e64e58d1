"""The Glue jobs: there, with their scripts, of one code, and running what was applied."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from cli.facts import DEPLOYMENT, Asked, Finding, examine
from glue_jobs.jobs.arguments import JOBS
from tests.cli.facts.stubbed import asked

APPLIED = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)
WHEEL = "abc123/tapehouse-0.1.0-py3-none-any.whl"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(name: str, by: Asked) -> Finding:
    return dict(examine({name: DEPLOYMENT[name]}, by))[name]


def job(name: str, wheel: str = WHEEL) -> dict[str, Any]:
    return {
        "Job": {
            "Name": f"tapehouse-dev-{name}",
            "Command": {"Name": "glueetl", "ScriptLocation": f"s3://code/scripts/{name}-1.py"},
            "DefaultArguments": {
                "--additional-python-modules": f"s3://code/bundle/deps.gluewheels.zip,s3://code/wheels/{wheel}",
                "--lake": "s3://a-bucket/lake",
            },
            "LastModifiedOn": APPLIED,
        }
    }


def all_jobs(**wheels: str) -> list[tuple[str, Any]]:
    return [("get_job", job(name, wheels.get(name, WHEEL))) for name in JOBS]


def test_all_jobs_with_their_scripts_are_right() -> None:
    said = found("glue scripts", asked({"glue": all_jobs(), "s3": [("head_object", {}) for _ in JOBS]}))
    assert (said.state, said.told) == ("ok", f"{len(JOBS)} jobs")


def test_a_job_that_is_not_there_is_named() -> None:
    answers = all_jobs()
    answers[1] = ("get_job", "EntityNotFoundException")
    said = found("glue scripts", asked({"glue": answers}))
    assert (said.state, said.told) == ("fault", "there is no job tapehouse-dev-refresh")


def test_a_script_that_is_gone_is_named_with_its_job() -> None:
    said = found("glue scripts", asked({"glue": all_jobs(), "s3": [("head_object", {}), ("head_object", "404")]}))
    assert said.told == "the script of tapehouse-dev-refresh, s3://code/scripts/refresh-1.py, is not there"


def test_jobs_of_different_code_are_told() -> None:
    said = found("glue code", asked({"glue": all_jobs(audit="old/tapehouse-0.1.0-py3-none-any.whl")}))
    assert said.state == "fault"
    assert "tapehouse-dev-audit: old/tapehouse-0.1.0-py3-none-any.whl" in said.told


def test_the_code_is_held_against_what_was_built_here(tmp_path: Path) -> None:
    said = found("glue code", asked({"glue": all_jobs()}))
    assert (said.state, said.told) == ("ok", f"{WHEEL}, not compared: nothing was built here")
    (tmp_path / "dist").mkdir()
    for file, state in ((WHEEL, "ok"), ("def456/tapehouse-0.1.0-py3-none-any.whl", "fault")):
        (tmp_path / "dist/packages.json").write_text(json.dumps({"wheel": {"file": file}}))
        assert found("glue code", asked({"glue": all_jobs()})).state == state


def runs(state: str, started: dt.datetime = APPLIED, message: str = "") -> list[tuple[str, Any]]:
    run = {"Id": "jr_1", "JobRunState": state, "StartedOn": started, "ErrorMessage": message}
    return [("get_job", job("stream")), ("get_job_runs", {"JobRuns": [run]})]


EARLIER = APPLIED - dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("answers", "state", "told"),
    [
        (runs("RUNNING"), "ok", "run jr_1 is RUNNING"),
        (runs("RUNNING", EARLIER), "fault", "run jr_1 began before the last deployment"),
        (runs("STOPPED", EARLIER), "ok", "run jr_1 is STOPPED"),
        (runs("FAILED", message="no such\n module"), "fault", "run jr_1 ended FAILED: no such module"),
        ([("get_job", job("stream")), ("get_job_runs", {"JobRuns": []})], "ok", "never started"),
        ([("get_job", "EntityNotFoundException")], "unknown", "there is no job tapehouse-dev-stream"),
    ],
)
def test_the_stream_job_runs_what_was_applied(answers: list[tuple[str, Any]], state: str, told: str) -> None:
    said = found("stream job", asked({"glue": answers}))
    assert said.state == state
    assert told in said.told
