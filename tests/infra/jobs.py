"""A Glue job as Terraform declares it: what a run of it is told."""

from collections.abc import Mapping
from typing import Any


def arguments_of(job: Mapping[str, Any], run: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the script gets of the attributes of an ``aws_glue_job``, where a run is started with those of its own.

    *Source*: Glue developer guide, "Using job parameters": a job's NonOverridableArguments override a run's Arguments,
    and these the job's DefaultArguments.
    """
    return {**(job["default_arguments"] or {}), **(run or {}), **(job["non_overridable_arguments"] or {})}
