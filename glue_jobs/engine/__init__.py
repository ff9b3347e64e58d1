"""What every query stands on: Delta commits with a turn, the Spark session, the steps of a refresh, and the runner."""

from glue_jobs.engine.query import IntakeJob, Job, Query, StreamJob, hanging_on, tables_of, writer_of
from glue_jobs.engine.runner import Runner
from glue_jobs.engine.schema import arrow_schema, arrow_type, ddl
from glue_jobs.engine.session import DELTA_PACKAGES, S3A_PACKAGES, build_session, resolve_jars
from glue_jobs.engine.steps import Step, Steps
from glue_jobs.engine.workspace import Workspace

__all__ = [
    "DELTA_PACKAGES",
    "S3A_PACKAGES",
    "IntakeJob",
    "Job",
    "Query",
    "Runner",
    "Step",
    "Steps",
    "StreamJob",
    "Workspace",
    "arrow_schema",
    "arrow_type",
    "build_session",
    "ddl",
    "hanging_on",
    "resolve_jars",
    "tables_of",
    "writer_of",
]
