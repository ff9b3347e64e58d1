"""The Glue job ``audit``: judges every table by what it is made of; fails where anything is lost, twice or wrong."""

import sys

from pyspark.sql import SparkSession

from glue_jobs.audit import audit
from glue_jobs.jobs.arguments import Given
from glue_jobs.jobs.script import Done, run_script
from glue_jobs.pipeline import Options, pipeline
from tapehouse import logs
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake

log = logs.of(__name__)


def work(spark: SparkSession, given: Given) -> Done:
    """Raises TerminalError that names what is missing or wrong."""
    report = audit(spark, Lake(given.settings.lake), pipeline(Options.of(given.settings)), full=given.own["full"])
    for line in report.lines:
        log.info("audit", says=line)
    if not report.ok:
        raise TerminalError("the audit failed:\n" + "\n".join(report.lines))
    return Done(more={"counts": report.counts})


if __name__ == "__main__":
    run_script("audit", work, sys.argv[1:])
