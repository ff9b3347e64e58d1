"""How a producer's task starts: the script that unpacks the package, run as the container runs it, and its settings."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from tapehouse.settings import Settings, is_secret, variable_of

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "infra/modules/producers"
START = (MODULE / "start.sh").read_text()

SHOWS = "import os, sys\nprint('argv', sys.argv[1:], 'pid', os.getpid())\n"
WAITS = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: exit(7))
print('up', flush=True)
time.sleep(60)
"""


class Task:
    """The second container's folder and environment, with a package in it as the first one leaves it."""

    def __init__(self, folder: Path, **modules: str) -> None:
        self.app, self.package = folder / "app", folder / "package.tar.gz"
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        (bin_folder / "python").symlink_to(sys.executable)
        with tarfile.open(self.package, "w:gz") as archive:
            for name, text in modules.items():
                source = folder / f"{name}.source"
                source.write_text(text)
                archive.add(source, f"{name}.py")
        self.environment = {
            "PATH": f"{bin_folder}:{os.defpath}",
            "PACKAGE": str(self.package),
            "PACKAGE_SHA256": hashlib.sha256(self.package.read_bytes()).hexdigest(),
            "PYTHONPATH": str(self.app),
        }

    def start(self, *command: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["sh", "-c", START, "producer", *command],
            env=self.environment,
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str) -> tuple[int, str, str]:
        process = self.start(*command)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err


def test_the_package_is_unpacked_and_its_module_takes_the_shells_place(tmp_path: Path) -> None:
    process = Task(tmp_path, shown=SHOWS).start("shown", "--rate", "a b")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert out == f"argv ['--rate', 'a b'] pid {process.pid}\n"


def test_another_package_than_the_deployed_one_is_not_run(tmp_path: Path) -> None:
    task = Task(tmp_path, shown=SHOWS)
    task.environment["PACKAGE_SHA256"] = "0" * 64
    status, out, err = task.run("shown")
    assert (status, out) == (1, "")
    assert err.count("\n") == 1 and "is not the package that was deployed" in err
    assert not task.app.exists()


def test_a_package_that_was_not_fetched_is_not_run(tmp_path: Path) -> None:
    task = Task(tmp_path, shown=SHOWS)
    task.package.unlink()
    status, _, err = task.run("shown")
    assert status == 1
    assert "is not the package that was deployed" in err


def test_a_package_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    task = Task(tmp_path)
    with tarfile.open(task.package, "w:gz") as archive:
        archive.add(Path(__file__), "../escaped.py")
    task.environment["PACKAGE_SHA256"] = hashlib.sha256(task.package.read_bytes()).hexdigest()
    status, _, _ = task.run("shown")
    assert status != 0
    assert not (tmp_path / "escaped.py").exists()


def test_sigterm_reaches_the_producer(tmp_path: Path) -> None:
    process = Task(tmp_path, waits=WAITS).start("waits")
    assert process.stdout is not None and process.stderr is not None
    with process.stdout, process.stderr:
        assert process.stdout.readline() == "up\n"
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 7
    assert time.monotonic() - began < 20


# -- what the task is told --------------------------------------------------------------------------------------------

TASKS = "".join(path.read_text() for path in sorted(MODULE.glob("*.tf")))
TOLD = set(re.findall(r"^ +(FEED|SYMBOLS|LAKE|TARGET|TAPEHOUSE_[A-Z0-9_]+) += ", TASKS, re.MULTILINE)) | {"SYMBOLS"}


def test_the_tasks_environment_is_made_of_settings() -> None:
    known = {variable_of(name) for name in Settings.model_fields}
    assert {"FEED", "LAKE", "TARGET", "TAPEHOUSE_STATE_FOLDER", "TAPEHOUSE_STREAM_NAME"} <= TOLD
    assert known >= TOLD


@pytest.mark.parametrize("feed", ["finnhub", "polygon"])
def test_a_vendors_key_is_told_by_its_secrets_name(feed: str) -> None:
    assert '"TAPEHOUSE_${upper(each.feed)}_SECRET"' in TASKS
    assert f"{feed}_secret" in Settings.model_fields
    assert not is_secret(f"{feed}_secret")


def test_every_vendor_with_a_key_is_known_to_the_module() -> None:
    stored = {name for name in Settings.model_fields if name.endswith("_secret") and not name.startswith("metabase_")}
    wants = {name.removesuffix("_secret") for name in stored}
    named = re.search(r"contains\((\[[^\]]+\]), feed\)", TASKS)
    assert named is not None
    assert set(re.findall(r'"([a-z]+)"', named[1])) == wants


def test_the_task_runs_as_the_images_user() -> None:
    (user,) = re.findall(r"^USER (\d+:\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert f'= "{user}"' in TASKS
    assert set(re.findall(r"= (\d+)\n", "".join(re.findall(r"[a-z_]*[ug]id += \d+\n", TASKS)))) == {user.split(":")[0]}
