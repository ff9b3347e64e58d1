"""Functions as Lambda tells them, and what waits behind them."""

from pathlib import Path
from typing import Any

import pytest

from cli.facts import DEPLOYMENT, Asked, Finding, examine
from tapehouse import deployed
from tests.cli.facts.stubbed import asked

NEWS = {"functions": {"news": "tapehouse-dev-news"}, "dead_letters": {"batches": "tapehouse-dev-batches-dead"}}
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/tapehouse-dev-batches-dead"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    deployed.write(deployed.outputs_of("aws"), {"news": NEWS})


def found(by: Asked) -> Finding:
    return dict(examine({"functions": DEPLOYMENT["functions"]}, by))["functions"]


def answers(function: dict[str, Any] | str, *, waiting: int = 0) -> Asked:
    ready = {"State": "Active", "LastUpdateStatus": "Successful"}
    told = function if isinstance(function, str) else {**ready, **function}
    queue: list[tuple[str, Any]] = [
        ("get_queue_url", {"QueueUrl": URL}),
        ("get_queue_attributes", {"Attributes": {"ApproximateNumberOfMessages": str(waiting)}}),
    ]
    return asked({"lambda": [("get_function_configuration", told)], "sqs": queue})


@pytest.mark.parametrize(
    ("function", "waiting", "state", "told"),
    [
        ({}, 0, "ok", "1 functions, no dead letters"),
        ({"State": "Inactive"}, 0, "ok", "1 functions, no dead letters"),
        ("ResourceNotFoundException", 0, "fault", "there is no function tapehouse-dev-news"),
        ({"State": "Failed", "StateReason": "the key is gone"}, 0, "fault", "news is not ready: the key is gone"),
        ({"LastUpdateStatus": "Failed"}, 0, "fault", "news is not ready: AWS does not say why"),
        ({}, 3, "fault", "what failed three times waits: 3 in tapehouse-dev-batches-dead"),
    ],
)
def test_functions_are_ready_and_nothing_waits(
    function: dict[str, Any] | str, waiting: int, state: str, told: str
) -> None:
    said = found(answers(function, waiting=waiting))
    assert said.state == state
    assert told in said.told
    assert bool(said.mend) is (state != "ok")


def test_nothing_is_said_where_none_is_deployed() -> None:
    deployed.write(deployed.outputs_of("aws"), {})
    assert (found(asked({})).state, found(asked({})).told) == ("unknown", "none is deployed")
