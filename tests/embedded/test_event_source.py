"""Between a queue and a handler: what succeeded is deleted, what failed comes again, and is put aside in the end."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from embedded.event_source import EventSource, Round


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    with mock_aws():
        yield boto3.client("sqs", region_name="us-east-1")


class Handler:
    """Fails the messages whose bodies say so."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.events: list[Any] = []

    def __call__(self, event: Any) -> Any:
        self.events.append(event)
        self.calls.append([record["body"] for record in event["Records"]])
        bad = [record["messageId"] for record in event["Records"] if record["body"].startswith("poison")]
        return {"batchItemFailures": [{"itemIdentifier": name} for name in bad]}


def made(sqs: Any, handler: Callable[[Any], Any], **words: int) -> EventSource:
    queue = EventSource(sqs, "work", handler, **words)
    queue.ensure()
    return queue


def drained(queue: EventSource) -> list[Round]:
    rounds: list[Round] = []
    while (found := queue.once()).received:
        rounds.append(found)
        assert len(rounds) < 50
    return rounds


def bodies(sqs: Any, name: str) -> list[str]:
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [message["Body"] for message in found.get("Messages", [])]


def test_messages_come_in_batches_in_the_form_that_lambda_gives_them(sqs: Any) -> None:
    handler = Handler()
    queue = made(sqs, handler, batch_size=5)
    queue.send([f"good {number}" for number in range(12)])
    rounds = drained(queue)
    assert [len(each.done) for each in rounds] == [5, 5, 2]
    assert sorted(body for call in handler.calls for body in call) == sorted(f"good {n}" for n in range(12))
    (record, *_) = handler.events[0]["Records"]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == "arn:aws:sqs:us-east-1:123456789012:work"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert bodies(sqs, "work") == []


def test_a_poison_message_costs_no_other_and_is_put_aside_after_three_times(sqs: Any) -> None:
    handler = Handler()
    queue = made(sqs, handler)
    queue.send(["good 1", "poison", "good 2"])
    rounds = drained(queue)
    assert sorted(rounds[0].done) == ["good 1", "good 2"]
    assert [(each.failed, each.dead) for each in rounds] == [(["poison"], []), (["poison"], []), ([], ["poison"])]
    assert handler.calls[1:] == [["poison"], ["poison"]]
    assert bodies(sqs, "work") == []
    assert bodies(sqs, queue.dead_name) == ["poison"]


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: 1 / 0,
        lambda _: {"batchItemFailures": [{"itemIdentifier": "nobody"}]},
        lambda _: {"batchItemFailures": [{"other": "word"}]},
        lambda _: {"batchItemFailures": [None]},
        lambda _: "no dict",
    ],
)
def test_a_handler_that_breaks_failed_with_the_whole_batch(sqs: Any, answer: Callable[[Any], Any]) -> None:
    queue = made(sqs, answer)
    queue.send(["a", "b"])
    assert sorted(queue.once().failed) == ["a", "b"]
    assert sorted(bodies(sqs, "work")) == ["a", "b"]


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}])
def test_an_answer_without_failures_is_a_success(sqs: Any, answer: Any) -> None:
    queue = made(sqs, lambda _: answer)
    queue.send(["a"])
    assert queue.once().done == ["a"]


def test_a_second_start_goes_on_with_the_queue_that_is_there(sqs: Any) -> None:
    made(sqs, Handler()).send(["left"])
    assert made(sqs, Handler()).once().done == ["left"]


def test_the_policy_is_that_of_the_deployment(sqs: Any) -> None:
    made(sqs, Handler())
    url = sqs.get_queue_url(QueueName="work")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    policy = json.loads(found["RedrivePolicy"])
    assert policy["deadLetterTargetArn"].endswith(":work-dead")
    assert int(policy["maxReceiveCount"]) == 3
