"""silver.document_faults: what of the landing could not be read, and why."""

from typing import Final

from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

SILVER_DOCUMENT_FAULTS: Final = Table(
    name="silver.document_faults",
    grain="one row per thing that is wrong with a line of the landing; its bytes are in bronze.documents",
    columns=(
        Column("fetch_date", "DATE", "UTC date of fetched_at", nullable=False),
        Column("object_key", "STRING", "key of the object below the landing", nullable=False),
        Column("line", "INT", "line of the object, from 0; -1 is the whole of it", nullable=False),
        Column("fault", "STRING", "what is wrong with which item, without its contents", nullable=False),
        Column("kind", "STRING", "news, social, page, price, index or score", nullable=False),
        Column("source", "STRING", "who was asked", nullable=False),
        Column("fetched_at", "TIMESTAMP", "when the object's first line was fetched, UTC", nullable=False),
    ),
    key=("fetch_date", "object_key", "line", "fault"),
    rules=(Rule("fault", "LENGTH(fault) > 0", "a fault says what it is"),),
    time_us="unix_micros(fetched_at)",
    upkeep=Upkeep(compaction=Compaction(near="fetch_date")),
)
