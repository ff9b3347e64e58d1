"""A real Trino over tables on this disk, by the command that TRINO names: the engine that Athena is made of.

The command knows ``up``, which prints the server's address, ``register SCHEMA TABLE FOLDER`` and ``sql -H STATEMENT``,
which prints rows as tab separated text under a line of names: null is ``\\N``, arrays are JSON.
"""

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

_HEADERS: Final = {
    "X-Trino-User": "tapehouse",
    "X-Trino-Catalog": "awsdatacatalog",
    "X-Trino-Schema": "default",
    "X-Trino-Time-Zone": "UTC",
    "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
}
_NO_NODES: Final = "NO_NODES_AVAILABLE"
_JOINED_WITHIN_S: Final = 60.0
"""A server answers a moment before its own worker has joined it."""


@dataclass(frozen=True)
class Answer:
    """What the server says over its own protocol: columns with their types and rows as JSON, or an error's name."""

    columns: list[tuple[str, str]]
    rows: list[list[Any]]
    error: str | None = None


class Trino:
    """One server."""

    def __init__(self, command: str) -> None:
        self._command, self._joined_by = command, time.monotonic() + _JOINED_WITHIN_S
        self._address = self._ask("up").split()[-1]

    def answer(self, statement: str) -> Answer:
        """Asked over HTTP: much faster than the command, and with types."""
        request = urllib.request.Request(f"{self._address}/v1/statement", data=statement.encode(), headers=_HEADERS)
        columns: list[tuple[str, str]] = []
        rows: list[list[Any]] = []
        while True:
            page = _page(request)
            if "error" in page:
                if page["error"]["errorName"] == _NO_NODES and self._waits():
                    return self.answer(statement)
                return Answer([], [], page["error"]["errorName"])
            columns = [(each["name"], each["type"]) for each in page.get("columns") or ()] or columns
            rows += page.get("data") or []
            if "nextUri" not in page:
                return Answer(columns, rows)
            request = urllib.request.Request(page["nextUri"])

    def register(self, name: str, folder: str) -> None:
        """``name``: layer.table."""
        self._ask("register", *name.split("."), folder)

    def rows(self, statement: str) -> list[dict[str, str | None]]:
        """Raises AssertionError with what Trino says of a statement that it refuses."""
        names, *lines = self._ask("sql", "-H", statement).splitlines()
        return [dict(zip(names.split("\t"), map(_text, line.split("\t")), strict=True)) for line in lines]

    def _ask(self, *words: str) -> str:
        while True:
            done = subprocess.run([self._command, *words], capture_output=True, text=True, check=False)
            if _NO_NODES not in done.stderr or not self._waits():
                break
        assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
        return done.stdout

    def _waits(self) -> bool:
        """A while, where its worker may yet join."""
        time.sleep(0.5)
        return time.monotonic() < self._joined_by


@pytest.fixture(scope="module")
def trino() -> Iterator[Trino]:
    """The server. Skipped by name without one: `make test-athena TRINO=command`."""
    command = os.environ.get("TRINO", "")
    if not Path(command).is_file():
        pytest.skip("TRINO names no command that starts a Trino: make test-athena TRINO=command")
    yield Trino(command)


def _page(request: urllib.request.Request) -> dict[str, Any]:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=300) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def _text(cell: str) -> str | None:
    if cell == r"\N":
        return None
    return cell.replace(r"\t", "\t").replace(r"\n", "\n").replace(r"\r", "\r").replace("\\\\", "\\")
