"""The crawler as AWS calls it, with SQS and the landing stood in for, and the site on loopback."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lambdas.crawler import handler as handlers
from tapehouse.errors import SettingsError, TerminalError
from tapehouse.landing import Landing
from tests.lambdas.crawler.site import Page, Site


class Context:
    """What AWS tells a call of itself."""

    def __init__(self, left_ms: int) -> None:
        self.left_ms = left_ms

    def get_remaining_time_in_millis(self) -> int:
        return self.left_ms


@pytest.fixture
def landing(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Landing]:
    """The environment of a function, whose tasks are about the site."""
    tasks = [
        {
            "name": name,
            "kind": "page",
            "start": site.url(f"/{name}"),
            "schedule": "daily",
            "steps": [{"checkPresence": "h1"}],
        }
        for name in ("good", "bad", "other")
    ]
    (tmp_path / "tasks.yaml").write_text(json.dumps({"tasks": tasks}))
    site.pages |= {"/good": Page("<h1>Good"), "/bad": Page("<p>"), "/other": Page("<h1>Other")}
    monkeypatch.setenv("TAPEHOUSE_CRAWL_TASKS", str(tmp_path / "tasks.yaml"))
    monkeypatch.setenv("TAPEHOUSE_CRAWL_LOOPBACK", "1")
    monkeypatch.setenv("TAPEHOUSE_LANDING", str(tmp_path / "landing"))
    monkeypatch.setattr("lambdas.crawler.pace.Pace.wait", lambda *_: None)
    for cached in (handlers._crawler, handlers._client, handlers._landing):
        cached.cache_clear()
    yield Landing(tmp_path / "landing")
    handlers._crawler.cache_clear()
    handlers._client.cache_clear()


def event(*bodies: Any) -> dict[str, Any]:
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    return {"Records": [{"messageId": f"m{number}", "body": text} for number, text in enumerate(texts)]}


def keys(landing: Landing) -> list[str]:
    return [key.split("/")[1] for key in landing.keys()]  # noqa: SIM118 - a landing is no dict


def test_each_message_is_one_task_and_one_that_fails_fails_alone(landing: Landing) -> None:
    said = handlers.handler(event({"task": "good"}, {"task": "bad"}, {"task": "other", "time": "x"}), None)
    assert said == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert sorted(keys(landing)) == ["good", "other"]


@pytest.mark.parametrize("poison", ["", "{", "[]", "5", "null", "{}", '{"task": 5}', '{"task": "none"}', "[" * 100_000])
def test_poison_fails_alone(landing: Landing, poison: str) -> None:
    said = handlers.handler(event(poison, {"task": "good"}), None)
    assert said == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert keys(landing) == ["good"]


def test_a_bug_fails_alone_and_is_told_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def run(name: str) -> None:
        if name == "a":
            raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        said = handlers.run_messages(event({"task": "a"}, {"task": "b"}), run)
    assert said == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert caplog.records[-1].exc_info


def test_a_run_ends_before_the_call_does(landing: Landing, site: Site) -> None:
    assert handlers.handler(event({"task": "good"}), Context(1_000)) == {"batchItemFailures": []}
    assert handlers._within_s(Context(300_000)) == 270
    assert handlers._within_s(None) == 600


def test_one_task_is_run_at_home(landing: Landing) -> None:
    said = handlers.run_task("good")
    assert said["pages"] == 1
    (line,) = landing.read(said["object"])
    assert json.loads(line.body)["title"] == "Good"
    with pytest.raises(TerminalError, match="there is no task 'none'"):
        handlers.run_task("none")


def test_a_schedule_becomes_messages_that_the_handler_runs(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    with mock_aws():
        sqs = boto3.client("sqs", region_name="us-east-1")
        url = sqs.create_queue(QueueName="crawl")["QueueUrl"]
        monkeypatch.setenv("TAPEHOUSE_CRAWL_QUEUE_URL", url)
        said = handlers.schedule({"schedule": "daily", "time": "2026-11-29T02:00:00Z"}, None)
        assert said["tasks"] == ["good", "bad", "other"]
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    bodies = [message["Body"] for message in found]
    assert json.loads(bodies[0]) == {"task": "good", "time": "2026-11-29T02:00:00Z"}
    assert handlers.handler(event(*bodies), None) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_what_is_missing_in_the_environment_is_named() -> None:
    for call in (handlers.schedule, handlers.handler):
        with pytest.raises(SettingsError, match="TAPEHOUSE_CRAWL_TASKS is missing"):
            call({"Records": []}, None)
