"""Facts of this machine: can it run Tapehouse, and does what runs here answer?"""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cli import machine
from cli.command import target
from cli.facts.finding import Asked, Fact, Finding, fault, ok, unknown
from embedded import port as ports
from tapehouse.errors import LakehouseError


def _judged(sentence: str | None, told: str) -> Finding:
    """The machine's own sentence holds the fault and, after its colon, the mend."""
    if sentence is None:
        return ok(told)
    what, _, mend = sentence.partition(": ")
    return fault(what, mend)


def python(_: Asked) -> Finding:
    return _judged(machine.python_fault(), ".".join(str(part) for part in sys.version_info[:3]))


def java(_: Asked) -> Finding:
    return _judged(machine.java_fault(), machine.java_home_binary(dict(os.environ)))


def disk(_: Asked) -> Finding:
    free_gb = shutil.disk_usage(".").free / 1e9
    return _judged(machine.disk_fault("."), f"{free_gb:.0f} GB free in {Path.cwd()}")


def wanted_ports(asked: Asked) -> Finding:
    """The ports that the settings name: free, or taken by our own servers."""
    settings = asked.settings
    named = {"kinesis": settings.kinesis_port, "aws": settings.aws_port}
    ours = {name: member.port for name, member in target(settings).stack.alive().items()}
    taken = [
        (name, port) for name, port in named.items() if port and ours.get(name) != port and not ports.is_free(port)
    ]
    if taken:
        told = ", ".join(f"{port} ({name}_port)" for name, port in taken)
        return fault(f"in use by another program: {told}", "end that program, or set another port, 0 for any free one.")
    return ok(", ".join(f"{name} {port}" for name, port in named.items() if port) or "any that is free")


def stack(asked: Asked) -> Finding:
    """The embedded AWS of this lake."""
    here = target(asked.settings).stack
    try:
        alive = here.alive()
    except LakehouseError as error:
        return fault(str(error), "see the file that it names.")
    if not alive:
        return ok("down: `tapehouse up` or `make run-app` starts it")
    if not here.is_up():
        return fault(f"only {', '.join(alive)} run", "run `tapehouse down`, then `tapehouse up`.")
    silent = here.silent()
    if silent:
        return fault(f"{', '.join(silent)} do not answer", "run `tapehouse down`, then `tapehouse up`.")
    return ok(", ".join(f"{name} on port {member.port}" for name, member in alive.items() if member.port))


def terraform(_: Asked) -> Finding:
    """Only deployments need it."""
    from cli.terraform.program import find

    try:
        return ok(find(os.environ))
    except LakehouseError as error:
        return unknown(str(error), "only deploy, destroy and bootstrap need it.")


HERE: Final[Mapping[str, Fact]] = {
    "python": python,
    "java": java,
    "disk": disk,
    "ports": wanted_ports,
    "stack": stack,
    "terraform": terraform,
}
"""Name → fact, in the order in which they are told."""
