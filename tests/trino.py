"""A real Trino over tables on this disk, by the command that TRINO names: the engine that Athena is made of.

The command knows ``up``, ``register SCHEMA TABLE FOLDER`` and ``sql -H STATEMENT``, which prints rows as tab separated
text under a line of names: null is ``\\N``, arrays are JSON.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


class Trino:
    """One server."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._ask("up")

    def register(self, name: str, folder: str) -> None:
        """``name``: layer.table."""
        self._ask("register", *name.split("."), folder)

    def rows(self, statement: str) -> list[dict[str, str | None]]:
        """Raises AssertionError with what Trino says of a statement that it refuses."""
        names, *lines = self._ask("sql", "-H", statement).splitlines()
        return [dict(zip(names.split("\t"), map(_text, line.split("\t")), strict=True)) for line in lines]

    def _ask(self, *words: str) -> str:
        done = subprocess.run([self._command, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def trino() -> Iterator[Trino]:
    """The server. Skipped by name without one: `make test-athena TRINO=command`."""
    command = os.environ.get("TRINO", "")
    if not Path(command).is_file():
        pytest.skip("TRINO names no command that starts a Trino: make test-athena TRINO=command")
    yield Trino(command)


def _text(cell: str) -> str | None:
    if cell == r"\N":
        return None
    return cell.replace(r"\t", "\t").replace(r"\n", "\n").replace(r"\r", "\r").replace("\\\\", "\\")
