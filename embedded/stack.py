"""The embedded AWS of one lake, in the background: our Kinesis, moto for the other services, and the producers.

``up`` starts what is not running and waits until it answers; ``down`` first ends the producers, which flush, then the
venues' simulator, then the servers. What runs is written to ``stack.json`` before it is waited for, so that a killed
``up`` leaves nothing unknown. Everything listens on loopback only.

The state folder is ``<lake>/_aws``: journal, logs, ``stack.json`` and the lock that lets one ``up`` or ``down`` work
at a time.
"""

import contextlib
import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from embedded import port as ports
from embedded import process as processes
from embedded.environment import scrubbed
from embedded.process import Process
from embedded.servers import MOTO, Server, kinesis
from tapehouse import logs
from tapehouse.errors import TerminalError

log = logs.of(__name__)

ROLES: Final = ("producer", "simulator", "server")
"""In the order in which they are stopped."""
GRACE_S: Final[Mapping[str, float]] = {"producer": 30.0, "simulator": 5.0, "server": 10.0}
"""How long each role may take to end: a producer still has records to confirm."""
HEALTHY_WITHIN_S: Final = 60.0
LOCK_WITHIN_S: Final = 90.0


@dataclass(frozen=True, slots=True)
class Member:
    """One process of the stack."""

    role: str
    pid: int
    began: str
    port: int = 0
    options: str = ""
    """Of a server: how it was told to behave."""

    @property
    def process(self) -> Process:
        return Process(self.pid, self.began)


class Stack:
    """The processes of one lake. Making one starts nothing."""

    def __init__(
        self,
        folder: Path,
        *,
        region: str = "us-east-1",
        kinesis_timing: str = "immediate",
        servers: Sequence[Server] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.folder = folder
        self._region = region
        self._servers = tuple(servers or (kinesis(kinesis_timing), MOTO))
        self._clock = clock
        self._sleep = sleep

    def members(self) -> dict[str, Member]:
        """Who was started, by name, alive or not."""
        try:
            found = json.loads((self.folder / "stack.json").read_text(encoding="utf-8"))
            return {name: Member(**fields) for name, fields in found["members"].items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise TerminalError(
                f"{self.folder / 'stack.json'} cannot be read: stop what runs there by hand, then remove it."
            ) from error

    def _remember(self, members: Mapping[str, Member]) -> None:
        draft = self.folder / "stack.json.new"
        content = {"version": 1, "members": {name: asdict(member) for name, member in members.items()}}
        draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        draft.replace(self.folder / "stack.json")

    def alive(self) -> dict[str, Member]:
        """Those of the members that run now."""
        return {name: member for name, member in self.members().items() if member.process.alive}

    def is_up(self) -> bool:
        """Whether every server runs."""
        return {server.name for server in self._servers} <= self.alive().keys()

    def log_path(self, name: str) -> Path:
        """Where a member's output goes."""
        return self.folder / "logs" / f"{name}.log"

    def silent(self) -> list[str]:
        """The servers that run and do not answer, or that do not run."""
        alive = self.alive()
        return [
            server.name
            for server in self._servers
            if server.name not in alive or not server.answers(alive[server.name].port)
        ]

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One ``up`` or ``down`` at a time; the system frees the lock however its holder ends."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a") as handle:
            deadline = self._clock() + LOCK_WITHIN_S
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError as error:
                    if self._clock() >= deadline:
                        raise TerminalError(f"Another `tapehouse up` or `down` holds {self.folder}/lock.") from error
                    self._sleep(0.05)
            yield

    def up(self, *, wanted: Mapping[str, int] | None = None) -> list[str]:
        """Starts the servers that do not run, waits until all answer; returns the names of those it started.

        ``wanted`` is a port by server name, 0 for any. Raises TerminalError where a port is taken or a server does not
        come up; what this call started is stopped then.
        """
        wanted = wanted or {}
        with self._locked():
            before = self.members()
            members = {name: member for name, member in before.items() if member.process.alive}
            started: list[str] = []
            try:
                for server in self._servers:
                    port = wanted.get(server.name, 0)
                    if server.name in members:
                        self._refuse_move(server, members[server.name], port)
                        continue
                    last = before[server.name].port if server.name in before else None
                    chosen = ports.choose(port, before=last, purpose=server.purpose)
                    command = [sys.executable, *server.command(chosen, self.folder), *server.options]
                    started_as = self._start(server.name, command, "server", chosen)
                    members[server.name] = replace(started_as, options=" ".join(server.options))
                    started.append(server.name)
                    self._remember(members)
                for server in self._servers:
                    self._await_health(server, members[server.name])
            except BaseException:
                processes.stop([members[name].process for name in started], grace_s=GRACE_S["server"])
                raise
            return started

    @staticmethod
    def _refuse_move(server: Server, member: Member, port: int) -> None:
        if port and port != member.port:
            raise TerminalError(
                f"{server.title} already listens on port {member.port}, not {port}: run `tapehouse down` first."
            )
        if (wanted := " ".join(server.options)) != member.options:
            raise TerminalError(
                f"{server.title} already runs with {member.options or 'its defaults'}, not with "
                f"{wanted or 'its defaults'}: run `tapehouse down` first."
            )

    def _start(self, name: str, command: Sequence[str], role: str, port: int = 0) -> Member:
        environment = self.environment(os.environ) if role != "server" else scrubbed(os.environ, self._region)
        process = processes.start(command, environment=environment, log=self.log_path(name))
        log.info("process_started", name=name, role=role, pid=process.pid, port=port)
        return Member(role, process.pid, process.began, port)

    def _await_health(self, server: Server, member: Member) -> None:
        deadline = self._clock() + HEALTHY_WITHIN_S
        while not server.answers(member.port):
            if not member.process.alive:
                raise TerminalError(f"{server.title} did not start: see {self.log_path(server.name)}.")
            if self._clock() >= deadline:
                raise TerminalError(
                    f"{server.title} does not answer on port {member.port}: see "
                    f"{self.log_path(server.name)}, or run `tapehouse down` and try again."
                )
            self._sleep(0.05)

    def start(self, name: str, command: Sequence[str], *, role: str, port: int = 0) -> Member:
        """Starts one more process beside the servers, which ``down`` will stop in its role's turn.

        A member of that name that still runs (of a run that was killed) is stopped first.
        """
        with self._locked():
            members = self.members()
            if name in members:
                processes.stop([members[name].process], grace_s=GRACE_S[role])
            members[name] = self._start(name, command, role, port)
            self._remember(members)
            return members[name]

    def stop(self, names: Sequence[str] | None = None) -> list[str]:
        """Stops the members of these names (all: None) in the order of their roles; returns who had to be killed."""
        with self._locked():
            members = self.members()
            killed: list[str] = []
            for role in ROLES:
                ending = {n: m for n, m in members.items() if m.role == role and (names is None or n in names)}
                left = processes.stop([m.process for m in ending.values()], grace_s=GRACE_S[role])
                killed.extend(name for name, member in ending.items() if member.process in left)
                # A server's port is kept: the next ``up`` takes it again where it is free.
                kept = {n: m for n, m in members.items() if n not in ending or role == "server"}
                members = kept
                if ending:
                    self._remember(members)
            return killed

    def down(self) -> list[str]:
        """Drains and stops everything; returns the names of those that had to be killed."""
        return self.stop()

    def endpoint(self, name: str) -> str:
        """The address of a server. Raises TerminalError where it does not run."""
        member = self.members().get(name)
        if member is None or not member.process.alive:
            raise TerminalError("The embedded AWS does not run: start it by `tapehouse up`.")
        return f"http://{ports.HOST}:{member.port}"

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """``base`` without its AWS settings, and with those that lead to this stack.

        Raises TerminalError where the stack does not run.
        """
        return {
            **scrubbed(base or {}, self._region),
            "AWS_ENDPOINT_URL": self.endpoint("aws"),
            "AWS_ENDPOINT_URL_KINESIS": self.endpoint("kinesis"),
        }

    def ensure_stream(self, stream_name: str, shards: int) -> bool:
        """Creates the stream where it is absent, and waits until it can be used; whether it was created."""
        kinesis = self._client("kinesis", self.endpoint("kinesis"))
        created = False
        try:
            kinesis.create_stream(StreamName=stream_name, ShardCount=shards)
            created = True
        except kinesis.exceptions.ResourceInUseException:
            pass  # it is there; how many shards it has is its owner's affair
        deadline = self._clock() + HEALTHY_WITHIN_S
        while self._stream_status(kinesis, stream_name) != "ACTIVE":
            if self._clock() >= deadline:
                raise TerminalError(f"The stream {stream_name} does not become active: see {self.log_path('kinesis')}.")
            self._sleep(0.05)
        return created

    @staticmethod
    def _stream_status(kinesis: Any, stream_name: str) -> str:
        found = kinesis.describe_stream_summary(StreamName=stream_name)
        return str(found["StreamDescriptionSummary"]["StreamStatus"])

    def _client(self, service: str, endpoint: str) -> Any:
        import boto3  # noqa: PLC0415 - a third of a second, and most commands need no client here

        keys = scrubbed({}, self._region)
        session = boto3.Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], region_name=self._region)
        return session.client(service, endpoint_url=endpoint)
