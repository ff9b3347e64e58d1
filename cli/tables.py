"""``tapehouse tables``: what is in the lake and how fresh it is."""

import argparse
import datetime as dt
import time
from typing import Any

from cli import results
from cli import spark as engine
from cli.command import add_setting, load_settings, target
from tapehouse.intervals import instant_of, micros_of
from tapehouse.query.port import QueryPort, Result
from tapehouse.tables import REGISTRY

COLUMNS = ("table", "rows", "newest_event", "lag_s", "position", "note")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    results.add_format(parser, with_csv=False)
    add_setting(parser, "spark_memory_mb")
    add_setting(parser, "athena_workgroup")


def run(options: argparse.Namespace) -> int:
    settings = load_settings(options)
    if settings.target == "aws":
        from tapehouse.query.athena_port import AthenaPort

        results.show(asked(AthenaPort.of(settings), time.time_ns() // 1000), options)
        return 0
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
            s.note,
        )
        for s in found
    ]
    results.show(
        Result(COLUMNS, rows if options.json else [(*row[:-2], short(row[-2]), row[-1]) for row in rows]), options
    )
    return 0


def asked(port: QueryPort, now_us: int) -> Result:
    """The same by one question, where no Spark runs. Positions and notes lie in the tables' logs: no question sees
    them.

    Athena counts rows by the files' statistics, and a newest time by one column.
    """
    question = "SELECT '{0}' AS name, count(*) AS n, CAST(max({1}) AS varchar) AS newest FROM {0}"
    parts = (question.format(table.name, table.time_column) for table in REGISTRY.values())
    rows = []
    found = {row[0]: row[1:] for row in port.run(" UNION ALL ".join(parts)).rows}
    for name, (count, newest) in ((name, found[name]) for name in REGISTRY if name in found):
        newest_us = _us(newest)
        lag_s = None if newest_us is None else round((now_us - newest_us) / 1_000_000, 1)
        rows.append((name, int(count), instant(newest_us), lag_s, None, None))
    return Result(COLUMNS, rows)


def _us(text: str | None) -> int | None:
    """A BIGINT of µs, or an instant as Athena and DuckDB write one."""
    if text is None or text.isdigit():
        return None if text is None else int(text)
    return micros_of(dt.datetime.fromisoformat(text.removesuffix(" UTC")))


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
    return None if time_us is None else instant_of(time_us)
