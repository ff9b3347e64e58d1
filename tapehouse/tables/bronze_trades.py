"""bronze.trades: what Kinesis gave, byte for byte."""

from typing import Final

from tapehouse.tables.coordinates import COORDINATE_NAMES, COORDINATES
from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

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
    rules=(
        Rule("sub_sequence", "sub_sequence_number >= 0", "a record's place in its aggregate counts from 0"),
        Rule(
            "filed_by_arrival",
            "CAST(arrival_time AS DATE) = arrival_date",
            "a row lies in the folder of its arrival's day",
        ),
    ),
    time_us="unix_micros(arrival_time)",
    partition_by=("arrival_date",),
    least_retention_days=2,  # a day of the stream's own, and one for silver to read it
    upkeep=Upkeep(compaction=Compaction(near="arrival_time")),
)
