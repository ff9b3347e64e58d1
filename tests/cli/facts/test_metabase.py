"""Metabase as it answers: its version, and the path that instances were taken over through."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.facts import DEPLOYMENT, Finding, examine
from cli.facts.metabase import PROPERTIES, RESET
from tapehouse import deployed
from tests.cli.facts.stubbed import asked
from tests.lambdas.server import GONE, Play, Server, of_json, redirect, serving

REFUSED = Play(403, b"Ask an administrator for another password.", content_type="text/plain")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as played:
        yield played


@pytest.fixture(autouse=True)
def here(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    deploy(server.url())
    server.asked.clear()


def deploy(address: str) -> None:
    deployed.write(deployed.outputs_of("aws"), {"metabase": {"address": address, "least_version": "0.64.1.0"}})


def found() -> Finding:
    return dict(examine({"metabase": DEPLOYMENT["metabase"]}, asked({})))["metabase"]


def running(tag: object) -> Play:
    return of_json({"version": {"tag": tag, "date": "2026-11-10"}, "has-user-setup": True})


@pytest.mark.parametrize(
    ("reset", "properties", "state", "told"),
    [
        (REFUSED, running("v0.64.6.2"), "ok", "runs v0.64.6.2, and refuses the reset of passwords"),
        (REFUSED, running("v0.64.1"), "ok", "runs v0.64.1,"),
        (REFUSED, running("v1.100.0.1"), "ok", "runs v1.100.0.1,"),
        (REFUSED, running("v0.64.0.99"), "fault", "runs v0.64.0.99, and 0.64.1.0 is the oldest"),
        (REFUSED, running("v0.9.99.99"), "fault", "runs v0.9.99.99, and"),
        (REFUSED, running("vUNKNOWN\nok"), "fault", "runs vUNKNOWN ok, which is no release"),
        (REFUSED, running(None), "fault", f"answers {PROPERTIES} with 200, without a version"),
        (REFUSED, of_json(["v0.64.6.2"]), "fault", "without a version"),
        (REFUSED, Play(503, b"Metabase is still starting", content_type="text/plain"), "fault", "with 503, without"),
        (REFUSED, redirect("https://id.example.com/authorize"), "unknown", "its version is behind a sign-in"),
        (REFUSED, GONE, "unknown", "cannot be reached from here (ConnectionError)"),
        (Play(400, b"{}"), running("v0.64.6.2"), "fault", f"answers {RESET} with 400, not 403: passwords can be reset"),
        (redirect("https://id.example.com/authorize"), running("v0.64.6.2"), "fault", "with 302, not 403"),
    ],
)
def test_what_answers_is_held_against_what_may(
    server: Server, reset: Play, properties: Play, state: str, told: str
) -> None:
    server.play(RESET, reset)
    server.play(PROPERTIES, properties)
    said = found()
    assert said.state == state
    assert told in said.told
    assert bool(said.mend) is (state != "ok")
    assert "\n" not in said.told


def test_the_refused_path_is_asked_once_as_an_attack_would_and_without_anything_in_it(server: Server) -> None:
    server.play(RESET, REFUSED)
    server.play(PROPERTIES, running("v0.64.6.2"))
    found()
    assert [(each.method, each.path, each.body) for each in server.asked] == [
        ("POST", RESET, b""),
        ("GET", PROPERTIES, b""),
    ]


def test_a_certificate_that_is_not_its_own_is_a_fault(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    import requests

    def refuse(*_: object, **__: object) -> None:
        raise requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED")

    monkeypatch.setattr(requests, "request", refuse)
    said = found()
    assert (said.state, said.told.partition(" has ")[2][:13]) == ("fault", "a certificate")


def test_where_none_is_deployed_nothing_is_asked(server: Server) -> None:
    deployed.write(deployed.outputs_of("aws"), {"producers": None})
    said = found()
    assert (said.state, said.told) == ("unknown", "none is deployed")
    assert server.asked == []


# -- its task ----------------------------------------------------------------------------------------------------------

TASKS = "arn:aws:ecs:eu-west-1:123456789012:task-definition/tapehouse-dev-metabase"


@pytest.mark.parametrize(
    ("service", "state", "told"),
    [
        ({}, "ok", "tapehouse-dev-metabase 1 of 1"),
        ({"taskDefinition": f"{TASKS}:6"}, "fault", "runs tapehouse-dev-metabase:6, and tapehouse-dev-metabase:7 was"),
        ({"runningCount": 0, "events": [{"message": "no image"}]}, "fault", "run 0 of 1: no image"),
        ({"status": "INACTIVE"}, "fault", "there is no service tapehouse-dev-metabase"),
    ],
)
def test_its_task_is_what_was_applied_wherever_the_doctor_asks_from(
    service: dict[str, object], state: str, told: str
) -> None:
    name = "tapehouse-dev-metabase"
    deployed.write(deployed.outputs_of("aws"), {"metabase": {"cluster": name, "service": name}})
    running = {"serviceName": name, "status": "ACTIVE", "taskDefinition": f"{TASKS}:7"}
    counts = {"runningCount": 1, "desiredCount": 1}
    answers: list[tuple[str, object]] = [
        ("describe_services", {"services": [{**running, **counts, **service}]}),
        ("describe_task_definition", {"taskDefinition": {"taskDefinitionArn": f"{TASKS}:7"}}),
    ]
    said = dict(examine({"metabase task": DEPLOYMENT["metabase task"]}, asked({"ecs": answers})))["metabase task"]
    assert said.state == state
    assert told in said.told


def test_nothing_is_said_of_a_task_where_none_is_deployed() -> None:
    deployed.write(deployed.outputs_of("aws"), {})
    said = dict(examine({"metabase task": DEPLOYMENT["metabase task"]}, asked({})))["metabase task"]
    assert (said.state, said.told) == ("unknown", "none is deployed")
