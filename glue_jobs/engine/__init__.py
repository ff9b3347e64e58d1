"""What every query stands on: Delta commits with a turn, the Spark session, the steps of a refresh."""

from glue_jobs.engine.session import DELTA_PACKAGES, S3A_PACKAGES, build_session, resolve_jars
from glue_jobs.engine.steps import Step, Steps

__all__ = [
    "DELTA_PACKAGES",
    "S3A_PACKAGES",
    "Step",
    "Steps",
    "build_session",
    "resolve_jars",
]
