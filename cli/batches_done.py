"""What the batches of a lake have done: which days were fetched after their end, and which objects were scored.

A file beside the lake, replaced as a whole. Without it everything is done again, which lands nothing twice.
"""

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tapehouse import logs
from tapehouse.landing import Key

log = logs.of(__name__)
KEPT_DAYS: Final = 10
"""What is older is looked at by nobody."""


class Done:
    """The file, read once and written at each change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._days: set[tuple[str, str]] = set()
        self._keys: set[str] = set()
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            self._days = {(str(name), str(day)) for name, day in said["days"]}
            self._keys = {str(key) for key in said["keys"]}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("batches_done_unreadable", path=path, error=type(error).__name__, note="all is done again")

    def has_day(self, name: str, day: dt.date) -> bool:
        """Whether a batch has run for a day that was over."""
        return (name, day.isoformat()) in self._days

    def add_day(self, name: str, day: dt.date) -> None:
        self._days.add((name, day.isoformat()))
        self._write(day)

    def has_key(self, key: str) -> bool:
        """Whether an object was scored, or put aside."""
        return key in self._keys

    def add_keys(self, keys: Iterable[str], today: dt.date) -> None:
        self._keys.update(keys)
        self._write(today)

    def _write(self, today: dt.date) -> None:
        first = (today - dt.timedelta(days=KEPT_DAYS)).isoformat()
        self._days = {each for each in self._days if each[1] >= first}
        self._keys = {key for key in self._keys if (at := Key.of(key)) is not None and at.date.isoformat() >= first}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f"{self._path.name}.new")
        draft.write_text(json.dumps({"days": sorted(self._days), "keys": sorted(self._keys)}) + "\n", encoding="utf-8")
        draft.replace(self._path)
