"""Every check, in the order in which one explains the next.

Each row of what is not known of AWS without an account, as far as a job of ours hangs on it. What only the plan, the
bill or Athena can tell is not here: least workers, prices, and milliseconds in Athena's timestamps.
"""

from typing import Final

from glue_jobs.smoke import bucket, services, session, tables
from glue_jobs.smoke.check import Check

CHECKS: Final = (
    Check(
        "python",
        "driver and workers run one and the same Python, 3.11 to 3.13. A worker of 3.9 runs none of our functions: "
        "give the job --python-virtual-env",
        session.pythons,
    ),
    Check(
        "libraries",
        "the versions that the tests ran with, the same in the workers: see the bundle and --additional-python-modules",
        session.libraries,
    ),
    Check(
        "session settings",
        "SQL_SETTINGS of glue_jobs/engine/session.py hold, Delta's extension among them: set them by --conf",
        session.settings,
    ),
    Check("worker region", "workers know the region: spark.executorEnv, by the argument --region", session.region),
    Check("worker writes", "workers write to the lake by Arrow (glue_jobs/bronze/reading.py)", session.worker_writes),
    Check("lake marker", "the lake's _tapehouse.json is there and can be read: a producer makes it", bucket.marker),
    Check(
        "reads by Delta",
        "Spark reads by Delta what is committed by the log's protocol (glue_jobs/engine/transaction.py): else the "
        "audit cannot, and nor can Athena",
        tables.reading,
    ),
    Check(
        "one winner",
        "of two commits on one version one loses (glue_jobs/engine/transaction.py): if not, run one job at a time",
        tables.one_winner,
    ),
    Check(
        "new column",
        "a column that was declared since is added, by a commit that repeats what ours carries (engine/delta.py)",
        tables.evolution,
    ),
    Check("s3 scheme", "s3:// and s3a:// are both S3A for Spark", bucket.scheme),
    Check("put if none", "S3 refuses a second PUT with If-None-Match: *", bucket.put_if_none),
    Check("put if match", "S3 refuses a PUT with If-Match by an old tag", bucket.put_if_match),
    Check("s3 calls", "the role may list, get, put (also in parts) and delete below the lake", bucket.calls),
    Check("s3 clock", "S3's clock and ours are within a minute (glue_jobs/engine/vacuum.py)", bucket.clock),
    Check(
        "kinesis calls",
        "the role may DescribeStreamSummary, ListShards, GetShardIterator and GetRecords on the stream",
        services.stream,
    ),
    Check(
        "stream job",
        "the stream job has no Timeout (Glue would end it for good), runs once at a time, is gluestreaming on 6.0; "
        "the role may glue:GetJob on it",
        services.stream_job,
    ),
)
