"""The health check: a producer that lives and does nothing is ill, one whose market is quiet is well."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import producers
from producers.health import Heartbeat, default_path
from producers.health.check import check, problem

NOW_US = 1_760_000_000_000_000
WELL = {
    **{"time_us": NOW_US, "feed": "kraken", "connected": True, "unconnected_s": 0.0, "reconnects": 0},
    **{"waiting": 0, "unmoved_s": 0.0, "oldest_s": 0.0},
}


def beat(**changes: Any) -> dict[str, Any]:
    return {**WELL, **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"time_us": NOW_US - 29_000_000},
        {"time_us": NOW_US + 2_000_000},
        {"connected": False, "unconnected_s": 120.0, "reconnects": 3},
        {"waiting": 5, "unmoved_s": 100.0, "oldest_s": 800.0},
        {"last_message_s": 40_000.0},  # a market in which nothing is traded
    ],
)
def test_well(changes: dict[str, Any]) -> None:
    assert problem(beat(**changes), NOW_US) is None


def test_a_source_without_a_line_is_well() -> None:
    bare = {name: value for name, value in WELL.items() if name not in ("connected", "unconnected_s", "reconnects")}
    assert problem(bare, NOW_US) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"time_us": NOW_US - 31_000_000}, "the last heartbeat is 31 s old"),
        ({"time_us": NOW_US + 3_600_000_000}, "the last heartbeat is -3600 s old"),
        (
            {"connected": False, "unconnected_s": 181.0, "reconnects": 9},
            r"no connection to kraken for 181 s \(9 tries\)",
        ),
        ({"waiting": 5, "unmoved_s": 121.0, "oldest_s": 122.0}, "5 items wait, and Kinesis has confirmed none"),
        ({"waiting": 1, "unmoved_s": 0.0, "oldest_s": 901.0}, "an item has not been confirmed for 901 s"),
    ],
)
def test_ill(changes: dict[str, Any], said: str) -> None:
    import re

    assert re.match(said, problem(beat(**changes), NOW_US) or "")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"time_us": "x"}', '{"time_us": 1760000000000000}', "\x00"])
def test_a_file_that_is_no_heartbeat_is_ill(text: str, tmp_path: Path) -> None:
    path = tmp_path / "beat"
    path.write_text(text)
    assert "is no heartbeat" in (check(path, NOW_US) or "")


def test_a_producer_that_never_beat_is_ill(tmp_path: Path) -> None:
    assert check(tmp_path / "beat", NOW_US) == (
        f"there is no heartbeat at {tmp_path / 'beat'}: the producer has not started"
    )


def test_a_heartbeat_is_written_whole_and_every_few_seconds(tmp_path: Path) -> None:
    path, now = tmp_path / "beat", [0.0]
    path.write_text("of an earlier run")
    heart = Heartbeat(path, every_s=5, clock=lambda: now[0], now_us=lambda: NOW_US)
    assert not path.exists()
    heart.beat(lambda: {**WELL, "confirmed": 1})
    heart.beat(lambda: {**WELL, "confirmed": 2})
    assert json.loads(path.read_text())["confirmed"] == 1
    now[0] = 5.0
    heart.beat(lambda: {**WELL, "confirmed": 3})
    found = json.loads(path.read_text())
    assert (found["confirmed"], found["time_us"], found["pid"]) == (3, NOW_US, os.getpid())
    assert [each.name for each in tmp_path.iterdir()] == ["beat"]
    assert check(path, NOW_US) is None


def test_a_disk_that_refuses_ends_no_producer_and_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heart = Heartbeat(tmp_path / "no" / "such", every_s=0)
    heart.beat(lambda: WELL)
    heart.beat(lambda: WELL)
    assert len([each for each in caplog.records if "heartbeat_not_written" in each.message]) == 1


def run(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """As a container runs it: nothing set but what is given, and from another folder."""
    root = Path(producers.__file__).parents[1]
    environment = {"PYTHONPATH": str(root), "TMPDIR": str(folder), **environ}
    command = [sys.executable, "-m", "producers.health"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_check_looks_where_the_environment_says(tmp_path: Path) -> None:
    import time

    ill = run(tmp_path)
    assert (ill.returncode, ill.stderr) == (1, "")
    assert str(tmp_path / default_path().name) in ill.stdout
    Heartbeat(tmp_path / "beat", now_us=lambda: time.time_ns() // 1000).beat(
        lambda: {k: v for k, v in WELL.items() if k != "time_us"}
    )
    well = run(tmp_path, TAPEHOUSE_HEARTBEAT=str(tmp_path / "beat"))
    assert (well.returncode, well.stdout) == (0, "well\n")


def test_settings_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    found = run(tmp_path, TARGET="moon")
    assert found.returncode == 1
    assert "target (from environment, TARGET): 'moon'" in found.stderr
