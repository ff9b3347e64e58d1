"""The session, the libraries beside it, and the workers."""

import os
import platform
from functools import partial
from importlib.metadata import version
from typing import Final

from glue_jobs.engine.places import place
from glue_jobs.engine.session import SQL_SETTINGS
from glue_jobs.smoke.bench import Bench
from glue_jobs.smoke.check import Seen

PYTHONS: Final = ("3.11", "3.12", "3.13")
LIBRARIES: Final = {
    "pyspark": "4.1.", "pyarrow": "23.0.", "pandas": "2.", "numpy": "2.", "boto3": "1.", "pydantic": "2.",
    "structlog": "2",
}  # fmt: skip
"""Distribution → how the versions begin that the tests ran with."""
REGION: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")


def python() -> str:
    return ".".join(platform.python_version_tuple()[:2])


def pythons(bench: Bench) -> Seen:
    """One Python here and in the workers: pickled functions and Arrow go from one to the other."""
    here, there = python(), bench.on_worker(python)
    return Seen(f"driver {here}, worker {there}", differs=here != there or here not in PYTHONS)


def versions() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}


def libraries(bench: Bench) -> Seen:
    """Glue's own and those of the bundle, here and in the workers."""
    here, there = versions(), bench.on_worker(versions)
    told = ", ".join(f"{name} {here[name]}" + (f" (worker {there[name]})" if there[name] != here[name] else "")
                     for name in LIBRARIES)  # fmt: skip
    strange = [name for name, begins in LIBRARIES.items() if not here[name].startswith(begins)]
    return Seen(told, differs=bool(strange) or here != there)


def settings(bench: Bench) -> Seen:
    """What SQL means: Delta's extension too, which a session that was there before ours may not have."""
    found = {name: bench.conf(name) for name in SQL_SETTINGS}
    other = {name: held for name, held in found.items() if SQL_SETTINGS[name] not in (held or "").split(",")}
    return Seen(f"other than set: {other}" if other else "all as set", differs=bool(other))


def region_here() -> list[str | None]:
    return [os.environ.get(name) for name in REGION]


def region(bench: Bench) -> Seen:
    """Workers stage files of bronze by clients of their own."""
    here, there = region_here(), bench.on_worker(region_here)
    return Seen(f"driver {here}, worker {there}", differs=here != there or None in here)


def write_there(uri: str) -> int:
    at = place(uri)
    at.make_folder("worker")
    at.write("worker/text", b"of a worker")
    return len(at.read("worker/text"))


def worker_writes(bench: Bench) -> Seen:
    """With the workers' own Arrow, region and rights; read back here."""
    told = bench.on_worker(partial(write_there, bench.scratch.lake.uri))
    found = len(bench.place.read("worker/text"))
    return Seen(f"a worker wrote {told} bytes, here are {found}", differs=found != told)
