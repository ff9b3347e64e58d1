"""Another checkout of the project beside this one: its interpreter and modules, for the same measurement."""

import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parents[2]
_STARTS_S: Final = 30.0


def command(checkout: Path, script: str, words: Sequence[str]) -> list[str]:
    """Runs a script by a checkout's own interpreter. Give it ``environment`` too: then the modules are its own."""
    return [str(checkout / ".venv/bin/python"), str(Path(script).resolve()), *words]


def environment(checkout: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(checkout)}


def outcome_of(checkout: Path, script: str, words: Sequence[str]) -> dict[str, Any]:
    """What a script writes into the file that ``--outcome`` names, run by a checkout."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = Path(folder) / "outcome.json"
        told = command(checkout, script, [*words, "--outcome", str(outcome)])
        subprocess.run(told, cwd=checkout, env=environment(checkout), check=True)
        return dict(json.loads(outcome.read_text()))


@contextmanager
def kinesis(*words: str) -> Iterator[str]:
    """The embedded Kinesis, a process of its own, the same one whatever is measured beside it; gives its endpoint."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = [str(HERE / ".venv/bin/python"), "-m", "embedded.kinesis", "--port", str(port), *words]
    server = subprocess.Popen(told, cwd=HERE, env=environment(HERE), stderr=subprocess.DEVNULL)
    try:
        ends = time.monotonic() + _STARTS_S
        while not _answers(port):
            if server.poll() is not None or time.monotonic() > ends:
                raise SystemExit(f"The embedded Kinesis did not start: {' '.join(told)}")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    with socket.socket() as there:
        return there.connect_ex(("127.0.0.1", port)) == 0
