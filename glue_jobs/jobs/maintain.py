"""The Glue job ``maintain``: what is due of every table's upkeep, without taking in anything.

Whoever refreshes a table keeps its folder as well; this is for a lake that is not refreshed, or was not for long. With
``--forget`` a document is taken out of the landing and of every table instead: no other job's role may erase what a
bucket keeps of an object.
"""

import sys
from dataclasses import asdict

from pyspark.sql import SparkSession

from glue_jobs.jobs.arguments import Given
from glue_jobs.jobs.script import Done, refresh_of, run_script
from tapehouse import logs
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake

log = logs.of(__name__)


def work(spark: SparkSession, given: Given) -> Done:
    """What cannot be done now is left for a later run, and logged as ``upkeep_later``."""
    if given.own["forget"] is not None:
        return forget(spark, given)
    most_minutes: float | None = given.own["most_minutes"]
    most_s = None if most_minutes is None else 60 * most_minutes
    return Done.of(refresh_of(spark, given).maintain(most_s=most_s))


def forget(spark: SparkSession, given: Given) -> Done:
    """Raises as ``Refresh.forget``, and TerminalError where the document is still somewhere. Killed, run it again."""
    refresh = refresh_of(spark, given)
    found = refresh.forget(given.own["forget"])
    for line in found.report(on_s3=not Lake(given.settings.lake).is_local):
        log.info("forget", says=line)
    if found.left:
        raise TerminalError(f"{found.document_id} is still in {', '.join(found.left)}: look there.")
    return Done.of(refresh.report(0, 0.0), forgot=asdict(found))


if __name__ == "__main__":
    run_script("maintain", work, sys.argv[1:])
