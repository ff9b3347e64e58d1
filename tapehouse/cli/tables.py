"""``tapehouse tables``: what is in the lake and how fresh it is."""

import argparse
import datetime as dt

from tapehouse.cli import answers
from tapehouse.cli import spark as engine
from tapehouse.cli.command import add_setting, load_settings, place, refuse_aws
from tapehouse.query.port import Result

NAME = "tables"
HELP = "List the tables: rows, newest event (UTC), lag behind it (seconds), position in the stream."
COLUMNS = ("table", "rows", "newest_event", "lag_s", "position")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    answers.add_format(parser, with_csv=False)
    add_setting(parser, "spark_memory_mb")


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    refuse_aws(settings, "`tapehouse tables`")
    here = place(settings)
    here.activate()
    with engine.session(here, "tables") as spark:
        from glue_jobs.status import table_status

        found = table_status(spark, here.lake)
    rows = [(s.table, s.rows, instant(s.newest_event_us), s.lag_s, s.position) for s in found]
    answers.show(Result(COLUMNS, rows), options)
    return 0


def instant(time_us: int | None) -> dt.datetime | None:
    """Microseconds since the epoch as an instant, exactly."""
    return None if time_us is None else dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=time_us)
