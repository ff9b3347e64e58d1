"""The Spark session of the commands that compute. Imports Spark's room late: ``-h`` must be instant."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cli.command import Target
from tapehouse.errors import LakehouseError, TerminalError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@contextlib.contextmanager
def session(here: Target, name: str) -> Iterator["SparkSession"]:
    """A session for this lake, stopped at the end; with s3a:// where the lake is in a bucket."""
    from glue_jobs.engine import DELTA_PACKAGES, S3A_PACKAGES, build_session

    packages = DELTA_PACKAGES if here.lake.is_local else (*DELTA_PACKAGES, *S3A_PACKAGES)
    extra = {} if here.lake.is_local else s3a_settings()
    noise = here.stack.log_path("spark")
    try:
        with _stderr_to(noise):
            spark = build_session(
                app_name=f"tapehouse-{name}",
                memory_mb=here.settings.spark_memory_mb,
                packages=packages,
                extra_conf=extra,
            )
    except LakehouseError:
        raise
    except Exception as error:
        raise TerminalError(f"Spark did not start: see {noise}; `tapehouse doctor` tells what is amiss.") from error
    try:
        yield spark
    finally:
        spark.stop()


@contextlib.contextmanager
def _stderr_to(path: Path) -> Iterator[None]:
    """Spark's JVM keeps the stderr that it was started with: a file, so that it never writes over progress."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.flush()
    kept = os.dup(2)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.dup2(log, 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(log)


def s3a_settings() -> dict[str, str]:
    """Hadoop's S3 client reads no AWS_ENDPOINT_URL: it is told the embedded one here. ``s3://`` means the same."""
    settings = {"spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem"}
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        settings |= {
            "spark.hadoop.fs.s3a.endpoint": endpoint,
            "spark.hadoop.fs.s3a.path.style.access": "true",
            "spark.hadoop.fs.s3a.connection.ssl.enabled": str(endpoint.startswith("https")).lower(),
        }
    return settings
