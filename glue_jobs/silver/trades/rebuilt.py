"""silver computed anew: bronze piece by piece in the stream's order, against what the pieces before it gave.

What is made lies in files that no table has yet. Nothing is kept in memory but gaps, islands of coverage, and hashes.
"""

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.engine import DataFile, Workspace, schema_of
from glue_jobs.silver.trades.coverage import SPAN_COLUMNS, joined, says_more
from glue_jobs.silver.trades.filing import filed
from glue_jobs.silver.trades.filled import count, filled_rows, id_gaps
from glue_jobs.silver.trades.gaps import gap_verdicts
from glue_jobs.silver.trades.known import KnownTrades
from glue_jobs.silver.trades.parts import Judged, refused_of, with_verdict
from glue_jobs.silver.trades.rows import gaps_of, rejected_of, trades_of
from glue_jobs.silver.trades.verdicts import ACCEPTED, QUARANTINED, verdicts
from tapehouse.tables import SILVER_COVERAGE, SILVER_GAPS, SILVER_REJECTED, SILVER_TRADES, Table

_COVERED_ROWS: Final = 50_000
"""Coverage of more rows is joined before the next piece."""


class Rebuilt:
    """The four tables as they are made."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace
        self._known = KnownTrades(workspace)
        self._trades: list[DataFile] = []
        self._rejected: list[DataFile] = []
        self._gaps = schema_of(SILVER_GAPS).empty_table()
        self.covered = schema_of(SILVER_COVERAGE).empty_table()
        self._joined_rows = 0

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
        counts = {gap: count(self._ws, self._trades, gap) for gap in id_gaps(self._gaps)}
        arrivals = {gap.key: arrival_us for gap, (_, arrival_us) in counts.items()}
        filled = filled_rows([gap for gap, (there, _) in counts.items() if there >= gap.size], arrivals)
        gaps = pa.concat_tables([self._gaps, of_stream, filled])
        return {
            SILVER_TRADES: self._trades,
            SILVER_REJECTED: self._rejected,
            SILVER_GAPS: [self._ws.stage(SILVER_GAPS, gaps)] if gaps.num_rows else [],
            SILVER_COVERAGE: [self._ws.stage(SILVER_COVERAGE, self.covered)] if self.covered.num_rows else [],
        }
