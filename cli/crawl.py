"""The crawler at home: its schedule puts the newsroom's tasks into a queue, and its handler works the queue off."""

from collections.abc import Callable
from typing import Final

from cli.crawl_tasks import SCHEDULE
from cli.lambda_ import Context, Handler
from embedded.event_source import EventSource
from tapehouse import logs
from tapehouse.errors import LakehouseError

log = logs.of(__name__)
QUEUE: Final = "tapehouse-crawl"
_SHOWN: Final = 160


class Crawl:
    """What a pass of the batches crawls. ``queue`` leads to the crawler's handler."""

    def __init__(self, *, schedule: Handler, queue: EventSource) -> None:
        self._schedule, self._queue = schedule, queue

    def once(self, *, may_go_on: Callable[[], bool] = lambda: True) -> list[str]:
        """All tasks once; what failed, in words. Others of a run that was killed are worked off as well."""
        try:
            self._schedule({"schedule": SCHEDULE}, Context("crawler-schedule"))
        except LakehouseError as error:
            log.warning("crawl_not_begun", reason=str(error))
            return [f"crawler: {error}"]
        dead: list[str] = []
        while may_go_on() and (found := self._queue.once()).received:
            dead += found.dead
        return [f"crawler: {body[:_SHOWN]} failed again and again, see the log" for body in dead]
