"""silver.coverage: the spans in which a market was wholly seen."""

from typing import Final

from tapehouse.tables.coordinates import COORDINATE_NAMES, COORDINATES
from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

SILVER_COVERAGE: Final = Table(
    name="silver.coverage",
    grain="one row per span in which no trade of the market is unknown to us, as one record or several tell it",
    columns=(
        Column("exchange", "STRING", "venue", nullable=False),
        Column("symbol", "STRING", "canonical BASE-QUOTE", nullable=False),
        Column("from_us", "BIGINT", "start of the span, inclusive, microseconds UTC", nullable=False),
        Column("through_us", "BIGINT", "end of the span, exclusive, microseconds UTC", nullable=False),
        Column("source", "STRING", "the feed that saw it", nullable=False),
        Column(
            "last_id", "STRING", "id of the last trade seen, as the last record tells it; null where the venue has none"
        ),
        Column("arrival_time", "TIMESTAMP", "when Kinesis took the last record, UTC", nullable=False),
        *COORDINATES,  # of the last record
    ),
    key=COORDINATE_NAMES,
    rules=(Rule("span", "through_us > from_us", "a span is not empty"),),
    time_us="through_us",
    accounts_for="bronze.trades",
    cluster_by=("exchange", "symbol", "through_us"),
    upkeep=Upkeep(compaction=Compaction(near="through_us")),
)
