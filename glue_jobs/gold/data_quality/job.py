"""gold.data_quality and gold.data_quality_reasons from bronze.trades and silver."""

from collections.abc import Mapping
from typing import Final

from glue_jobs.engine import Counter, SumsJob, SumsTable, Workspace
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


class DataQualityJob(SumsJob):
    """Adds what a batch brings to the rows of its hours."""

    def __init__(self, workspace: Workspace) -> None:
        # Of bronze all that is there is counted, which costs next to nothing: so it is never behind silver.
        sums = [SumsTable(workspace, table, inputs) for table, inputs in _COUNTED.items()]
        super().__init__(workspace, sums, at_once=(BRONZE_TRADES,))
