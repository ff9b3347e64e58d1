"""Can this machine run Tapehouse? One sentence a fault, each with its mend.

``make setup`` asks before there is an environment, `tapehouse doctor` at any time. So: standard library and old
syntax only. Run by Python 3.6 it must be able to say that Python 3.6 is too old. (Annotations are quoted for the same
reason.)
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PYTHONS = ((3, 11), (3, 12), (3, 13))
JAVAS = (17, 21)
DISK_GB = 3
"""What the environment, Spark's jars and a demo lake take together, with room to spare."""


def python_fault(version: "tuple[int, ...]" = tuple(sys.version_info[:2])) -> "str | None":
    if tuple(version) in PYTHONS:
        return None
    return (
        f"Python {version[0]}.{version[1]} cannot run Tapehouse: install Python 3.11, 3.12 or 3.13 and name it, "
        "for example `make setup PYTHON=python3.13`."
    )


def java_home_binary(environment: "dict[str, str]") -> "str":
    """The java that Spark starts: JAVA_HOME's where it is set, else the one on PATH."""
    home = environment.get("JAVA_HOME")
    return str(Path(home, "bin", "java")) if home else "java"


def java_major(version_text: "str") -> "int | None":
    """The major version in the output of ``java -version``: 17.0.15 is 17, 1.8.0_392 is 8."""
    match = re.search(r'version "(\d+)(?:\.(\d+))?', version_text)
    if not match:
        return None
    major = int(match.group(1))
    return int(match.group(2) or 0) if major == 1 else major


def java_fault(environment: "dict[str, str] | None" = None) -> "str | None":
    environment = dict(os.environ) if environment is None else environment
    binary = java_home_binary(environment)
    mend = "install Java 17 (or 21), or point JAVA_HOME at one."
    try:
        done = subprocess.run(  # noqa: S603 - it is the java that Spark would start
            [binary, "-version"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,  # noqa: UP021 - its newer name came with Python 3.7
            timeout=60,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        where = f"JAVA_HOME is {environment['JAVA_HOME']}, which holds no" if environment.get("JAVA_HOME") else "No"
        return f"{where} working java, and Spark needs one: {mend}"
    major = java_major(done.stdout) if done.returncode == 0 else None
    if major in JAVAS:
        return None
    found = f"Java {major}" if major else "no working Java"
    return f"Spark runs on Java 17 or 21, and `{binary}` is {found}: {mend}"


def disk_fault(folder: "str" = ".", need_gb: "float" = DISK_GB, free_bytes: "int | None" = None) -> "str | None":
    free_gb = (shutil.disk_usage(folder).free if free_bytes is None else free_bytes) / 1e9
    if free_gb >= need_gb:
        return None
    return (
        f"Only {free_gb:.1f} GB are free in {Path(folder).resolve()}, and {need_gb:g} GB are needed: "
        "free some space, or clone to a larger disk."
    )
