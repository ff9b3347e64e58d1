"""Recorded responses: whole bodies, played as they are.

They lie in ``news/`` of the recordings' folder, or beside it: ``alphavantage_*.json``, ``finnhub_*.json``,
``reddit_*.json.gz``, one body a file, in the order of their names. Sources without one have an empty feed.
"""

import gzip
import zlib
from pathlib import Path
from typing import Final

from tapehouse.errors import TerminalError

FOLDER: Final = "news"


class DamagedBodyError(TerminalError):
    """A recorded body cannot be read."""

    def __init__(self, file: str, detail: str) -> None:
        super().__init__(file, detail)
        self.file, self.detail = file, detail

    def __str__(self) -> str:
        return f"{self.file} cannot be read: {self.detail}. Restore the recording, or take the file away."


def folder_of(recordings: Path) -> Path | None:
    """Where the news of a folder of recordings are; None where it has none."""
    places = (recordings, recordings / FOLDER, recordings.absolute().parent / FOLDER)
    return next((each for each in places if each.is_dir() and each.name == FOLDER), None)


def bodies(folder: Path | None, source: str) -> tuple[bytes, ...]:
    """What was recorded of a source. Raises DamagedBodyError."""
    files = sorted(each for each in folder.glob(f"{source}_*") if each.is_file()) if folder is not None else []
    return tuple(_body(file) for file in files)


def _body(file: Path) -> bytes:
    try:
        content = file.read_bytes()
        return gzip.decompress(content) if file.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise DamagedBodyError(str(file), f"{type(error).__name__}: {error}") from error
