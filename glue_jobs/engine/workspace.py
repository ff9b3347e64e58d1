"""What a query works with: one lake's tables as files and as Spark frames, and the steps that say what it does."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession

from glue_jobs.engine import delta
from glue_jobs.engine.cache import MOST_FILE_BYTES, FileCache
from glue_jobs.engine.declared import anew, clashes, described_anew, refuse_clash
from glue_jobs.engine.files import add_action, read_files, remove_action, schema_of, write_file
from glue_jobs.engine.places import place
from glue_jobs.engine.steps import Steps
from glue_jobs.engine.table_log import FLOOR, RETENTION, DataFile, TableLog, TableState, newest_checkpoint
from glue_jobs.engine.transaction import LostRaceError, commit_actions
from tapehouse.lake import Lake
from tapehouse.tables import Table

_HELD_UP_S: Final = 60.0
"""A commit on S3 that took longer is looked at again."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The tables of a lake, by their declarations."""

    spark: SparkSession
    lake: Lake
    steps: Steps
    cache: FileCache = field(default_factory=FileCache)
    _logs: dict[str, TableLog] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _there: set[str] = field(default_factory=set)
    _replaced: set[str] = field(default_factory=set)
    _checks: dict[str, Callable[[], None]] = field(default_factory=dict)

    def uri(self, table: Table) -> str:
        return self.lake.table_uri(table.name)

    def ensure(self, tables: Iterable[Table]) -> None:
        """Create those that are not there yet, and give them what was declared since; each once a process.

        Raises:
            TerminalError: the rows of one cannot be those of its declaration; it says what to do.
            LostRaceError: another writer was first again and again.
        """
        for table in tables:
            if table.name not in self._there:
                is_replaced = table.name in self._replaced
                delta.ensure(self.log(table), is_replaced=is_replaced)
                if not is_replaced:
                    self._there.add(table.name)

    @contextmanager
    def replacing(self, tables: Iterable[Table]) -> Iterator[None]:
        """These tables are computed anew. One whose rows are not as it is declared has none meanwhile, and the next
        commit makes it what is declared, with what it adds in the place of all rows: at once, or not at all."""
        names = {table.name for table in tables}
        self._replaced.update(names)
        try:
            yield
        finally:
            self._replaced.difference_update(names)

    # Files: how the jobs read and write.

    def log(self, table: Table) -> TableLog:
        """The table's log, followed for the life of the process."""
        with self._lock:
            if table.name not in self._logs:
                self._logs[table.name] = TableLog(table, self.uri(table))
            return self._logs[table.name]

    def state(self, table: Table) -> TableState:
        """The table now: its files, and the base of a commit."""
        state = self.log(table).state()
        if table.name in self._replaced and clashes(state):
            return replace(state, files=(), replaces=state.files)
        return state

    def rows(
        self,
        of: TableState | Table,
        files: Sequence[DataFile],
        columns: Sequence[str] | None = None,
        where: pc.Expression | None = None,
    ) -> pa.Table:
        """The rows of files of a table, in the declared types; of all columns, or of some in their order.

        Small files are kept for the next time, so many small reads of the same files cost little.
        """
        table = of if isinstance(of, Table) else of.table
        uri, schema = self.uri(table), schema_of(table)
        names = tuple(columns) if columns is not None else tuple(schema.names)
        small = [each for each in files if each.size <= MOST_FILE_BYTES]
        large = [each for each in files if each.size > MOST_FILE_BYTES]
        needed = names if where is None else tuple(schema.names)
        found = [
            self.cache.get((uri, each.path, needed), lambda each=each: read_files(uri, table, [each], needed))  # type: ignore[misc]
            for each in small
        ]
        if where is not None:
            found = [rows.filter(where).select(names) for rows in found]
        if large or not found:
            found.append(read_files(uri, table, large, names, where))
        return pa.concat_tables(found)

    def stage(
        self,
        table: Table,
        rows: pa.Table,
        *,
        partition: Mapping[str, Any] | None = None,
        prefix: str = "",
        bounds: Sequence[str] | None = None,
        keep: bool = False,
    ) -> DataFile:
        """Write rows as a file of the table's folder; no part of the table before a commit. Vacuum removes orphans.

        ``prefix``, ``bounds``: see ``write_file``; ``keep``: its rows are kept for the next reading, if it is small.

        Raises:
            TerminalError: a column that may not be null is.
        """
        uri = self.uri(table)
        file = write_file(uri, table, rows, partition=partition, prefix=prefix, bounds=bounds)
        if keep and file.size <= MOST_FILE_BYTES:
            self.cache.put((uri, file.path, tuple(schema_of(table).names)), rows)
        return file

    @contextmanager
    def writing(self, tables: Iterable[Table], check: Callable[[], None]) -> Iterator[None]:
        """``check`` is made before each commit to these tables: it raises where this process may not write them."""
        names = [table.name for table in tables]
        self._checks.update(dict.fromkeys(names, check))
        try:
            yield
        finally:
            for name in names:
                self._checks.pop(name, None)

    def check_writer(self, table: Table) -> None:
        """Before what cannot be taken back. Raises LeaseLostError where another process may write the table by now."""
        if (check := self._checks.get(table.name)) is not None:
            check()

    def commit(
        self,
        base: TableState,
        *,
        add: Sequence[DataFile] = (),
        remove: Sequence[DataFile] = (),
        metadata: Mapping[str, Any] | None = None,
        moves_only: bool = False,
    ) -> None:
        """Put staged files into the table and take others out, in one commit on top of ``base``.

        ``moves_only``: the same rows in other files. Such a commit repeats the metadata and counts no turn; who follows
        the table does not see it.

        The turn of this commit is ``base.turn + 1``. Who asks for the table's state afterwards may be told of more:
        another process may have committed since.

        Raises:
            LostRaceError: somebody else committed since ``base`` was read; nothing was written.
            LeaseLostError: another process may write the table by now; nothing was written.
            TerminalError: its rows cannot be those of the declaration, and this is no rebuild; nothing was written.
        """
        turn = None if moves_only else base.turn + 1
        carried = base.metadata if moves_only else {**(metadata or {}), "turn": turn}
        actions = [remove_action(each, moves_only=moves_only) for each in remove]
        actions += [add_action(each, moves_only=moves_only) for each in add]
        operation = "WRITE"
        if base.replaces is not None:
            actions = [*anew(base, now_ms=time.time_ns() // 1_000_000), *actions]
            operation = "REPLACE TABLE"
        self._commit(base, actions, turn=turn, metadata=carried, operation=operation)

    def forget(
        self, base: TableState, *, floor_us: int, add: Sequence[DataFile] = (), remove: Sequence[DataFile] = ()
    ) -> None:
        """Take rows out that are older than the table keeps: all of ``remove`` that is not in ``add``.

        ``floor_us``: all of them were before; the table says so from now on. Who follows the table does not see it, and
        it counts no turn.

        Raises:
            LostRaceError: somebody else committed since ``base`` was read; nothing was written.
            LeaseLostError: another process may write the table by now; nothing was written.
        """
        actions = [described_anew(base, {}, {FLOOR: str(max(floor_us, base.floor_us or floor_us))})]
        actions += [remove_action(each) for each in remove]
        actions += [add_action(each, moves_only=True) for each in add]
        self._commit(base, actions, turn=None, metadata=base.metadata, operation=RETENTION)

    def _commit(
        self,
        base: TableState,
        actions: Sequence[Mapping[str, Any]],
        *,
        turn: int | None,
        metadata: Mapping[str, Any] | None,
        operation: str,
    ) -> None:
        if base.replaces is None and actions:
            refuse_clash(base)  # another version of the program may have changed the table since it was looked at
        began = time.monotonic(), time.time()
        self.check_writer(base.table)
        done = commit_actions(
            base.uri, actions, version=base.version, turn=turn, metadata=metadata, operation=operation
        )
        took_s = max(time.monotonic() - began[0], time.time() - began[1])
        if not done or (took_s > _HELD_UP_S and _is_past(base)):
            raise LostRaceError(base.table.name, base.turn)

    # Frames: how Spark reads.

    def at(self, state: TableState) -> DataFrame:
        """The table as of a state, whatever others commit meanwhile."""
        return delta.read(self.spark, state)

    def read(self, table: Table) -> DataFrame:
        """The table as it is now."""
        return self.spark.read.format("delta").load(self.uri(table))


def _is_past(base: TableState) -> bool:
    """Whether a commit upon this state may lie below what the log still has: a version is free again once the log was
    cut above it. Of a driver that was paused for so long only: the lease was its own when the commit began."""
    at = place(base.uri)
    return at.is_bucket and (newest_checkpoint(at) or 0) > base.version
