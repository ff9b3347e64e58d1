"""What AWS does between a queue and a Lambda: batches to a handler, and what failed again, until it is put aside.

The queue is one of SQS with a redrive policy: a message that failed ``most_receives`` times is moved by SQS itself to
the queue of the same name with ``-dead`` behind it. A failed message is visible again at once: nobody else reads here.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from tapehouse import logs

log = logs.of(__name__)
MOST_IN_CALL: Final = 10
"""Messages of one call of SendMessageBatch and ReceiveMessage."""
VISIBLE_AGAIN_S: Final = 900
"""After a consumer that was killed."""


class SqsClient(Protocol):
    """boto3's client of SQS, as far as it is used."""

    def create_queue(self, **words: Any) -> Any: ...
    def get_queue_attributes(self, **words: Any) -> Any: ...
    def set_queue_attributes(self, **words: Any) -> Any: ...
    def send_message_batch(self, **words: Any) -> Any: ...
    def receive_message(self, **words: Any) -> Any: ...
    def delete_message_batch(self, **words: Any) -> Any: ...
    def change_message_visibility(self, **words: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Round:
    """What became of one batch."""

    done: list[str] = field(default_factory=list)
    """Bodies of messages that succeeded, and are deleted."""
    failed: list[str] = field(default_factory=list)
    """Those that come again."""
    dead: list[str] = field(default_factory=list)
    """Those that failed for the last time."""

    @property
    def received(self) -> int:
        return len(self.done) + len(self.failed) + len(self.dead)


def record_of(message: Mapping[str, Any], queue_arn: str) -> dict[str, Any]:
    """A received message as Lambda tells a function of it. *Source*: Lambda developer guide, "Using Lambda with SQS".

    ``message``: as ReceiveMessage gave it, with all its attributes.
    """
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


class EventSource:
    """One queue and the handler that reads it."""

    def __init__(
        self,
        sqs: SqsClient,
        name: str,
        handler: Callable[[Any], Any],
        *,
        batch_size: int = 5,
        most_receives: int = 3,
    ) -> None:
        self._sqs, self._name, self._handler = sqs, name, handler
        self._batch_size, self._most_receives = min(batch_size, MOST_IN_CALL), most_receives
        self._url = self._arn = ""

    @property
    def dead_name(self) -> str:
        """Where messages wait that failed too often."""
        return f"{self._name}-dead"

    @property
    def url(self) -> str:
        """The queue's address, once it is made."""
        return self._url

    def ensure(self) -> None:
        """Makes both queues where they are absent."""
        dead = self._sqs.create_queue(QueueName=self.dead_name)["QueueUrl"]
        self._url = self._sqs.create_queue(QueueName=self._name)["QueueUrl"]
        self._arn = self._arn_of(self._url)
        policy = {"deadLetterTargetArn": self._arn_of(dead), "maxReceiveCount": self._most_receives}
        attributes = {"VisibilityTimeout": str(VISIBLE_AGAIN_S), "RedrivePolicy": json.dumps(policy)}
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes=attributes)

    def send(self, bodies: Sequence[str]) -> None:
        """Puts messages into the queue. Raises ConnectionError where SQS did not take one."""
        for start in range(0, len(bodies), MOST_IN_CALL):
            entries = [
                {"Id": str(number), "MessageBody": body}
                for number, body in enumerate(bodies[start : start + MOST_IN_CALL])
            ]
            answer = self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)
            if answer.get("Failed"):
                raise ConnectionError(f"{self._name} did not take {len(answer['Failed'])} messages")

    def once(self) -> Round:
        """One batch: received, handled, deleted as far as it succeeded. Nothing where the queue is empty.

        A handler that raises, or names a message that it was not given, failed with the whole batch, as on AWS.
        """
        found = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=self._batch_size,
            AttributeNames=["All"],
        ).get("Messages", [])
        if not found:
            return Round()
        failed = self._failed(found)
        self._delete([each for each in found if each["MessageId"] not in failed])
        told = Round()
        for message in found:
            if message["MessageId"] not in failed:
                told.done.append(message["Body"])
                continue
            is_last = int(message["Attributes"]["ApproximateReceiveCount"]) >= self._most_receives
            (told.dead if is_last else told.failed).append(message["Body"])
            self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        return told

    def _failed(self, found: Sequence[Any]) -> set[str]:
        everyone = {message["MessageId"] for message in found}
        try:
            answer = self._handler({"Records": [record_of(message, self._arn) for message in found]}) or {}
            failed = {each["itemIdentifier"] for each in answer.get("batchItemFailures", ())}
        except Exception:
            log.exception("batch_failed", queue=self._name, messages=len(found))
            return everyone
        return failed if failed <= everyone else everyone

    def _delete(self, messages: Sequence[Any]) -> None:
        if messages:
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages)
            ]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def _arn_of(self, url: str) -> str:
        found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(found["Attributes"]["QueueArn"])
