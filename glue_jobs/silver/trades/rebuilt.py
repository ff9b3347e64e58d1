"""silver computed anew: bronze piece by piece in the stream's order, against what the pieces before it gave.

What is made lies in files that no table has yet. Nothing is kept in memory but gaps, islands of coverage, and hashes.

Of records that arrived before bronze's floor nothing can be made again: the rows that they gave stay as they are, and
count as the first of what is said.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import DataFile, TableState, Workspace, below, read_files, rows_below, schema_of
from glue_jobs.silver.trades.coverage import SPAN_COLUMNS, joined, says_more
from glue_jobs.silver.trades.filing import filed
from glue_jobs.silver.trades.filled import GapKey, count, filled_rows, id_gaps
from glue_jobs.silver.trades.gaps import gap_verdicts
from glue_jobs.silver.trades.known import KnownTrades
from glue_jobs.silver.trades.parts import Judged, refused_of, with_verdict
from glue_jobs.silver.trades.rows import gaps_of, rejected_of, trades_of
from glue_jobs.silver.trades.verdicts import ACCEPTED, QUARANTINED, verdicts
from tapehouse.record import AHEAD_US
from tapehouse.tables import EVERYWHERE, FILLED, SILVER_COVERAGE, SILVER_GAPS, SILVER_REJECTED, SILVER_TRADES, Table

_ARRIVAL: Final = "arrival_time"
_COVERED_ROWS: Final = 50_000
"""Coverage of more rows is joined before the next piece."""


class Rebuilt:
    """The four tables as they are made."""

    def __init__(self, workspace: Workspace, bases: Mapping[Table, TableState], floor_us: int | None) -> None:
        """``bases``: the tables as they are; ``floor_us``: bronze's."""
        self._ws = workspace
        self._known = KnownTrades(workspace)
        kept = {table: below(workspace, bases[table], floor_us, _ARRIVAL) for table in (SILVER_TRADES, SILVER_REJECTED)}
        self.stay = {each.path for of in kept.values() for each in of.stay}
        """Files of the tables that are in what was made, too."""
        self._trades: list[DataFile] = kept[SILVER_TRADES].files
        self._rejected: list[DataFile] = kept[SILVER_REJECTED].files
        gaps = rows_below(workspace, SILVER_GAPS, _held(bases[SILVER_GAPS]), floor_us, _ARRIVAL)
        gaps = gaps.filter(pc.field("exchange") != EVERYWHERE)  # they are told by themselves
        is_filled = pc.field("event") == FILLED
        self._gaps, self._filled = gaps.filter(~is_filled), gaps.filter(is_filled)
        self.covered = _covered_below(workspace, _held(bases[SILVER_COVERAGE]), floor_us)
        self._joined_rows = self.covered.num_rows

    def take(self, judged: Judged) -> None:
        """The next piece in the order."""
        refused = [with_verdict(judged.quarantined, QUARANTINED)]
        if judged.trades.num_rows:
            found = verdicts(judged.trades, judged.trade_places, self._known.among(self._trades, judged.trades))
            refused.append(refused_of(judged.trades, found))
            accepted = judged.trades.filter(pc.equal(found, ACCEPTED))
            for rows in filed(trades_of(accepted)) if accepted.num_rows else ():
                file = self._ws.stage(SILVER_TRADES, rows)
                self._known.remember(file, rows)
                self._trades.append(file)
        if judged.gaps.num_rows:
            said = gaps_of(judged.gaps)
            found = gap_verdicts(said, judged.gap_places, self._gaps)
            refused.append(refused_of(judged.gaps, found))
            self._gaps = pa.concat_tables([self._gaps, said.filter(pc.equal(found, ACCEPTED))])
        if judged.coverage.num_rows:
            more = says_more(judged.coverage, judged.coverage_places, self.covered.select(SPAN_COLUMNS))
            self.covered = pa.concat_tables([self.covered, judged.coverage.filter(pa.array(more))])
            if self.covered.num_rows > max(_COVERED_ROWS, 2 * self._joined_rows):
                self.covered = joined(self.covered)
                self._joined_rows = self.covered.num_rows
        rows = pa.concat_tables(refused)
        if rows.num_rows:
            self._rejected.append(self._ws.stage(SILVER_REJECTED, rejected_of(rows)))

    def files(self, of_stream: pa.Table) -> Mapping[Table, list[DataFile]]:
        """What was made, with the gaps that no record says: of the stream itself (given), and those that ids fill."""
        # What was kept of an island, and what comes after it, are one row with the last record's coordinates.
        covered = joined(self.covered)
        known = {GapKey(**row) for row in self._filled.select(GapKey._fields).to_pylist()}
        asked = (gap for gap in id_gaps(self._gaps) if gap.key not in known)
        counts = {gap: count(self._ws, self._trades, gap) for gap in asked}
        arrivals = {gap.key: arrival_us for gap, (_, arrival_us) in counts.items()}
        filled = filled_rows([gap for gap, (there, _) in counts.items() if there >= gap.size], arrivals)
        gaps = pa.concat_tables([self._gaps, of_stream, self._filled, filled])
        return {
            SILVER_TRADES: self._trades,
            SILVER_REJECTED: self._rejected,
            SILVER_GAPS: [self._ws.stage(SILVER_GAPS, gaps)] if gaps.num_rows else [],
            SILVER_COVERAGE: [self._ws.stage(SILVER_COVERAGE, covered)] if covered.num_rows else [],
        }


def _held(base: TableState) -> Sequence[DataFile]:
    return base.files if base.replaces is None else base.replaces


def _covered_below(workspace: Workspace, files: Sequence[DataFile], floor_us: int | None) -> pa.Table:
    """What records that arrived before the floor told as covered.

    Of an island whose last record arrived later it is the part before the floor, and a little behind it, since event
    time may be ahead of arrival: later ones tell the rest, from there on or from before.
    """
    if floor_us is None:
        return schema_of(SILVER_COVERAGE).empty_table()
    old = rows_below(workspace, SILVER_COVERAGE, files, floor_us, _ARRIVAL)
    rows = read_files(workspace.uri(SILVER_COVERAGE), SILVER_COVERAGE, files)
    rows = rows.filter(pc.greater_equal(rows.column(_ARRIVAL).cast(pa.int64()), floor_us))
    until_us = floor_us + AHEAD_US
    rows = rows.filter(pc.field("from_us") < until_us)
    ends = pc.min_element_wise(rows.column("through_us"), pa.scalar(until_us, pa.int64()))
    rows = rows.set_column(rows.schema.get_field_index("through_us"), rows.schema.field("through_us"), ends)
    return pa.concat_tables([old, rows])
