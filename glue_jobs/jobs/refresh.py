"""The Glue job ``refresh``: one pass over what is new, through every layer, one layer or one table."""

import sys

from pyspark.sql import SparkSession

from glue_jobs.jobs.arguments import Given
from glue_jobs.jobs.script import Done, refresh_of, run_script


def work(spark: SparkSession, given: Given) -> Done:
    """Raises TransientError where a pass did not get through: the next one goes on where it was."""
    return Done.of(refresh_of(spark, given).once(layer=given.own["layer"], table=given.own["table"]))


if __name__ == "__main__":
    run_script("refresh", work, sys.argv[1:])
