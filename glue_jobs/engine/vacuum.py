"""Removes from disk what is no part of a table any more: data files, by what the log says, and the log's own old files.

Two things are never touched: what somebody may be reading now (``Upkeep.removed_kept_h``), and what a query of the
pipeline has still before it. A query reads the files that each commit added, so a file that was removed after the first
commit that a query has not taken yet stays, however old it is, until the log itself lets go of that commit.
"""

import re
from collections.abc import Collection, Iterable
from typing import Final

from glue_jobs.engine.follow import reached_by_all
from glue_jobs.engine.places import Listed, place
from glue_jobs.engine.table_log import CHECKPOINT
from glue_jobs.engine.workspace import Workspace
from tapehouse import logs
from tapehouse.tables import Table

log = logs.of(__name__)

_DRAFT: Final = re.compile(r"/\.[^/]+\.[0-9a-f]{32}$")
"""What a killed writer left of a file that it was about to name."""
MOST_DELETED: Final = 2_000
"""Of one step."""
ORPHAN_MS: Final = 24 * 3_600_000
"""A file that no commit names may be a writer's that has not committed yet; after so long, of one that was killed."""
_CLOCKS_MS: Final = 60_000
"""How far the clocks of two writers may be apart."""
_HOUR_MS: Final = 3_600_000
_OF_A_VERSION: Final = re.compile(r"_delta_log/\.?(\d{20})\.")


class Tombstones:
    """The files that one table's commits took out, and when, as far as they are not removed from disk."""

    def __init__(self, workspace: Workspace, table: Table) -> None:
        self._ws, self._table = workspace, table
        self._table_id, self._version = "", -1
        self._at_ms: dict[str, int] = {}

    @property
    def is_loaded(self) -> bool:
        return bool(self._table_id)

    def update(self) -> None:
        """Reads what was committed since the last call; the first time, from the log's newest checkpoint."""
        state, table_log = self._ws.state(self._table), self._ws.log(self._table)
        commits = table_log.commits(self._version, state.version) if self._table_id == state.table_id else None
        if commits is None:
            self._table_id, (self._version, before) = state.table_id, table_log.removed_before()
            self._at_ms = {each.path: each.at_ms for each in before}
            commits = table_log.commits(self._version, state.version) or []
        for commit in commits:
            for each in commit.removed:
                self._at_ms[each.path] = each.at_ms or commit.timestamp_ms
            self._version = commit.version

    def between(self, after_ms: int, before_ms: int) -> list[str]:
        """The paths that were taken out in [after, before), oldest first."""
        found = (path for path, at_ms in self._at_ms.items() if after_ms <= at_ms < before_ms)
        return sorted(found, key=self._at_ms.__getitem__)

    def forget(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._at_ms.pop(path, None)

    def __contains__(self, path: str) -> bool:
        return path in self._at_ms


def held_from_ms(workspace: Workspace, table: Table) -> int | None:
    """Since when what is taken out of the table may still be read by a query that follows it; None: by none."""
    state = workspace.state(table)
    reached = reached_by_all(place(workspace.lake.uri), table, state.table_id)
    if reached is None or reached >= state.version:
        return None
    commits = workspace.log(table).commits(reached, reached + 1)
    return commits[0].timestamp_ms - _CLOCKS_MS if commits else None  # gone from the log: the query begins anew


def delete_removed(
    workspace: Workspace,
    table: Table,
    tombstones: Tombstones,
    *,
    after_ms: int,
    before_ms: int,
    most: int = MOST_DELETED,
) -> int:
    """Remove files from disk that were taken out in [after, before), oldest first; how many."""
    tombstones.update()
    there = {each.path for each in workspace.state(table).files}
    gone = tombstones.between(after_ms, before_ms)[:most]
    _delete(workspace, table, [path for path in gone if path not in there])
    tombstones.forget(gone)
    return len(gone)


def delete_orphans(
    workspace: Workspace, table: Table, tombstones: Tombstones, *, before_ms: int, most: int = MOST_DELETED
) -> int:
    """Remove files that were written before and that the log does not know (any more); how many."""
    tombstones.update()
    listed = [each for each in place(workspace.uri(table)).listing(recursive=True) if _is_data(each)]
    there = {
        each.path for each in workspace.state(table).files
    }  # after the listing: what was committed meanwhile is in
    gone = [
        each.path
        for each in listed
        if each.modified_ms < before_ms and each.path not in there and each.path not in tombstones
    ][:most]
    _delete(workspace, table, gone)
    return len(gone)


def delete_log_files(workspace: Workspace, table: Table, *, now_ms: int, most: int = MOST_DELETED) -> int:
    """Remove the log's files below the newest checkpoint that is old enough; how many. Never below fewer than two.

    Every version from that checkpoint on stays readable, and files go oldest first: nobody ever finds a hole.
    """
    state, upkeep, at = workspace.state(table), table.upkeep, place(workspace.uri(table))
    listed = list(at.listing("_delta_log"))
    checkpoints = _checkpoints(listed)
    reached = reached_by_all(place(workspace.lake.uri), table, state.table_id)
    old_ms, too_old_ms = (now_ms - hours * _HOUR_MS for hours in (upkeep.log_kept_h, upkeep.log_kept_at_most_h))
    cut = max(
        (
            version
            for version, modified_ms in sorted(checkpoints.items())[:-1]
            if modified_ms < too_old_ms or (modified_ms < old_ms and (reached is None or version <= reached + 1))
        ),
        default=0,
    )
    versions = {each.path: int(match[1]) for each in listed if (match := _OF_A_VERSION.match(each.path))}
    gone = [path for _, path in sorted((version, path) for path, version in versions.items() if version < cut)]
    gone += [each.path for each in listed if _DRAFT.search(each.path) and each.modified_ms < now_ms - ORPHAN_MS]
    at.delete_all(gone[:most])
    return len(gone[:most])


def _checkpoints(listed: Iterable[Listed]) -> dict[int, int]:
    """Version → when the last part of its checkpoint was written, of those that are whole."""
    parts: dict[int, list[int]] = {}
    wanted: dict[int, int] = {}
    for each in listed:
        if match := CHECKPOINT.fullmatch(each.path.removeprefix("_delta_log/")):
            parts.setdefault(int(match[1]), []).append(each.modified_ms)
            wanted[int(match[1])] = int(match[2] or 1)
    return {version: max(found) for version, found in parts.items() if len(found) == wanted[version]}


def _is_data(file: Listed) -> bool:
    """Delta's rule: what begins with a dot or an underscore is no data file; partitions may begin so."""
    return not any(part[:1] in ("_", ".") and "=" not in part for part in file.path.split("/"))


def _delete(workspace: Workspace, table: Table, paths: Collection[str]) -> None:
    at = place(workspace.uri(table))
    at.delete_all(list(paths) if at.is_bucket else [*paths, *(_checksum(path) for path in paths)])


def _checksum(path: str) -> str:
    """What Hadoop writes beside each file of a local disk."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.{name}.crc"
