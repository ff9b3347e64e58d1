"""``tapehouse tables``: what is in the lake and how fresh it is."""

import argparse
import datetime as dt
from typing import Any

from cli import results
from cli import spark as engine
from cli.command import add_setting, load_settings, refuse_aws, target
from tapehouse.query.port import Result

COLUMNS = ("table", "rows", "newest_event", "lag_s", "position")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    results.add_format(parser, with_csv=False)
    add_setting(parser, "spark_memory_mb")


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    refuse_aws(settings, "`tapehouse tables`")
    here = target(settings)
    here.activate()
    with engine.session(here, "tables") as spark:
        from glue_jobs.pipeline import pipeline
        from glue_jobs.status import table_status

        found = table_status(spark, here.lake, pipeline())
    rows = [
        (
            s.table,
            s.rows,
            instant(s.newest_event_us),
            None if s.lag_s is None else round(s.lag_s, 1),
            as_json(s.position),
        )
        for s in found
    ]
    results.show(Result(COLUMNS, rows if options.json else [(*row[:-1], short(row[-1])) for row in rows]), options)
    return 0


def as_json(position: Any) -> Any:
    """The stream's name and, by shard, the last sequence number that the table holds; other positions as they are."""
    shards = getattr(position, "shards", None)
    if shards is None:
        return position
    return {
        "stream_name": position.stream_name,
        "shards": {name: str(shard.sequence) for name, shard in shards.items() if shard.sequence is not None},
    }


def short(position: Any) -> Any:
    """A position for a cell: of 56 digits, the last eight tell whether it moves."""
    if not isinstance(position, dict):
        return position
    shards = (
        f"{name.removeprefix('shardId-').lstrip('0') or '0'}:…{number[-8:]}"
        for name, number in position["shards"].items()
    )
    return f"{position['stream_name']} {' '.join(shards)}"


def instant(time_us: int | None) -> dt.datetime | None:
    """Microseconds since the epoch as an instant, exactly."""
    return None if time_us is None else dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=time_us)
