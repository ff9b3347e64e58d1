"""The Glue job ``requeue``: what is quarantined judged again; what is sound now goes where it belongs."""

import sys
from dataclasses import asdict

from pyspark.sql import SparkSession

from glue_jobs.jobs.arguments import Given
from glue_jobs.jobs.script import Done, refresh_of, run_script
from tapehouse import logs

log = logs.of(__name__)


def work(spark: SparkSession, given: Given) -> Done:
    """A killed run is finished by the next one."""
    refresh = refresh_of(spark, given)
    found = refresh.requeue(given.own["reason"], dry_run=given.own["dry_run"])
    for line in found.lines():
        log.info("requeue", says=line)
    return Done.of(refresh.report(0, 0.0), requeued=asdict(found))


if __name__ == "__main__":
    run_script("requeue", work, sys.argv[1:])
