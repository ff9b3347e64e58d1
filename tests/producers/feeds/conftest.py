"""The real recordings beside the project: read in place, never copied."""

import gzip
import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "recorded"
_FOLDER = Path(os.environ.get("RECORDINGS") or _BESIDE)  # read here: the tests' environment is scrubbed

Recording = Callable[[str], list[tuple[int, str]]]


@pytest.fixture(scope="session")
def recording() -> Recording:
    """A recording's messages by its path without suffix: (received, µs; raw text), in order of arrival.

    Where there is no folder of recordings the test is skipped, under CI it fails.
    """
    folder = _FOLDER / "recorded" if (_FOLDER / "recorded").is_dir() else _FOLDER

    def load(path: str) -> list[tuple[int, str]]:
        file = folder / f"{path}.jsonl.gz"
        if not file.is_file():
            reason = f"no recording {file.name} in {folder}: set RECORDINGS to the folder of recordings"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line, parse_float=Decimal) for line in lines]
        return [(int(row["received"] * 1_000_000), row["raw"]) for row in rows]

    return load
