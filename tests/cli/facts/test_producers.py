"""The producers' services: complete, and of the revision that was applied."""

from pathlib import Path
from typing import Any

import pytest

from cli.facts import DEPLOYMENT, Asked, Finding, examine
from tapehouse import deployed
from tests.cli.facts.stubbed import asked

SERVICES = "arn:aws:ecs:eu-west-1:123456789012:service/tapehouse-dev"
TASKS = "arn:aws:ecs:eu-west-1:123456789012:task-definition/tapehouse-dev-producer-kraken"


def found(by: Asked) -> Finding:
    return dict(examine({"producers": DEPLOYMENT["producers"]}, by))["producers"]


def answers(*, runs: int = 7, applied: int = 7, running: int = 1, wanted: int = 1) -> list[tuple[str, Any]]:
    service = {
        **{"serviceName": "tapehouse-dev-producer-kraken", "taskDefinition": f"{TASKS}:{runs}"},
        **{"runningCount": running, "desiredCount": wanted, "events": [{"message": "cannot pull the image"}]},
    }
    return [
        ("list_services", {"serviceArns": [f"{SERVICES}/tapehouse-dev-producer-kraken", f"{SERVICES}/other"]}),
        ("describe_services", {"services": [service]}),
        ("describe_task_definition", {"taskDefinition": {"taskDefinitionArn": f"{TASKS}:{applied}"}}),
    ]


def test_a_service_that_runs_what_was_applied_is_right() -> None:
    said = found(asked({"ecs": answers()}))
    assert (said.state, said.told) == ("ok", "tapehouse-dev-producer-kraken 1 of 1")


def test_a_service_that_was_rolled_back_is_told_with_both_revisions() -> None:
    said = found(asked({"ecs": answers(runs=6)}))
    assert said.state == "fault"
    assert said.told == (
        "tapehouse-dev-producer-kraken runs tapehouse-dev-producer-kraken:6, and tapehouse-dev-producer-kraken:7 was "
        "applied: it was rolled back"
    )
    assert "/tapehouse/tapehouse-dev/" in said.mend


def test_a_service_without_its_tasks_is_told_with_its_last_event() -> None:
    said = found(asked({"ecs": answers(running=0)}))
    assert said.told == "of tapehouse-dev-producer-kraken run 0 of 1: cannot pull the image"


def test_a_service_that_was_stopped_on_purpose_is_right() -> None:
    assert found(asked({"ecs": answers(running=0, wanted=0)})).state == "ok"


@pytest.mark.parametrize("answer", [{"serviceArns": []}, "ClusterNotFoundException"])
def test_no_service_is_a_fault_only_where_producers_were_deployed(
    answer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert found(asked({"ecs": [("list_services", answer)]})).state == "unknown"
    deployed.write(deployed.outputs_of("aws"), {"producers": {"backfill": {"container": "producer"}}})
    assert found(asked({"ecs": [("list_services", answer)]})).told == "none of those deployed is there"
