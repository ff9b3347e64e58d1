"""bronze.trades into silver: each record judged, and put into exactly one of four tables.

A batch runs again without harm, whatever it had finished before: a row that is there by its own coordinates is itself.
"""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.bronze import position_in
from glue_jobs.engine import Workspace, delta
from glue_jobs.silver.trades.contents import Contents
from glue_jobs.silver.trades.coverage import coverage
from glue_jobs.silver.trades.filled import FillWatch, GapKey, IdGap, count, filled_rows, unfilled
from glue_jobs.silver.trades.gaps import gap_verdicts, gaps
from glue_jobs.silver.trades.judged import judged
from glue_jobs.silver.trades.known import known_trades
from glue_jobs.silver.trades.rejected import rejected
from glue_jobs.silver.trades.verdicts import ACCEPTED, CONFLICT, DUPLICATE, QUARANTINED, is_accepted, trades, verdicts
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
_FILES_A_BATCH: Final = 256
_REFUSED: Final = (DUPLICATE, CONFLICT, QUARANTINED)


class TradesJob:
    """Writes silver.trades, .rejected, .gaps and .coverage from rows of bronze.trades."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace
        self._watch = FillWatch()

    def source(self) -> DataFrame:
        return self._ws.stream(BRONZE_TRADES, maxFilesPerTrigger=str(_FILES_A_BATCH))

    def prepare(self) -> None:
        """Open a gap of every market for each span that the stream had dropped before bronze read it.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        position = position_in(self._ws.snapshot(BRONZE_TRADES))
        if position is None or not position.gaps:
            return
        base = self._ws.snapshot(SILVER_GAPS)
        known = self._ws.at(base).where(F.col("exchange") == EVERYWHERE).select("gap_id").collect()
        there = {row["gap_id"] for row in known}
        new = {gap.id_in(position.stream_name): gap for gap in position.gaps}
        rows = [
            {
                "exchange": EVERYWHERE,
                "symbol": EVERYWHERE,
                "source": position.stream_name,
                "gap_id": gap_id,
                "event": OPENED,
                "from_us": gap.from_us,
                "to_us": gap.to_us,
                "reason": gap.reason,
                "arrival_time": datetime.fromtimestamp(gap.to_us / 1e6, UTC),
            }
            for gap_id, gap in new.items()
            if gap_id not in there
        ]
        if rows:
            with self._ws.steps.step("silver.gaps of the stream") as step:
                step.rows = len(rows)
                delta.append(self._ws.frame(rows, SILVER_GAPS.schema_ddl), base)

    def write(self, batch: DataFrame) -> None:
        """Judge the rows and put each into its table, unless it is there already.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
        """
        rows = judged(batch).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            with self._ws.steps.step("silver judge") as step:
                contents = Contents.of(rows)
                step.rows = contents.trades + contents.gaps + contents.coverage + contents.quarantined
            if not step.rows:
                return
            with ThreadPoolExecutor(max_workers=2) as pool:
                others = pool.submit(self._write_coverage, rows, contents)
                self._write_judged(rows, contents)
                others.result()
        finally:
            rows.unpersist()

    def rebuild(self, tables: Collection[Table]) -> None:
        """Judge all of bronze anew and overwrite each of the four tables with the outcome: always all of them.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        rows = judged(self._ws.read(BRONZE_TRADES)).persist(StorageLevel.MEMORY_AND_DISK)
        nothing_known = self._ws.frame([], SILVER_TRADES.schema_ddl)
        found = verdicts(rows.where(is_accepted("trade")), nothing_known).persist(StorageLevel.MEMORY_AND_DISK)
        no_gaps = self._ws.frame([], SILVER_GAPS.schema_ddl)
        found_gaps = gap_verdicts(rows.where(is_accepted("gap") | is_accepted("gap_closed")), no_gaps)
        try:
            refused = (
                rows.where(F.size("reasons") > 0)
                .withColumn("verdict", F.lit(QUARANTINED))
                .unionByName(found.where(F.col("verdict").isin(*_REFUSED)))
                .unionByName(found_gaps.where(F.col("verdict") == DUPLICATE).drop("event"))
            )
            self._replace(SILVER_TRADES, trades(found.where(F.col("verdict") == ACCEPTED)))
            self._rebuild_gaps(gaps(found_gaps.where(F.col("verdict") == ACCEPTED)))
            self._replace(SILVER_COVERAGE, coverage(rows.where(is_accepted("coverage"))))
            self._replace(SILVER_REJECTED, rejected(refused))
        finally:
            found.unpersist()
            rows.unpersist()

    def _rebuild_gaps(self, opened_and_closed: DataFrame) -> None:
        """With those that no record says: gaps of the stream itself, and gaps of which every id is in silver.trades."""
        said = opened_and_closed.select(*SILVER_GAPS.column_names)
        of_stream = self._ws.at(self._ws.snapshot(SILVER_GAPS)).where(F.col("exchange") == EVERYWHERE)
        lacking = unfilled(said)
        counts = count(self._ws.at(self._ws.snapshot(SILVER_TRADES)), lacking) if lacking else {}
        whole = [gap for gap in lacking if counts.get(gap.key, (0, 0))[0] >= gap.size]
        self._replace(SILVER_GAPS, said.unionByName(of_stream).unionByName(self._filled_frame(whole, counts)))

    def _replace(self, table: Table, frame: DataFrame) -> None:
        with self._ws.steps.step(f"{table.name} rebuild"):
            delta.replace(frame.select(*table.column_names), self._ws.snapshot(table))

    def _write_judged(self, rows: DataFrame, contents: Contents) -> None:
        """Trades and gaps, and only then what was refused beside them: a duplicate's first must be there before it."""
        base = after = self._ws.snapshot(SILVER_TRADES)
        refused = rows.where(F.size("reasons") > 0).withColumn("verdict", F.lit(QUARANTINED))
        accepted = rows.where(is_accepted("trade"))
        found = verdicts(accepted, known_trades(self._ws.at(base), base.turn, accepted, contents)).persist()
        try:
            with self._ws.steps.step("silver known") as step:
                tally = {row["verdict"]: row["count"] for row in found.groupBy("verdict").count().collect()}
                step.rows = sum(tally.values())
            if tally.get(ACCEPTED):
                with self._ws.steps.step("silver.trades") as step:
                    step.rows = tally[ACCEPTED]
                    new = trades(found.where(F.col("verdict") == ACCEPTED)).coalesce(1)
                    after = delta.append(new.sortWithinPartitions("exchange", "symbol", "event_time_us"), base)
            refused = refused.unionByName(found.where(F.col("verdict").isin(*_REFUSED)))
            expected = contents.quarantined + tally.get(DUPLICATE, 0) + tally.get(CONFLICT, 0)
            opened: frozenset[GapKey] = frozenset()
            if contents.gaps:
                repeated, opened = self._write_gaps(rows)
                refused = refused.unionByName(repeated)
                expected += contents.gaps
            self._write_filled(contents, opened, base, after)
            if expected:
                self._append_absent(SILVER_REJECTED, rejected(refused), contents)
        finally:
            found.unpersist()

    def _write_gaps(self, rows: DataFrame) -> tuple[DataFrame, frozenset[GapKey]]:
        """Returns the records that said nothing new, and the gaps that the batch's records open."""
        base = self._ws.snapshot(SILVER_GAPS)
        known = self._ws.at(base)
        found = gap_verdicts(rows.where(is_accepted("gap") | is_accepted("gap_closed")), known).localCheckpoint()
        with self._ws.steps.step("silver.gaps") as step:
            names = (*GapKey._fields, "event", "verdict")
            new = found.where(F.col("verdict") != DUPLICATE).select(*names).collect()
            step.rows = sum(row["verdict"] == ACCEPTED for row in new)
            if step.rows:
                delta.append(gaps(found.where(F.col("verdict") == ACCEPTED)).coalesce(1), base)
        opened = frozenset(GapKey(*(row[name] for name in GapKey._fields)) for row in new if row["event"] == OPENED)
        return found.where(F.col("verdict") == DUPLICATE).drop("event"), opened

    def _write_filled(
        self, contents: Contents, opened: frozenset[GapKey], before: delta.Snapshot, after: delta.Snapshot
    ) -> None:
        """Note the gaps that nothing is missing of any more. ``before``, ``after``: silver.trades around the batch.

        It looks at all ids of the batch, not at the new ones alone: what a kill left unsaid is said by the next run.
        """
        if not contents.ids and not opened:
            return
        base = self._ws.snapshot(SILVER_GAPS)
        if not self._watch.knows(base.turn):
            self._watch.learn(base.turn, unfilled(self._ws.at(base)) if base.turn else ())
        due = self._watch.due(contents.ids, opened, trades_turns=(before.turn, after.turn))
        if not due:
            return
        with self._ws.steps.step("silver filled") as step:
            counts = count(self._ws.at(after), due)
            whole = [gap for gap in due if self._watch.counted(gap, counts.get(gap.key, (0, 0))[0])]
            step.rows = len(whole)
        if whole:
            with self._ws.steps.step("silver.gaps filled") as step:
                step.rows = len(whole)
                written = delta.append(self._filled_frame(whole, counts), base)
            self._watch.filled(written.turn, whole)

    def _filled_frame(self, whole: Sequence[IdGap], counts: Mapping[GapKey, tuple[int, int]]) -> DataFrame:
        return self._ws.frame(filled_rows(whole, counts), SILVER_GAPS.schema_ddl)

    def _write_coverage(self, rows: DataFrame, contents: Contents) -> None:
        if contents.coverage:
            self._append_absent(SILVER_COVERAGE, coverage(rows.where(is_accepted("coverage"))), contents)

    def _append_absent(self, table: Table, frame: DataFrame, contents: Contents) -> None:
        """Append the rows whose coordinates the table does not hold yet."""
        base = self._ws.snapshot(table)
        with self._ws.steps.step(table.name) as step:
            if base.turn and contents.arrival_us is not None:
                lowest, highest = (F.timestamp_micros(F.lit(bound)) for bound in contents.arrival_us)
                there = self._ws.at(base).where(F.col("arrival_time").between(lowest, highest))
                frame = frame.join(there.select(*COORDINATE_NAMES), on=list(COORDINATE_NAMES), how="left_anti")
            frame = frame.select(*table.column_names).coalesce(1)
            step.rows = delta.append(frame, base).rows_written
