"""The Spark session: one for the laptop and the tests, one for Glue, with the same SQL.

On Glue the cluster brings Spark and Delta (``--datalake-formats delta``) and says how large it is, so only the SQL
settings are ours. At home Delta's jars are resolved once, by Spark's own resolver in a process whose chatter goes to a
log, into a folder of the user's cache; later sessions take them from there and ask nobody.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pyspark.sql import SparkSession

from tapehouse import logs
from tapehouse.errors import TerminalError

log = logs.of(__name__)

DELTA_PACKAGES: Final = ("io.delta:delta-spark_4.1_2.13:4.2.0",)
S3A_PACKAGES: Final = (
    "org.apache.hadoop:hadoop-aws:3.4.2",
    *(
        f"software.amazon.awssdk:{module}:2.29.52"
        for module in ("s3", "s3-transfer-manager", "sts", "dynamodb", "kms", "apache-client")
    ),
)
"""What s3a:// needs, without the 600 MB bundle that hadoop-aws asks for."""
EXCLUDED: Final = (
    # PySpark ships these itself, newer; hadoop-aws asks for the whole SDK in one jar.
    "org.apache.spark:*",
    "org.apache.hadoop:hadoop-client-api",
    "org.apache.hadoop:hadoop-client-runtime",
    "org.apache.parquet:*",
    "org.apache.logging.log4j:*",
    "com.fasterxml.jackson.core:*",
    "com.fasterxml.jackson.datatype:*",
    "com.github.luben:*",
    "com.google.code.findbugs:*",
    "commons-logging:*",
    "commons-pool:*",
    "io.airlift:*",
    "javax.annotation:*",
    "org.locationtech.jts:*",
    "org.roaringbitmap:*",
    "org.scala-lang:*",
    "org.slf4j:*",
    "org.xerial.snappy:*",
    "software.amazon.awssdk:bundle",
)
SQL_SETTINGS: Final[Mapping[str, str]] = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    # decimal(28,12) × decimal(28,12) must keep all 24 decimals: a rounded product would be rounded twice.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # The sum of a snapshot beside each commit would be half of what the log takes on disk, and nobody of ours reads it.
    "spark.databricks.delta.writeChecksumFile.enabled": "false",
    # Two refreshes of one lake must not share a query: the second is told so at once instead of stopping the first.
    "spark.sql.streaming.stopActiveRunOnRestart": "false",
}
LOCAL_SETTINGS: Final[Mapping[str, str]] = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.locality.wait": "0s",
    "spark.cleaner.periodicGC.interval": "10min",
}

FOR_FEW_ROWS: Final[Mapping[str, str]] = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Compiling the code of a plan, and planning it anew as it runs, takes longer than interpreting it over a few rows."""
FOR_MANY_ROWS: Final[Mapping[str, str]] = {
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
}
MANY_ROWS: Final = 10_000
"""Seconds with the first by seconds with the second, of a join and two groupings: 0.8 at 4,000 rows, 1.1 at 20,000,
1.5 at 100,000, 1.9 at 400,000, 2.8 at 2,000,000."""


def jar_folder(packages: Sequence[str]) -> Path:
    """Where the jars of these packages are kept: a folder of the user's cache, named by what is in it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    digest = hashlib.sha256("\n".join((*packages, *EXCLUDED)).encode()).hexdigest()[:12]
    return cache / "tapehouse" / f"jars-{digest}"


def resolve_jars(packages: Sequence[str] = DELTA_PACKAGES) -> list[Path]:
    """The jars of ``packages``, fetched by Spark's resolver the first time (about a minute).

    Raises:
        TerminalError: they could not be fetched; the message names the log that says why.
    """
    folder = jar_folder(packages)
    done = folder / "complete"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        log.info("jars_resolving", packages=len(packages), folder=folder)
        noise = folder / "resolver.log"
        with noise.open("wb") as output:
            outcome = subprocess.run(  # noqa: S603 - our own interpreter and our own script
                [sys.executable, "-c", _RESOLVE, str(folder), ",".join(packages), ",".join(EXCLUDED)],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        if outcome.returncode != 0 or not list((folder / "jars").glob("*.jar")):
            raise TerminalError(
                f"Delta's jars could not be fetched from Maven Central: see {noise}, mend the network and run again"
            )
        done.touch()
    return sorted((folder / "jars").glob("*.jar"))


_RESOLVE: Final = """
import sys
from pyspark.sql import SparkSession
folder, packages, excluded = sys.argv[1:]
SparkSession.builder.master("local[1]").config("spark.jars.ivy", folder).config("spark.jars.packages", packages).config(
    "spark.jars.excludes", excluded).config("spark.ui.enabled", "false").config(
    "spark.driver.host", "127.0.0.1").getOrCreate().stop()
"""


def glue_session(*, app_name: str = "tapehouse", extra_conf: Mapping[str, str] | None = None) -> SparkSession:
    """The session of a Glue job: its cluster, workers and jars are Glue's; ours is what SQL means."""
    return _made(SparkSession.builder.appName(app_name), {**SQL_SETTINGS, **(extra_conf or {})})


@contextmanager
def sized(spark: SparkSession, rows: int) -> Iterator[None]:
    """Spark work over so many rows, with the settings that suit them; those of before come back after it.

    They are the session's, so they hold for what other threads begin meanwhile: that changes speed, never results.
    """
    wanted = FOR_MANY_ROWS if rows >= MANY_ROWS else FOR_FEW_ROWS
    before = {name: str(spark.conf.get(name)) for name in wanted}
    for name, value in wanted.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)


def build_session(
    *,
    app_name: str = "tapehouse",
    memory_mb: int = 2048,
    packages: Sequence[str] = DELTA_PACKAGES,
    extra_conf: Mapping[str, str] | None = None,
) -> SparkSession:
    """A local session with Delta: two cores' worth of partitions, UTC, ANSI, quiet.

    Raises:
        TerminalError: Delta's jars could not be fetched.
    """
    # The workers must be this very interpreter: the system's python3 has none of our packages.
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[*]").appName(app_name)
    settings = {
        **SQL_SETTINGS,
        **LOCAL_SETTINGS,
        **FOR_FEW_ROWS,
        "spark.driver.memory": f"{memory_mb}m",
        "spark.jars": ",".join(str(jar) for jar in resolve_jars(packages)),
        **(extra_conf or {}),
    }
    return _made(builder, settings)


def _made(builder: SparkSession.Builder, settings: Mapping[str, str]) -> SparkSession:
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()
