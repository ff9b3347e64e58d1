"""``tapehouse batches``: the day's Lambdas at home, one after the other, as their schedules and queues run them on AWS.

A pass runs ``news`` and ``social`` for today so far, and for each of the three days before that has not been run since
it was over; has the crawler read the newsroom's pages, one task a message; tells a queue of every object that landed,
and lets ``enrich`` work off the queue. A source that fails
keeps nothing else from being done: the log says it, and the next pass tries its day again.
"""

import argparse
import datetime as dt
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from cli.batches_done import Done
from cli.command import add_setting, load_settings, refuse_aws, replace_environment, target
from cli.crawl import QUEUE as CRAWL_QUEUE
from cli.crawl import Crawl
from cli.lambda_ import DAILY, SCORED, Context, Handler, load
from cli.refresh import stop_event
from cli.sources import TASKS, landing_of, notification, variables
from embedded.event_source import EventSource
from tapehouse import logs
from tapehouse.errors import LakehouseError
from tapehouse.landing import Landing

log = logs.of(__name__)
QUEUE: Final = "tapehouse-enrich"
DAYS_BEFORE: Final = 3
LOOKS_BACK: Final = dt.timedelta(days=7)
"""How far back objects are looked for that were landed and never scored."""
_DAY: Final = dt.timedelta(days=1)
_LEAST_EVERY_S: Final = 60.0
"""The sources are asked no more often than that."""


@dataclass(slots=True)
class Tally:
    """What passes did."""

    objects: int = 0
    """That were told to the queue."""
    scored: int = 0
    failed: list[str] = field(default_factory=list)
    """Batches that failed, and what they said."""
    dead: list[str] = field(default_factory=list)
    """Keys of objects that could not be scored, and wait in the queue's other one."""


class Batches:
    """The passes over one landing."""

    def __init__(
        self,
        *,
        daily: Mapping[str, Handler],
        queue: EventSource,
        landing: Landing,
        done: Done,
        clock: Callable[[], dt.datetime],
        crawl: Crawl | None = None,
    ) -> None:
        """``crawl``: None where there is nothing to crawl."""
        self._daily, self._queue, self._landing, self._done, self._clock = daily, queue, landing, done, clock
        self._crawl = crawl
        self._told: dict[str, str] = {}
        """Message → key, of those that are in the queue."""

    def once(self, *, may_go_on: Callable[[], bool] = lambda: True) -> Tally:
        """One pass; ends early, between two batches, where it may not go on."""
        tally = Tally()
        today = self._clock().date()
        for name, day in self._wanted(today):
            if not may_go_on():
                return tally
            self._run(name, day, today, tally)
            self._score(today, tally, may_go_on)
        if self._crawl is not None:
            tally.failed += self._crawl.once(may_go_on=may_go_on)
        self._score(today, tally, may_go_on)
        return tally

    def next_at(self, every: dt.timedelta) -> dt.datetime:
        """When the next pass begins: after so long, or at the day's turn, if that is sooner."""
        now = self._clock()
        turn = dt.datetime.combine(now.date() + _DAY, dt.time(), dt.UTC)
        return min(now + every, turn)

    def _wanted(self, today: dt.date) -> Iterator[tuple[str, dt.date]]:
        """Today first: it is looked at most."""
        for back in range(DAYS_BEFORE + 1):
            day = today - back * _DAY
            yield from ((name, day) for name in self._daily if not self._done.has_day(name, day))

    def _run(self, name: str, day: dt.date, today: dt.date, tally: Tally) -> None:
        try:
            self._daily[name]({"date": day.isoformat()}, Context(name))
        except LakehouseError as error:
            log.warning("batch_failed", name=name, day=day, reason=str(error))
            tally.failed.append(f"{name} of {day}: {error}")
            return
        if day < today:
            self._done.add_day(name, day)

    def _score(self, today: dt.date, tally: Tally, may_go_on: Callable[[], bool]) -> None:
        """Tells the queue of what is new in the landing, and works the queue off."""
        new = {json.dumps(notification(self._landing, key)): key for key in self._new(today)}
        self._queue.send(list(new))
        self._told |= new
        tally.objects += len(new)
        while may_go_on() and (found := self._queue.once()).received:
            scored, dead = self._keys(found.done), self._keys(found.dead)
            for key in dead:
                log.error("object_not_scored", key=key, queue=self._queue.dead_name)
            tally.scored += len(scored)
            tally.dead += dead
            if scored or dead:
                self._done.add_keys([*scored, *dead], today)

    def _new(self, today: dt.date) -> list[str]:
        """Objects that nobody was told of."""
        waiting = set(self._told.values())
        return [
            key
            for key in self._landing.keys_since(today - LOOKS_BACK)
            if key.partition("/")[0] in SCORED and key not in waiting and not self._done.has_key(key)
        ]

    def _keys(self, bodies: list[str]) -> list[str]:
        """Of messages that are through; one that an earlier run left in the queue has no key here."""
        return [key for body in bodies if (key := self._told.pop(body, None)) is not None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--every", metavar="SPAN", type=_span, help="on and on: a pass every 5m, 1h, …, 60s at least")
    parser.add_argument("--report", metavar="FILE", type=Path, help="write what was done to this file, at the end")
    for name in ("landing", "feeds", "recordings", "seed"):
        add_setting(parser, name)


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    refuse_aws(settings, "`tapehouse batches`")
    here = target(settings)
    here.lake.check_origin(settings.origin)
    here.activate(needs_stream=True)
    with stop_event() as stop, variables(here) as told:
        replace_environment({**os.environ, **told})
        batches = Batches(
            daily={name: load(name) for name in DAILY},
            queue=_queue(),
            landing=landing_of(here),
            done=Done(here.stack.folder / "batches.json"),
            clock=lambda: dt.datetime.now(dt.UTC),
            crawl=_crawl() if TASKS in told else None,
        )
        tally = batches.once(may_go_on=lambda: not stop.is_set())
        _tell(tally)
        while options.every is not None and not stop.is_set():
            at = batches.next_at(options.every).timestamp()
            if not stop.wait(max(0.0, at - time.time())):
                tally = batches.once(may_go_on=lambda: not stop.is_set())
                _tell(tally)
    if options.report is not None:
        _write(options.report, tally)
    return 1 if options.every is None and (tally.failed or tally.dead) else 0


def _queue(name: str = QUEUE, handler: str = "enrich", *, batch_size: int = 5) -> EventSource:
    from tapehouse import aws

    handles = load(handler)
    queue = EventSource(aws.client("sqs"), name, lambda event: handles(event, Context(handler)), batch_size=batch_size)
    queue.ensure()
    return queue


def _crawl() -> Crawl:
    queue = _queue(CRAWL_QUEUE, "crawler", batch_size=1)
    replace_environment({**os.environ, "TAPEHOUSE_CRAWL_QUEUE_URL": queue.url})
    return Crawl(schedule=load("crawler-schedule"), queue=queue)


def _span(text: str) -> dt.timedelta:
    from pydantic import TypeAdapter, ValidationError

    from tapehouse.setting_types import SpanS

    try:
        seconds = TypeAdapter(SpanS).validate_python(text)
    except ValidationError:
        seconds = 0.0
    if seconds < _LEAST_EVERY_S:
        raise argparse.ArgumentTypeError(f"{text!r}: write 5m or 1h, {_LEAST_EVERY_S:.0f}s at least")
    return dt.timedelta(seconds=seconds)


def _tell(tally: Tally) -> None:
    print(
        f"batches objects={tally.objects} scored={tally.scored} failed={len(tally.failed)} dead={len(tally.dead)}",
        flush=True,
    )


def _write(path: Path, tally: Tally) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(json.dumps(asdict(tally)) + "\n", encoding="utf-8")
    draft.replace(path)
