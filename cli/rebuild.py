"""``tapehouse rebuild``: a table and what hangs on it, from their inputs."""

import argparse

from cli import spark as engine
from cli.command import add_setting, load_settings, target
from cli.refresh import refresher, show_report, show_step
from cli.remote.runs import Runs, add_words, refuse_while_owned
from tapehouse.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", metavar="TABLE", help="layer.table, as gold.candles")
    add_setting(parser, "spark_memory_mb")
    add_setting(parser, "deployment")
    add_words(parser)


def run(options: argparse.Namespace) -> int:
    from tapehouse.tables import table

    settings = load_settings(options)
    table(options.table)
    if settings.target == "aws":
        return on_aws(options, settings, Runs(settings))
    here = target(settings)
    here.activate()
    with engine.session(here, "rebuild") as spark:
        report = refresher(here, spark, on_step=show_step).rebuild(options.table)
        if report is not None:
            show_report(report)
    return 0


def on_aws(options: argparse.Namespace, settings: Settings, runs: Runs) -> int:
    """Starts the rebuild job; the exit status. Raises TerminalError while the stream job owns the tables."""
    if options.follow is None:
        refuse_while_owned(settings, runs, "rebuild")
    return runs.command("rebuild", {"table": options.table}, options, named=options.table)
