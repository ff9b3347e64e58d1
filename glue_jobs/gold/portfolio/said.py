"""What gold.portfolio's newest commit says of itself, and the lake's own copy of the file that it is made of.

The copy is why a file that is broken, or gone, stops nothing: what the last good one held goes on, in this process and
in the next one.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from glue_jobs.engine.places import place
from tapehouse.lake import Lake

FOLDER: Final = "_portfolio"
"""Of a lake: where the file is looked for that no setting names, and the copy."""
NAME: Final = "portfolio.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The metadata of a commit."""

    file: str = ""
    """SHA-256 of the file that the rows are made of; empty before the first."""
    through_us: int | None = None
    """The hour up to which every held market has its rows, but for what is left."""
    left: tuple[int, int] | None = None
    """Hours, from and to before, that are still to be computed, for all portfolios."""
    note: str | None = None
    """What is wrong with the file as it is now; ``tapehouse tables`` shows it."""

    @classmethod
    def of(cls, metadata: Mapping[str, Any] | None) -> "Said":
        """What is not there, or is not ours, says nothing: then all is computed anew."""
        told = metadata or {}
        file, through_us, left, note = (told.get(name) for name in ("file", "through_us", "left", "note"))
        return cls(
            file=file if isinstance(file, str) else "",
            through_us=through_us if isinstance(through_us, int) else None,
            left=(int(left[0]), int(left[1])) if isinstance(left, list) and len(left) == 2 else None,
            note=note if isinstance(note, str) else None,
        )

    def as_metadata(self) -> dict[str, Any]:
        return asdict(self)


def digest_of(content: bytes) -> str:
    """Names a file by what it says."""
    return hashlib.sha256(content).hexdigest()


class Copies:
    """The good files of a lake by their hash."""

    def __init__(self, lake: Lake) -> None:
        self._lake = place(lake.uri)

    def keep(self, content: bytes) -> str:
        """The file's hash, under which it is kept from now on. The others stay until ``only``."""
        digest = digest_of(content)
        self._lake.write(f"{FOLDER}/{digest}", content)
        return digest

    def get(self, digest: str) -> bytes | None:
        """None where it is not there as it was written: somebody removed it, or a power cut did."""
        try:
            content = self._lake.read(f"{FOLDER}/{digest}")
        except FileNotFoundError:
            return None
        return content if digest_of(content) == digest else None

    def only(self, digest: str) -> None:
        """Remove the others: a commit names this one."""
        for name in self._lake.names(FOLDER):
            if name not in (digest, NAME) and len(name) == len(digest):
                self._lake.delete(f"{FOLDER}/{name}")
