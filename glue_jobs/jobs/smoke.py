"""The Glue job ``smoke``: is everything here as the code relies on? Fails and names what differs; touches no table."""

import sys
from collections import Counter

from pyspark.sql import SparkSession

from glue_jobs.jobs.arguments import Given
from glue_jobs.jobs.script import Done, run_script
from glue_jobs.smoke import CHECKS, bench, inquire, table_of
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake


def work(spark: SparkSession, given: Given) -> Done:
    """Raises TerminalError that names what differs, after the table of all checks went to stdout."""
    with bench(spark, Lake(given.settings.lake), given.settings.stream_name, given.glue_name) as here:
        findings = inquire(CHECKS, here)
    sys.stdout.write(table_of(findings) + "\n")
    differing = [f"{each.name} ({each.what})" for each in findings if each.verdict == "differs"]
    if differing:
        raise TerminalError(f"{len(differing)} of {len(findings)} checks differ: {'; '.join(differing)}")
    return Done(more={"checks": dict(Counter(each.verdict for each in findings))})


if __name__ == "__main__":
    run_script("smoke", work, sys.argv[1:])
