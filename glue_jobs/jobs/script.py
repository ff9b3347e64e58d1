"""What every job's script does around its own work: its words, the log, the session, and one line at the end.

The session is Glue's, or the one that this process has already: at home ``tapehouse job`` starts one and runs the
script beside it. Glue's own library is not needed: a plain session, and arguments read by ourselves.

The last line on stdout is one JSON object: ``{"job": …, "ok": …, "rows": …, "seconds": …, "steps": {name: seconds}}``.
A script that fails raises, which is what makes Glue's run fail.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import SparkSession

from glue_jobs.engine import Step, glue_session
from glue_jobs.jobs.arguments import Given, parse
from glue_jobs.pipeline import Options, pipeline
from glue_jobs.refresh import Refresh, RefreshReport
from tapehouse import logs
from tapehouse.lake import Lake

log = logs.of(__name__)

_REGION = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""boto3 reads the one, Arrow's S3 the other."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a job did, for its last line."""

    rows: int = 0
    """That came in from outside the lake."""
    steps: Sequence[Step] = ()
    more: dict[str, Any] = field(default_factory=dict)
    """Whatever else the job wants to say; JSON."""

    @classmethod
    def of(cls, report: RefreshReport, **more: Any) -> "Done":
        return cls(report.rows, report.steps, more)


def run_script(job: str, work: Callable[[SparkSession, Given], Done], words: Sequence[str]) -> None:
    """Runs a job's work as its words say, and says on stdout what became of it.

    Raises:
        SettingsError: the words cannot be used.
        Exception: what the work raised.
    """
    logs.set_up()
    began = time.monotonic()
    line: dict[str, Any] = {"job": job}
    try:
        given = parse(job, words)
        line |= {"run": given.glue_run} if given.glue_run else {}
        log.info("job_begun", job=job, lake=given.settings.lake, run=given.glue_run)
        done = work(_session(given), given)
    except Exception as error:
        _say({**line, "ok": False, "seconds": _since(began), "error": f"{type(error).__name__}: {error}"})
        raise
    seconds: dict[str, float] = {}
    for step in done.steps:
        seconds[step.name] = seconds.get(step.name, 0.0) + step.seconds
    steps = {name: round(spent, 3) for name, spent in seconds.items()}
    _say({**line, "ok": True, "rows": done.rows, "seconds": _since(began), "steps": steps, **done.more})


def refresh_of(spark: SparkSession, given: Given, *, on_step: Callable[[Step], None] = lambda step: None) -> Refresh:
    """Passes over the lake that the arguments name."""
    return Refresh(spark, Lake(given.settings.lake), pipeline(Options.of(given.settings)), on_step=on_step)


def _session(given: Given) -> SparkSession:
    """Clients read the region from the environment, here and in the workers, which have one of their own."""
    told = dict.fromkeys(_REGION, given.settings.region) if given.names_region else {}
    os.environ.update(told)
    conf = {f"spark.executorEnv.{name}": value for name, value in told.items()}
    return glue_session(app_name=f"tapehouse-{given.job}", extra_conf=conf)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
