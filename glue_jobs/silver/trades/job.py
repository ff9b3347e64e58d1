"""bronze.trades into silver: each record judged, and put into exactly one of four tables.

A batch runs again without harm, whatever it had finished before: a row that is there by its own coordinates is itself.
The tables are committed one after another. What was refused comes after trades and gaps, so that a duplicate's first is
there before it; coverage, which says that all trades of a span are there, comes after them too.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import (
    Batch,
    BatchLimits,
    DataFile,
    LostRaceError,
    TableState,
    Workspace,
    instant_text,
    ints_of,
    read_files,
)
from glue_jobs.silver.trades.coverage import SPAN_COLUMNS, Watermark, joined, meeting, says_more
from glue_jobs.silver.trades.filing import filed
from glue_jobs.silver.trades.filled import FillWatch, GapKey, Unfilled, count, filled_rows, ids_seen
from glue_jobs.silver.trades.gaps import GAP_KEY, KNOWN_GAP_COLUMNS, POSITION, gap_verdicts, stream_gaps
from glue_jobs.silver.trades.keyed import KeyedFiles
from glue_jobs.silver.trades.known import KnownTrades
from glue_jobs.silver.trades.order import TURN, Read, pieces
from glue_jobs.silver.trades.parts import Judged, among, refused_of, with_verdict
from glue_jobs.silver.trades.rebuilt import Rebuilt
from glue_jobs.silver.trades.rows import gaps_of, rejected_of, trades_of
from glue_jobs.silver.trades.verdicts import ACCEPTED, DUPLICATE, QUARANTINED, verdicts
from tapehouse.tables import (
    BRONZE_TRADES,
    COORDINATE_NAMES,
    EVERYWHERE,
    OPENED,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_REJECTED,
    SILVER_TRADES,
    Table,
)

MAKES: Final[Mapping[Table, tuple[Table, ...]]] = {
    SILVER_TRADES: (BRONZE_TRADES,),
    SILVER_REJECTED: (BRONZE_TRADES, SILVER_TRADES, SILVER_GAPS),  # a duplicate is one of what is there
    SILVER_GAPS: (BRONZE_TRADES, SILVER_TRADES),  # a gap is filled by the ids that silver.trades holds
    SILVER_COVERAGE: (BRONZE_TRADES,),
}
LIMITS: Final = BatchLimits(together=TURN)
"""What one batch holds: whole turns of bronze, since of two records that say one thing the first counts."""
_PIECE_ROWS: Final = LIMITS.max_rows
"""Rows of bronze that are in memory at a time."""
_JOINED_ROWS: Final = 5_000
_JOINED_FILES: Final = 64
"""Coverage of so many rows or files is joined."""


class TradesJob:
    """Writes silver.trades, .rejected, .gaps and .coverage from rows of bronze.trades."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace
        self._known = KnownTrades(workspace)
        self._known_gaps = KeyedFiles(workspace, SILVER_GAPS, GAP_KEY)
        self._unfilled = Unfilled(workspace)
        self._watch = FillWatch()
        self._joined_rows = 0

    def prepare(self) -> None:
        """Nothing is due."""

    def write(self, batch: Batch) -> None:
        """Judge the rows and put each into its table, unless it is there already.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
        """
        told = batch.metadata(BRONZE_TRADES)
        self._write_stream_gaps(told)
        left = pieces(self._read_bronze, batch.files(BRONZE_TRADES), _PIECE_ROWS)
        bronze = next(left, None)
        if bronze is None:
            self._write_coverage(None, told)
        while bronze is not None:
            with self._ws.steps.step("silver judge") as step:
                judged = Judged.of(bronze)
                step.rows = judged.rows
            bronze = next(left, None)
            # Only with the last piece is everything here that bronze's commit speaks for.
            self._write(judged, told, is_all=bronze is None)

    def more(self) -> bool:
        """Join coverage that has become many rows or files."""
        base = self._ws.state(SILVER_COVERAGE)
        if base.rows < max(_JOINED_ROWS, 2 * self._joined_rows) and len(base.files) < _JOINED_FILES:
            return False
        try:
            with self._ws.steps.step("silver.coverage joined") as step:
                rows = self._ws.rows(base, base.files)
                fewer = joined(rows, through_us=Watermark.of(base).through_us)
                step.rows = self._joined_rows = fewer.num_rows
                file = self._ws.stage(SILVER_COVERAGE, fewer)
                self._ws.commit(base, add=[file], remove=base.files, moves_only=True)
        except LostRaceError:
            pass  # it is as well joined later
        return False

    def rebuild(self, tables: Collection[Table]) -> None:
        """Judge all of bronze anew and put the outcome in each of the four tables' place: always all of them.

        Rows of records that bronze keeps no longer stay as they are.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        bases = {table: self._ws.state(table) for table in MAKES}
        bronze = self._ws.state(BRONZE_TRADES)
        made = Rebuilt(self._ws, bases, bronze.floor_us)
        for rows in pieces(self._since(bronze.floor_us), bronze.files, _PIECE_ROWS):
            with self._ws.steps.step("silver judge") as step:
                step.rows = rows.num_rows
                made.take(Judged.of(rows))
        files = made.files(self._stream_gaps(bases[SILVER_GAPS], (bronze.metadata or {}).get(POSITION)))
        told = Watermark().told(made.covered, bronze.metadata if bronze.metadata is not None else {})
        for table, base in bases.items():
            with self._ws.steps.step(f"{table.name} rebuild") as step:
                step.rows = sum(file.rows or 0 for file in files[table])
                metadata = told.as_json() if table == SILVER_COVERAGE else None
                add = [each for each in files[table] if each.path not in made.stay]
                remove = [each for each in base.files if each.path not in made.stay]
                self._ws.commit(base, add=add, remove=remove, metadata=metadata)

    def _since(self, floor_us: int | None) -> Read:
        """Reads of bronze what arrived since its floor: of what came before some may be gone."""
        if floor_us is None:
            return self._read_bronze
        kept = pc.field("arrival_time") >= pa.scalar(floor_us, pa.timestamp("us", tz="UTC"))

        def read(files: Sequence[DataFile], columns: Sequence[str] | None, where: pc.Expression | None) -> pa.Table:
            return self._read_bronze(files, columns, kept if where is None else kept & where)

        return read

    def _stream_gaps(self, base: TableState, position: Mapping[str, Any] | None) -> pa.Table:
        """The gaps of the stream itself: those that are there, or, where the table is made anew, that bronze tells."""
        there = self._ws.rows(SILVER_GAPS, base.files).filter(pc.field("exchange") == EVERYWHERE)
        return there if base.replaces is None else stream_gaps(position)

    def _read_bronze(
        self, files: Sequence[DataFile], columns: Sequence[str] | None, where: pc.Expression | None
    ) -> pa.Table:
        return read_files(self._ws.uri(BRONZE_TRADES), BRONZE_TRADES, files, columns, where)

    def _write(self, judged: Judged, told: Mapping[str, Any] | None, *, is_all: bool) -> None:
        refused = self.place(judged, told, is_all=is_all)
        self._write_rejected(pa.concat_tables([with_verdict(judged.quarantined, QUARANTINED), refused]))

    def place(self, judged: Judged, told: Mapping[str, Any] | None, *, is_all: bool) -> pa.Table:
        """Put what is sound into the table that it belongs in, unless it is there; judged rows of what is no new one.

        ``told``: what bronze's commit says, which holds when all pieces of it are here (``is_all``).

        Raises:
            LostRaceError: another writer was there first; place the same again.
        """
        refused = [with_verdict(judged.quarantined.slice(0, 0), QUARANTINED)]
        before, after = self._write_trades(judged, refused)
        opened = self._write_gaps(judged, refused)
        self._write_filled(judged.trades, opened, before, after)
        self._write_coverage(judged, told, is_all=is_all)
        return pa.concat_tables(refused)

    def _write_trades(self, judged: Judged, refused: list[pa.Table]) -> tuple[TableState, TableState]:
        """Returns silver.trades as it was and as it is."""
        base = self._ws.state(SILVER_TRADES)
        if not judged.trades.num_rows:
            return base, base
        with self._ws.steps.step("silver known") as step:
            known = self._known.among(base.files, judged.trades)
            found = verdicts(judged.trades, judged.trade_places, known)
            step.rows = len(found)
        new = pc.equal(found, ACCEPTED)
        refused.append(refused_of(judged.trades, found))
        if not pc.any(new).as_py():
            return base, base
        accepted = judged.trades if pc.all(new).as_py() else judged.trades.filter(new)
        with self._ws.steps.step("silver.trades") as step:
            step.rows = accepted.num_rows
            staged = self._staged_trades(trades_of(accepted))
            self._ws.commit(base, add=[file for file, _ in staged])
            for file, rows in staged:
                self._known.remember(file, rows)
        return base, self._ws.state(SILVER_TRADES)

    def _staged_trades(self, trades: pa.Table) -> list[tuple[DataFile, pa.Table]]:
        """One file of what is new; what is old has others, so that no file spans the years between."""
        return [(self._ws.stage(SILVER_TRADES, rows), rows) for rows in filed(trades)]

    def _write_gaps(self, judged: Judged, refused: list[pa.Table]) -> frozenset[GapKey]:
        """Returns the gaps that the rows open."""
        if not judged.gaps.num_rows:
            return frozenset()
        base = self._ws.state(SILVER_GAPS)
        rows = gaps_of(judged.gaps)
        holding = self._known_gaps.holding(base.files, rows)
        found = gap_verdicts(rows, judged.gap_places, self._ws.rows(SILVER_GAPS, holding, KNOWN_GAP_COLUMNS))
        new = rows.filter(pc.equal(found, ACCEPTED))
        refused.append(refused_of(judged.gaps, found))
        with self._ws.steps.step("silver.gaps") as step:
            step.rows = new.num_rows
            if new.num_rows:
                file = self._ws.stage(SILVER_GAPS, new)
                self._ws.commit(base, add=[file])
                self._known_gaps.remember(file, new)
        said = rows.filter(pc.and_(pc.equal(rows.column("event"), OPENED), pc.not_equal(found, DUPLICATE)))
        return frozenset(GapKey(**row) for row in said.select(GapKey._fields).to_pylist())

    def _write_filled(self, trades: pa.Table, opened: frozenset[GapKey], before: TableState, after: TableState) -> None:
        """Note the gaps that nothing is missing of any more. ``before``, ``after``: silver.trades around the batch.

        It looks at all ids of the batch, not at the new ones alone: what a kill left unsaid is said by the next run.
        """
        base = self._ws.state(SILVER_GAPS)
        if not self._watch.knows(base.turn):
            self._watch.learn(base.turn, self._unfilled.at(base))
        seen = ids_seen(trades, self._watch.symbols)
        # Not the turns of the tables now: another process may have committed before we looked.
        due = self._watch.due(seen, opened, trades_turns=(before.turn, before.turn + (after is not before)))
        if not due:
            return
        with self._ws.steps.step("silver filled") as step:
            arrivals: dict[GapKey, int] = {}
            whole = []
            for gap in due:
                there, arrivals[gap.key] = count(self._ws, after.files, gap)
                if self._watch.counted(gap, there):
                    whole.append(gap)
            step.rows = len(whole)
        if whole:
            with self._ws.steps.step("silver.gaps filled") as step:
                step.rows = len(whole)
                file = self._ws.stage(SILVER_GAPS, filled_rows(whole, arrivals))
                self._ws.commit(base, add=[file])
            self._watch.filled(base.turn + 1, whole)

    def _write_coverage(self, judged: Judged | None, told: Mapping[str, Any] | None, *, is_all: bool = True) -> None:
        """Append the spans that say more than is known, and say up to where everything that arrived is in silver.

        A commit without rows is made only where rows that waited for that come to count.
        """
        base = self._ws.state(SILVER_COVERAGE)
        new = None
        if judged is not None and judged.coverage.num_rows:
            there = self._ws.rows(SILVER_COVERAGE, meeting(base.files, judged.coverage), SPAN_COLUMNS)
            new = judged.coverage.filter(pa.array(says_more(judged.coverage, judged.coverage_places, there)))
        was = Watermark.of(base)
        is_ = was.told(new, told, is_all=is_all)
        rows = new.num_rows if new is not None else 0
        if not rows and not is_.passes(was):
            return
        with self._ws.steps.step("silver.coverage") as step:
            step.rows = rows
            add = [self._ws.stage(SILVER_COVERAGE, new)] if rows else []
            self._ws.commit(base, add=add, metadata=is_.as_json())

    def _write_rejected(self, refused: pa.Table) -> None:
        """Append what was refused and is not there yet, by its coordinates."""
        if not refused.num_rows:
            return
        base = self._ws.state(SILVER_REJECTED)
        with self._ws.steps.step("silver.rejected") as step:
            arrivals = ints_of(refused.column("arrival_time"))
            low, high = (instant_text(int(bound)) for bound in (np.min(arrivals), np.max(arrivals)))
            near = [file for file in base.files if file.may_hold("arrival_time", low, high)]
            there = self._ws.rows(SILVER_REJECTED, near, COORDINATE_NAMES)
            new = refused.filter(pa.array(~among(refused, there)))
            step.rows = new.num_rows
            step.parts = {each["values"]: each["counts"] for each in pc.value_counts(new.column("verdict")).to_pylist()}
            if new.num_rows:
                self._ws.commit(base, add=[self._ws.stage(SILVER_REJECTED, rejected_of(new))])

    def _write_stream_gaps(self, told: Mapping[str, Any] | None) -> None:
        """Open a gap of every market for each span that the stream had dropped before bronze read it.

        ``told``: bronze's metadata. Such a commit of bronze brings a batch also where it has no rows.
        """
        rows = stream_gaps((told or {}).get(POSITION))
        if not rows.num_rows:
            return
        base = self._ws.state(SILVER_GAPS)
        holding = self._known_gaps.holding(base.files, rows)
        known = self._ws.rows(SILVER_GAPS, holding, ("exchange", "gap_id")).to_pylist()
        there = {row["gap_id"] for row in known if row["exchange"] == EVERYWHERE}
        new = rows.filter(pa.array([gap_id not in there for gap_id in rows.column("gap_id").to_pylist()]))
        if new.num_rows:
            with self._ws.steps.step("silver.gaps of the stream") as step:
                step.rows = new.num_rows
                self._ws.commit(base, add=[self._ws.stage(SILVER_GAPS, new)])
