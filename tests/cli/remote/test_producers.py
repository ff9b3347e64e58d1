"""The producers on ECS: started and stopped once, and the task that fills."""

from pathlib import Path
from typing import Any

import pytest

from cli.backfill import TASK_CHARACTERS, in_tasks
from cli.remote.producers import Producers
from tapehouse import deployed
from tapehouse.errors import TerminalError
from tests.cli.remote.stubbed import SETTINGS, Answer, Service

SERVICES = "arn:aws:ecs:eu-west-1:123456789012:service/tapehouse-dev"
TASK = "arn:aws:ecs:eu-west-1:123456789012:task/tapehouse-dev/abc"
HOW = {
    "task_definition": "tapehouse-dev-backfill:3",
    "container": "producer",
    "subnet_ids": ["subnet-1"],
    "security_groups": ["sg-1"],
    "assign_public_ip": True,
}


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def producers(service: Service) -> Producers:
    return Producers(SETTINGS, make=service.make, sleep=lambda _: None)


def listed(**counts: int) -> list[Answer]:
    names = [f"tapehouse-dev-producer-{feed}" for feed in counts]
    places = [f"{SERVICES}/{name}" for name in names]
    described = [{"serviceName": name, "desiredCount": n} for name, n in zip(names, counts.values(), strict=True)]
    return [
        ("list_services", {"serviceArns": [*places, f"{SERVICES}/metabase"]}),
        ("describe_services", {"services": described}, {"cluster": "tapehouse-dev", "services": places}),
    ]


def scaled(feed: str, count: int) -> Answer:
    words = {"cluster": "tapehouse-dev", "service": f"tapehouse-dev-producer-{feed}", "desiredCount": count}
    return ("update_service", {}, words)


def test_what_does_not_run_is_started_and_nothing_gets_a_second_task() -> None:
    service = Service(ecs=[*listed(kraken=0, coinbase=1), scaled("kraken", 1)])
    assert producers(service).scale(1) == ["tapehouse-dev-producer-kraken"]
    service.done()


def test_what_runs_is_stopped() -> None:
    service = Service(ecs=[*listed(kraken=0, coinbase=1), scaled("coinbase", 0)])
    assert producers(service).scale(0) == ["tapehouse-dev-producer-coinbase"]
    service.done()


def test_no_cluster_has_no_producers_and_a_refusal_is_told() -> None:
    assert producers(Service(ecs=[("list_services", "ClusterNotFoundException")])).services() == []
    with pytest.raises(TerminalError, match=r"ECS does not tell the producers: .*AccessDenied"):
        producers(Service(ecs=[("list_services", "AccessDeniedException")])).services()


def started(*words: str) -> Answer:
    network = {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}
    return (
        "run_task",
        {"tasks": [{"taskArn": TASK}]},
        {
            **{"cluster": "tapehouse-dev", "taskDefinition": "tapehouse-dev-backfill:3", "launchType": "FARGATE"},
            "count": 1,
            "networkConfiguration": {"awsvpcConfiguration": network},
            "overrides": {"containerOverrides": [{"name": "producer", "command": ["producers.backfill", *words]}]},
        },
    )


def seen(status: str, **more: Any) -> Answer:
    containers = [{"name": "fetch", "exitCode": 0}, {"name": "producer", **more}]
    task = {"lastStatus": status, "containers": containers, "stoppedReason": "no image"}
    return ("describe_tasks", {"tasks": [task]})


LOG: Answer = (
    "get_log_events",
    {"events": [{"message": "filled  g: 3 trades\n"}]},
    {
        **{"logGroupName": "/tapehouse/tapehouse-dev/producers", "logStreamName": "backfill/producer/abc"},
        "startFromHead": True,
    },
)


@pytest.mark.parametrize("status", [0, 1])
def test_a_backfill_is_run_as_a_task_and_its_status_is_ours(status: int, capsys: pytest.CaptureFixture[str]) -> None:
    deployed.write(deployed.outputs_of("aws"), {"producers": {"backfill": HOW}})
    service = Service(
        ecs=[started("--gap", "{}"), seen("PENDING"), seen("RUNNING"), seen("STOPPED", exitCode=status)], logs=[LOG]
    )
    assert producers(service).backfill(["--gap", "{}"]) == status
    service.done()
    said = capsys.readouterr()
    assert said.out == "filled  g: 3 trades\n"
    assert [line.split()[-1] for line in said.err.splitlines()[1:]] == ["PENDING.", "RUNNING.", "STOPPED."]


def test_a_task_that_never_ran_is_1_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    deployed.write(deployed.outputs_of("aws"), {"producers": {"backfill": HOW}})
    service = Service(ecs=[started(), seen("STOPPED")], logs=[("get_log_events", "ResourceNotFoundException")])
    assert producers(service).backfill([]) == 1
    assert "The backfill did not run to its end: no image. Its log: /tapehouse/" in capsys.readouterr().err


def test_a_backfill_that_cannot_start_is_told() -> None:
    with pytest.raises(TerminalError, match="No producers were deployed"):
        producers(Service()).backfill([])
    deployed.write(deployed.outputs_of("aws"), {"producers": {"backfill": HOW}})
    full = ("run_task", {"tasks": [], "failures": [{"reason": "RESOURCE:CPU"}]})
    with pytest.raises(TerminalError, match="ECS does not start the backfill: RESOURCE:CPU"):
        producers(Service(ecs=[full])).backfill([])


def test_many_gaps_go_in_tasks_whose_words_ecs_takes_and_one_that_stays_open_is_1() -> None:
    tasks: list[list[str]] = []

    def run_task(words: Any) -> int:
        tasks.append(list(words))
        return 1 if len(tasks) == 2 else 0

    gaps = [f"{n}" * 1_000 for n in range(10)]
    assert in_tasks(gaps, run_task) == 1
    assert [word for task in tasks for word in task if word != "--gap"] == gaps
    assert all(sum(map(len, task)) <= TASK_CHARACTERS for task in tasks)
    assert len(tasks) == 2
