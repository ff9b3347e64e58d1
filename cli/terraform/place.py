"""Where a target keeps what Terraform writes, so that no two targets ever mix.

::

    infra/.state/<target>/      modules and providers, the saved plan, and the emulator's state
    infra/.settings/<target>.json
    infra/backend_override.tf   which backend, written before each run; git ignores all three

AWS' state is an object of a bucket, with a lock beside it; the emulator's is a file. Terraform takes a backend from the
root alone, so an override file says which: it is written anew by every run, under a lock of this checkout.
"""

import argparse
import contextlib
import fcntl
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tapehouse.errors import UnpreparedError

TARGETS: Final = ("local", "aws")
OVERRIDE: Final = "backend_override.tf"
_THE_COMMAND_S: Final = frozenset({"environment", "region", "packages_file"})
_TOKENS: Final = re.compile(
    r"""
    [#][^\n]* | //[^\n]* | /[*].*?[*]/        # comments
    | "(?:[^"\\\n]|\\.)*"                    # a text
    | <<-?(?P<mark>[\w-]+)\r?\n.*?^[ \t]*(?P=mark)[ \t\r]*$  # a text of lines
    | (?P<opens>[\[{(]) | (?P<closes>[\]})])
    | (?P<name>[^\W\d][\w-]*)(?P<is_set>(?:[ \t]|/[*].*?[*]/)*=(?!=))?
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
"""As much of HCL as tells a variable that is set from a key of some map and from words in texts and comments."""


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one target in one checkout."""

    target: str
    """local or aws; another name is that of a root beside it, whose state is a file."""
    checkout: Path
    part: str = ""
    """A root below ``infra/``."""

    @property
    def root(self) -> Path:
        return self.checkout / "infra" / self.part

    @property
    def folder(self) -> Path:
        return self.checkout / "infra" / ".state" / self.target

    @property
    def data(self) -> Path:
        """Terraform's own folder (TF_DATA_DIR): what it remembers of a backend is this target's."""
        return self.folder / "terraform"

    @property
    def plan(self) -> Path:
        return self.folder / "plan"

    @property
    def plan_text(self) -> Path:
        return self.folder / "plan.txt"

    @property
    def state(self) -> Path:
        """The state where it is a file; AWS' is in its bucket."""
        return self.folder / "terraform.tfstate"

    def var_files(self, environment: str) -> tuple[Path, ...]:
        """``infra/<target>.tfvars``, then ``<target>.<environment>.tfvars``, where they are there; a later one counts.

        The emulator's is the project's, AWS' are yours. Raises UnpreparedError for one that sets what the command does.
        """
        names = (f"{self.target}.tfvars", f"{self.target}.{environment}.tfvars")
        found = tuple(path for name in names if (path := self.root / name).exists())
        for path in found:
            if told := [name for name in assigned(path.read_text(encoding="utf-8")) if name in _THE_COMMAND_S]:
                raise UnpreparedError(
                    f"infra/{path.name} sets {told[0]}, which the command itself tells Terraform: take it out, and say "
                    "--environment or --region instead."
                )
        return found

    def backend_words(self, state: dict[str, str]) -> tuple[str, ...]:
        """Words of ``init``: where the state is. ``state``: bucket, key and region on AWS."""
        if self.target != "aws":
            return ()
        words = {**state, "encrypt": "true", "use_lockfile": "true"}
        return tuple(f"-backend-config={name}={value}" for name, value in words.items())

    @contextlib.contextmanager
    def ours(self) -> Iterator[None]:
        """The root with this target's backend, ours alone. Raises UnpreparedError where another run has it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # a plan holds what is sensitive
        with (self.folder.parent / "lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise UnpreparedError("Another deploy or destroy works in this checkout: wait for it.") from error
            (self.root / OVERRIDE).write_text(self._override())
            try:
                yield
            finally:
                (self.root / OVERRIDE).unlink(missing_ok=True)
                self.plan.unlink(missing_ok=True)

    def _override(self) -> str:
        there = f'backend "local" {{\n    path = "{self.state.absolute()}"\n  }}'
        return "terraform {\n  " + ('backend "s3" {}' if self.target == "aws" else there) + "\n}\n"


def assigned(text: str) -> Iterator[str]:
    """The names that a file of variables sets, as they come; a map's own keys are none of them."""
    depth = 0
    for token in _TOKENS.finditer(text):
        depth += bool(token["opens"]) - bool(token["closes"])
        if depth == 0 and token["is_set"]:
            yield token["name"]


def place_of(target: str) -> Place:
    """The target's place in the working directory. Raises UnpreparedError where that is no checkout."""
    here = Path.cwd()
    if not any((here / "infra").glob("*.tf")):
        raise UnpreparedError(f"There is no infra/ with Terraform's files in {here}: run this in the checkout.")
    return Place(target, here)


def wanted_target(options: argparse.Namespace, *, doing: str) -> str:
    """The target that was named by --target or TARGET, else asked for.

    A deployment is never guessed from a default: it costs money. Raises UnpreparedError where none is named and nobody
    is there to be asked, and for one that does not exist.
    """
    named = (options.target or os.environ.get("TARGET") or "").strip()
    if not named:
        if not sys.stdin.isatty():
            raise UnpreparedError(f"Say what to {doing}: TARGET=local (the emulator, here) or TARGET=aws.")
        sys.stderr.write(f"What to {doing}: local (the emulator, here) or aws? ")
        sys.stderr.flush()
        named = sys.stdin.readline().strip()
    if named not in TARGETS:
        raise UnpreparedError(f"TARGET={named or '(nothing)'} is no target: say local or aws.")
    return named
