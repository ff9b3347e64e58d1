"""A schedule's tasks, each as one message: what runs a task knows nothing of the others."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from lambdas.crawler.model import Task, Tasks
from tapehouse.backoff import Backoff
from tapehouse.errors import TerminalError, TransientError

BATCH: Final = 10
"""SQS takes no more messages in one call."""
TRIES: Final = 4
_BACKOFF: Final = Backoff(base_s=0.5, cap_s=5.0)


class QueueClient(Protocol):
    """boto3's client of SQS, as far as it is used."""

    def send_message_batch(self, **words: Any) -> Any: ...


class NotSentError(TransientError):
    """Some tasks of a schedule are not in the queue; the others are, and will be twice if all is done again."""

    def __init__(self, tasks: Sequence[str], detail: str) -> None:
        super().__init__(tasks, detail)
        self.tasks, self.detail = tuple(tasks), detail

    def __str__(self) -> str:
        return f"SQS did not take {len(self.tasks)} task(s) ({self.detail}): {', '.join(self.tasks)}"


def asked(event: Any, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> tuple[str, str]:
    """The schedule that an event names, and its time. Raises TerminalError: it names none."""
    looks = 'an event is {"schedule": "daily", "time": "2026-11-29T02:00:00Z"}, and its time may be left out'
    if not isinstance(event, Mapping) or not isinstance(event.get("schedule"), str):
        raise TerminalError(f"no schedule is named: {looks}.")
    said = event.get("time")
    if said is None:
        return event["schedule"], f"{now().replace(microsecond=0, tzinfo=None).isoformat()}Z"
    try:
        at = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is None:
        raise TerminalError(f"the time is none: {looks}.")
    return event["schedule"], said


def due(tasks: Tasks, schedule: str) -> list[Task]:
    """The tasks of a schedule. Raises TerminalError where there are none: a schedule is named wrongly."""
    found = tasks.scheduled(schedule)
    if not found:
        there = ", ".join(tasks.schedules)
        raise TerminalError(f"no task has the schedule {schedule[:64]!r}: there are {there}.")
    return found


def message(task: str, time_text: str) -> str:
    """What stands in the queue: the same for one task and time."""
    return json.dumps({"task": task, "time": time_text}, separators=(",", ":"))


def send(
    names: Sequence[str],
    time_text: str,
    *,
    queue_url: str,
    client: QueueClient,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Puts one message a task into the queue. Raises NotSentError: after all were tried, some are not in it."""
    unsent: list[str] = []
    why = ""
    for batch in _batches(names):
        left, code = _send_batch(batch, time_text, queue_url=queue_url, client=client, sleep=sleep)
        unsent, why = unsent + left, code or why
    if unsent:
        raise NotSentError(unsent, why)


def _send_batch(
    names: Sequence[str], time_text: str, *, queue_url: str, client: QueueClient, sleep: Callable[[float], None]
) -> tuple[list[str], str]:
    """The names that were not taken, and why. What is not the sender's fault is sent again."""
    left, code = list(names), ""
    refused: list[str] = []
    for failures in range(1, TRIES + 1):
        entries = [{"Id": str(number), "MessageBody": message(name, time_text)} for number, name in enumerate(left)]
        failed = client.send_message_batch(QueueUrl=queue_url, Entries=entries).get("Failed", [])
        if not failed:
            return refused, code
        code = str(failed[0].get("Code", "unknown"))
        refused += [left[int(each["Id"])] for each in failed if each.get("SenderFault")]
        left = [left[int(each["Id"])] for each in failed if not each.get("SenderFault")]
        if not left:
            break
        if failures < TRIES:
            sleep(_BACKOFF.wait_s(failures, 0.5))
    return refused + left, code


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + BATCH] for start in range(0, len(names), BATCH))
