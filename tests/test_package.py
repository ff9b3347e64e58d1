"""``make package``: same input, same bytes; what is built is whole, resolves offline, and runs where it is unpacked."""

import base64
import hashlib
import importlib.metadata
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from embedded.kinesis import KinesisServer
from glue_jobs.jobs.arguments import JOBS
from tapehouse import aws
from tests import project_scripts

ROOT = Path(__file__).parent.parent
GLUES = {"boto3": "1.42.84", "requests": "2.33.1", "PyYAML": "6.0.3"}
"""What Glue 6.0 ships of what the wheel asks for. Source: AWS' list of the Python modules in Glue 6.0."""
BUNDLES = {"glue_bundle", "producers_bundle", "lambdas_bundle"}
NAMES = {"wheel", *BUNDLES, *(f"glue_script_{job}" for job in JOBS)}


script = project_scripts.script("package")


def zip_of(files: Mapping[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # of 1980: by its name alone it would be of now
    return sink.getvalue()


def a_wheel(version: str) -> bytes:
    inner = {"thing/__init__.py": b"", "thing-1.dist-info/METADATA": version.encode(), "thing-1.dist-info/RECORD": b"x"}
    return zip_of({**inner, "thing-1.data/scripts/thing": b"#!python", "thing-1.data/purelib/more.py": b"more"})


def wheels(lock: Path, python: str) -> dict[str, bytes]:
    """Wheels that nobody has to fetch."""
    return {f"thing-1-cp{python.replace('.', '')}.whl": a_wheel(lock.name + python)}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return copied(tmp_path / "checkout")


def copied(to: Path) -> Path:
    for room in ("tapehouse", "glue_jobs", "producers", "lambdas", "cli"):
        shutil.copytree(ROOT / room, to / room)
    for name in ("pyproject.toml", *(f"requirements-{each}.txt" for each in ("glue", "producers", "lambdas"))):
        shutil.copy(ROOT / name, to / name)
    return to


def hashes(root: Path, epoch: int = script.ZIP_BEGINS) -> dict[str, str]:
    return {name: package.sha256 for name, package in script.packages(root, wheels, epoch).items()}


# -- same input, same bytes -------------------------------------------------------------------------------------------


def test_neither_place_nor_time_nor_mode_of_the_sources_counts(checkout: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "b"
    copied(other)
    for number, path in enumerate(sorted(other.rglob("*.py"), reverse=True)):
        os.utime(path, (number, number))
        path.chmod(0o600)
    (other / "glue_jobs/__pycache__").mkdir(exist_ok=True)
    (other / "glue_jobs/__pycache__/x.cpython-313.pyc").write_bytes(b"compiled")
    assert hashes(checkout) == hashes(other)
    assert hashes(checkout).keys() == NAMES


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("producers/counters.py", {"wheel", "producers_bundle"}),
        ("lambdas/__init__.py", {"wheel", "lambdas_bundle"}),
        ("tapehouse/lake.py", {"wheel", "producers_bundle", "lambdas_bundle"}),
        ("glue_jobs/live.py", {"wheel"}),
        ("glue_jobs/jobs/audit.py", {"wheel", "glue_script_audit"}),
        ("cli/main.py", set()),
        ("requirements-glue.txt", set()),  # a comment: what it pins is the same
    ],
)
def test_a_changed_byte_changes_what_holds_it_and_nothing_else(path: str, changed: set[str], checkout: Path) -> None:
    before = hashes(checkout)
    with (checkout / path).open("a") as file:
        file.write("#\n")
    after = hashes(checkout)
    assert {name for name in NAMES if before[name] != after[name]} == changed


def test_another_version_of_a_library_changes_the_bundles_alone(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = hashes(checkout)
    monkeypatch.setattr(sys.modules[__name__], "a_wheel", lambda version: zip_of({"thing.py": b"2"}))
    after = hashes(checkout)
    assert {name for name in NAMES if before[name] != after[name]} == BUNDLES


def test_the_time_of_all_entries_can_be_told(checkout: Path) -> None:
    told = 1_700_000_000
    assert hashes(checkout, told) != hashes(checkout)
    made = script.packages(checkout, wheels, told)
    with zipfile.ZipFile(io.BytesIO(made["wheel"].content)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}
        assert archive.namelist() == sorted(archive.namelist())
    with zipfile.ZipFile(io.BytesIO(made["lambdas_bundle"].content)) as archive:
        assert {(info.date_time, info.external_attr >> 16) for info in archive.infolist()} == {
            ((2023, 11, 14, 22, 13, 20), 0o100644)
        }
    with tarfile.open(fileobj=io.BytesIO(made["producers_bundle"].content)) as tar:
        assert {(info.mtime, info.uid, info.gid, info.uname, info.mode) for info in tar} == {(told, 0, 0, "", 0o644)}


# -- what is in them --------------------------------------------------------------------------------------------------


def test_the_wheel_holds_the_rooms_and_says_what_they_hash_to(checkout: Path) -> None:
    made = script.packages(checkout, wheels, script.ZIP_BEGINS)["wheel"]
    assert re.fullmatch(r"tapehouse-[\d.]+-py3-none-any\.whl", made.file)
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    tops = {name.partition("/")[0] for name in held}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"tapehouse", "glue_jobs", "producers", "lambdas"}
    (record,) = [name for name in held if name.endswith("/RECORD")]
    told = dict(line.split(",", 1) for line in held[record].decode().splitlines())
    assert told.pop(record) == ","
    digests = {
        name: base64.urlsafe_b64encode(hashlib.sha256(held[name]).digest()).rstrip(b"=").decode() for name in told
    }
    assert told == {name: f"sha256={digest},{len(held[name])}" for name, digest in digests.items()}
    assert told.keys() | {record} == held.keys()


def test_the_wheel_is_one_that_pip_installs(checkout: Path, tmp_path: Path) -> None:
    made = script.packages(checkout, wheels, script.ZIP_BEGINS)["wheel"]
    (tmp_path / made.file).write_bytes(made.content)
    pip("install", "--no-index", "--no-deps", "--target", tmp_path / "site", tmp_path / made.file)
    (found,) = importlib.metadata.distributions(name="tapehouse", path=[str(tmp_path / "site")])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert found.requires == project["dependencies"]
    assert found.metadata["Requires-Python"] == project["requires-python"]
    assert (tmp_path / "site/glue_jobs/jobs/stream.py").exists()


def test_an_unpacked_wheel_leaves_its_scripts_and_lists_behind() -> None:
    assert script.unpacked({"thing-1.whl": a_wheel("1")}) == {
        "thing/__init__.py": b"", "thing-1.dist-info/METADATA": b"1", "more.py": b"more"
    }  # fmt: skip


def test_what_lambda_s_runtime_has_is_left_out(checkout: Path) -> None:
    def runtimes(lock: Path, python: str) -> dict[str, bytes]:
        libraries = {f"{name.replace('-', '_')}-1-py3-none-any.whl": name for name in sorted(script.LAMBDA_HAS)}
        return wheels(lock, python) | {file: zip_of({f"{name}/x.py": b""}) for file, name in libraries.items()}

    made = script.packages(checkout, runtimes, script.ZIP_BEGINS)["lambdas_bundle"]
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        assert {name.partition("/")[0] for name in archive.namelist()} == {
            *("tapehouse", "lambdas", "thing", "thing-1.dist-info", "more.py")
        }
        assert made.unzipped == sum(info.file_size for info in archive.infolist())


def elf(*, bits: int = 2, machine: int = 62) -> bytes:
    return b"\x7fELF" + bytes([bits, 1]) + bytes(12) + machine.to_bytes(2, "little") + bytes(44)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("thing/fast.cpython-311-x86_64-linux-gnu.so", elf()),
        ("thing/fast.cpython-313-aarch64-linux-gnu.so", elf(machine=183)),
        ("thing/fast.cpython-313t-x86_64-linux-gnu.so", elf()),
        ("thing/fast.abi3.so", elf(bits=1)),
        ("thing.libs/libfast.so.1", elf(machine=183)),
        ("thing/fast.so", b"\xcf\xfa\xed\xfe"),
        ("thing/fast.pyd", b"MZ"),
    ],
)
def test_what_is_compiled_for_another_machine_or_python_is_refused(path: str, content: bytes) -> None:
    with pytest.raises(script.PackageError, match=rf"^{re.escape(path)}: not compiled for Python 3.13 on Linux x86_64"):
        script.of_lambda({"thing/__init__.py": b"", path: content})


def test_what_is_compiled_for_lambda_is_taken() -> None:
    good = ("a.cpython-313-x86_64-linux-gnu.so", "a.abi3.so", "a.so", "a.libs/libb-1.so.2")
    files = {"a.py": b"", "notes.so.txt": b"no library", **dict.fromkeys(good, elf())}
    assert script.of_lambda(files) == files


def test_more_than_lambda_takes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "LAMBDA_BYTES", 3)
    assert script.of_lambda({"a": b"12", "b": b"3"})
    with pytest.raises(script.PackageError, match="is 4 bytes, and Lambda takes 3: leave a library out"):
        script.of_lambda({"a": b"12", "b": b"34"})


def test_what_the_wheel_asks_for_is_in_the_bundle_or_is_glue_s() -> None:
    bundled = {name.lower(): version for name, version in script.pins(ROOT / "requirements-glue.txt").items()}
    known = {**bundled, **{name.lower(): version for name, version in GLUES.items()}}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for requirement in map(Requirement, project["dependencies"]):
        assert known[requirement.name.lower()] in requirement.specifier, requirement
    assert not {"boto3", "botocore", "pyarrow", "numpy", "pandas", "pyspark"} & bundled.keys()
    everywhere = [script.pins(ROOT / f"requirements-{bundle}.txt") for bundle in ("producers", "lambdas")]
    for name, version in bundled.items():
        assert {pins[name] for pins in everywhere if name in pins} == {version}, f"one version of {name} everywhere"
    assert everywhere[1].keys() >= script.LAMBDA_HAS, "remove what nothing asks for any more"


# -- wheels that are fetched ------------------------------------------------------------------------------------------


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    content = a_wheel("1")
    path = tmp_path / "lock.txt"
    path.write_text(f"thing==1 \\\n    --hash=sha256:{hashlib.sha256(content).hexdigest()}\n")
    folder = tmp_path / f"cache/{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}-3.13"
    folder.mkdir(parents=True)
    (folder / "thing-1-py3-none-any.whl").write_bytes(content)
    return path


def test_what_was_fetched_is_taken_again(lock: Path, tmp_path: Path) -> None:
    assert script.fetched(lock, "3.13", tmp_path / "cache") == {"thing-1-py3-none-any.whl": a_wheel("1")}


def test_a_wheel_that_the_lock_does_not_know_is_refused(lock: Path, tmp_path: Path) -> None:
    (path,) = (tmp_path / "cache").rglob("*.whl")
    path.write_bytes(a_wheel("2"))
    with pytest.raises(script.PackageError, match=r"is not what lock.txt says \(thing-1-py3-none-any.whl\): remove it"):
        script.fetched(lock, "3.13", tmp_path / "cache")
    path.unlink()
    with pytest.raises(script.PackageError, match=r"is not what lock.txt says \(thing\)"):
        script.fetched(lock, "3.13", tmp_path / "cache")


def test_a_fetch_that_fails_says_why_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    lock = tmp_path / "lock.txt"
    lock.write_text(f"no-such-thing==1 \\\n    --hash=sha256:{'0' * 64}\n")
    with pytest.raises(script.PackageError, match=r"could not fetch the wheels of lock.txt for Python 3.11: .*no-such"):
        script.fetched(lock, "3.11", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_lock_that_some_pythons_read_otherwise_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("thing==1 ; python_full_version < '3.12' \\\n    --hash=sha256:0\n")
    with pytest.raises(script.PackageError, match="thing==1 is for some Pythons only"):
        script.pins(lock)


def test_what_windows_alone_needs_is_passed_over(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    hashes = "    --hash=sha256:0\n"
    lock.write_text(f"thing==1 \\\n{hashes}tzdata==2026.6 ; sys_platform == 'win32' \\\n{hashes}")
    assert script.pins(lock) == {"thing": "1"}
    lock.write_text(f"thing==1 ; sys_platform == 'win32' or python_version < '3.12' \\\n{hashes}")
    with pytest.raises(script.PackageError, match="thing==1 is for some Pythons only"):
        script.pins(lock)


# -- dist/ ------------------------------------------------------------------------------------------------------------


def test_dist_keeps_what_the_list_names_and_what_is_not_ours(tmp_path: Path) -> None:
    old, new = script.Package("a.zip", b"old"), script.Package("a.zip", b"new")
    other = script.Package("b.zip", b"b")
    (tmp_path / "mine").mkdir()
    script.write(tmp_path, {"a": old, "b": other})
    script.write(tmp_path, {"a": new, "b": other})
    told = json.loads((tmp_path / "packages.json").read_text())
    assert told["a"] == {"file": new.path, "sha256": hashlib.sha256(b"new").hexdigest(), "bytes": 3}
    assert (tmp_path / told["a"]["file"]).read_bytes() == b"new"
    kept = {new.path.partition("/")[0], other.path.partition("/")[0]}
    assert {path.name for path in tmp_path.iterdir()} == {"packages.json", "mine", *kept}


def test_a_list_that_cannot_be_read_takes_nothing_away(tmp_path: Path) -> None:
    (tmp_path / "packages.json").write_text('{"a": {"file": "../../home"}}')
    (tmp_path / "x").mkdir()
    script.write(tmp_path / "x" / "dist", {})
    script.write(tmp_path, {})
    assert (tmp_path / "x").exists()
    (tmp_path / "packages.json").write_text("no JSON")
    script.write(tmp_path, {})
    assert (tmp_path / "packages.json").read_text() == "{}\n"


# -- the real ones ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dist/ as it is built of this checkout."""
    dist = tmp_path_factory.mktemp("real") / "dist"
    done = build(dist, TZ="Asia/Tokyo", PYTHONHASHSEED="1")
    if done.returncode != 0 and "could not fetch" in done.stderr and not os.environ.get("CI"):
        pytest.skip("no package index: the bundles' wheels cannot be fetched")
    assert done.returncode == 0, done.stderr
    assert "MB  producers_bundle" in done.stdout
    return dist


def build(dist: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts/package.py"), "--dist", str(dist)]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=dist.parent, env=env, capture_output=True, text=True, check=False, umask=0o077)


def pip(*words: object) -> str:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, words)]
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    env = {**bare, "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def file_of(dist: Path, name: str) -> Path:
    told: dict[str, Any] = json.loads((dist / "packages.json").read_text())
    return dist / str(told[name]["file"])


def test_two_builds_in_two_folders_are_the_same_bytes(real: Path, tmp_path: Path) -> None:
    assert build(tmp_path / "again", TZ="UTC", PYTHONHASHSEED="2").returncode == 0
    files = [path.relative_to(real) for path in sorted(real.rglob("*")) if path.is_file()]
    assert len(files) == len(NAMES) + 1
    assert [
        path.relative_to(tmp_path / "again") for path in sorted((tmp_path / "again").rglob("*")) if path.is_file()
    ] == files
    for path in files:
        assert (real / path).read_bytes() == (tmp_path / "again" / path).read_bytes(), path


@pytest.mark.parametrize("python", script.GLUE_PYTHONS)
def test_the_bundle_resolves_without_an_index(python: str, real: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(file_of(real, "glue_bundle")) as archive:
        archive.extractall(tmp_path)
    found = ["--no-index", "--find-links", tmp_path / "wheels", "--requirement", tmp_path / "wheels/requirements.txt"]
    there = ["--python-version", python, "--only-binary=:all:", "--target", tmp_path / "site"]
    linux = [word for each in script.PLATFORMS for word in ("--platform", each)]
    pip("install", *found, *there, *linux)
    names = {
        each.name.lower().replace("_", "-") for each in importlib.metadata.distributions(path=[str(tmp_path / "site")])
    }
    assert names == set(script.pins(ROOT / "requirements-glue.txt"))


here_runs_linux_wheels = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="the bundles are for Linux on x86_64"
)


@here_runs_linux_wheels
@pytest.mark.skipif(platform.python_version_tuple()[:2] not in (("3", "11"), ("3", "13")), reason="Python 3.11 or 3.13")
def test_a_script_runs_beside_glue_s_spark_on_wheel_and_bundle_alone(real: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(file_of(real, "glue_bundle")) as archive:
        archive.extractall(tmp_path)
    links = ["--no-index", "--find-links", tmp_path / "wheels", "--target", tmp_path / "site"]
    pip("install", *links, "--requirement", tmp_path / "wheels/requirements.txt")
    pip("install", *links, "--no-deps", file_of(real, "wheel"))
    job = file_of(real, "glue_script_stream")
    code = (
        "import runpy, sys; sys.argv = [sys.argv[1], '--JOB_NAME', 'x']\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "finally:\n import glue_jobs, pydantic, rich; print(glue_jobs.__file__, pydantic.__file__, rich.__file__)"
    )
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(job)], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    said = done.stdout.splitlines()
    assert "--lake is missing" in json.loads(said[0])["error"]
    assert done.returncode != 0
    assert all(path.startswith(str(tmp_path / "site")) for path in said[1].split())


@here_runs_linux_wheels
@pytest.mark.skipif(platform.python_version_tuple()[:2] != ("3", "13"), reason="the bundle is for Python 3.13")
def test_a_producer_runs_from_its_bundle_alone(real: Path, tmp_path: Path) -> None:
    with tarfile.open(file_of(real, "producers_bundle")) as archive:
        archive.extractall(tmp_path / "app", filter="data")
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    with KinesisServer(seed=7) as server:
        client = aws.client("kinesis", endpoint_url=server.endpoint, region="us-east-1")
        client.create_stream(StreamName="trades", ShardCount=1)
        env = {
            **{"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path / "app"), "PYTHONNOUSERSITE": "1"},
            **{"TMPDIR": str(tmp_path), "LAKE": str(tmp_path / "lake"), "FEED": "synthetic", "SYMBOLS": "BTC-USD"},
            **{"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"},
            **{"AWS_ENDPOINT_URL_KINESIS": server.endpoint, "AWS_EC2_METADATA_DISABLED": "true"},
        }
        done = subprocess.run(
            [base, "-m", "producers", "--count", "20"],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["confirmed"] > 20


@here_runs_linux_wheels
@pytest.mark.skipif(platform.python_version_tuple()[:2] != ("3", "13"), reason="the bundle is for Python 3.13")
def test_every_module_of_the_lambdas_imports_from_their_bundle_and_the_runtime_alone(
    real: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(file_of(real, "lambdas_bundle")) as archive:
        archive.extractall(tmp_path / "task")
    lock, cache = ROOT / "requirements-lambdas.txt", ROOT / "build/wheels"
    for name, content in script.fetched(lock, script.LAMBDA_PYTHON, cache).items():
        if script.distribution(name) in script.LAMBDA_HAS:
            with zipfile.ZipFile(io.BytesIO(content)) as wheel:
                wheel.extractall(tmp_path / "runtime")
    code = (
        "import importlib, json, pkgutil, sys, lambdas\n"
        "found = [each.name for each in pkgutil.walk_packages(lambdas.__path__, 'lambdas.')]\n"
        "libraries = ['boto3', 'feedparser', 'lxml_html_clean', 'protego', 'rensa', 'requests', 'selectolax.lexbor',\n"
        "             'trafilatura', 'urllib3', 'vaderSentiment.vaderSentiment', 'tapehouse.settings']\n"
        "print(json.dumps({each: importlib.import_module(each).__file__ for each in [*libraries, *found]}))"
    )
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    places = f"{tmp_path / 'task'}{os.pathsep}{tmp_path / 'runtime'}"
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": places, "PYTHONNOUSERSITE": "1", "HOME": str(tmp_path)}
    done = subprocess.run([base, "-B", "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    came = {name: Path(path).relative_to(tmp_path).parts[0] for name, path in json.loads(done.stdout).items()}
    assert came.pop("boto3") == "runtime"
    assert set(came.values()) == {"task"}
