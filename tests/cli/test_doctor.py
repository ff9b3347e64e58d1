"""The doctor here, with a real stack, and what it says of a deployment that is at fault."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.command import Target, target
from cli.facts import Asked, Finding, examine
from cli.facts.here import HERE
from cli.main import main
from tapehouse import deployed
from tapehouse.settings import Settings


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tapehouse.logs.set_up", lambda **_: None)
    before = dict(os.environ)
    found = target(Settings(lake=str(tmp_path / "lake")))
    yield found
    found.stack.down()
    os.environ.clear()
    os.environ.update(before)


def found(name: str, settings: Settings) -> Finding:
    return dict(examine({name: HERE[name]}, Asked(settings)))[name]


def test_a_machine_that_is_right_is_told_fact_by_fact(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in said if not line.startswith(" ")] == list(HERE)


def test_a_wrong_java_is_a_fault_with_its_mend_and_exit_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    assert main(["doctor"]) == 1
    said = capsys.readouterr()
    assert "fault   java" in said.out
    assert "→ install Java 17 (or 21), or point JAVA_HOME at one." in said.out
    assert "1 of 6 facts" in said.err


def test_a_port_that_is_taken_is_named_unless_our_own_server_has_it(here: Target) -> None:
    lake = here.lake.uri
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        said = found("ports", Settings(lake=lake, kinesis_port=other.getsockname()[1]))
        assert said.state == "fault"
        assert f"{other.getsockname()[1]} (kinesis_port)" in said.told
    assert found("ports", Settings(lake=lake)).told == "any that is free"
    here.stack.up()
    ours = here.stack.alive()["kinesis"].port
    assert found("ports", Settings(lake=lake, kinesis_port=ours)).state == "ok"


def test_the_stack_is_down_up_or_half_up(here: Target) -> None:
    import signal

    settings = Settings(lake=here.lake.uri)
    assert found("stack", settings).told.startswith("down")
    here.stack.up()
    assert "kinesis on port" in found("stack", settings).told
    here.stack.alive()["aws"].process.signal(signal.SIGKILL)
    while here.stack.is_up():
        pass
    said = found("stack", settings)
    assert (said.state, said.told) == ("fault", "only kinesis run")


def test_on_aws_the_deployment_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """Here nothing answers: every fact behind the credentials is left out, and said to be."""
    deployed.write(deployed.path_of("aws"), {"lake": "s3://a-bucket/lake"})
    assert main(["doctor", "--target", "aws"]) == 1
    said = capsys.readouterr().out
    assert "fault   credentials     AWS does not answer" in said
    assert "unknown catalog         not asked: see credentials" in said


def test_the_emulator_s_deployment_is_asked_where_it_is(here: Target, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--emulator"]) == 1
    assert "The embedded AWS does not run: start it by `tapehouse up`" in capsys.readouterr().err
