"""Upkeep of the tables that one query writes, as bounded steps of that query: what is due is seen from the log alone.

Whoever runs a query calls ``step`` after its batches: most steps find nothing due, and cost a comparison of versions.
Nothing here is needed for a right answer, so what cannot be done now is left for a later step.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
from py4j.protocol import Py4JJavaError

from glue_jobs.engine.compaction import due, merge
from glue_jobs.engine.workspace import Workspace
from tapehouse import logs
from tapehouse.errors import TransientError
from tapehouse.tables import Table

log = logs.of(__name__)

STEP_BYTES: Final = 16 * 1024 * 1024
"""One step merges files up to this, and the group that passes it: about a second of one core, at most three."""
_LOOK_AGAIN_S: Final = 3_600.0
"""A table that nobody writes is looked at so often: a partition may have become one that is over."""


@dataclass(slots=True)
class _Seen:
    """What a table was when nothing was due."""

    version: int
    at_s: float


class Upkeep:
    """The upkeep of one query's tables. One thread at a time; call it where no other process writes them."""

    def __init__(
        self, workspace: Workspace, tables: Sequence[Table], *, clock: Callable[[], float] = time.time
    ) -> None:
        """``clock``: seconds since the epoch."""
        self._ws, self._tables, self._clock = workspace, tuple(tables), clock
        self._seen: dict[Table, _Seen] = {}

    def step(self, *, most_bytes: int = STEP_BYTES) -> bool:
        """A bounded piece of what is due at each table; False where nothing was done."""
        done = [self._cared_for(table, most_bytes) for table in self._tables]
        return any(done)

    def _cared_for(self, table: Table, most_bytes: int) -> bool:
        try:
            return self._compact(table, most_bytes)
        except (TransientError, OSError, pa.ArrowException, Py4JJavaError) as error:
            log.warning("upkeep_later", table=table.name, error=str(error)[:200])
            return False

    def _compact(self, table: Table, most_bytes: int) -> bool:
        state, now_s = self._ws.state(table), self._clock()
        rule, seen = table.upkeep.compaction, self._seen.get(table)
        if rule is None or (
            seen is not None and state.version < seen.version + rule.fan_in and now_s < seen.at_s + _LOOK_AGAIN_S
        ):
            return False
        groups = due(table, state.files, now_ms=round(now_s * 1000))
        if not groups:
            self._seen[table] = _Seen(state.version, now_s)
            return False
        with self._ws.steps.step(f"{table.name} compaction") as count:
            spent = rows = 0
            for group in groups:
                if merge(self._ws, table, group):
                    rows += sum(each.rows or 0 for each in group)
                spent += sum(each.size for each in group)
                if spent >= most_bytes:
                    break
            count.rows = rows
        return True
