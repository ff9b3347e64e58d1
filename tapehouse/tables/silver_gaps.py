"""silver.gaps: the holes that we know of, and what became of them."""

from dataclasses import replace
from typing import Final

from tapehouse.tables.coordinates import COORDINATES
from tapehouse.tables.model import Column, Rule, Table

OPENED: Final = "opened"
"""A gap record came."""
CLOSED: Final = "closed"
"""A gap_closed record came."""
FILLED: Final = "filled"
"""Every id of the gap is in silver.trades."""
EVERYWHERE: Final = "*"
"""Exchange and symbol of a gap of the stream itself, in which any market may have lost trades."""

SILVER_GAPS: Final = Table(
    name="silver.gaps",
    grain="one row per thing that happened to a gap: opened, closed or filled; a gap is open while it has an opened "
    "row alone",
    columns=(
        Column("exchange", "STRING", "venue", nullable=False),
        Column("symbol", "STRING", "canonical BASE-QUOTE", nullable=False),
        Column("source", "STRING", "the feed that has the hole", nullable=False),
        Column("gap_id", "STRING", "names the gap within its market and source", nullable=False),
        Column(
            "event",
            "STRING",
            "opened, closed (a gap_closed record came) or filled (all its ids are here)",
            nullable=False,
        ),
        Column("from_id", "STRING", "first missing trade id, inclusive; null in a closed row"),
        Column("to_id", "STRING", "last missing trade id, inclusive; null in a closed row"),
        Column(
            "from_us",
            "BIGINT",
            "event time of the last trade before the hole, microseconds UTC; null in a closed row",
        ),
        Column(
            "to_us",
            "BIGINT",
            "event time of the first trade after it, microseconds UTC; null while it goes on, and in a closed row",
        ),
        Column("reason", "STRING", "why it opened, or how it was closed", nullable=False),
        Column(
            "arrival_time",
            "TIMESTAMP",
            "when Kinesis took the record, UTC; of a filled row, the last of the gap and its trades",
            nullable=False,
        ),
        *(replace(column, nullable=True) for column in COORDINATES),  # null where no record says it, but our own ids do
    ),
    key=("exchange", "symbol", "source", "gap_id", "event"),
    rules=(
        Rule("event", "event IN ('opened', 'closed', 'filled')", "there are no others"),
        Rule("span", "to_us >= from_us", "a gap ends behind its beginning"),
        Rule(
            "filled_by_ids",
            "event <> 'filled' OR (from_id IS NOT NULL AND to_id IS NOT NULL AND shard_id IS NULL)",
            "what silver's own ids filled has ids, and no record that says it",
        ),
    ),
    time_us="unix_micros(arrival_time)",
    accounts_for="bronze.trades",
    cluster_by=("exchange", "symbol"),
)
