"""Runs of Glue jobs: started once, followed to their end, left alone by an interrupt."""

import argparse
import datetime as dt
from typing import Any

import pytest

from cli import refresh
from cli.rebuild import on_aws as rebuild_on_aws
from cli.remote.runs import Runs
from cli.requeue import on_aws as requeue_on_aws
from tapehouse.errors import TerminalError
from tests.cli.remote.stubbed import SETTINGS, Answer, Service

SINCE = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)
NAME = "tapehouse-dev-refresh"


def runs(service: Service, sleeps: list[float] | None = None) -> Runs:
    return Runs(SETTINGS, make=service.make, sleep=(sleeps if sleeps is not None else []).append)


def look(state: str, **more: Any) -> Answer:
    run = {"Id": "jr_1", "JobName": NAME, "JobRunState": state, "ExecutionTime": 61, **more}
    return ("get_job_run", {"JobRun": run}, {"JobName": NAME, "RunId": "jr_1"})


def going(job: str, state: str = "RUNNING", **more: Any) -> Answer:
    run = {"Id": "jr_7", "JobRunState": state, "StartedOn": SINCE, **more}
    return ("get_job_runs", {"JobRuns": [run]}, {"JobName": f"tapehouse-dev-{job}", "MaxResults": 10})


def started(job: str = "refresh", **arguments: str) -> Answer:
    words = {f"--{name}": value for name, value in arguments.items()}
    return ("start_job_run", {"JobRunId": "jr_1"}, {"JobName": f"tapehouse-dev-{job}", "Arguments": words})


NONE: Answer = ("get_job_runs", {"JobRuns": []})
LOG: list[Answer] = [
    (
        "get_log_events",
        {"events": [{"message": "refreshed rows=3\n"}]},
        {
            **{"logGroupName": "/tapehouse/tapehouse-dev/refresh/output", "logStreamName": "jr_1-driver"},
            **{"startFromHead": False, "limit": 40},
        },
    )
]


def options(command: str = "refresh", **more: Any) -> argparse.Namespace:
    words = {"follow": None, "no_wait": False, "layer": None, "table": None, "refresh_every_s": None}
    return argparse.Namespace(command=command, **{**words, **more})


def test_a_refresh_is_started_with_its_words_and_followed_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    service = Service(
        glue=[NONE, started(layer="gold"), look("STARTING"), look("RUNNING"), look("RUNNING"), look("SUCCEEDED")],
        logs=LOG,
    )
    sleeps: list[float] = []
    assert refresh.on_aws(options(layer="gold"), SETTINGS, runs(service, sleeps)) == 0
    service.done()
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        f"{NAME} --layer gold: run jr_1 was started.",
        *(f"{NAME} jr_1 is {state}." for state in ("STARTING", "RUNNING", "SUCCEEDED")),
    ]
    assert said.out.splitlines() == ["refreshed rows=3", f"{NAME} jr_1 is done after 61 s."]
    assert sleeps == [2.0, 2.0, 3.0]  # soon after a change, then less and less often


@pytest.mark.parametrize("state", ["FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"])
def test_a_run_that_does_not_succeed_is_1_with_its_reason_and_where_its_log_is(
    state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Service(
        glue=[look("RUNNING"), look(state, ErrorMessage="no such\n  table")],
        logs=[("get_log_events", "ResourceNotFoundException")],
    )
    assert runs(service).follow("refresh", "jr_1", "tapehouse refresh") == 1
    said = capsys.readouterr().err
    assert f"{NAME} jr_1 ended {state} after 61 s: no such table." in said
    assert "/tapehouse/tapehouse-dev/refresh/output, streams that begin with jr_1" in said


def test_an_interrupt_leaves_the_run_and_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    service = Service(glue=[look("RUNNING")])
    with pytest.raises(KeyboardInterrupt):
        Runs(SETTINGS, make=service.make, sleep=interrupted).follow("refresh", "jr_1", "tapehouse refresh")
    assert "jr_1 goes on without us. Follow it again by `tapehouse refresh --follow jr_1`" in capsys.readouterr().err


def test_a_run_that_is_named_is_followed_and_none_is_started(capsys: pytest.CaptureFixture[str]) -> None:
    service = Service(glue=[look("SUCCEEDED")], logs=LOG)
    assert refresh.on_aws(options(follow="jr_1"), SETTINGS, runs(service)) == 0
    service.done()


def test_a_run_may_be_left_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert refresh.on_aws(options(no_wait=True), SETTINGS, runs(Service(glue=[NONE, started()]))) == 0
    assert capsys.readouterr().out == "jr_1\n"


def test_a_look_that_fails_is_done_again_and_one_that_will_always_fail_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    service = Service(glue=[("get_job_run", "ThrottlingException"), look("SUCCEEDED")], logs=LOG)
    assert runs(service).follow("refresh", "jr_1", "tapehouse refresh") == 0
    with pytest.raises(TerminalError, match=f"{NAME} has no run jr_1"):
        runs(Service(glue=[("get_job_run", "EntityNotFoundException")])).follow("refresh", "jr_1", "again")
    with pytest.raises(TerminalError, match="look at jr_1, which goes on without us"):
        runs(Service(glue=[("get_job_run", "ExpiredTokenException")])).follow("refresh", "jr_1", "again")


def test_a_job_that_runs_already_is_named_with_what_it_does() -> None:
    asked: list[Answer] = [
        NONE,
        ("start_job_run", "ConcurrentRunsExceededException"),
        going("refresh", Arguments={"--layer": "gold"}),
    ]
    with pytest.raises(TerminalError) as told:
        refresh.on_aws(options(), SETTINGS, runs(Service(glue=asked)))
    assert str(told.value) == (
        f"{NAME} runs already, once at a time: jr_7 since 2026-11-28 12:00:00 UTC with --layer gold. "
        "Follow it by --follow jr_7."
    )


def test_a_job_that_is_not_there_names_the_way() -> None:
    with pytest.raises(TerminalError, match=f"There is no job {NAME} in eu-west-1: run `make deploy-terraform`"):
        runs(Service(glue=[("start_job_run", "EntityNotFoundException")])).start("refresh")


@pytest.mark.parametrize("state", ["STARTING", "RUNNING", "STOPPING"])
def test_where_the_stream_job_owns_the_tables_a_refresh_says_so_and_starts_nothing(
    state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Service(glue=[going("stream", state)])
    assert refresh.on_aws(options(), SETTINGS, runs(service)) == 0
    assert capsys.readouterr().out == (
        "tapehouse-dev-stream owns the tables and refreshes them every 60 s: jr_7 since 2026-11-28 12:00:00 UTC. "
        "There is nothing to start.\n"
    )


def test_a_stream_job_that_ended_owns_nothing() -> None:
    service = Service(glue=[going("stream", "STOPPED"), started()])
    assert refresh.on_aws(options(no_wait=True), SETTINGS, runs(service)) == 0
    service.done()


def test_a_rebuild_does_not_begin_while_the_stream_job_runs() -> None:
    with pytest.raises(TerminalError, match=r"owns the tables .* Stop it by `make down TARGET=aws`, rebuild"):
        rebuild_on_aws(options("rebuild", table="gold.candles"), SETTINGS, runs(Service(glue=[going("stream")])))
    service = Service(glue=[NONE, started("rebuild", table="gold.candles")])
    assert rebuild_on_aws(options("rebuild", table="gold.candles", no_wait=True), SETTINGS, runs(service)) == 0
    service.done()


def test_a_requeue_does_not_begin_while_the_stream_job_runs_but_for_a_dry_one() -> None:
    words: dict[str, Any] = {"reason": "price.scale", "dry_run": False, "no_wait": True}
    with pytest.raises(TerminalError, match=r"owns the tables .* Stop it by `make down TARGET=aws`, requeue"):
        requeue_on_aws(options("requeue", **words), SETTINGS, runs(Service(glue=[going("stream")])))
    service = Service(glue=[NONE, started("requeue", reason="price.scale")])
    assert requeue_on_aws(options("requeue", **words), SETTINGS, runs(service)) == 0
    service.done()
    service = Service(glue=[started("requeue", reason="price.scale", dry_run="true")])
    assert requeue_on_aws(options("requeue", **{**words, "dry_run": True}), SETTINGS, runs(service)) == 0
    service.done()


def test_live_refreshing_is_the_stream_jobs() -> None:
    with pytest.raises(TerminalError, match="On AWS the stream job refreshes on and on"):
        refresh.on_aws(options(refresh_every_s=1.0), SETTINGS, runs(Service()))


def test_stopping_asks_the_run_that_goes_on_and_no_other() -> None:
    assert runs(Service(glue=[going("stream", "SUCCEEDED")])).stop("stream") is None
    words = {"JobName": "tapehouse-dev-stream", "JobRunIds": ["jr_7"]}
    asked: Answer = ("batch_stop_job_run", {"SuccessfulSubmissions": [], "Errors": []}, words)
    service = Service(glue=[going("stream"), asked])
    assert runs(service).stop("stream") == "jr_7"
    refused = {"Errors": [{"JobRunId": "jr_7", "ErrorDetail": {"ErrorMessage": "not now"}}]}
    with pytest.raises(TerminalError, match="tapehouse-dev-stream jr_7 cannot be stopped: not now"):
        runs(Service(glue=[going("stream"), ("batch_stop_job_run", refused)])).stop("stream")


def stopped(job: str) -> Answer:
    words = {"JobName": f"tapehouse-dev-{job}", "JobRunIds": ["jr_7"]}
    return ("batch_stop_job_run", {}, words)


def test_all_that_runs_is_stopped_once_queued_runs_too_and_waited_for() -> None:
    first = [going("stream"), ("get_job_runs", "EntityNotFoundException"), going("audit", "WAITING")]
    asked = [going("stream"), stopped("stream"), going("audit", "WAITING"), stopped("audit")]
    second, third = [going("stream", "STOPPING"), NONE, NONE], [going("stream", "STOPPED"), NONE, NONE]
    service = Service(glue=[*first, *asked, *second, *third])
    sleeps: list[float] = []
    runs(service, sleeps).end(["stream", "smoke", "audit"])
    service.done()
    assert len(sleeps) == 2


def test_a_run_that_does_not_end_is_named() -> None:
    service = Service(glue=[going("stream", "STOPPING")] * 3)
    with pytest.raises(TerminalError, match=r"^tapehouse-dev-stream jr_7 did not stop within 10 s\.$"):
        runs(service).end(["stream"], within_s=10)
    service.done()


def test_where_nothing_is_deployed_nothing_is_waited_for() -> None:
    sleeps: list[float] = []
    runs(Service(glue=[("get_job_runs", "EntityNotFoundException")]), sleeps).end(["stream"])
    assert sleeps == []
