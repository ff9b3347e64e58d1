"""``tapehouse query``: one question in SQL."""

import argparse

from cli import answers
from cli.command import add_setting, load_settings, place


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sql", help="one SELECT over tables named layer.table")
    answers.add_format(parser)
    add_setting(parser, "athena_workgroup")


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    if settings.target == "aws":
        from tapehouse.query.athena_port import AthenaPort

        result = AthenaPort(workgroup=settings.athena_workgroup).run(options.sql)
    else:
        from tapehouse.query.duckdb_port import DuckdbPort

        result = DuckdbPort(place(settings).lake).run(options.sql)
    answers.show(result, options)
    return 0
