"""The whole on AWS, started and stopped: twice is once, and where to look is said."""

from pathlib import Path
from typing import Any

import pytest

from cli.remote.app import App
from tapehouse import deployed
from tests.cli.remote.stubbed import SETTINGS


class Fake:
    """Runs and producers, which write down what is asked of them."""

    def __init__(self, *, stream: bool = False, counts: dict[str, int] | None = None) -> None:
        self.stream, self.counts = stream, counts if counts is not None else {"kraken": 0}
        self.asked: list[str] = []

    def going(self, job: str) -> Any:
        import datetime as dt

        return {"Id": "jr_7", "StartedOn": dt.datetime(2026, 11, 28, tzinfo=dt.UTC)} if self.stream else None

    def start(self, job: str) -> str:
        self.asked.append(f"start {job}")
        self.stream = True
        return "jr_1"

    def stop(self, job: str) -> str | None:
        self.stream, was = False, self.stream
        return "jr_7" if was else None

    def services(self) -> list[dict[str, Any]]:
        return [{"serviceName": name} for name in self.counts]

    def scale(self, count: int) -> list[str]:
        changed = [name for name, n in self.counts.items() if n != count]
        self.counts = dict.fromkeys(self.counts, count)
        return changed


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def app(fake: Any) -> App:
    return App(SETTINGS, runs=fake, producers=fake)


def test_starting_twice_starts_once_and_tells_the_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    deployed.write(deployed.outputs_of("aws"), {"owner": "stream", "addresses": {"jobs": "the console"}})
    fake = Fake()
    assert app(fake).start() == 0
    said = capsys.readouterr().out
    assert fake.asked == ["start stream"]
    assert "kraken: started" in said
    assert "lake       s3://a-bucket/lake" in said
    assert "jobs       the console" in said
    assert app(fake).start() == 0
    said = capsys.readouterr().out
    assert fake.asked == ["start stream"]
    assert "kraken: runs" in said
    assert "owns the tables and refreshes them every 60 s: jr_7" in said


def test_where_the_refresh_runs_by_the_clock_no_stream_is_started() -> None:
    deployed.write(deployed.outputs_of("aws"), {"owner": "refresh"})
    fake = Fake()
    assert app(fake).start() == 0
    assert fake.asked == []


def test_without_producers_that_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert app(Fake(counts={})).start() == 0
    assert "No producers were deployed" in capsys.readouterr().err


def test_stopping_twice_stops_once(capsys: pytest.CaptureFixture[str]) -> None:
    fake = Fake(stream=True, counts={"kraken": 1})
    assert app(fake).stop() == 0
    said = capsys.readouterr().out
    assert "kraken: stops, once what it read is confirmed" in said
    assert "tapehouse-dev-stream: jr_7 stops" in said
    assert app(fake).stop() == 0
    assert capsys.readouterr().out == "Nothing of tapehouse-dev runs.\n"


def test_a_schedule_that_goes_on_is_told_with_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    deployed.write(deployed.outputs_of("aws"), {"owner": "refresh"})
    assert app(Fake(counts={})).stop() == 0
    assert "tapehouse-dev-refresh: goes on by its schedule, and costs" in capsys.readouterr().out
