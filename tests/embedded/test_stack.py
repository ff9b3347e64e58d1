"""The embedded AWS in the background: started once, found again, drained in order."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from embedded import Stack, scrubbed
from embedded import port as ports
from embedded.servers import Server
from tapehouse.errors import TerminalError

SERVER = """
import http.server, signal, sys
signal.signal(signal.SIGTERM, lambda *_: (open(sys.argv[2], "a").write(sys.argv[3] + "\\n"), sys.exit(0)))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
PRODUCER = """
import os, signal, sys, time
def end(*_):
    time.sleep(0.2)
    open(sys.argv[1], "a").write(sys.argv[2] + " " + os.environ["AWS_ENDPOINT_URL_KINESIS"] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(60)
"""
BROKEN = Server("broken", "the broken service", "/", lambda *_: ["-S", "-c", "raise SystemExit(1)"])


def server(name: str) -> Server:
    return Server(name, f"the {name} service", "/", lambda p, f: ["-c", SERVER, str(p), str(f / "ends"), name])


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    found = Stack(tmp_path / "_aws", servers=(server("kinesis"), server("aws")))
    yield found
    found.down()


def kill(stack: Stack, name: str) -> None:
    process = stack.members()[name].process
    process.signal(signal.SIGKILL)
    while process.alive:
        time.sleep(0.01)


def produce(stack: Stack, name: str) -> list[str]:
    """The command of a producer that writes its end to a file."""
    return [sys.executable, "-S", "-c", PRODUCER, str(stack.folder / "ends"), name]


def wait_ready(stack: Stack, name: str) -> None:
    while "ready" not in stack.log_path(name).read_text():
        time.sleep(0.01)


def test_up_starts_what_does_not_run_and_a_second_up_nothing(stack: Stack) -> None:
    assert not stack.is_up()
    assert stack.up() == ["kinesis", "aws"]
    first = stack.members()
    assert stack.is_up()
    assert stack.up() == []
    assert stack.members() == first


def test_a_dead_member_is_started_again_on_its_port(stack: Stack) -> None:
    stack.up()
    before = stack.members()
    kill(stack, "kinesis")
    assert not stack.is_up()
    assert stack.up() == ["kinesis"]
    after = stack.members()
    assert after["kinesis"].port == before["kinesis"].port
    assert after["kinesis"].pid != before["kinesis"].pid
    assert after["aws"] == before["aws"]


def test_ports_are_kept_from_one_up_to_the_next(stack: Stack) -> None:
    stack.up()
    before = {name: member.port for name, member in stack.members().items()}
    stack.down()
    stack.up()
    assert {name: member.port for name, member in stack.members().items()} == before


def test_a_wanted_port_in_use_is_one_sentence(stack: Stack) -> None:
    with socket.socket() as taken:
        taken.bind((ports.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(TerminalError, match=f"Port {port}, wanted for the aws service, is in use") as caught:
            stack.up(wanted={"aws": port})
    assert "\n" not in str(caught.value)
    assert stack.alive() == {}  # what the failed call had started is gone again


def test_a_wanted_port_is_taken_and_another_refused_while_it_runs(stack: Stack) -> None:
    port = ports.choose(0, purpose="a test")
    stack.up(wanted={"kinesis": port})
    assert stack.endpoint("kinesis") == f"http://127.0.0.1:{port}"
    stack.up(wanted={"kinesis": port})
    with pytest.raises(TerminalError, match=r"already listens on port .*tapehouse down"):
        stack.up(wanted={"kinesis": port + 1})


def test_a_server_that_runs_in_another_way_is_refused(stack: Stack) -> None:
    def told(*options: str) -> Stack:
        return Stack(stack.folder, servers=(replace(server("kinesis"), options=options), server("aws")))

    told("--timing", "aws").up()
    assert told("--timing", "aws").up() == []
    with pytest.raises(TerminalError, match=r"runs with --timing aws, not with its defaults: run `tapehouse down`"):
        stack.up()
    stack.down()
    assert stack.up() == ["kinesis", "aws"]


def test_a_server_that_does_not_start_is_named_with_its_log(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "_aws", servers=(server("aws"), BROKEN))
    with pytest.raises(TerminalError, match=r"The broken service did not start: see .*broken\.log"):
        stack.up()
    assert stack.alive() == {}


def test_down_ends_producers_before_the_simulator_before_the_servers(stack: Stack) -> None:
    stack.up()
    endpoint = stack.endpoint("kinesis")
    stack.start("venues", produce(stack, "venues"), role="simulator")
    stack.start("coinbase", produce(stack, "coinbase"), role="producer")
    for name in ("venues", "coinbase"):
        wait_ready(stack, name)
    assert stack.down() == []
    ends = (stack.folder / "ends").read_text().split()
    assert ends[:4] == ["coinbase", endpoint, "venues", endpoint]
    assert sorted(ends[4:]) == ["aws", "kinesis"]
    assert stack.alive() == {}
    assert stack.down() == []


def test_a_member_left_by_a_killed_run_is_drained_before_its_successor_starts(stack: Stack) -> None:
    stack.up()
    old = stack.start("coinbase", produce(stack, "old"), role="producer")
    wait_ready(stack, "coinbase")
    new = stack.start("coinbase", produce(stack, "new"), role="producer")
    assert not old.process.alive
    assert new.process.alive
    assert (stack.folder / "ends").read_text().startswith("old ")


def test_one_member_can_be_stopped_alone(stack: Stack) -> None:
    stack.up()
    for name in ("a", "b"):
        stack.start(name, produce(stack, name), role="producer")
        wait_ready(stack, name)
    assert stack.stop(["a"]) == []
    assert stack.alive().keys() == {"kinesis", "aws", "b"}


def _up(folder: str) -> int:
    return len(Stack(Path(folder), servers=(server("kinesis"), server("aws"))).up())


def test_of_many_ups_at_once_one_starts_each_server(tmp_path: Path) -> None:
    code = f"import runpy, sys; sys.exit(runpy.run_path({__file__!r})['_up'](sys.argv[1]))"
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "_aws")]) for _ in range(3)]
    try:
        assert sorted(process.wait(60) for process in running) == [0, 0, 2]
    finally:
        Stack(tmp_path / "_aws").down()


def test_a_recycled_id_is_not_killed(stack: Stack) -> None:
    stack.up()
    stack.down()
    content = {"version": 1, "members": {"x": {"role": "producer", "pid": os.getpid(), "began": "long ago", "port": 0}}}
    (stack.folder / "stack.json").write_text(json.dumps(content))
    assert stack.down() == []
    assert stack.members() == {}


def test_a_broken_state_file_is_one_sentence(stack: Stack) -> None:
    stack.folder.mkdir(parents=True)
    (stack.folder / "stack.json").write_text("{")
    with pytest.raises(TerminalError, match=r"stack\.json cannot be read"):
        stack.up()
    (stack.folder / "stack.json").unlink()


def test_asking_a_stack_that_is_down_says_how_to_start_it(stack: Stack) -> None:
    with pytest.raises(TerminalError, match="tapehouse up"):
        stack.environment()


def test_children_see_this_stack_and_nothing_of_the_users_account(stack: Stack) -> None:
    stack.up()
    users = {"AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "secret", "HOME": "/home/me", "NO_PROXY": "intranet"}
    found = stack.environment(users)
    assert found["AWS_ENDPOINT_URL_KINESIS"] == stack.endpoint("kinesis")
    assert found["AWS_ENDPOINT_URL"] == stack.endpoint("aws")
    assert found["HOME"] == "/home/me"
    assert found["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & found.keys()
    assert found["AWS_DEFAULT_REGION"] == "us-east-1"


def test_scrubbing_needs_no_environment_at_all() -> None:
    assert scrubbed({}, "eu-west-1")["AWS_REGION"] == "eu-west-1"
