"""The Glue job ``maintain``: what is due of every table's upkeep, without taking in anything.

Whoever refreshes a table keeps its folder as well; this is for a lake that is not refreshed, or was not for long.
"""

import sys

from pyspark.sql import SparkSession

from glue_jobs.jobs.arguments import Given
from glue_jobs.jobs.script import Done, refresh_of, run_script


def work(spark: SparkSession, given: Given) -> Done:
    """What cannot be done now is left for a later run, and logged as ``upkeep_later``."""
    most_minutes: float | None = given.own["most_minutes"]
    most_s = None if most_minutes is None else 60 * most_minutes
    return Done.of(refresh_of(spark, given).maintain(most_s=most_s))


if __name__ == "__main__":
    run_script("maintain", work, sys.argv[1:])
