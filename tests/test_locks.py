"""The requirements files: what is pinned where, and that the benchmarks' rivals hold nothing of ours back."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from benchmarks import producer

ROOT = Path(__file__).parent.parent
LOCKS = (
    *("requirements.txt", "requirements-glue.txt", "requirements-producers.txt"),
    *("benchmarks/requirements.txt", "infra/requirements.txt"),
)
every_lock = pytest.mark.parametrize("lock", LOCKS)


def entries(lock: str) -> list[str]:
    """Each requirement with its hashes and comments."""
    return re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())


def names(lock: str) -> set[str]:
    return {entry.partition("==")[0] for entry in entries(lock)}


def asked_for(requirements: list[str]) -> set[str]:
    """The names of requirements such as ``moto[s3,kinesis]==5.2.5``, as a lock spells them."""
    return {re.split(r"[^\w.-]", each, maxsplit=1)[0].lower().replace("_", "-") for each in requirements}


@every_lock
def test_every_requirement_is_one_version_with_hashes_and_without_an_address(lock: str) -> None:
    for entry in entries(lock):
        assert re.match(r"[a-z0-9.-]+==\S+( ; [^\n]+)? \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry
        assert "://" not in entry
        assert not re.search(r"(?m)^\s*(-i|-f|--(extra-)?index-url|--find-links)\b", entry), entry


def test_the_rivals_are_not_in_the_projects_lock() -> None:
    assert not {"aiokpl", "aiobotocore"} & names("requirements.txt")  # aiohttp is NiceGUI's, too
    assert {"aiokpl", "aiobotocore", "aiohttp"} <= names("benchmarks/requirements.txt")
    assert "boto3" not in names("benchmarks/requirements.txt")  # of the project's own, none is with the rivals


def test_what_the_project_asks_for_is_locked() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = told["project"]
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    assert asked_for(project["dependencies"] + extras) <= names("requirements.txt")
    assert asked_for(told["dependency-groups"]["bench"]) <= names("benchmarks/requirements.txt")


def test_a_job_s_lock_is_the_project_s_without_what_glue_ships() -> None:
    """Beside Glue's own, not over them: see GLUE_SHIPS in the Makefile."""
    (shipped,) = re.findall(r"(?m)^GLUE_SHIPS := (.*)$", (ROOT / "Makefile").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert asked_for(project["dependencies"]) <= names("requirements-glue.txt") | set(shipped.split())
    assert not names("requirements-glue.txt") & set(shipped.split())
    everywhere = {entry.split(" ")[0] for entry in entries("requirements.txt")}
    assert {entry.split(" ")[0] for entry in entries("requirements-glue.txt")} <= everywhere


def test_a_rival_that_is_not_installed_is_named_in_the_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(producer, "RIVALS", tmp_path / "bin/python")
    missing = producer.absent()
    assert missing == {"aiokpl": "not installed: `make bench` brings it"}
    sent, gain = producer.Sent(100, 1.0, 0.5), producer.Gain(100, 10, 25_000, 10)
    here = [name for name in producer.SENDERS if name != "aiokpl"]
    steps = {"a record's JSON": 1.0, "aggregates": 1.0}
    producer.tell({name: [sent] for name in here}, dict.fromkeys(here, gain), steps, missing)
    rows = capsys.readouterr().out.splitlines()
    assert [row for row in rows if row.startswith("aiokpl ")] == [f"{'aiokpl':<28}{missing['aiokpl']}"]
    for name in producer.SENDERS:
        assert any(row.startswith(name) for row in rows)


def test_an_environment_of_the_rivals_without_the_rival_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer, "RIVALS", Path(sys.executable))  # the project's, where it never is
    assert producer.absent().keys() == {"aiokpl"}


def test_a_rival_that_fails_is_told_and_not_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    failing = tmp_path / "fails.py"
    failing.write_text("import sys\nsys.exit(3)\n")
    monkeypatch.setattr(producer, "RIVALS", Path(sys.executable))
    monkeypatch.setattr(producer, "RIVAL", failing)
    monkeypatch.setattr(producer, "trades", list)
    with pytest.raises(subprocess.CalledProcessError, match="exit status 3"):
        producer.aiokpl(1, 0.1)
