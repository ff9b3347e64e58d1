"""Upkeep of the tables that one query writes, as bounded steps of that query: what is due is seen from the log alone.

Whoever runs a query calls ``step`` after its batches: most steps find nothing due, and cost a comparison of versions.
Small files are merged as they come; every ten minutes rows go that are older than they are kept, and what nobody needs
is removed from disk, and once a day what killed writers left. Nothing here is needed for a right answer, so what cannot
be done now is left for a later step.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Final

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError
from py4j.protocol import Py4JJavaError

from glue_jobs.engine import vacuum
from glue_jobs.engine.checkpoints import write_checkpoint
from glue_jobs.engine.compaction import due, merge
from glue_jobs.engine.declared import clashes
from glue_jobs.engine.follow import unread
from glue_jobs.engine.places import place
from glue_jobs.engine.retention import forget
from glue_jobs.engine.table_log import newest_checkpoint
from glue_jobs.engine.workspace import Workspace
from tapehouse import logs
from tapehouse.errors import LakehouseError
from tapehouse.tables import Table

log = logs.of(__name__)

STEP_BYTES: Final = 16 * 1024 * 1024
"""One step merges files up to this, and the group that passes it: about a second of one core, at most three."""
SWEEP_EVERY_MS: Final = 600_000
_LIST_EVERY_MS: Final = 24 * 3_600_000
_LOOK_AGAIN_MS: Final = 3_600_000
"""A table that nobody writes is looked at so often: a partition may have become one that is over."""
_HOUR_MS: Final = 3_600_000


@dataclass(slots=True)
class _Done:
    """When what was done to a table, ms since the epoch. In the lake, so that a new process does not do it again."""

    swept_ms: int = 0
    """Everything that was due was removed from disk."""
    removed_through_ms: int = 0
    """Of what was taken out of the table before, nothing is on disk."""
    listed_ms: int = 0
    """The folder was listed for files that the log does not know."""

    def forget_after(self, now_ms: int) -> None:
        """What a clock said that was ahead would stop all of it until that day."""
        for each in fields(self):
            if getattr(self, each.name) > now_ms:
                setattr(self, each.name, 0)


class Upkeep:
    """The upkeep of one query's tables. One thread at a time; call it where no other process writes them."""

    def __init__(
        self,
        workspace: Workspace,
        tables: Sequence[Table],
        *,
        keeps_days: Mapping[Table, int] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``keeps_days``: of tables whose rows are kept otherwise than declared; ``clock``: seconds since the epoch."""
        days = keeps_days or {}
        self._tables = [
            _TableUpkeep(workspace, table, days.get(table, table.retention_days), clock) for table in tables
        ]

    def step(self, *, most_bytes: int = STEP_BYTES) -> bool:
        """A bounded piece of what is due at each table; False where nothing was done."""
        done = [table.step(most_bytes) for table in self._tables]
        return any(done)


class _TableUpkeep:
    def __init__(self, workspace: Workspace, table: Table, days: int | None, clock: Callable[[], float]) -> None:
        self._ws, self._table, self._days, self._clock = workspace, table, days, clock
        self._uri = workspace.uri(table)
        self._lake, self._file = place(workspace.lake.uri), f"_checkpoints/upkeep/{table.name}.json"
        self._forgot_ms = -SWEEP_EVERY_MS
        """When nothing was older than it is kept."""
        self._looked: tuple[int, int] | None = None
        """(version, ms) at which nothing was to be merged."""
        self._done: _Done | None = None
        self._checkpointed: int | None = None
        """The version of the newest checkpoint of a log that only this writes to: unknown before the first look."""
        self._tombstones = vacuum.Tombstones(workspace, table)

    def step(self, most_bytes: int) -> bool:
        now_ms = round(self._clock() * 1000)
        if clashes(self._ws.state(self._table)):
            return False  # only a rebuild may write it
        pieces = [self._tried(piece, now_ms, most_bytes) for piece in (self._forget, self._merge)]
        pieces.append(self._tried(self._sweep, now_ms))
        return any([*pieces, self._tried(self._keep_log_short, now_ms)])

    def _tried(self, piece: Callable[..., bool], *told: int) -> bool:
        try:
            return piece(*told)
        except (LakehouseError, OSError, pa.ArrowException, Py4JJavaError, BotoCoreError, ClientError) as error:
            log.warning("upkeep_later", table=self._table.name, error=str(error)[:200])
            return False

    # Small files.

    def _merge(self, now_ms: int, most_bytes: int) -> bool:
        state, rule = self._ws.state(self._table), self._table.upkeep.compaction
        if rule is None or (
            self._looked is not None
            and state.version < self._looked[0] + rule.fan_in
            and now_ms < self._looked[1] + _LOOK_AGAIN_MS
        ):
            return False
        groups = due(self._table, state.files, now_ms=now_ms)
        if not groups:
            self._looked = state.version, now_ms
            return False
        with self._ws.steps.step(f"{self._table.name} compaction") as count:
            spent = rows = 0
            for group in groups:
                if merge(self._ws, self._table, group):
                    rows += sum(each.rows or 0 for each in group)
                spent += sum(each.size for each in group)
                if spent >= most_bytes:
                    break
            count.rows = rows
        return True

    # What nobody needs.

    def _sweep(self, now_ms: int) -> bool:
        done = self._done = self._done or self._load()
        if self._tombstones.is_loaded:
            self._tombstones.update()  # while the log keeps the commits in memory
        done.forget_after(now_ms)
        if now_ms < done.swept_ms + SWEEP_EVERY_MS or self._ws.state(self._table).version < 0:
            return False
        table, upkeep, is_local = self._table, self._table.upkeep, self._ws.lake.is_local
        kept_ms = round((upkeep.removed_kept_h if is_local else upkeep.removed_kept_on_s3_h) * _HOUR_MS)
        held_ms = vacuum.held_from_ms(self._ws, table)
        unread_ms = now_ms if held_ms is None else min(now_ms, held_ms)
        with self._ws.steps.step(f"{table.name} vacuum"):
            self._ws.check_writer(table)
            before_ms = min(now_ms - kept_ms, unread_ms)
            removed = vacuum.delete_removed(
                self._ws, table, self._tombstones, after_ms=done.removed_through_ms, before_ms=before_ms
            )
            if removed < vacuum.MOST_DELETED:
                done.removed_through_ms = max(done.removed_through_ms, before_ms)
            orphans = 0
            if now_ms >= done.listed_ms + _LIST_EVERY_MS:
                before_ms = unread_ms - vacuum.ORPHAN_MS
                orphans = vacuum.delete_orphans(self._ws, table, self._tombstones, before_ms=before_ms)
                if orphans < vacuum.MOST_DELETED:
                    done.listed_ms = now_ms
            logged = vacuum.delete_log_files(self._ws, table, now_ms=now_ms)
        log.debug("swept", table=table.name, removed=removed, orphans=orphans, log_files=logged)
        if max(removed, orphans, logged) < vacuum.MOST_DELETED:
            done.swept_ms = now_ms
        self._lake.write(self._file, json.dumps(asdict(done)).encode())
        return True

    def _keep_log_short(self, now_ms: int) -> bool:
        """A checkpoint every so many commits; it is looked for only when one may be due."""
        version, upkeep = self._ws.state(self._table).version, self._table.upkeep
        if version < (self._checkpointed or 0) + upkeep.checkpoint_every:
            return False
        self._checkpointed = newest_checkpoint(place(self._uri)) or 0
        if version < self._checkpointed + upkeep.checkpoint_every:
            return False
        self._checkpointed = version  # whatever comes of it: a log that cannot have one is not tried at each step
        kept_h = upkeep.removed_kept_h if self._ws.lake.is_local else upkeep.removed_kept_on_s3_h
        write_checkpoint(self._uri, version, removed_since_ms=now_ms - round(kept_h * _HOUR_MS))
        return True

    # What is older than it is kept.

    def _forget(self, now_ms: int, most_bytes: int) -> bool:
        if self._days is None or now_ms < self._forgot_ms + SWEEP_EVERY_MS:
            return False
        ahead = unread(self._ws, self._table)
        if ahead is not None and forget(self._ws, self._table, self._days, unread=ahead, most_bytes=most_bytes):
            return True
        self._forgot_ms = now_ms
        return False

    def _load(self) -> _Done:
        try:
            return _Done(**json.loads(self._lake.read(self._file)))
        except (FileNotFoundError, ValueError, TypeError):
            return _Done()
