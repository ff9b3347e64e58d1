"""The Lambdas on AWS, called by hand."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from cli.remote.functions import Functions
from tapehouse import deployed
from tapehouse.errors import TerminalError
from tests.cli.remote.stubbed import SETTINGS, Answer, Service

NAME = "tapehouse-dev-news"
EVENT = {"date": "2026-11-28"}


@pytest.fixture(autouse=True)
def deployed_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    deployed.write(deployed.outputs_of("aws"), {"news": {"functions": {"news": NAME}}})


def answering(answer: Any, **more: str) -> Service:
    told = {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode()), **more}
    asked = {"FunctionName": NAME, "Payload": json.dumps(EVENT).encode()}
    expected: dict[str, list[Answer]] = {"lambda": [("invoke", told, asked)]}
    return Service(**expected)


def test_the_function_of_the_deployment_is_called_with_the_event_and_its_answer_told() -> None:
    service = answering({"date": "2026-11-28"})
    assert Functions(SETTINGS, make=service.make).call("news", EVENT) == {"date": "2026-11-28"}
    service.done()


def test_an_error_of_the_function_is_told_with_where_its_log_is() -> None:
    service = answering({"errorMessage": "1 of 2 sources failed.", "errorType": "x"}, FunctionError="Unhandled")
    with pytest.raises(TerminalError, match=r"1 of 2 sources failed\. Its log: /tapehouse/tapehouse-dev/news\."):
        Functions(SETTINGS, make=service.make).call("news", EVENT)


@pytest.mark.parametrize("answer", [None, "out of memory"])
def test_an_error_without_a_message_is_an_error(answer: Any) -> None:
    with pytest.raises(TerminalError, match=f"{NAME} ended with an error"):
        Functions(SETTINGS, make=answering(answer, FunctionError="Unhandled").make).call("news", EVENT)


def test_a_refusal_is_told() -> None:
    expected: dict[str, list[Answer]] = {"lambda": [("invoke", "AccessDeniedException")]}
    service = Service(**expected)
    with pytest.raises(TerminalError, match=f"AWS does not call {NAME}: .*AccessDenied"):
        Functions(SETTINGS, make=service.make).call("news", EVENT)


def test_what_was_not_deployed_is_not_called() -> None:
    with pytest.raises(TerminalError, match="No function social was deployed"):
        Functions(SETTINGS, make=Service().make).call("social", EVENT)
    deployed.outputs_of("aws").unlink()
    with pytest.raises(TerminalError, match="No function news was deployed"):
        Functions(SETTINGS, make=Service().make).call("news", EVENT)
