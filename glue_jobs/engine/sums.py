"""A table of sums that takes each file of its inputs once, whatever happens to whoever counts.

An hour of trades is too much to be read again whenever a few come late to it, so what is new is added. That would be
twice where a batch runs twice, but for this: up to which commit of each input the sums reach is in the metadata of the
commit that has them, and what is counted is from there on, never from where somebody thinks that he was. Files that
were taken out (a requeue's, a rebuild's) are subtracted. Where that cannot be, because a log or a file is gone, or an
input is another table now, all is counted anew, in one commit. Rows that an input keeps no longer stay in the sums:
hours before its floor are not counted anew.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Context, Decimal
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa

from glue_jobs.engine.columns import ints_of
from glue_jobs.engine.files import read_files, schema_of
from glue_jobs.engine.follow import Batch
from glue_jobs.engine.table_log import DataFile, TableState
from glue_jobs.engine.upsert import files_of_days, upsert
from glue_jobs.engine.workspace import Workspace
from tapehouse import logs
from tapehouse.errors import TerminalError
from tapehouse.intervals import DAY_US
from tapehouse.tables import Table

log = logs.of(__name__)

Key: TypeAlias = tuple[int | str, ...]
"""The values of a table's key in its order, the hour in µs UTC."""
Counts: TypeAlias = Mapping[Key, Mapping[str, int]]
"""Key → column → what is added to it, of a DECIMAL in units of its last digit."""
Counter: TypeAlias = Callable[[Workspace, DataFile], Counts]
"""A file of one input → what it adds to the columns of its keys."""

Through: TypeAlias = Mapping[str, tuple[str, int]]
"""Input → its id, and the version up to which it is counted."""
_THROUGH: Final = "through"
_EXACT: Final = Context(prec=76)
_DIGITS: Final = 38
"""Of a DECIMAL, and more than a BIGINT has."""


class CountAnewError(Exception):
    """What is new changes what counts of what is in the sums already."""


class SumsTable:
    """One table, kept by UTC hour."""

    def __init__(self, workspace: Workspace, table: Table, inputs: Mapping[Table, Counter]) -> None:
        """``inputs``: in the order in which they are committed. The columns that are not in the key are added up."""
        self._ws, self.table, self._inputs = workspace, table, inputs
        self._names = [name for name in table.column_names if name not in table.key]

    @property
    def is_begun(self) -> bool:
        """Whether the table says how far its inputs are counted."""
        return _told(self._ws.state(self.table)).keys() >= {each.name for each in self._inputs}

    def advance(self, through: Mapping[Table, int]) -> None:
        """Count what is not yet, up to these versions of the inputs.

        Raises:
            LostRaceError: another writer was there first; run it again.
            TerminalError: a sum does not fit its column.
        """
        base = self._ws.state(self.table)
        before = _told(base)
        try:
            changes = self._changes(before, through)
            if changes is None:
                log.warning("counting_anew", table=self.table.name)
                return self._build(base)
            files, after = changes
            with self._ws.steps.step(f"{self.table.name} counted") as step:
                step.rows = sum(file.rows or 0 for _, _, file in files)
                noted = self._noted(base.metadata or {}, [file for _, _, file in files])
                sums = self._summed(files)
        except (FileNotFoundError, CountAnewError):  # a file that is gone: vacuum was there first
            log.warning("counting_anew", table=self.table.name)
            return self._build(base)
        if after == before:
            return None
        with self._ws.steps.step(self.table.name):
            self._put(base, _sum_of([self._held(base, sums), sums]), after, noted)
        return None

    def build(self) -> None:
        """Count all that there is, and put the sums in the place of those that are there.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        self._build(self._ws.state(self.table))

    def _build(self, base: TableState) -> None:
        # The last one first, so that of what one table was made of the other never misses a record.
        states = {table: self._ws.state(table) for table in reversed(tuple(self._inputs))}
        with self._ws.steps.step(f"{self.table.name} counted") as step:
            step.rows = sum(state.rows for state in states.values())
            files = [(1, table, file) for table, state in states.items() for file in state.files]
            noted = self._noted({}, [file for _, _, file in files])
            sums = self._summed(files)
        with self._ws.steps.step(f"{self.table.name} rebuild"):
            since_us = max((state.floor_us or 0 for state in states.values()), default=0)
            held = self._held(base, None).items()
            kept = {key: values if int(key[0]) < since_us else dict.fromkeys(values, 0) for key, values in held}
            sums = {key: values for key, values in sums.items() if int(key[0]) >= since_us}
            after = {table.name: (state.table_id, state.version) for table, state in states.items()}
            self._put(base, _sum_of([kept, sums]), after, noted)

    def _changes(
        self, before: Through, through: Mapping[Table, int]
    ) -> tuple[list[tuple[int, Table, DataFile]], Through] | None:
        """Files with how often they come (-1: they went), and how far that reaches; None: only counting anew helps."""
        found: list[tuple[int, Table, DataFile]] = []
        after: dict[str, tuple[str, int]] = {}
        for table in self._inputs:
            state, (table_id, version) = self._ws.state(table), before.get(table.name, ("", -1))
            if table_id != state.table_id or version > state.version:
                return None
            until = min(max(version, through[table]), state.version)
            commits = self._ws.log(table).commits(version, until)
            if commits is None:
                return None
            files: dict[str, DataFile] = {}
            times: dict[str, int] = {}
            for commit in commits:
                for gone in commit.removed:
                    if gone.is_passed_on:
                        times[gone.path] = times.get(gone.path, 0) - 1
                for file in commit.added:
                    files[file.path] = file
                    times[file.path] = times.get(file.path, 0) + 1
            found += [(number, table, files.get(path, DataFile(path, 0))) for path, number in times.items() if number]
            after[table.name] = table_id, until
        return found, after

    def _summed(self, files: Iterable[tuple[int, Table, DataFile]]) -> Counts:
        def counted() -> Iterator[Counts]:
            for times, table, file in files:
                counts = self._inputs[table](self._ws, file)
                yield {key: {name: times * number for name, number in of.items()} for key, of in counts.items()}

        return _sum_of(counted())

    def _held(self, base: TableState, asked: Counts | None) -> Counts:
        """The rows that are there, of the keys that are asked for, or all."""
        if asked is None:
            rows = self._ws.rows(self.table, base.files if base.replaces is None else base.replaces)
        else:
            hours = np.unique([int(key[0]) for key in asked])
            rows = self._ws.rows(self.table, files_of_days(base, "hour", hours // DAY_US))
            rows = rows.filter(pa.array(np.isin(ints_of(rows.column("hour")), hours)))
        at = rows.schema.get_field_index("hour")
        found = {}
        for row in rows.set_column(at, "hour", rows.column("hour").cast(pa.int64())).to_pylist():
            key = tuple(row[name] for name in self.table.key)
            if asked is None or key in asked:
                found[key] = {name: units_of(row[name]) for name in self._names}
        return found

    def _noted(self, metadata: Mapping[str, Any], files: Sequence[DataFile]) -> dict[str, Any]:
        """What else the commit carries, once these files are counted. Asked before they are.

        ``metadata``: of the commit before; nothing where all is counted anew. Raises CountAnewError.
        """
        return {}

    def _put(self, base: TableState, sums: Counts, through: Through, noted: Mapping[str, Any]) -> None:
        """These rows in the place of those with their key; a row of nothing is none."""
        kept = {key: values for key, values in sums.items() if any(values.values())}
        gone = self._rows({key: {} for key in sums if key not in kept}).select(list(self.table.key))
        rewrite = upsert(self._ws, base, self._rows(kept), near="hour", gone=gone)
        told = {**noted, _THROUGH: {name: list(each) for name, each in through.items()}}
        self._ws.commit(base, add=rewrite.add, remove=rewrite.remove, metadata=told)

    def _rows(self, sums: Counts) -> pa.Table:
        schema = schema_of(self.table)
        columns = dict(zip(self.table.key, zip(*sums, strict=True), strict=True)) if sums else {}

        def column(field: pa.Field) -> pa.Array:
            if field.name in self._names:
                return self._numbers(field, [values.get(field.name, 0) for values in sums.values()])
            values = columns.get(field.name, ())
            return (
                pa.array(values, pa.int64()).cast(field.type) if field.name == "hour" else pa.array(values, field.type)
            )

        return pa.table([column(field) for field in schema], schema=schema)

    def _numbers(self, field: pa.Field, sums: Sequence[int]) -> pa.Array:
        if not pa.types.is_decimal(field.type):
            return pa.array(sums, field.type)
        if any(abs(number) >= 10**_DIGITS for number in sums):
            raise TerminalError(f"{self.table.name}: a sum of {field.name} has more than {_DIGITS} digits")
        return pa.array([Decimal(number).scaleb(-field.type.scale, _EXACT) for number in sums], field.type)


class SumsJob:
    """Writes tables of sums: a ``BatchJob``."""

    def __init__(self, workspace: Workspace, sums: Sequence[SumsTable], *, at_once: Collection[Table] = ()) -> None:
        """``at_once``: inputs of which all that is there is counted, however far the batch reaches."""
        self._ws, self._sums, self._at_once = workspace, tuple(sums), frozenset(at_once)

    def prepare(self) -> None:
        """Count all that there is where a table does not say what is in it: it is new, or was made anew.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        for each in self._sums:
            if not each.is_begun:
                each.build()

    def write(self, batch: Batch) -> None:
        """Count up to where the batch reaches; what it brings of that by itself is not asked.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
            TerminalError: a sum does not fit its column.
        """
        through = {table: -1 if to.after is not None else to.version for table, to in batch.reached.items()}
        through |= {table: self._ws.state(table).version for table in self._at_once}
        for each in self._sums:
            each.advance(through)

    def more(self) -> bool:
        """Nothing waits."""
        return False

    def rebuild(self, tables: Collection[Table]) -> None:
        """Count anew.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        for each in self._sums:
            if each.table in tables:
                each.build()


def read_once(workspace: Workspace, table: Table, file: DataFile, columns: Sequence[str]) -> pa.Table:
    """Columns of a file that is counted, past the cache: it is counted once, and others read other columns of it."""
    return read_files(workspace.uri(table), table, [file], columns)


def units_of(value: int | Decimal) -> int:
    """A decimal in units of its last digit, exactly; a whole number as it is."""
    if isinstance(value, int):
        return value
    return int(value.scaleb(-int(value.as_tuple().exponent), _EXACT))


def _sum_of(parts: Iterable[Counts]) -> Counts:
    found: dict[Key, dict[str, int]] = {}
    for part in parts:
        for key, values in part.items():
            into = found.setdefault(key, {})
            for name, number in values.items():
                into[name] = into.get(name, 0) + number
    return found


def _told(base: TableState) -> Through:
    told = (base.metadata or {}).get(_THROUGH) or {}
    return {name: (str(each[0]), int(each[1])) for name, each in told.items()}
