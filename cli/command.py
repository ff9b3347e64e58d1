"""What a subcommand gives, and what it is given."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from embedded import Stack, scrubbed
from tapehouse.command import add_setting, load_settings, on_terminal
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake
from tapehouse.settings import Settings

__all__ = [
    "Command",
    "Target",
    "add_setting",
    "load_settings",
    "on_terminal",
    "refuse_aws",
    "replace_environment",
    "target",
]


class Command(Protocol):
    """A module of this package."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares the subcommand's own words."""

    def run(self, options: argparse.Namespace) -> int:
        """Does it; the exit status. Raises LakehouseError, which becomes one sentence."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a command works: the lake, and at home the stack beside it."""

    settings: Settings
    lake: Lake
    stack: Stack

    @property
    def is_local(self) -> bool:
        return self.settings.target == "local"

    def activate(self, *, needs_stream: bool = False, own: bool = False) -> None:
        """Points this process' AWS clients to the embedded services; with ``TARGET=aws`` leaves them alone.

        An endpoint that the environment already names stays, unless ``own`` insists on this lake's stack: run-app's
        children and the tests come with theirs.
        Without a stack, local work goes on with dummy credentials and no endpoint of AWS' own.
        Raises TerminalError where the stream is needed and the stack is down.
        """
        if not self.is_local or ("AWS_ENDPOINT_URL_KINESIS" in os.environ and not own):
            return
        if needs_stream or self.stack.is_up():
            environment = self.stack.environment(os.environ)
        else:
            nowhere = "http://127.0.0.1:9"  # the discard port: no request of a local run ever leaves the machine
            environment = {**scrubbed(os.environ, self.settings.region), "AWS_ENDPOINT_URL": nowhere}
        replace_environment(environment)


def replace_environment(wanted: Mapping[str, str]) -> None:
    """Makes these the variables of this process, and no others."""
    for name in [name for name in os.environ if name not in wanted]:
        del os.environ[name]
    os.environ.update(wanted)


def target(settings: Settings) -> Target:
    """The lake of these settings and the stack beside it; a lake on emulated S3 has its stack in ``.lake/s3``."""
    lake = Lake(settings.lake)
    folder = lake.path / "_aws" if lake.is_local else Path(".lake/s3/_aws").absolute()
    stack = Stack(folder, region=settings.region, kinesis_timing=settings.kinesis_timing)
    return Target(settings, lake, stack)


def refuse_aws(settings: Settings, what: str) -> None:
    """One driver a table: on AWS the owning Glue job writes, and this command must not."""
    if settings.target == "aws":
        raise TerminalError(f"{what} works on the local target only; on AWS the Glue job that owns the tables does it.")
