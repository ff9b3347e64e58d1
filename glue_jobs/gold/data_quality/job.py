"""gold.data_quality and gold.data_quality_reasons from bronze.trades and silver."""

from collections.abc import Collection, Mapping
from typing import Final

from glue_jobs.engine import Batch, Counter, SumsTable, Workspace
from glue_jobs.gold.data_quality import counts
from tapehouse.tables import (
    BRONZE_TRADES,
    GOLD_DATA_QUALITY,
    GOLD_DATA_QUALITY_REASONS,
    SILVER_GAPS,
    SILVER_REJECTED,
    SILVER_TRADES,
    Table,
)

_COUNTED: Final[Mapping[Table, Mapping[Table, Counter]]] = {
    GOLD_DATA_QUALITY: {
        BRONZE_TRADES: counts.arrived,
        SILVER_TRADES: counts.accepted,
        SILVER_GAPS: counts.gaps,
        SILVER_REJECTED: counts.rejected,
    },
    GOLD_DATA_QUALITY_REASONS: {SILVER_REJECTED: counts.reasons},
}
MAKES: Final[Mapping[Table, tuple[Table, ...]]] = {table: tuple(inputs) for table, inputs in _COUNTED.items()}


class DataQualityJob:
    """Adds what a batch brings to the rows of its hours."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace
        self._sums = [SumsTable(workspace, table, inputs) for table, inputs in _COUNTED.items()]

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

        Of bronze all that is there is counted, which costs next to nothing: so it is never behind silver.

        Raises:
            LostRaceError: another writer was there first; run the same batch again.
        """
        through = {table: -1 if to.after is not None else to.version for table, to in batch.reached.items()}
        through[BRONZE_TRADES] = self._ws.state(BRONZE_TRADES).version
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
