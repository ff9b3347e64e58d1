"""bronze.trades: what Kinesis gave, byte for byte."""

from typing import Final

from tapehouse.tables.coordinates import COORDINATE_NAMES, COORDINATES
from tapehouse.tables.model import Column, Compaction, Table, Upkeep

BRONZE_TRADES: Final = Table(
    name="bronze.trades",
    grain="one row per Kinesis user record (a KPL aggregate is taken apart), whatever its bytes",
    columns=(
        Column("payload", "BINARY", "the record's bytes as they came", nullable=False),
        *COORDINATES,
        Column("partition_key", "STRING", "Kinesis partition key of the record", nullable=False),
        Column(
            "arrival_time", "TIMESTAMP", "ApproximateArrivalTimestamp of Kinesis, UTC, milliseconds", nullable=False
        ),
        Column(
            "ingested_at", "TIMESTAMP", "when the turn that read it began, UTC; grows with each turn", nullable=False
        ),
        Column("arrival_date", "DATE", "UTC date of arrival_time", nullable=False),
    ),
    key=COORDINATE_NAMES,
    time_us="unix_micros(arrival_time)",
    partition_by=("arrival_date",),
    retention_days=None,
    upkeep=Upkeep(compaction=Compaction(near="arrival_time")),
)
