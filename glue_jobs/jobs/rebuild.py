"""The Glue job ``rebuild``: a table and what hangs on it, computed anew from their inputs in one overwrite each."""

import sys

from pyspark.sql import SparkSession

from glue_jobs.jobs.arguments import Given
from glue_jobs.jobs.script import Done, refresh_of, run_script


def work(spark: SparkSession, given: Given) -> Done:
    """Raises TerminalError for a table whose input is outside the lake. A killed run is finished by the next pass."""
    return Done.of(refresh_of(spark, given).rebuild(given.own["table"]))


if __name__ == "__main__":
    run_script("rebuild", work, sys.argv[1:])
