"""One task, run: what guards it is put together, its pages are read, and what was read is landed or sent.

One run writes one object, of a line a page. What was read is written before a failure is raised: a task that fails is
run again, and its pages are then written again; whoever reads them goes by their addresses.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from lambdas.crawler import webhook
from lambdas.crawler.chromium import Chromium
from lambdas.crawler.guard import Guard
from lambdas.crawler.model import Task
from lambdas.crawler.pace import Pace
from lambdas.crawler.pinned import session
from lambdas.crawler.renderer import MOST_BYTES, Fetched, Renderer
from lambdas.crawler.result import Outcome
from lambdas.crawler.robots import MOST_BYTES as MOST_ROBOTS
from lambdas.crawler.robots import Robots
from lambdas.crawler.walk import ForeignHostError, Walk
from lambdas.http import Http, Limits
from tapehouse import logs
from tapehouse.errors import LakehouseError, TerminalError, TransientError
from tapehouse.keys import SecretsClient
from tapehouse.landing import Landed

log = logs.of(__name__)
WITHIN_S: Final = 600.0
_PAGE: Final = Limits(deadline_s=60, most_wire_bytes=MOST_BYTES, most_bytes=MOST_BYTES, tries=3, most_wait_s=20)
_ROBOTS: Final = Limits(deadline_s=30, most_wire_bytes=MOST_ROBOTS, most_bytes=MOST_ROBOTS, tries=2, most_wait_s=5)
_WEBHOOK: Final = Limits(deadline_s=60, most_wire_bytes=MOST_BYTES, most_bytes=MOST_BYTES, tries=webhook.TRIES)
_SHOWN: Final = 5


class Puts(Protocol):
    """The landing, as far as it is used."""

    def put(self, lines: Sequence[Landed]) -> str: ...


class TaskFailedError(TerminalError):
    """A task failed, or a part of it, and would again. ``failures`` are its errors' texts."""

    def __init__(self, task: str, failures: Sequence[str], pages: int) -> None:
        super().__init__(task, failures, pages)
        self.task, self.failures, self.pages = task, tuple(failures), pages

    def __str__(self) -> str:
        more = f" (and {len(self.failures) - _SHOWN} more)" if len(self.failures) > _SHOWN else ""
        return f"task {self.task}, after {self.pages} page(s): {' '.join(self.failures[:_SHOWN])}{more}"


class TaskUnfinishedError(TaskFailedError, TransientError):
    """A task failed, or a part of it, for what may be over when it is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """What a run touches. ``sleep`` waits seconds, ``monotonic`` counts them, ``clock`` is µs UTC."""

    landing: Callable[[], Puts]
    secrets: Callable[[], SecretsClient]
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000


class Crawler:
    """Runs tasks one after another; what it knows of robots.txt, connections and pace is kept between them."""

    def __init__(
        self,
        guard: Guard,
        edges: Edges,
        *,
        user_agent: str,
        browser: Sequence[str] = (),
        least_s: float = 1.0,
    ) -> None:
        self._guard, self._edges = guard, edges
        self._user_agent, self._browser = user_agent, tuple(browser)
        self._session = session(guard)
        self._pace = Pace(least_s=least_s, monotonic=edges.monotonic, sleep=edges.sleep)
        self._robots = Robots(self._http(_ROBOTS, self._paced), user_agent=user_agent, clock=edges.clock)

    def run(self, task: Task, *, within_s: float = WITHIN_S) -> dict[str, Any]:
        """What the run read and where it went.

        Raises TaskFailedError or TaskUnfinishedError when any of it failed, after what was read has been landed or
        sent; errors of the landing and of the webhook pass through.
        """
        outcome = self._walk(task, within_s)
        said: dict[str, Any] = {
            "task": task.name,
            "pages": len(outcome.pages),
            "passed_over": outcome.passed_over,
            "links_left": outcome.links_left,
            **(self._put(task, outcome) if outcome.pages else {}),
        }
        log.info("task_run", **{**said, "passed_over": len(outcome.passed_over), "failures": len(outcome.failures)})
        for text in outcome.passed_over:
            log.info("link_passed_over", task=task.name, detail=text)
        if outcome.failures:
            kind = TaskUnfinishedError if _may_help(outcome.failures) else TaskFailedError
            raise kind(task.name, [str(error) for error in outcome.failures], len(outcome.pages))
        return said

    def close(self) -> None:
        """Lets the connections go."""
        self._session.close()

    def _walk(self, task: Task, within_s: float) -> Outcome:
        try:
            renderer = self._renderer(task)
        except LakehouseError as error:
            return Outcome(failures=[error])
        return Walk(task, renderer, within_s=within_s, monotonic=self._edges.monotonic).run()

    def _put(self, task: Task, outcome: Outcome) -> dict[str, Any]:
        if task.webhook:
            http = self._http(_WEBHOOK, self._guard.place)
            status = webhook.send(task, task.webhook, outcome.pages, http=http, secrets=self._edges.secrets)
            return {"webhook": status}
        return {"object": self._edges.landing().put([page.landed(task) for page in outcome.pages])}

    def _renderer(self, task: Task) -> Renderer:
        def check(url: str) -> None:
            host = self._guard.place(url).host
            if host not in task.hosts:
                raise ForeignHostError(url.partition("?")[0], host)
            self._pace.wait(host, self._robots.check(url))

        if not task.javascript:
            return Fetched(self._http(_PAGE, check), name=task.name)
        if not self._browser:
            raise TerminalError("it needs JavaScript, and no browser is set: TAPEHOUSE_CRAWL_BROWSER, at home alone.")
        edges = self._edges
        return Chromium(self._browser, guard=self._guard, check=check, user_agent=self._user_agent, clock=edges.clock)

    def _paced(self, url: str) -> None:
        self._pace.wait(self._guard.place(url).host)

    def _http(self, limits: Limits, check: Callable[[str], object]) -> Http:
        edges = self._edges
        return Http(
            limits,
            session=self._session,
            sleep=edges.sleep,
            clock=edges.clock,
            monotonic=edges.monotonic,
            check=check,
            user_agent=self._user_agent,
        )


def _may_help(failures: Sequence[Exception]) -> bool:
    """Whether a failure may be over when the task is run again."""
    return any(isinstance(error, TransientError) for error in failures)
