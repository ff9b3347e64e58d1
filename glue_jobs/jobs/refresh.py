"""The Glue job ``refresh``: one pass over what is new, through every layer, one layer or one table."""

import sys

from pyspark.sql import SparkSession

from glue_jobs.jobs.arguments import Given
from glue_jobs.jobs.script import Done, refresh_of, run_script
from glue_jobs.jobs.tally import Tally


def work(spark: SparkSession, given: Given) -> Done:
    """Raises TransientError where a pass did not get through: the next one goes on where it was."""
    numbers = Tally()
    try:
        refresh = refresh_of(spark, given, on_step=numbers.take)
        return Done.of(refresh.once(layer=given.own["layer"], table=given.own["table"]))
    finally:
        numbers.say()


if __name__ == "__main__":
    run_script("refresh", work, sys.argv[1:])
