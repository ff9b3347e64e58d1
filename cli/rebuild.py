"""``tapehouse rebuild``: a table and what hangs on it, from their inputs."""

import argparse

from cli import spark as engine
from cli.command import add_setting, load_settings, refuse_aws, target
from cli.refresh import refresher, show_report, show_step


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", metavar="TABLE", help="layer.table, as gold.candles")
    add_setting(parser, "spark_memory_mb")


def run(options: argparse.Namespace) -> int:
    from tapehouse.tables import table

    settings = load_settings(options)
    refuse_aws(settings, "`tapehouse rebuild`")
    table(options.table)
    here = target(settings)
    here.activate()
    with engine.session(here, "rebuild") as spark:
        report = refresher(here, spark, on_step=show_step).rebuild(options.table)
        if report is not None:
            show_report(report)
    return 0
