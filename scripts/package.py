#!/usr/bin/env python3
"""Builds ``dist/``: all that Terraform uploads, before the plan, so that a plan knows what an apply will do.

::

    dist/packages.json        name → file (below dist/), sha256, bytes
    dist/<hash>/<file>        each named by its content: what has not changed keeps its place

===================== ===========================================================================================
``wheel``             tapehouse, glue_jobs, producers, lambdas: pure Python, 3.11 to 3.13
``glue_script_<job>`` the job's script, as Glue runs it
``glue_bundle``       ``*.gluewheels.zip``: the wheels of requirements-glue.txt for Python 3.11 and 3.13, and
                      ``wheels/requirements.txt`` that names them; what Glue has itself is not in it
``producers_bundle``  a .tar.gz to unpack and put on PYTHONPATH of Python 3.13: requirements-producers.txt, unpacked,
                      with tapehouse and producers beside them
``lambdas_bundle``    a .zip for Lambda's python3.13 on x86_64: requirements-lambdas.txt, unpacked, without what that
                      runtime has itself, with tapehouse and lambdas beside them
===================== ===========================================================================================

Same input, same bytes: entries are sorted, all of one time (SOURCE_DATE_EPOCH, or 1980) and one mode. Only what is
compressed here, the bundles of producers and Lambdas, hangs on this Python's zlib. The wheel is written by hand for
that reason: it is the sources, a few lines of metadata and a list of hashes, whatever setuptools there is.

Wheels are fetched once, by pip, into ``build/wheels/`` and held against the hashes of the lock each time. Run it with
the project's own interpreter: ``make package``.
"""

import argparse
import base64
import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from glue_jobs.jobs.arguments import JOBS

ROOT: Final = Path(__file__).resolve().parent.parent
ROOMS: Final = ("tapehouse", "glue_jobs", "producers", "lambdas")
GLUE_PYTHONS: Final = ("3.11", "3.13")
"""Streaming jobs of Glue 6.0 were seen on the one, batch jobs are documented on the other."""
PRODUCERS_PYTHON: Final = "3.13"
LAMBDA_PYTHON: Final = "3.13"
LAMBDA_HAS: Final = frozenset({"boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six"})
"""What the runtime brings: boto3, and what that needs (AWS Lambda developer guide, "Runtime-included SDK versions"). Of
that, urllib3 alone comes along: requests wants one, and what is in a function's own folder is found first."""
LAMBDA_BYTES: Final = 250 * 1024 * 1024
"""Of a function's files, unzipped, at most. *Source*: the same, "Lambda quotas"."""
PLATFORMS: Final = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64")
ZIP_BEGINS: Final = 315_532_800
"""1980-01-01: a zip knows no earlier time."""
_PIN: Final = re.compile(r"^([a-z0-9-]+)==([^ ;\\]+)", re.MULTILINE)
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_ELSEWHERE: Final = re.compile(r"^\S+ ; sys_platform == 'win32'(?= \\?$)", re.MULTILINE)
"""What only Windows needs, where nothing of this runs."""
_X86_64: Final = 62
_EXTENSION: Final = re.compile(r"\.(cpython-\w+|abi3)[\w-]*\.so$")

Files = Mapping[str, bytes]
"""Path in an archive → content."""


class PackageError(Exception):
    """Nothing can be built; the message is one sentence with the mend."""


@dataclass(frozen=True, slots=True)
class Package:
    """One thing to upload."""

    file: str
    content: bytes
    unzipped: int | None = None
    """Bytes, where there is a limit to them."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def path(self) -> str:
        """Below dist/; the key in a bucket ends with it too."""
        return f"{self.sha256[:16]}/{self.file}"


# -- what goes in -----------------------------------------------------------------------------------------------------


def sources(root: Path, rooms: Iterable[str]) -> dict[str, bytes]:
    """The Python files of the rooms that there are."""
    paths = (path for room in rooms for path in (root / room).rglob("*.py"))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def pins(lock: Path) -> dict[str, str]:
    """Name → version, of what Linux needs.

    Raises PackageError for an entry that only some Pythons need: pip would ask the wrong one.
    """
    text = _ELSEWHERE.sub("", lock.read_text())
    if marked := re.findall(r"^(\S+) ; ", text, re.MULTILINE):
        raise PackageError(
            f"{lock.name}: {', '.join(marked)} is for some Pythons only, which {__file__} cannot tell apart."
        )
    return dict(_PIN.findall(text))


def fetched(lock: Path, python: str, cache: Path) -> dict[str, bytes]:
    """The wheels of a lock for one Python on Linux x86_64, by file name; from the cache, or by pip into it.

    Raises:
        PackageError: pip did not get them, or what is there is not what the lock says.
    """
    folder = cache / f"{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}-{python}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as draft:
            _download(lock, python, Path(draft) / "wheels")
            with contextlib.suppress(OSError):  # another build was first
                (Path(draft) / "wheels").rename(folder)
    found = {path.name: path.read_bytes() for path in sorted(folder.glob("*.whl"))}
    allowed = set(_HASH.findall(lock.read_text()))
    wrong = [name for name, content in found.items() if hashlib.sha256(content).hexdigest() not in allowed]
    names = {distribution(name) for name in found}
    if wrong or names != set(pins(lock)):
        what = ", ".join(wrong) or ", ".join(sorted(names ^ set(pins(lock))))
        raise PackageError(f"{folder} is not what {lock.name} says ({what}): remove it and run `make package` again.")
    return found


def distribution(file: str) -> str:
    """The name of what a wheel holds, as a lock spells it."""
    return re.sub(r"[-_.]+", "-", file.partition("-")[0]).lower()


def _download(lock: Path, python: str, folder: Path) -> None:
    words = ["--dest", str(folder), "--requirement", str(lock), "--require-hashes", "--no-deps", "--only-binary=:all:"]
    words += ["--implementation", "cp", "--python-version", python]
    words += [word for platform in PLATFORMS for word in ("--platform", platform)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise PackageError(
            f"pip could not fetch the wheels of {lock.name} for Python {python}: {done.stdout.strip()[-500:]}"
        )


def unpacked(wheels: Mapping[str, bytes]) -> dict[str, bytes]:
    """What installing the wheels would put on the path, without scripts and without the lists of what was installed."""
    found: dict[str, bytes] = {}
    for content in wheels.values():
        with zipfile.ZipFile(io.BytesIO(content)) as wheel:
            for info in wheel.infolist():
                first, _, rest = info.filename.partition("/")
                kind, _, inner = rest.partition("/")
                if first.endswith(".data"):
                    path = inner if kind in ("purelib", "platlib") else ""
                else:
                    path = "" if rest == "RECORD" else info.filename
                if path and not info.is_dir():
                    found[path] = wheel.read(info)
    return found


def of_lambda(files: Files) -> Files:
    """The files, where Lambda can take and import them.

    Raises:
        PackageError: what is compiled is for another machine or Python, or there is too much.
    """
    if strange := sorted(path for path, content in files.items() if not _loads(path, content)):
        raise PackageError(
            f"{', '.join(strange[:3])}: not compiled for Python {LAMBDA_PYTHON} on Linux x86_64. Remove build/wheels "
            "and run `make package` again."
        )
    if (size := sum(map(len, files.values()))) > LAMBDA_BYTES:
        raise PackageError(
            f"The Lambdas' bundle is {size:,} bytes, and Lambda takes {LAMBDA_BYTES:,}: leave a library out of "
            "the extra `lambdas` of pyproject.toml, or give a function a bundle of its own."
        )
    return files


def _loads(path: str, content: bytes) -> bool:
    """Whether the file is not compiled, or so that the runtime loads it: 64 bits, little end first, x86_64."""
    if path.endswith((".pyd", ".dll", ".dylib")):
        return False
    if not (path.endswith(".so") or content.startswith(b"\x7fELF")):
        return True
    is_ours = content[:6] == b"\x7fELF\x02\x01" and int.from_bytes(content[18:20], "little") == _X86_64
    python = _EXTENSION.search(path)
    return is_ours and (python is None or python[1] in ("abi3", f"cpython-{LAMBDA_PYTHON.replace('.', '')}"))


# -- what comes out ---------------------------------------------------------------------------------------------------


def zipped(files: Files, epoch: int, *, level: int | None = None) -> bytes:
    """A zip of the files: as they are where they are small, or compressed already; else with zlib's ``level``."""
    sink = io.BytesIO()
    when = time.gmtime(max(epoch, ZIP_BEGINS))[:6]
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            info = zipfile.ZipInfo(path, when)
            info.create_system, info.external_attr = 3, 0o100644 << 16
            info.compress_type = zipfile.ZIP_STORED if level is None else zipfile.ZIP_DEFLATED
            archive.writestr(info, files[path], compresslevel=level)
    return sink.getvalue()


def tarred(files: Files, epoch: int) -> bytes:
    """A .tar.gz of the files, owned by nobody in particular."""
    sink = io.BytesIO()
    with (
        gzip.GzipFile(filename="", fileobj=sink, mode="wb", compresslevel=6, mtime=epoch) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for path in sorted(files):
            info = tarfile.TarInfo(path)
            info.size, info.mtime, info.mode = len(files[path]), epoch, 0o644
            archive.addfile(info, io.BytesIO(files[path]))
    return sink.getvalue()


def wheel(files: Files, project: Mapping[str, Any], epoch: int) -> Package:
    """The project's wheel. *Source*: the binary distribution format (PEP 427), core metadata 2.1."""
    name, version = project["name"], project["version"]
    head = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", f"Summary: {project['description']}",
            f"Requires-Python: {project['requires-python']}")  # fmt: skip
    needs = (f"Requires-Dist: {each}" for each in project["dependencies"])
    info = f"{name}-{version}.dist-info"
    told = {
        f"{info}/METADATA": "\n".join((*head, *needs, "")).encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tapehouse\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    held = {**files, **told}
    record = "".join(f"{path},sha256={_digest(held[path])},{len(held[path])}\n" for path in sorted(held))
    held[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    return Package(f"{name}-{version}-py3-none-any.whl", zipped(held, epoch))


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def packages(root: Path, wheels: Callable[[Path, str], Mapping[str, bytes]], epoch: int) -> dict[str, Package]:
    """All of them by name. ``wheels``: those of a lock for a Python.

    Raises:
        PackageError: the wheels cannot be had.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    glue, producers, lambdas = (root / f"requirements-{each}.txt" for each in ("glue", "producers", "lambdas"))
    bundle = {f"wheels/{name}": content for python in GLUE_PYTHONS for name, content in wheels(glue, python).items()}
    bundle["wheels/requirements.txt"] = "".join(f"{name}=={version}\n" for name, version in pins(glue).items()).encode()
    around = unpacked(wheels(producers, PRODUCERS_PYTHON))
    lacking = {n: content for n, content in wheels(lambdas, LAMBDA_PYTHON).items() if distribution(n) not in LAMBDA_HAS}
    handlers = of_lambda({**unpacked(lacking), **sources(root, ("tapehouse", "lambdas"))})
    return {
        "wheel": wheel(sources(root, ROOMS), project, epoch),
        **{
            f"glue_script_{job}": Package(f"{job}.py", (root / f"glue_jobs/jobs/{job}.py").read_bytes()) for job in JOBS
        },
        "glue_bundle": Package("tapehouse.gluewheels.zip", zipped(bundle, epoch)),
        "producers_bundle": Package(
            "producers.tar.gz", tarred({**around, **sources(root, ("tapehouse", "producers"))}, epoch)
        ),
        "lambdas_bundle": Package("lambdas.zip", zipped(handlers, epoch, level=6), sum(map(len, handlers.values()))),
    }


def write(dist: Path, made: Mapping[str, Package]) -> None:
    """Puts them into dist/, the list last; then takes away what an earlier list named and this one does not."""
    listing = dist / "packages.json"
    try:
        before = {each["file"] for each in json.loads(listing.read_text()).values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        before = set()
    for package in made.values():
        _put(dist / package.path, package.content)
    told = {
        name: {"file": package.path, "sha256": package.sha256, "bytes": len(package.content)}
        for name, package in sorted(made.items())
    }
    _put(listing, (json.dumps(told, indent=1) + "\n").encode())
    for path in before - {package.path for package in made.values()}:
        if re.fullmatch(r"[0-9a-f]{16}/[\w.-]+", path):
            shutil.rmtree(dist / path.partition("/")[0], ignore_errors=True)


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(content)
    draft.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="where to (default: dist/)")
    parser.add_argument("--root", type=Path, default=ROOT, help="whose sources and locks (default: this project's)")
    options = parser.parse_args(arguments)
    cache = ROOT / "build" / "wheels"
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or ZIP_BEGINS)
    try:
        made = packages(options.root, lambda lock, python: fetched(lock, python, cache), epoch)
    except PackageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    write(options.dist, made)
    for name, package in made.items():
        more = "" if package.unzipped is None else f"  ({package.unzipped / 1e6:.1f} MB unzipped)"
        sys.stdout.write(f"{len(package.content) / 1e6:9.3f} MB  {name:<20}  {package.path}{more}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
