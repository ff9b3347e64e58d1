"""One batch of bronze rows into the four silver tables. Runs again without harm, whatever it had finished before."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import reduce
from typing import Final

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.bronze import Position
from glue_jobs.engine import Steps, delta
from glue_jobs.silver.trades.contents import Contents
from glue_jobs.silver.trades.coverage import coverage
from glue_jobs.silver.trades.filled import FillWatch, IdGap, count, filled_rows, unfilled
from glue_jobs.silver.trades.filled import Key as GapKey
from glue_jobs.silver.trades.gaps import gap_verdicts, gaps
from glue_jobs.silver.trades.judged import judged
from glue_jobs.silver.trades.rejected import rejected
from glue_jobs.silver.trades.verdicts import (
    ACCEPTED,
    CONFLICT,
    DUPLICATE,
    KEY,
    QUARANTINED,
    is_accepted,
    trades,
    verdicts,
)
from tapehouse.tables import (
    COORDINATE_NAMES,
    EVERYWHERE,
    OPENED,
    SILVER_COVERAGE,
    SILVER_GAPS,
    SILVER_REJECTED,
    SILVER_TRADES,
    Table,
)

_AROUND_US: Final = 3_600_000_000
"""A trade is looked for among those within an hour of its event time; the nightly check proves it at large."""
_MOST_MARKETS: Final = 12
"""Up to so many markets the look-up names each with its own span; beyond, one span serves all: a condition of a
hundred parts takes longer to compile than to read what it skips."""
_BROADCAST_ROWS: Final = 200_000
_REFUSED: Final = (DUPLICATE, CONFLICT, QUARANTINED)


class SilverBatch:
    """Writes silver.trades, .rejected, .gaps and .coverage from rows of bronze.trades."""

    def __init__(self, spark: SparkSession, uri_of: Callable[[Table], str], steps: Steps) -> None:
        self._spark = spark
        self._uri_of = uri_of
        self._steps = steps
        self._watch = FillWatch()

    def ensure(self) -> None:
        """Create the tables that are not there yet."""
        for table in (SILVER_TRADES, SILVER_REJECTED, SILVER_GAPS, SILVER_COVERAGE):
            delta.ensure(self._spark, table, self._uri_of(table))

    def note_stream_gaps(self, position: Position | None) -> None:
        """Open a gap of every market for each span that the stream had dropped before bronze read it.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        if position is None or not position.gaps:
            return
        base = delta.snapshot(self._spark, SILVER_GAPS, self._uri_of(SILVER_GAPS))
        known = delta.read(self._spark, base).where(F.col("exchange") == EVERYWHERE).select("gap_id").collect()
        there = {row["gap_id"] for row in known}
        new = {f"{position.stream_name}:{gap.from_us}": gap for gap in position.gaps}
        rows = [
            {
                "exchange": EVERYWHERE,
                "symbol": EVERYWHERE,
                "source": position.stream_name,
                "gap_id": gap_id,
                "event": OPENED,
                "from_us": gap.from_us,
                "to_us": gap.to_us,
                "reason": "the stream was read after its retention had passed",
                "arrival_time": datetime.fromtimestamp(gap.to_us / 1e6, UTC),
            }
            for gap_id, gap in new.items()
            if gap_id not in there
        ]
        if rows:
            with self._steps.step("silver.gaps of the stream") as count:
                count.rows = len(rows)
                delta.append(self._spark.createDataFrame(rows, SILVER_GAPS.schema_ddl), base)

    def write(self, bronze: DataFrame) -> None:
        """Judge the rows and put each into its table, unless it is there already.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
        """
        rows = judged(bronze).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            with self._steps.step("silver judge") as count:
                contents = Contents.of(rows)
                count.rows = contents.trades + contents.gaps + contents.coverage + contents.quarantined
            if not count.rows:
                return
            with ThreadPoolExecutor(max_workers=2) as pool:
                others = pool.submit(self._write_coverage, rows, contents)
                self._write_judged(rows, contents)
                others.result()
        finally:
            rows.unpersist()

    def rebuild(self, bronze: DataFrame) -> None:
        """Judge all of bronze anew and overwrite each of the four tables with the outcome.

        Raises:
            LostRaceError: another writer was there first; run it again.
        """
        rows = judged(bronze).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            nothing_known = self._spark.createDataFrame([], SILVER_TRADES.schema_ddl)
            told = verdicts(rows.where(is_accepted("trade")), nothing_known).persist(StorageLevel.MEMORY_AND_DISK)
            no_gaps = self._spark.createDataFrame([], SILVER_GAPS.schema_ddl)
            said = gap_verdicts(rows.where(is_accepted("gap") | is_accepted("gap_closed")), no_gaps)
            new_gaps = gaps(said.where(F.col("verdict") == ACCEPTED)).select(*SILVER_GAPS.column_names)
            before = delta.snapshot(self._spark, SILVER_GAPS, self._uri_of(SILVER_GAPS))
            of_stream = delta.read(self._spark, before).where(F.col("exchange") == EVERYWHERE)  # no record says these
            refused = (
                rows.where(F.size("reasons") > 0)
                .withColumn("verdict", F.lit(QUARANTINED))
                .unionByName(told.where(F.col("verdict").isin(*_REFUSED)))
                .unionByName(said.where(F.col("verdict") == DUPLICATE).drop("event"))
            )
            there = self._replace(SILVER_TRADES, trades(told.where(F.col("verdict") == ACCEPTED)))
            lacking = unfilled(new_gaps)
            counts = count(delta.read(self._spark, there), lacking) if lacking else {}
            whole = [gap for gap in lacking if counts.get(gap.key, (0, 0))[0] >= gap.size]
            self._replace(SILVER_GAPS, new_gaps.unionByName(of_stream).unionByName(self._filled_frame(whole, counts)))
            self._replace(SILVER_COVERAGE, coverage(rows.where(is_accepted("coverage"))))
            self._replace(SILVER_REJECTED, rejected(refused))
            told.unpersist()
        finally:
            rows.unpersist()

    def _replace(self, table: Table, frame: DataFrame) -> delta.Snapshot:
        with self._steps.step(f"{table.name} rebuild"):
            base = delta.snapshot(self._spark, table, self._uri_of(table))
            return delta.replace(frame.select(*table.column_names), base)

    def _write_judged(self, rows: DataFrame, contents: Contents) -> None:
        """Trades and gaps, and only then what was refused beside them: a duplicate's twin must be there first."""
        base = after = delta.snapshot(self._spark, SILVER_TRADES, self._uri_of(SILVER_TRADES))
        refused = rows.where(F.size("reasons") > 0).withColumn("verdict", F.lit(QUARANTINED))
        told = verdicts(rows.where(is_accepted("trade")), self._known(base, rows, contents)).persist()
        try:
            with self._steps.step("silver known") as count:
                tally = {row["verdict"]: row["count"] for row in told.groupBy("verdict").count().collect()}
                count.rows = sum(tally.values())
            if tally.get(ACCEPTED):
                with self._steps.step("silver.trades") as count:
                    count.rows = tally[ACCEPTED]
                    new = trades(told.where(F.col("verdict") == ACCEPTED)).coalesce(1)
                    after = delta.append(new.sortWithinPartitions("exchange", "symbol", "event_time_us"), base)
            refused = refused.unionByName(told.where(F.col("verdict").isin(*_REFUSED)))
            expected = contents.quarantined + tally.get(DUPLICATE, 0) + tally.get(CONFLICT, 0)
            opened: frozenset[GapKey] = frozenset()
            if contents.gaps:
                repeated, opened = self._write_gaps(rows)
                refused = refused.unionByName(repeated)
                expected += contents.gaps
            self._write_filled(contents, opened, base, after)
            if expected:
                self._write_rejected(refused, contents)
        finally:
            told.unpersist()

    def _known(self, base: delta.Snapshot, rows: DataFrame, contents: Contents) -> DataFrame:
        """The rows of silver.trades that may share a key with the batch's."""
        known = delta.read(self._spark, base)
        if base.turn == 0 or not contents.spans:
            return known.where(F.lit(False))
        known = known.where(_near(contents.spans)).select(*KEY, "price", "size", "side", *COORDINATE_NAMES)
        keys = rows.where(is_accepted("trade")).select(*KEY)
        return known.join(
            F.broadcast(keys) if contents.trades <= _BROADCAST_ROWS else keys, on=list(KEY), how="left_semi"
        )

    def _write_gaps(self, rows: DataFrame) -> tuple[DataFrame, frozenset[GapKey]]:
        """Returns the records that said nothing new, and the gaps that the batch's records open."""
        base = delta.snapshot(self._spark, SILVER_GAPS, self._uri_of(SILVER_GAPS))
        known = delta.read(self._spark, base)
        told = gap_verdicts(rows.where(is_accepted("gap") | is_accepted("gap_closed")), known).localCheckpoint()
        with self._steps.step("silver.gaps") as count:
            names = ("exchange", "symbol", "source", "gap_id", "event", "verdict")
            found = told.where(F.col("verdict") != DUPLICATE).select(*names).collect()
            count.rows = sum(row["verdict"] == ACCEPTED for row in found)
            if count.rows:
                delta.append(gaps(told.where(F.col("verdict") == ACCEPTED)).coalesce(1), base)
        opened = frozenset(tuple(row[name] for name in names[:4]) for row in found if row["event"] == OPENED)
        return told.where(F.col("verdict") == DUPLICATE).drop("event"), opened

    def _write_filled(
        self, contents: Contents, opened: frozenset[GapKey], before: delta.Snapshot, after: delta.Snapshot
    ) -> None:
        """Note the gaps that nothing is missing of any more. ``before``, ``after``: silver.trades around the batch.

        It looks at all ids of the batch, not at the new ones alone: what a kill left unsaid is said by the next run.
        """
        if not contents.ids and not opened:
            return
        base = delta.snapshot(self._spark, SILVER_GAPS, self._uri_of(SILVER_GAPS))
        if not self._watch.knows(base.turn):
            self._watch.learn(base.turn, unfilled(delta.read(self._spark, base)) if base.turn else ())
        due = self._watch.due(contents.ids, opened, trades_turns=(before.turn, after.turn))
        if not due:
            return
        with self._steps.step("silver filled") as counted:
            counts = count(delta.read(self._spark, after), due)
            whole = [gap for gap in due if self._watch.counted(gap, counts.get(gap.key, (0, 0))[0])]
            counted.rows = len(whole)
        if whole:
            with self._steps.step("silver.gaps filled") as counted:
                counted.rows = len(whole)
                written = delta.append(self._filled_frame(whole, counts), base)
            self._watch.filled(written.turn, whole)

    def _filled_frame(self, whole: Sequence[IdGap], counts: Mapping[GapKey, tuple[int, int]]) -> DataFrame:
        return self._spark.createDataFrame(filled_rows(whole, counts), SILVER_GAPS.schema_ddl)

    def _write_coverage(self, rows: DataFrame, contents: Contents) -> None:
        if not contents.coverage:
            return
        self._append_absent(SILVER_COVERAGE, coverage(rows.where(is_accepted("coverage"))), contents)

    def _write_rejected(self, refused: DataFrame, contents: Contents) -> None:
        self._append_absent(SILVER_REJECTED, rejected(refused), contents)

    def _append_absent(self, table: Table, frame: DataFrame, contents: Contents) -> None:
        """Append the rows whose coordinates the table does not hold yet."""
        base = delta.snapshot(self._spark, table, self._uri_of(table))
        with self._steps.step(table.name) as count:
            if base.turn and contents.arrival_us is not None:
                lowest, highest = (F.timestamp_micros(F.lit(bound)) for bound in contents.arrival_us)
                there = delta.read(self._spark, base).where(F.col("arrival_time").between(lowest, highest))
                frame = frame.join(there.select(*COORDINATE_NAMES), on=list(COORDINATE_NAMES), how="left_anti")
            frame = frame.select(*table.column_names).coalesce(1)
            count.rows = delta.append(frame, base).rows_written


def _near(spans: Mapping[tuple[str, str], tuple[int, int]]) -> Column:
    """True for rows that may be a trade of the spans: what the files' statistics can tell without reading them."""
    if len(spans) > _MOST_MARKETS:
        first = min(first for first, _ in spans.values()) - _AROUND_US
        last = max(last for _, last in spans.values()) + _AROUND_US
        return F.col("event_time_us").between(first, last)
    return reduce(
        lambda either, other: either | other,
        (
            (F.col("exchange") == exchange)
            & (F.col("symbol") == symbol)
            & F.col("event_time_us").between(first - _AROUND_US, last + _AROUND_US)
            for (exchange, symbol), (first, last) in spans.items()
        ),
    )
