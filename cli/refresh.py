"""``tapehouse refresh``: bring the tables up to the stream, once or live."""

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from cli import spark as engine
from cli.command import Target, add_setting, load_settings, on_terminal, target
from cli.remote.runs import Runs, add_words, owner_says
from tapehouse import logs
from tapehouse.errors import TerminalError
from tapehouse.settings import Settings

log = logs.of(__name__)

SHOW_EVERY_S = 5.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)
IN_DEMO: Mapping[str, Any] = {
    "forecast_every_s": 30.0,
    "forecast_interval": "5s",
    "forecast_window_s": 900.0,
    "forecast_horizons_s": (15.0, 30.0, 60.0),
    "forecast_least_returns": 12,
}
"""Of a demo's lake, where none of these is set: it is looked at for minutes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--layer", choices=("bronze", "silver", "gold"), help="only this layer (default: all)")
    what.add_argument("--table", metavar="LAYER.NAME", help="only this table")
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--once", action="store_true", dest="one_pass", help="one pass over what is new (the default)")
    when.add_argument(
        "--every",
        metavar="SPAN",
        dest="refresh_every_s",
        help="live: a look at the stream every 500ms, 5s, …",
    )
    add_setting(parser, "spark_memory_mb")
    add_setting(parser, "deployment")
    add_words(parser)


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    if settings.target == "aws":
        return on_aws(options, settings, Runs(settings))
    here = target(settings)
    layer = options.layer or (options.table.partition(".")[0] if options.table else None)
    here.activate(needs_stream=layer in (None, "bronze"))
    if options.table:
        from tapehouse.tables import table

        table(options.table)  # an unknown name is told before Spark starts
    here.lake.check_origin(here.lake.origin() or settings.origin)
    with stop_event() as stop, engine.session(here, "refresh") as spark:
        heed_signals(stop)
        job = refresher(here, spark, on_step=show_step)
        if options.refresh_every_s is None:
            show_report(job.once(layer=options.layer, table=options.table))
        else:
            _live(job, stop, settings.refresh_every_s, options.layer, options.table)
    return 0


def on_aws(options: argparse.Namespace, settings: Settings, runs: Runs) -> int:
    """Starts the refresh job, unless the stream job does its work; the exit status."""
    if options.refresh_every_s is not None:
        raise TerminalError("On AWS the stream job refreshes on and on: start it by `make run-app TARGET=aws`.")
    if options.follow is None and (says := owner_says(settings, runs)) is not None:
        print(f"{says} There is nothing to start.")
        return 0
    return runs.command("refresh", {"layer": options.layer, "table": options.table}, options)


def _live(job: Any, stop: threading.Event, every_s: float, layer: str | None, table: str | None) -> None:
    """The loops until a signal, with a line now and then; then one pass that drains."""
    with job.live(every_s=every_s, layer=layer, table=table) as live:
        while not stop.wait(SHOW_EVERY_S):
            live.check()
            show_progress(live.progress())
    live.check()
    show_report(job.once(layer=layer, table=table))


def refresher(here: Target, spark: Any, **more: Any) -> Any:
    """glue_jobs' Refresh of this lake."""
    from glue_jobs.pipeline import Options, pipeline
    from glue_jobs.refresh import Refresh

    return Refresh(spark, here.lake, pipeline(Options.of(settings_of(here))), **more)


def settings_of(here: Target) -> Settings:
    """The settings by which this lake's tables are made.

    Whoever sets one of a demo's goes on from the defaults, as everywhere: together with the demo's others it could be
    what no settings may say, as a horizon below a step.
    """
    settings = here.settings
    if (here.lake.origin() or settings.origin) != "demo" or IN_DEMO.keys() & settings.model_fields_set:
        return settings
    return settings.model_copy(update=dict(IN_DEMO))


@contextlib.contextmanager
def stop_event() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set: what runs is finished first. A second signal interrupts it."""
    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    heed_signals(stop)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def heed_signals(stop: threading.Event) -> None:
    """Lets the signals set ``stop``; called again after a Spark session began, since that takes SIGINT for itself."""

    def on_signal(_number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    for number in SIGNALS:
        signal.signal(number, on_signal)


def show_step(step: Any) -> None:
    """One finished step, where somebody watches; elsewhere the engine's own log line says it."""
    if on_terminal():
        rows = "" if step.rows is None else f"{step.rows:>10,} rows"
        print(f"  {step.name:<40} {step.seconds:7.2f} s {rows}", file=sys.stderr)


def show_progress(progress: Any) -> None:
    """One line on stdout for what the loops did so far."""
    parts = (f"{name}={each.rows} rows in {each.pieces} pieces" for name, each in progress.items())
    print("live " + ", ".join(parts), flush=True)


def show_report(report: Any) -> None:
    """One line on stdout for a pass."""
    print(f"refreshed rows={report.rows} seconds={report.seconds:.2f} steps={len(report.steps)}", flush=True)
