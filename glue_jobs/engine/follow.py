"""Follows the tables that a query reads: what was added since its last batch, in bounded batches of whole files.

How far a query came is a small file in the lake, written after each batch. It may lag behind what was done, or be
lost: a batch runs again without harm, so only time is lost. Where it is not there, or names a version that the log
has let go, the query begins with all files of the tables as they are.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine.files import read_files
from glue_jobs.engine.places import Place, place
from glue_jobs.engine.table_log import LOOK_BACK, DataFile, Removal
from glue_jobs.engine.workspace import Workspace
from tapehouse import logs
from tapehouse.tables import Table

log = logs.of(__name__)

FORMAT: Final = 1
_START: Final = -2
"""The version of a query that has not begun."""
_BEFORE_ALL: Final = (-1, "")
"""Where one stands that begins with all files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """What one batch holds at most, but for its first file (or what ``together`` says), which it always does."""

    max_rows: int = 250_000
    max_bytes: int = 64 * 1024 * 1024
    """Of Parquet files, compressed."""
    max_raw_bytes: int = 256 * 1024 * 1024
    """Of their rows in memory: records of one text, however large, are next to nothing in a file."""
    together: str | None = None
    """A column of instants: what one commit added, and files whose spans of it meet, are in one batch however much that
    is. Batches then follow on each other in its order, for a query whose outcome hangs on the order of its input."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a query came in one input."""

    table_id: str = ""
    version: int = _START
    """All of this version and of those before is done."""
    after: tuple[int, str] | tuple[str, str] | None = None
    """While it begins with all files: where the last one done stands among them (``_Order``); of ``version`` then."""
    files: int = 0
    """Files of the next version that are done already."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What was added to a query's inputs since its last batch: whole files."""

    workspace: Workspace
    added: Mapping[Table, tuple[DataFile, ...]]
    reached: Mapping[Table, Reached]
    is_first: bool = False
    """The query begins an input anew with it: what was taken out of that since its last batch, nobody tells."""
    _metadata: Mapping[Table, Mapping[str, Any] | None] = field(default_factory=dict)
    _removed: Mapping[Table, tuple[Removal, ...]] = field(default_factory=dict)

    def files(self, table: Table) -> tuple[DataFile, ...]:
        """The files that were added to an input."""
        return self.added.get(table, ())

    def removed(self, table: Table) -> tuple[Removal, ...]:
        """The files that the commits which are wholly in this batch took out, but for those whose rows only moved, or
        are kept no longer (``Query.keeps_days``): what was made of them stays.

        Empty while the query begins with all files: what was taken out before is not told.
        """
        return self._removed.get(table, ())

    def read(self, table: Table, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows that were added to an input."""
        return self.workspace.rows(table, self.files(table), columns)

    def read_removed(self, table: Table, columns: Sequence[str], where: pc.Expression) -> pa.Table | None:
        """The rows that were taken out of an input, of some columns, that meet a condition.

        None where nobody tells: the query begins an input anew, or vacuum was there first.
        """
        if self.is_first:
            return None
        files = [DataFile(each.path, 0) for each in self.removed(table)]
        try:
            return read_files(self.workspace.uri(table), table, files, columns, where)
        except FileNotFoundError:
            return None

    def through(self, table: Table) -> int:
        """The version up to which all of the input is in this batch or in earlier ones."""
        return self.reached[table].version

    def metadata(self, table: Table) -> Mapping[str, Any] | None:
        """What the newest of our commits up to ``through`` carries; None where the log does not tell."""
        return self._metadata.get(table)

    @property
    def rows(self) -> int:
        return sum(each.rows or 0 for files in self.added.values() for each in files)

    @property
    def bytes(self) -> int:
        return sum(each.size for files in self.added.values() for each in files)


class Follower:
    """One query's way through its inputs."""

    def __init__(self, workspace: Workspace, name: str, inputs: Sequence[Table], limits: BatchLimits) -> None:
        self._ws, self._name, self._inputs, self._limits = workspace, name, tuple(inputs), limits
        self._place: Place = place(workspace.lake.uri)
        self._file = f"_checkpoints/{name}.json"
        self._reached: dict[Table, Reached] | None = None
        self._begins_anew = False

    def next(self) -> Batch | None:
        """What comes next; None where everything is done.

        A batch without files, but with versions that moved on, tells what a commit without rows carries.
        """
        reached = self._reached if self._reached is not None else self._load()
        self._begins_anew = False
        added: dict[Table, tuple[DataFile, ...]] = {}
        after: dict[Table, Reached] = {}
        metadata: dict[Table, Mapping[str, Any] | None] = {}
        removed: dict[Table, tuple[Removal, ...]] = {}
        # The last one first: a query commits its tables in order, and what it says in one speaks for those before it.
        for table in reversed(self._inputs):
            added[table], after[table], metadata[table] = self._ahead(table, reached[table])
            removed[table] = self._taken_out(table, reached[table], after[table])
        if after == reached:
            return None
        return Batch(self._ws, added, after, self._begins_anew, metadata, removed)

    def is_through(self, versions: Mapping[Table, int]) -> bool:
        """Whether everything up to these versions of the inputs is done."""
        reached = self._reached or {}
        return all(
            table in reached and reached[table].after is None and reached[table].version >= version
            for table, version in versions.items()
        )

    def now(self) -> dict[Table, int]:
        """The versions of the inputs now."""
        return {table: self._ws.state(table).version for table in self._inputs}

    def done(self, batch: Batch) -> None:
        """The batch's writes are finished: note it."""
        self._note(batch.reached)

    def all_done(self, versions: Mapping[Table, int]) -> None:
        """Everything up to these versions of the inputs was computed anew: note it."""
        self._note({table: Reached(self._ws.state(table).table_id, version) for table, version in versions.items()})

    def _note(self, reached: Mapping[Table, Reached]) -> None:
        self._reached = dict(reached)
        body = {
            "v": FORMAT,
            "inputs": {
                table.name: {
                    "id": each.table_id,
                    "version": each.version,
                    "after": list(each.after) if each.after else None,
                    "files": each.files,
                }
                for table, each in reached.items()
            },
        }
        self._place.write(self._file, json.dumps(body).encode())

    def forget(self) -> None:
        """Begin anew: only time is lost."""
        self._reached = None
        self._place.delete(self._file)

    def _load(self) -> dict[Table, Reached]:
        try:
            body = json.loads(self._place.read(self._file))
            told = dict(body["inputs"]) if body["v"] == FORMAT else {}
        except FileNotFoundError:
            told = {}
        except (ValueError, KeyError, TypeError):
            log.warning("progress_unreadable", query=self._name, note="beginning anew; nothing doubles")
            told = {}
        reached = {table: _reached(told.get(table.name)) for table in self._inputs}
        self._reached = reached
        return reached

    def _ahead(self, table: Table, reached: Reached) -> tuple[tuple[DataFile, ...], Reached, Mapping[str, Any] | None]:
        """The next files of one input, how far they reach, and the metadata there."""
        state = self._ws.state(table)
        if state.version < 0:
            return (), reached, None
        # Ahead of the table: it was put back to what it was, or the progress is of another copy of the lake.
        if reached.version > state.version or reached.table_id not in ("", state.table_id):
            log.warning("input_replaced", query=self._name, table=table.name, note="beginning it anew")
            reached = Reached()
        if reached.version == _START:
            reached = Reached(state.table_id, state.version, _BEFORE_ALL)
        if reached.after is not None:
            return self._from_all(table, reached)
        if reached.version == state.version:
            return (), reached, None
        through = min(state.version, reached.version + LOOK_BACK)
        commits = self._ws.log(table).commits(reached.version, through)
        if commits is None:
            log.warning("input_log_gone", query=self._name, table=table.name, version=reached.version)
            return self._from_all(table, Reached(state.table_id, state.version, _BEFORE_ALL))
        taken: list[DataFile] = []
        budget = _Budget(self._limits)
        metadata = None
        for commit in commits:
            skipped = reached.files
            left = commit.added[skipped:]
            for number, some in enumerate(
                [left] if self._limits.together else [(each,) for each in left], start=skipped
            ):
                if not budget.take(some):
                    return tuple(taken), Reached(state.table_id, reached.version, None, number), metadata
                taken += some
            reached = Reached(state.table_id, commit.version)
            if commit.metadata is not None and "turn" in commit.metadata:
                metadata = commit.metadata
        return tuple(taken), reached, metadata

    def _taken_out(self, table: Table, reached: Reached, after: Reached) -> tuple[Removal, ...]:
        """What the commits between took out."""
        if reached.version < 0 or reached.table_id != after.table_id or reached.after or after.after:
            return ()
        commits = self._ws.log(table).commits(reached.version, after.version) or ()
        return tuple(each for commit in commits for each in commit.removed if each.is_passed_on)

    def _from_all(
        self, table: Table, reached: Reached
    ) -> tuple[tuple[DataFile, ...], Reached, Mapping[str, Any] | None]:
        """The next of all files that there are, oldest first."""
        state, order = self._ws.state(table), _Order(self._limits.together)
        self._begins_anew |= reached.after == _BEFORE_ALL
        budget = _Budget(self._limits)
        taken: list[DataFile] = []
        for some in order.left(state.files, reached.after):
            if not budget.take(some):
                return tuple(taken), Reached(state.table_id, reached.version, order.end(taken)), None
            taken += some
        # What was committed since the first of these batches lies among the files, and is looked at once more.
        return tuple(taken), Reached(state.table_id, reached.version), state.metadata


def reached_by_all(lake: Place, table: Table, table_id: str) -> int | None:
    """The version of a table that every query which follows it is through; None where nobody follows it."""
    reached = map(_reached, _told_of(lake, table))
    return min((each.version for each in reached if each.version >= 0 and each.table_id == table_id), default=None)


def unread(workspace: Workspace, table: Table) -> frozenset[str] | None:
    """The paths of the files that a query which follows the table has still before it, as far as any has begun.

    None: nobody knows which, since one begins anew, or the log let go of what is before it.
    """
    state, reached = workspace.state(table), []
    for told in _told_of(place(workspace.lake.uri), table):
        each = _reached(told)
        if each.version < 0 or each.table_id != state.table_id or each.after is not None:
            return None
        reached.append(each.version)
    if not reached or min(reached) >= state.version:
        return frozenset()
    commits = workspace.log(table).commits(min(reached), state.version)
    return None if commits is None else frozenset(each.path for commit in commits for each in commit.added)


def _told_of(lake: Place, table: Table) -> Iterator[Any]:
    """What each query that follows a table noted of it."""
    for name in lake.names("_checkpoints"):
        if not name.endswith(".json"):
            continue
        try:
            told = json.loads(lake.read(f"_checkpoints/{name}"))["inputs"].get(table.name)
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            continue  # it cannot be read by its query either, which begins anew
        if told is not None:
            yield told


@dataclass(frozen=True, slots=True)
class _Order:
    """In which order all files of a table are taken: by the time they were written, or by a column."""

    column: str | None

    def left(self, files: Sequence[DataFile], after: tuple[Any, str] | None) -> Iterator[Sequence[DataFile]]:
        """What is not done yet; files that stay together as one."""
        run: list[DataFile] = []
        for each in sorted(files, key=lambda file: (self._low(file), file.modified_ms, file.path)):
            if after is not None and after[0] != -1 and self.end([each]) <= after:
                continue
            if run and (self.column is None or self._low(each) > self.end(run)[0]):
                yield run
                run = []
            run.append(each)
        if run:
            yield run

    def end(self, files: Sequence[DataFile]) -> tuple[Any, str]:
        """Where the last of them stands."""
        if self.column is None:
            return max((file.modified_ms, file.path) for file in files)
        return max(str(file.high.get(self.column, "\U0010ffff")) for file in files), ""

    def _low(self, file: DataFile) -> Any:
        return file.modified_ms if self.column is None else str(file.low.get(self.column, ""))


@dataclass(slots=True)
class _Budget:
    """What a batch may still hold."""

    limits: BatchLimits
    rows: int = 0
    bytes: int = 0
    raw: int = 0

    def take(self, files: Sequence[DataFile]) -> bool:
        """Files that are taken together, or not."""
        rows, size = sum(each.rows or 0 for each in files), sum(each.size for each in files)
        raw, limits = sum(each.bytes_read for each in files), self.limits
        is_much = self.rows + rows > limits.max_rows or self.bytes + size > limits.max_bytes
        if self.rows and (is_much or self.raw + raw > limits.max_raw_bytes):
            return False
        self.raw += raw
        self.rows += max(rows, len(files))
        self.bytes += size
        return True


def _reached(told: Any) -> Reached:
    try:
        after = tuple(told["after"]) if told["after"] else None
        return Reached(str(told["id"]), int(told["version"]), after, int(told["files"]))
    except (KeyError, TypeError, ValueError):
        return Reached()
