"""Facts of the Glue jobs: they are there, their scripts too, and what runs is what was applied."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from cli.facts.finding import DEPLOY, Asked, Finding, code_of, fault, ok, unknown
from tapehouse.deployed import job_name

PACKAGES: Final = Path("dist", "packages.json")
"""What was built here last, by `scripts/package.py`."""


def _jobs(asked: Asked) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Each job by its full name; None for one that is not there."""
    from botocore.exceptions import ClientError

    from glue_jobs.jobs.arguments import JOBS

    for job in JOBS:
        name = job_name(asked.settings.deployment, job)
        try:
            yield name, asked.client("glue").get_job(JobName=name)["Job"]
        except ClientError as error:
            if code_of(error) != "EntityNotFoundException":
                raise
            yield name, None


def script(asked: Asked) -> Finding:
    """A job whose script is gone fails only when it starts."""
    from botocore.exceptions import ClientError

    found = dict(_jobs(asked))
    absent = [name for name, job in found.items() if job is None]
    if absent:
        return fault(f"there is no job {', '.join(absent)}", DEPLOY)
    for name, job in found.items():
        location = (job or {}).get("Command", {}).get("ScriptLocation", "")
        bucket, _, key = location.partition("://")[2].partition("/")
        try:
            asked.client("s3").head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if code_of(error) not in ("404", "NoSuchKey", "NoSuchBucket"):
                raise
            return fault(f"the script of {name}, {location}, is not there", DEPLOY)
    return ok(f"{len(found)} jobs")


def code(asked: Asked) -> Finding:
    """All jobs run one wheel; where packages were built here, that one."""
    wheels = {name: _wheel(job) for name, job in _jobs(asked) if job is not None}
    different = sorted({wheel or "none" for wheel in wheels.values()})
    if not different:
        return unknown("there is no job")
    if len(different) > 1:
        told = ", ".join(f"{name}: {wheel or 'none'}" for name, wheel in wheels.items())
        return fault(f"the jobs run different code ({told})", DEPLOY)
    built = _built()
    if built is not None and built != different[0]:
        return fault(f"they run {different[0]}, and {built} was built here", DEPLOY)
    return ok(different[0] + ("" if built else ", not compared: nothing was built here"))


def _wheel(job: Mapping[str, Any]) -> str | None:
    """The project's own wheel among a job's arguments, as <hash>/<file>."""
    arguments = {**job.get("DefaultArguments", {}), **job.get("NonOverridableArguments", {})}
    words = ",".join(str(value) for value in arguments.values()).split(",")
    wheels = (word for word in words if word.startswith("s3") and word.endswith(".whl"))
    return next(("/".join(wheel.rsplit("/", 2)[1:]) for wheel in wheels if "/tapehouse-" in wheel), None)


def _built() -> str | None:
    try:
        return str(json.loads(PACKAGES.read_text(encoding="utf-8"))["wheel"]["file"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def stream_run(asked: Asked) -> Finding:
    """A stream goes on with the code that it was started with."""
    from botocore.exceptions import ClientError

    name = job_name(asked.settings.deployment, "stream")
    glue = asked.client("glue")
    try:
        job = glue.get_job(JobName=name)["Job"]
        runs = glue.get_job_runs(JobName=name, MaxResults=1)["JobRuns"]
    except ClientError as error:
        if code_of(error) == "EntityNotFoundException":
            return unknown(f"there is no job {name}")
        raise
    if not runs:
        return ok("never started")
    last = runs[0]
    state = last["JobRunState"]
    if state in ("FAILED", "ERROR", "TIMEOUT"):
        why = " ".join(str(last.get("ErrorMessage", "")).split())[:200]
        return fault(f"run {last['Id']} ended {state}: {why}", "mend the cause, then `make run-app TARGET=aws`.")
    if state == "RUNNING" and last["StartedOn"] < job["LastModifiedOn"]:
        return fault(
            f"run {last['Id']} began before the last deployment, and runs what was deployed then",
            "`make down TARGET=aws`, then `make run-app TARGET=aws`; it goes on where it was.",
        )
    return ok(f"run {last['Id']} is {state}")
