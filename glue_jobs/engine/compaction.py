"""Which files of a table are to be merged, from what the log says of them, and the merging of one group.

Tables are written a commit a second, so small files come by the ten thousand a day. They are merged by tiers
(``Compaction``): with a fan-in of 10, a row is rewritten at most once for each power of ten between the rows of its
first file and those of a full one, and a partition keeps at most nine files of each tier beside its full ones.
A merged file holds its rows in the order of the table's clustering, so that the statistics of its row groups tell
markets apart; its own tell times apart, since neighbours are merged.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

from glue_jobs.engine.files import read_files
from glue_jobs.engine.places import place
from glue_jobs.engine.table_log import DataFile
from glue_jobs.engine.transaction import LostRaceError
from glue_jobs.engine.workspace import Workspace
from tapehouse.tables import Compaction, Table

MOST_FILES: Final = 100
"""Of one group."""
_COLD_MS: Final = 24 * 3_600_000
"""A partition that got no file for so long is merged to the end: it will not fill its tiers any more."""
_BYTES_A_ROW: Final = 64
"""Where a file's statistics do not count its rows."""
_FULL_RAW_BYTES: Final = 256 * 1024 * 1024
"""A file whose rows are so large in memory is full: as large as the rows of a full file are as a rule."""
_TRIES: Final = 3


def due(table: Table, files: Sequence[DataFile], *, now_ms: int) -> list[tuple[DataFile, ...]]:
    """The groups of files of one partition that are to become one file each, those of the fewest bytes first.

    A group holds less than two full files, and at most ``MOST_FILES`` files.
    """
    rule = table.upkeep.compaction
    if rule is None:
        return []
    partitions: dict[tuple[tuple[str, str | None], ...], list[DataFile]] = defaultdict(list)
    newest: dict[tuple[tuple[str, str | None], ...], int] = defaultdict(int)
    for each in files:
        if rule.spared is not None and each.path.rpartition("/")[2].startswith(rule.spared):
            continue
        name = tuple(sorted(each.partition.items()))
        newest[name] = max(newest[name], each.modified_ms)
        if each.size < rule.full_bytes and _rows(each) < rule.full_rows and each.bytes_read < _FULL_RAW_BYTES:
            partitions[name].append(each)
    groups: list[tuple[DataFile, ...]] = []
    for name, small in partitions.items():
        if newest[name] < now_ms - _COLD_MS:
            groups += _runs(rule, small, least=2)
            continue
        tiers: dict[int, list[DataFile]] = defaultdict(list)
        for each in small:
            tiers[_tier(rule, each)].append(each)
        for tier in tiers.values():
            groups += _runs(rule, tier, least=rule.fan_in)
    return sorted(groups, key=lambda group: sum(each.size for each in group))


def merge(workspace: Workspace, table: Table, group: Sequence[DataFile]) -> bool:
    """Put one file with the rows of the group into its place, in a commit that moves rows alone.

    False where another writer took one of the files out meanwhile, or was first again and again: nothing was written,
    and what is due is to be asked anew.
    """
    uri, partition = workspace.uri(table), dict(group[0].partition)
    rows = read_files(uri, table, group)  # past the cache: what others read again and again is to stay in it
    if table.cluster_by:
        rows = rows.sort_by([(name, "ascending") for name in table.cluster_by])
    merged = workspace.stage(table, rows, partition=partition or None)
    paths = {each.path for each in group}
    for _ in range(_TRIES):
        # Commits that came while the rows were sorted do not matter, as long as the files are still there.
        base = workspace.state(table)
        if not paths <= {each.path for each in base.files}:
            break
        try:
            workspace.commit(base, add=[merged], remove=group, moves_only=True)
        except LostRaceError:
            continue
        return True
    place(uri).delete(merged.path)
    return False


def _runs(rule: Compaction, files: Sequence[DataFile], *, least: int) -> Iterator[tuple[DataFile, ...]]:
    """Neighbours, as many together as fill a file; what is left over where it is ``least`` or more."""
    run: list[DataFile] = []
    size = rows = raw = 0
    for each in sorted(files, key=lambda file: _neighbour(rule, file)):
        run.append(each)
        size, rows, raw = size + each.size, rows + _rows(each), raw + each.bytes_read
        is_full = size >= rule.full_bytes or rows >= rule.full_rows or raw >= _FULL_RAW_BYTES
        if is_full or len(run) == MOST_FILES:
            yield tuple(run)
            run, size, rows, raw = [], 0, 0, 0
    if len(run) >= least:
        yield tuple(run)


def _neighbour(rule: Compaction, file: DataFile) -> tuple[bool, Any, int, str]:
    """By the greatest value: a live file with one late trade stays among the live ones."""
    near = file.high.get(rule.near) if rule.near is not None else None
    return near is not None, near if near is not None else 0, file.modified_ms, file.path


def _tier(rule: Compaction, file: DataFile) -> int:
    # The small addition: the logarithm of a power must not fall short of its whole number.
    return math.floor(math.log(max(_rows(file), 1), rule.fan_in) + 1e-9)


def _rows(file: DataFile) -> int:
    return file.rows if file.rows is not None else file.size // _BYTES_A_ROW
