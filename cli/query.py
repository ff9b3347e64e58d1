"""``tapehouse query``: one question in SQL."""

import argparse

from cli import results
from cli.command import add_setting, load_settings, target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sql", help="one SELECT over tables named layer.table")
    results.add_format(parser)
    add_setting(parser, "athena_workgroup")


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    if settings.target == "aws":
        from tapehouse.query.athena_port import AthenaPort

        result = AthenaPort.of(settings).run(options.sql)
    else:
        from tapehouse.query.duckdb_port import DuckdbPort

        result = DuckdbPort(target(settings).lake).run(options.sql)
    results.show(result, options)
    return 0
