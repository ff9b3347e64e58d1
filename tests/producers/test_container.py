"""The container, as far as it can be tested without an engine: its file, requirements, entry point and check."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from embedded import Stack
from producers.health import default_path
from tapehouse.settings import Settings, is_secret, variable_of

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PIN = re.compile(r"^([a-z0-9-]+)==([^ ;]+)", re.MULTILINE)


def instructions() -> list[tuple[str, str]]:
    """(name, the rest) of the Dockerfile, lines joined, comments left out."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in text.splitlines()) if name]


def named(name: str) -> list[str]:
    return [rest for found, rest in instructions() if found == name]


def last_stage() -> list[tuple[str, str]]:
    every = instructions()
    return every[max(at for at, (name, _) in enumerate(every) if name == "FROM") :]


def pins(path: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / path).read_text()))


# -- the file ---------------------------------------------------------------------------------------------------------


def test_the_image_runs_the_producer_as_somebody_who_is_not_root() -> None:
    stage = dict(last_stage())
    assert json.loads(stage["ENTRYPOINT"]) == ["python", "-m", "producers"]
    user, _, group = stage["USER"].partition(":")
    assert int(user) > 0 and int(group) > 0
    assert stage["STOPSIGNAL"] == "SIGTERM"
    order = [name for name, _ in last_stage()]
    assert order.index("USER") > max(at for at, name in enumerate(order) if name in ("RUN", "COPY"))


def test_the_image_has_a_health_check_in_exec_form() -> None:
    (check,) = named("HEALTHCHECK")
    options, _, command = check.partition("CMD ")
    assert json.loads(command) == ["python", "-m", "producers.health"]
    assert {"--interval", "--timeout", "--start-period", "--retries"} <= {o.split("=")[0] for o in options.split()}


def test_the_base_is_small_and_named_once() -> None:
    bases = {rest.split()[0] for rest in named("FROM")}
    assert bases == {"python:3.13-slim"}
    assert len(named("FROM")) == 2


def test_what_is_copied_exists_and_nothing_is_fetched() -> None:
    assert named("ADD") == []
    copied = [rest.split()[:-1] for rest in named("COPY") if not rest.startswith("--from")]
    sources = [source for each in copied for source in each]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert {source.strip("/") for source in sources} == {line[1:] for line in ignored if line.startswith("!")}


def test_no_key_and_no_unknown_setting_is_in_the_image() -> None:
    (environment,) = named("ENV")
    set_here = {pair.partition("=")[0] for pair in environment.split()}
    secrets = {variable_of(name) for name in Settings.model_fields if is_secret(name)}
    known = {variable_of(name) for name in Settings.model_fields}
    assert secrets and not secrets & set_here
    assert {name for name in set_here if name.startswith("TAPEHOUSE_")} <= known
    assert named("ARG") == []


def test_state_is_a_volume_that_the_user_may_write_to() -> None:
    (volume,) = named("VOLUME")
    assert f"TAPEHOUSE_STATE_FOLDER={volume}" in named("ENV")[0]
    assert any(f"--owner tapehouse --group tapehouse {volume}" in " ".join(run.split()) for run in named("RUN"))


# -- the requirements -------------------------------------------------------------------------------------------------


def test_every_requirement_is_pinned_as_elsewhere_with_hashes_and_without_an_address() -> None:
    text = (ROOT / "requirements-producers.txt").read_text()
    found, everywhere = pins("requirements-producers.txt"), pins("requirements.txt")
    assert found == {name: everywhere[name] for name in found}
    assert {"boto3", "mimesis", "requests", "rich", "websockets"} <= found.keys()
    assert not {"pyspark", "duckdb", "awswrangler", "pyarrow", "pandas", "moto"} & found.keys()
    assert "://" not in text
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in entry


# -- entry point and health check, in an environment without anything -------------------------------------------------

ONLY_WHAT_IS_REQUIRED = '''
import importlib.abc, pkgutil, sys

class Absent(importlib.abc.MetaPathFinder):
    """As in the image: what is neither Python's, nor ours, nor required, is not there."""
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in ALLOWED or top in sys.stdlib_module_names or top.startswith("_sysconfigdata_"):  # Python's own too
            return None
        raise ModuleNotFoundError(f"No module named {name!r} in the image", name=name)

ALLOWED = set(sys.argv[1].split(","))
sys.meta_path.insert(0, Absent())
import producers
for found in pkgutil.walk_packages(producers.__path__, "producers."):
    if not found.name.startswith("embedded.venues") and found.name != "producers.__main__":
        __import__(found.name)
from producers.__main__ import main
sys.exit(main(sys.argv[2:]))
'''


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    found = Stack(tmp_path / "aws")
    found.up()
    found.ensure_stream("trades", 1)
    yield found
    found.down()


def bare(stack: Stack, folder: Path, **environ: str) -> dict[str, str]:
    """What a container is told, and nothing else."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    ours = {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), "LAKE": str(folder / "lake"), **environ}
    return {**stack.environment({}), **ours}


def test_the_command_needs_nothing_that_is_not_required(stack: Stack, tmp_path: Path) -> None:
    required = {name.replace("-", "_") for name in pins("requirements-producers.txt")}
    allowed = {
        top
        for top, distributions in packages_distributions().items()
        if {each.lower().replace("-", "_") for each in distributions} & required
    } | {"tapehouse", "producers"}
    command = [sys.executable, "-c", ONLY_WHAT_IS_REQUIRED, ",".join(sorted(allowed)), "--count", "50"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=bare(stack, tmp_path, FEED="synthetic", SYMBOLS="BTC-USD"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["final"] is True
    assert last["confirmed"] == last["read"] > 50


def test_told_by_the_environment_alone_it_works_is_well_and_flushes_on_sigterm(stack: Stack, tmp_path: Path) -> None:
    environment = bare(stack, tmp_path, FEED="synthetic", SYMBOLS="BTC-USD,ETH-USD", TAPEHOUSE_METRICS_EVERY_S="200ms")
    check = [sys.executable, "-m", "producers.health"]
    before = subprocess.run(check, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert before.returncode == 1
    assert "the producer has not started" in before.stdout
    with subprocess.Popen(
        [sys.executable, "-m", "producers", "--rate", "200"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        lines = iter(running.stdout.readline, "")
        first = next(json.loads(line) for line in lines if json.loads(line)["confirmed"] > 100)
        beat = tmp_path / "tmp" / default_path().name
        assert json.loads(beat.read_text())["pid"] == running.pid
        well = subprocess.run(check, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=60)
    last = json.loads(out.splitlines()[-1])
    assert (well.returncode, well.stdout) == (0, "well\n")
    assert running.returncode == 0
    assert (last["final"], last["stopped"], last["waiting"]) == (True, True, 0)
    assert last["read"] == last["confirmed"] > first["confirmed"]
    assert "event=produce_stopping signal=SIGTERM" in err


def test_a_producer_that_was_paused_is_ill_though_it_lives(stack: Stack, tmp_path: Path) -> None:
    """Only the clock is moved on: a heartbeat of half a minute ago is what a hung loop leaves."""
    from producers.health.check import STALE_S, check

    environment = bare(stack, tmp_path, FEED="synthetic", TAPEHOUSE_HEARTBEAT=str(tmp_path / "beat"))
    command = [sys.executable, "-m", "producers", "--rate", "50"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as running:
        deadline = time.monotonic() + 60
        while not (tmp_path / "beat").exists():
            assert running.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(running.pid, signal.SIGSTOP)
        now_us = time.time_ns() // 1000
        assert check(tmp_path / "beat", now_us) is None
        assert "the producer hangs" in (check(tmp_path / "beat", now_us + int((STALE_S + 1) * 1e6)) or "")
        os.kill(running.pid, signal.SIGCONT)
        running.terminate()
        assert running.wait(60) == 0


def test_at_home_nothing_reaches_aws_that_is_not_asked_for(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(tmp_path),
        "LAKE": str(tmp_path / "lake"),
        "FEED": "synthetic",
        "AWS_ACCESS_KEY_ID": "real",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run(
        [sys.executable, "-m", "producers", "--count", "5"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "TARGET is local, and no endpoint is named: set TARGET=aws" in done.stderr
    assert not (tmp_path / "lake").exists()
