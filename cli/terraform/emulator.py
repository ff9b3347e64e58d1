"""``TARGET=local``: the same configuration on the emulator: moto for most services, our own server for Kinesis.

moto keeps what it made in memory, the embedded Kinesis keeps its streams on disk. So after ``tapehouse down`` the state
tells of resources that are gone, while the stream and its records are there. Which process of moto a state belongs to
is remembered beside it, and what died with that process is taken out of the state before the next plan.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from cli.terraform.place import Place
from cli.terraform.program import Terraform
from embedded import Stack

_ON_DISK = "aws_kinesis_stream"
"""What outlives the emulator's processes."""


@dataclass(frozen=True, slots=True)
class Emulator:
    """The embedded AWS that a lake on emulated S3 uses, and the state that Terraform has of it."""

    stack: Stack
    place: Place

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """Starts what does not run. ``base`` with everything that leads there, and no account of anybody's."""
        self.stack.up()
        aws, kinesis = self.stack.endpoint("aws"), self.stack.endpoint("kinesis")
        return {
            **self.stack.environment(base),
            "TF_VAR_emulator": "true",
            "TF_VAR_emulator_endpoint": aws,
            "TF_VAR_emulator_kinesis_endpoint": kinesis,
        }

    def forget_what_died(self, terraform: Terraform) -> int:
        """Takes out of the state what was in the memory of a process that has ended; how many resources that were."""
        if not self.place.state.exists() or self._remembered() == self._process():
            self._remember()
            return 0
        listed = terraform.run("state", "list", quiet=True)[1].split("\n")
        gone = [address for address in listed if _is_of(address) and _type_of(address) != _ON_DISK]
        if gone:
            terraform.run("state", "rm", *gone, quiet=True)
            sys.stderr.write(
                f"The emulator was started again since, and forgot {len(gone)} resources: they are made anew. "
                "Streams are kept on disk.\n"
            )
        self._remember()
        return len(gone)

    def _process(self) -> list[str]:
        member = self.stack.members()["aws"]
        return [str(member.pid), member.began]

    def _remembered(self) -> list[str]:
        try:
            return [str(part) for part in json.loads((self.place.folder / "emulator.json").read_text())]
        except (OSError, ValueError, TypeError):
            return []

    def _remember(self) -> None:
        (self.place.folder / "emulator.json").write_text(json.dumps(self._process()))


def _is_of(address: str) -> bool:
    """Whether the address is a resource of AWS that the state owns: no data source, no ``terraform_data``."""
    return _type_of(address).startswith("aws_") and ".data." not in f".{address}"


def _type_of(address: str) -> str:
    """``module.stream.aws_kinesis_stream.this["x.y"]`` → ``aws_kinesis_stream``."""
    parts = _without_keys(address).split(".")
    return parts[-2] if len(parts) > 1 else ""


def _without_keys(address: str) -> str:
    """The address without what stands in brackets, which may hold dots."""
    kept, depth = [], 0
    for character in address:
        depth += (character == "[") - (character == "]")
        if depth == 0 and character != "]":
            kept.append(character)
    return "".join(kept)
