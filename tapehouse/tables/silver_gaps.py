"""silver.gaps: the holes that we know of, and what became of them."""

from dataclasses import replace
from typing import Final

from tapehouse.tables.coordinates import COORDINATES
from tapehouse.tables.model import Column, Table

SILVER_GAPS: Final = Table(
    name="silver.gaps",
    grain="one row per thing that happened to a gap: opened, or closed; a gap is open while it has no closed row",
    columns=(
        Column("exchange", "STRING", "venue", nullable=False),
        Column("symbol", "STRING", "canonical BASE-QUOTE", nullable=False),
        Column("source", "STRING", "the feed that has the hole", nullable=False),
        Column("gap_id", "STRING", "names the gap within its market and source", nullable=False),
        Column("event", "STRING", "opened or closed", nullable=False),
        Column("from_id", "STRING", "first missing trade id, inclusive; opened only"),
        Column("to_id", "STRING", "last missing trade id, inclusive; opened only"),
        Column("from_us", "BIGINT", "event time of the last trade before the hole, microseconds UTC; opened only"),
        Column("to_us", "BIGINT", "event time of the first trade after it, microseconds UTC; null while it goes on"),
        Column("reason", "STRING", "why it opened, or how it was closed", nullable=False),
        Column("arrival_time", "TIMESTAMP", "when Kinesis took the record, UTC", nullable=False),
        *(replace(column, nullable=True) for column in COORDINATES),  # null where no record says it, but our own ids do
    ),
    key=("exchange", "symbol", "source", "gap_id", "event"),
    cluster_by=("exchange", "symbol"),
)
