"""Whether a table has a new commit, by its log alone: no query is asked to learn that nothing is new.

A commit of Delta is a new file, numbered one above the last. So a look is one ``stat`` a table, and the folder is only
listed the first time, and where the last commit's file is gone (the table was made anew, or its log was cleaned).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from tapehouse.lake import Lake


class Versions:
    """The newest versions of a local lake's tables, as far as was looked."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._known: dict[str, int] = {}

    def newest(self, tables: Iterable[str]) -> Mapping[str, int | None]:
        """By table; None for one that is not there."""
        return {table: self._look(table) for table in tables}

    def _look(self, table: str) -> int | None:
        log = Path(self._lake.table_uri(table)) / "_delta_log"
        version = self._known.get(table)
        if version is None or not _file(log, version).exists():
            version = max((int(path.stem) for path in log.glob("*.json") if path.stem.isdigit()), default=None)
        while version is not None and _file(log, version + 1).exists():
            version += 1
        if version is None:
            self._known.pop(table, None)
        else:
            self._known[table] = version
        return version


def _file(log: Path, version: int) -> Path:
    return log / f"{version:020}.json"
