"""silver.rejected: every record that is not in another silver table, and why."""

from typing import Final

from tapehouse.tables.coordinates import COORDINATE_NAMES, COORDINATES
from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

REQUEUED: Final = "requeued"
"""Among the reasons of a duplicate or a conflict that was quarantined until ``tapehouse requeue`` judged it again: what
it repeats or contradicts may have come after it."""

SILVER_REJECTED: Final = Table(
    name="silver.rejected",
    grain="one row per bronze record that is a duplicate, a conflict or quarantined",
    columns=(
        *COORDINATES,
        Column("arrival_time", "TIMESTAMP", "when Kinesis took it, UTC", nullable=False),
        Column(
            "verdict",
            "STRING",
            "duplicate (known already), conflict (known with other price, size or side), quarantined (breaks a rule)",
            nullable=False,
        ),
        Column("kind", "STRING", "the kind that the record claims, null where it cannot be read"),
        Column(
            "reasons",
            "ARRAY<STRING>",
            "field.rule codes of tapehouse.record, trade.conflict, or none for a duplicate; requeued besides where "
            "tapehouse requeue found the one or the other",
            nullable=False,
        ),
        Column("payload", "BINARY", "the bytes as they came; null for a duplicate, whose twin is in silver"),
        Column("arrival_date", "DATE", "UTC date of arrival_time", nullable=False),
        Column(
            "exchange",
            "STRING",
            "venue that the record claims; null where it cannot be read, and in rows from before there was this column",
        ),
        Column("symbol", "STRING", "canonical BASE-QUOTE that it claims; null alike"),
        Column("source", "STRING", "the feed that it claims to be from; null alike"),
    ),
    key=COORDINATE_NAMES,
    rules=(
        Rule("verdict", "verdict IN ('duplicate', 'conflict', 'quarantined')", "there are no others"),
        Rule(
            "kept",
            "(payload IS NULL) = (verdict = 'duplicate')",
            "the bytes are kept but for a duplicate's, whose twin is here",
        ),
        Rule("reasoned", "verdict = 'duplicate' OR CARDINALITY(reasons) > 0", "what is refused has a reason"),
    ),
    time_us="unix_micros(arrival_time)",
    accounts_for="bronze.trades",
    cluster_by=("arrival_date",),
    upkeep=Upkeep(compaction=Compaction(near="arrival_date")),
)
