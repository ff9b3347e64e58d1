"""The dashboards beside run-app, which they never end. No process is started: the stack is a fake."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cli.command import Target
from cli.dashboards_process import DASHBOARDS, RESTARTS, DashboardsProcess
from embedded import port as ports
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake
from tapehouse.settings import Settings


class FakeStack:
    def __init__(self) -> None:
        self.started: list[list[str]] = []
        self.is_alive = True

    def start(self, name: str, command: Sequence[str], *, role: str, port: int) -> None:
        assert (name, role) == (DASHBOARDS, "simulator")
        self.started.append(list(command))

    def alive(self) -> dict[str, Any]:
        return {DASHBOARDS: None} if self.is_alive else {}

    def log_path(self, name: str) -> Path:
        return Path(f"/logs/{name}.log")


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    monkeypatch.setattr(ports, "is_free", lambda port: port == 8200)
    return FakeStack()


def made(stack: FakeStack, **settings: Any) -> DashboardsProcess:
    here = SimpleNamespace(settings=Settings(**settings), stack=stack, lake=Lake("/lake"))
    return DashboardsProcess(cast(Target, here))


def test_they_are_started_over_the_same_lake_and_their_address_is_known_at_once(stack: FakeStack) -> None:
    dashboards = made(stack, dashboards_password="hunter2", portfolio="/mine.yaml")
    dashboards.start()
    dashboards.supervise()
    assert dashboards.address == "http://127.0.0.1:8200"
    (command,) = stack.started
    assert command[1:6] == ["-m", "cli.main", "dashboards", "--lake", "/lake"]
    assert command[-2:] == ["--portfolio", "/mine.yaml"]
    assert not [word for word in command if "hunter2" in word]


@pytest.mark.parametrize(("host", "seen"), [("::1", "[::1]"), ("0.0.0.0", "127.0.0.1")])
def test_their_address_is_one_that_can_be_opened_here(stack: FakeStack, host: str, seen: str) -> None:
    dashboards = made(stack, dashboards_host=host, dashboards_password="hunter2")
    dashboards.start()
    assert dashboards.address == f"http://{seen}:8200"


def test_one_bounded_pass_has_none(stack: FakeStack) -> None:
    dashboards = made(stack, once=True)
    dashboards.start()
    dashboards.supervise()
    assert (dashboards.address, stack.started) == ("", [])


def test_a_port_that_is_taken_is_told_and_ends_nothing(stack: FakeStack) -> None:
    dashboards = made(stack, dashboards_port=8311)
    dashboards.start()
    dashboards.supervise()
    assert "Port 8311, wanted for the dashboards, is in use" in dashboards.address
    assert stack.started == []


def test_where_they_die_they_are_started_again_and_at_last_given_up(stack: FakeStack) -> None:
    dashboards = made(stack)
    dashboards.start()
    stack.is_alive = False
    for _ in range(RESTARTS + 3):
        dashboards.supervise()
    assert len(stack.started) == 1 + RESTARTS
    assert dashboards.address == "died: see /logs/dashboards.log"


def test_a_stack_that_cannot_start_them_ends_nothing(stack: FakeStack, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise TerminalError("the disk is full")

    monkeypatch.setattr(stack, "start", refuse)
    dashboards = made(stack)
    dashboards.start()
    assert dashboards.address == "the disk is full"
