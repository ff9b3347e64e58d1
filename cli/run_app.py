"""``tapehouse run-app``: everything at once, on this machine: venues, stream, Spark, candles, news, dashboards."""

import argparse
import contextlib
import fcntl
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cli import bounded_pass, demo_portfolio, market_view, results
from cli import spark as engine
from cli.command import Target, add_setting, load_settings, on_terminal, target
from cli.dashboards_process import DashboardsProcess
from cli.display import Display, LiveDisplay, LogDisplay
from cli.news_processes import NewsProcesses
from cli.processes import AppProcesses
from cli.refresh import heed_signals, refresher, stop_event
from tapehouse import logs
from tapehouse.errors import TerminalError, TransientError
from tapehouse.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from glue_jobs.refresh import Refresh, RefreshReport
    from tapehouse.query.port import QueryPort

log = logs.of(__name__)

TICK_S: Final = 0.2
SHOW_EVERY_S: Final = 5.0
LANDING_READ: Final = "landing read"
"""The step whose rows are no records of the stream."""
PASSES_WITHOUT_END: Final = 20
"""Refreshes in a row that may be lost to others before one bounded pass gives up."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name in (
        *("feeds", "recordings", "symbols", "refresh_every_s", "trades_per_s", "history_h", "seed", "shards"),
        *(
            "portfolio",
            "spark_memory_mb",
            "kinesis_port",
            "kinesis_timing",
            "aws_port",
            "dashboards_port",
            "deployment",
        ),
    ):
        add_setting(parser, name)
    parser.add_argument("--once", action="store_true", default=None, help="one bounded pass, then audit (ONCE=1)")


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    if settings.target == "aws":
        from cli.remote.app import App

        return App(settings).start()
    _check_feeds(settings)
    here = target(settings)
    _ = here.lake.path  # run-app keeps its processes' state beside a local lake
    here.lake.check_origin(settings.origin)
    if settings.origin == "demo" and not settings.portfolio:
        demo_portfolio.put(here.lake)
    news, dashboards = NewsProcesses(here), DashboardsProcess(here)
    with (
        stop_event() as stop,
        _only_run(here),
        _stack(here, news, dashboards) as processes,
        _display(here, stop) as display,
    ):
        here.activate(needs_stream=True, own=True)
        dashboards.start()
        display.dashboards(dashboards.address)
        display.status("starting venues and producers")
        processes.start()
        news.start()
        display.status("starting Spark")
        with engine.session(here, "run-app") as spark:
            heed_signals(stop)
            beside = (news, dashboards)
            with contextlib.closing(_App(here, processes, beside, display, spark, stop=stop)) as app:
                return app.once() if settings.once else app.live()


def _check_feeds(settings: Settings) -> None:
    if settings.feeds:
        from producers.feeds import feed

        for name in settings.feeds:
            feed(name)


@contextlib.contextmanager
def _only_run(here: Target) -> Iterator[None]:
    """One run-app a lake: two would each stop the other's producers."""
    here.stack.folder.mkdir(parents=True, exist_ok=True)
    with (here.stack.folder / "run.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise TerminalError(f"Another run-app works on {here.lake.uri}: end it, or set LAKE elsewhere.") from error
        yield


@contextlib.contextmanager
def _stack(here: Target, *beside: NewsProcesses | DashboardsProcess) -> Iterator[AppProcesses]:
    """The embedded AWS, up; what was not up before is stopped at the end, whatever happened."""
    settings = here.settings
    was_up = here.stack.is_up()
    here.stack.stop([name for name, member in here.stack.alive().items() if member.role != "server"])  # of a killed run
    processes = AppProcesses(here)
    try:
        here.stack.up(wanted={"kinesis": settings.kinesis_port, "aws": settings.aws_port})
        here.stack.ensure_stream(settings.stream_name, settings.shards)
        yield processes
    finally:
        names = [*processes.names, *(name for each in beside for name in each.names)]
        killed = here.stack.stop(names) if was_up else here.stack.down()
        if killed:
            print(f"Killed, since they did not end in time: {', '.join(killed)}.", file=sys.stderr)


def _display(here: Target, stop: threading.Event) -> Display:
    if on_terminal() and not here.settings.once:
        return LiveDisplay(here.lake.uri, str(here.stack.folder / "logs"), stop)
    return LogDisplay()


class _App:
    """The loop between the producers and the tables."""

    def __init__(
        self,
        here: Target,
        processes: AppProcesses,
        beside: tuple[NewsProcesses, DashboardsProcess],
        display: Display,
        spark: "SparkSession",
        *,
        stop: threading.Event,
    ) -> None:
        self._here, self._processes, self._display, self._stop = here, processes, display, stop
        self._news, self._dashboards = beside
        self._spark = spark
        self._job: Refresh = refresher(here, spark, on_step=display.step_done)
        self._lookout = market_view.Lookout(here.lake)
        self._rows = 0

    def close(self) -> None:
        self._lookout.close()

    def live(self) -> int:
        """The loops until a signal, and what they made every few seconds; then drain."""
        shown = 0
        with self._job.live(every_s=self._here.settings.refresh_every_s) as live:
            self._display.status("waiting for trades")
            began = time.monotonic()
            while not self._stop.wait(TICK_S):
                live.check()
                self._processes.supervise()
                self._news.supervise()
                self._dashboards.supervise()
                self._display.dashboards(self._dashboards.address)
                if time.monotonic() - began < SHOW_EVERY_S:
                    continue
                self._rows = live.progress()["bronze"].rows
                self._show(self._job.report(self._rows - shown, time.monotonic() - began))
                shown, began = self._rows, time.monotonic()
            self._display.status("ending: what runs is finished first")
        live.check()
        self._rows = live.progress()["bronze"].rows
        self._display.status("draining: producers flush, then a last refresh")
        self._processes.stop_producers()
        self._news.stop()
        self._pass()
        print(f"{self._rows:,} records came in. The lake stays, and the next run goes on: {self._here.lake.uri}")
        return 0

    def once(self) -> int:
        """Everything the producers have, then the audit; 1 when something is missing."""
        self._display.status("producing")
        while not (self._processes.finished and self._news.finished) and not self._stop.wait(TICK_S):
            self._processes.supervise()
            self._news.supervise()
        if self._stop.is_set():
            raise KeyboardInterrupt
        self._display.status("refreshing until the stream is drained")
        lost = 0
        while lost < PASSES_WITHOUT_END and not self._stop.is_set():
            report = self._pass()
            if report is None:
                lost += 1
            elif report.rows == 0:
                break
        if self._stop.is_set():
            raise KeyboardInterrupt
        self._display.status("auditing")
        return self._account()

    def _pass(self) -> "RefreshReport | None":
        """One refresh and what it made of the tables; None where it lost its turn to another."""
        self._display.status("refreshing")
        try:
            report = self._job.once()
        except TransientError as error:
            log.warning("refresh_again_later", reason=str(error))
            return None
        self._rows += report.rows - sum(step.rows or 0 for step in report.steps if step.name == LANDING_READ)
        self._show(report)
        return report

    def _show(self, report: "RefreshReport") -> None:
        producers = f"{self._processes.running} of {self._processes.total}"
        self._display.refreshed(report, self._lookout.newest(), total_rows=self._rows, producers=producers)

    def _account(self) -> int:
        """Prints the markets and the audit; 0 only when nothing is missing anywhere."""
        from glue_jobs.audit import audit
        from glue_jobs.pipeline import pipeline
        from tapehouse.query.duckdb_port import DuckdbPort

        port = DuckdbPort(self._here.lake, memory_mb=512)
        results.draw(port.run(market_view.MARKETS))
        report = audit(self._spark, self._here.lake, pipeline())
        print()
        for line in report.lines:
            print(line)
        faults = list(self._missing(port))
        for fault in faults:
            print(f"MISSING: {fault}")
        print("Nothing is missing." if report.ok and not faults else "Something is missing.")
        return 0 if report.ok and not faults else 1

    def _missing(self, port: "QueryPort") -> Iterator[str]:
        """What was lost on the way to bronze, which the audit cannot know."""
        reports = self._processes.reports()
        confirmed = sum(found["confirmed"] for found in reports.values())
        if self._rows < confirmed:
            yield f"the producers had {confirmed} records confirmed, and the stream gave {self._rows}"
        for name, found in sorted(reports.items()):
            if found["refused"]:
                yield f"{name}: {found['refused']} records were too large for the stream"
        yield from self._news.failures()
        for truth in self._processes.truths:
            yield from bounded_pass.missing(port, truth)
