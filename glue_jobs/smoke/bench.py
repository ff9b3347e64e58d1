"""What the checks look at: one run's lake, session, workers and clients. Tests put lies in."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

from glue_jobs.engine import Steps, Workspace
from glue_jobs.engine.places import Place, place
from tapehouse import aws
from tapehouse.lake import Lake


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One run's surroundings."""

    lake: Lake
    scratch: Workspace
    """Tables of this run alone, below the lake."""
    stream_name: str
    glue_name: str | None
    """What Glue calls this job; None at home."""
    conf: Callable[[str], str | None]
    """A setting of the session; None where it is not set."""
    on_worker: Callable[[Callable[[], Any]], Any]
    """Runs a function of a module in a task, and gives what it gave."""
    client: Callable[[str], Any] = aws.client
    """An AWS client by the service's name."""
    clock: Callable[[], float] = time.time
    """Seconds since the epoch."""

    @property
    def place(self) -> Place:
        """The scratch lake's files."""
        return place(self.scratch.lake.uri)

    def fresh(self) -> Workspace:
        """The scratch tables as another process finds them."""
        return Workspace(self.scratch.spark, self.scratch.lake, Steps())


@contextmanager
def bench(spark: SparkSession, lake: Lake, stream_name: str, glue_name: str | None) -> Iterator[Bench]:
    """A run's bench; what it put into the lake is removed at the end."""
    folder = f"_smoke/{uuid.uuid4().hex[:12]}"
    try:
        yield Bench(
            lake=lake,
            scratch=Workspace(spark, Lake(f"{lake.uri}/{folder}"), Steps()),
            stream_name=stream_name,
            glue_name=glue_name,
            conf=lambda name: spark.conf.get(name, None),
            on_worker=lambda look: spark.sparkContext.parallelize([0], 1).map(lambda _: look()).collect()[0],
        )
    finally:
        place(lake.uri).delete_folder(folder)
