"""A schedule's tasks become messages, one each, and one that SQS did not take is not forgotten."""

import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.crawler.model import Navigate, Task, Tasks
from lambdas.crawler.schedule import NotSentError, asked, due, message, send
from tapehouse.errors import TerminalError

AT = "2026-11-29T02:00:00Z"


def task(name: str, schedule: str = "daily") -> Task:
    start = "https://example.com/"
    return Task(
        name=name,
        kind="page",
        start=start,
        schedule=schedule,
        steps=(Navigate(start),),
        hosts=frozenset({"example.com"}),
    )


class Queue:
    """SQS. ``refuses``: for each call, the numbers of entries that are not taken; ``fault`` is whose fault that is."""

    def __init__(self, *refuses: set[int], fault: bool = False) -> None:
        self.refuses, self.fault = list(refuses), fault
        self.calls: list[list[str]] = []

    def send_message_batch(self, **words: Any) -> Any:
        assert words["QueueUrl"] == "https://queue"
        entries = words["Entries"]
        assert 1 <= len(entries) <= 10
        self.calls.append([entry["MessageBody"] for entry in entries])
        refused = self.refuses.pop(0) if self.refuses else set()
        return {
            "Successful": [],
            "Failed": [
                {"Id": entry["Id"], "Code": "InternalError", "SenderFault": self.fault}
                for number, entry in enumerate(entries)
                if number in refused
            ],
        }


def sent(queue: Queue, count: int) -> list[float]:
    slept: list[float] = []
    names = [f"t{number}" for number in range(count)]
    send(names, AT, queue_url="https://queue", client=queue, sleep=slept.append)
    return slept


def test_each_task_is_one_message_and_ten_are_one_call() -> None:
    queue = Queue()
    assert sent(queue, 23) == []
    assert [len(call) for call in queue.calls] == [10, 10, 3]
    assert queue.calls[2][2] == '{"task":"t22","time":"2026-11-29T02:00:00Z"}' == message("t22", AT)


def test_what_was_not_taken_is_sent_again_and_nothing_else_is() -> None:
    queue = Queue({1, 3}, {1}, set())
    assert len(sent(queue, 4)) == 2
    assert queue.calls[1:] == [[message("t1", AT), message("t3", AT)], [message("t3", AT)]]


def test_what_is_never_taken_is_raised_when_all_others_are_sent() -> None:
    queue = Queue({0}, {0}, {0}, {0})
    with pytest.raises(NotSentError, match=r"did not take 1 task\(s\) \(InternalError\): t0"):
        sent(queue, 12)
    assert [len(call) for call in queue.calls] == [10, 1, 1, 1, 2]


def test_what_is_our_own_fault_is_not_sent_again() -> None:
    queue = Queue({0}, fault=True)
    with pytest.raises(NotSentError, match="t0"):
        sent(queue, 3)
    assert len(queue.calls) == 1


def test_an_event_names_its_schedule_and_time() -> None:
    assert asked({"schedule": "daily", "time": AT}) == ("daily", AT)
    now = datetime(2026, 11, 29, 2, 0, 0, 5, tzinfo=UTC)
    assert asked({"schedule": "daily"}, now=lambda: now) == ("daily", AT)


@pytest.mark.parametrize(
    "event", [None, {}, [], "daily", {"schedule": 5}, {"schedule": "daily", "time": "noon"},
              {"schedule": "daily", "time": 5},
              {"schedule": "daily", "time": "2026-11-29"}, {"schedule": "daily", "time": "2026-11-29T02:00:00"}],
)  # fmt: skip
def test_any_other_event_says_what_one_looks_like(event: Any) -> None:
    with pytest.raises(TerminalError, match=r'an event is \{"schedule": "daily"'):
        asked(event)


def test_a_schedule_without_tasks_is_named_wrongly() -> None:
    tasks = Tasks((task("a"), task("b", "hourly"), task("c")))
    assert [each.name for each in due(tasks, "daily")] == ["a", "c"]
    with pytest.raises(TerminalError, match="no task has the schedule 'dayly': there are daily, hourly"):
        due(tasks, "dayly")


def test_the_error_survives_pickling() -> None:
    error = NotSentError(["a"], "why")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
