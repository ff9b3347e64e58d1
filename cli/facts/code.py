"""Facts of the Glue jobs: they are there, their scripts too, and what runs is what was applied."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from cli.facts.finding import DEPLOY, Asked, Finding, fault, ok, unknown
from cli.remote.calls import or_none
from tapehouse.deployed import job_name

PACKAGES: Final = Path("dist", "packages.json")
"""What was built here last, by `scripts/package.py`."""


def script(asked: Asked) -> Finding:
    """A job whose script is gone fails only when it starts."""
    jobs = asked.jobs()
    absent = [name for name, job in jobs.items() if job is None]
    if absent:
        return fault(f"there is no job {', '.join(absent)}", DEPLOY)
    for name, job in jobs.items():
        location = (job or {}).get("Command", {}).get("ScriptLocation", "")
        bucket, _, key = location.partition("://")[2].partition("/")
        ask = partial(asked.client("s3").head_object, Bucket=bucket, Key=key)
        if or_none(ask, "404", "NoSuchKey", "NoSuchBucket") is None:
            return fault(f"the script of {name}, {location}, is not there", DEPLOY)
    return ok(f"{len(jobs)} jobs")


def code(asked: Asked) -> Finding:
    """All jobs run one wheel; where packages were built here, that one."""
    wheels = {name: _wheel(job) for name, job in asked.jobs().items() if job is not None}
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
    name = job_name(asked.settings.deployment, "stream")
    job = asked.job("stream")
    if job is None:
        return unknown(f"there is no job {name}")
    runs = asked.client("glue").get_job_runs(JobName=name, MaxResults=1)["JobRuns"]
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
