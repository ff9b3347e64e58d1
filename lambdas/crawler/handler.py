"""The crawler as AWS calls it: ``schedule`` puts a schedule's tasks into a queue, ``handler`` runs what is in it.

Clients are made when they are first needed, and kept between calls. ``run_task`` runs one task at home.
"""

import functools
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdas.crawler import schedule as schedules
from lambdas.crawler import task_file
from lambdas.crawler.crawler import WITHIN_S, Crawler, Edges
from lambdas.crawler.guard import Guard
from lambdas.crawler.model import Tasks
from lambdas.crawler.settings import LANDING, QUEUE, TASKS, CrawlSettings
from tapehouse import logs
from tapehouse.errors import LakehouseError, TerminalError
from tapehouse.landing import Landing

log = logs.of(__name__)
_LEFT_FOR_LANDING_S: Final = 30.0
"""Of a call's time, so much is kept for what comes after the pages are read."""


def schedule(event: Any, context: Any = None) -> dict[str, Any]:
    """EventBridge's call: one message a task of the event's schedule."""
    logs.set_up()
    settings = CrawlSettings.of(os.environ, needs=(TASKS, QUEUE))
    name, at = schedules.asked(event)
    due = schedules.due(_tasks(settings), name)
    schedules.send([task.name for task in due], at, queue_url=settings.queue_url, client=_client("sqs"))
    log.info("tasks_sent", schedule=name, time=at, tasks=len(due))
    return {"schedule": name, "time": at, "tasks": [task.name for task in due]}


def handler(event: Any, context: Any = None) -> dict[str, Any]:
    """SQS' call: runs the task of each message. The answer names the messages that are to come again."""
    logs.set_up()
    settings = CrawlSettings.of(os.environ, needs=(TASKS, LANDING))
    crawler, tasks = _crawler(settings), _tasks(settings)
    return run_messages(event, lambda name: run_named(crawler, tasks, name, within_s=_within_s(context)))


def run_task(name: str) -> dict[str, Any]:
    """Runs one task of the file at home. Raises as ``Crawler.run`` does, and TerminalError for a name it has not."""
    settings = CrawlSettings.of(os.environ, needs=(TASKS, LANDING))
    return run_named(_crawler(settings), _tasks(settings), name, within_s=WITHIN_S)


def run_named(crawler: Crawler, tasks: Tasks, name: str, *, within_s: float) -> dict[str, Any]:
    """Runs the task of this name. Raises TerminalError where there is none."""
    task = tasks.named(name)
    if task is None:
        raise TerminalError(f"there is no task {name[:64]!r}: its message is older than the file, or not ours.")
    return crawler.run(task, within_s=within_s)


def run_messages(event: Any, run: Callable[[str], object]) -> dict[str, Any]:
    """Runs each message's task. One that fails, whatever it is, fails alone: SQS brings it again, or sets it aside."""
    failed = []
    for record in event["Records"]:
        identifier = record["messageId"]
        try:
            run(_name(record))
        except Exception as error:  # noqa: BLE001 - a bug that one page wakes must not cost the others
            _told(identifier, error)
            failed.append({"itemIdentifier": identifier})
    return {"batchItemFailures": failed}


def _told(message: str, error: Exception) -> None:
    """In the log: an error of ours says what to do, another needs its traceback."""
    exc_info = None if isinstance(error, LakehouseError) else error
    log.error("task_failed", message=message, error_type=type(error).__name__, detail=error, exc_info=exc_info)


def _name(record: Mapping[str, Any]) -> str:
    try:
        said = json.loads(record["body"])
        name = said["task"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise TerminalError('a message is {"task": name, "time": time}, and this is none.') from error
    if not isinstance(name, str):
        raise TerminalError("a message names its task with text, and this does not.")
    return name


def _within_s(context: Any) -> float:
    """The seconds that a run may take: what is left of the call, but for what comes after."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    return WITHIN_S if left is None else max(1.0, left() / 1_000 - _LEFT_FOR_LANDING_S)


def _tasks(settings: CrawlSettings) -> Tasks:
    place = Guard(loopback=settings.loopback).place
    return task_file.read(settings.tasks, place=place, s3=lambda: _client("s3"))


@functools.cache
def _crawler(settings: CrawlSettings) -> Crawler:
    edges = Edges(landing=lambda: _landing(settings.landing), secrets=lambda: _client("secretsmanager"))
    return Crawler(Guard(loopback=settings.loopback), edges, user_agent=settings.user_agent, browser=settings.browser)


@functools.cache
def _landing(uri: str) -> Landing:
    return Landing(uri)


@functools.cache
def _client(service: str) -> Any:
    from tapehouse import aws  # noqa: PLC0415 - boto3 takes a while, and a run at home needs none

    return aws.client(service)
