"""bronze.documents: what the Lambdas landed, line for line as it came."""

from typing import Final

from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

WHOLE: Final = -1
"""The line of an object that cannot be unpacked: its payload is the object's first bytes."""

BRONZE_DOCUMENTS: Final = Table(
    name="bronze.documents",
    grain="one row per line of an object of the landing: one response of a source, or the scores of one document",
    columns=(
        Column("payload", "BINARY", "its bytes as they came; of line -1, the object's first ones", nullable=False),
        Column("kind", "STRING", "news, social, page, price, index or score: the key's first part", nullable=False),
        Column("source", "STRING", "who was asked: the key's second part", nullable=False),
        Column("object_key", "STRING", "key of the object below the landing; never written over", nullable=False),
        Column("line", "INT", "line of the object, from 0; -1 is an object that cannot be unpacked", nullable=False),
        Column("fetched_at", "TIMESTAMP", "when its first line was fetched, as the key says, UTC", nullable=False),
        Column("ingested_at", "TIMESTAMP", "when the turn that read it began, UTC", nullable=False),
        Column("fetch_date", "DATE", "UTC date of fetched_at", nullable=False),
    ),
    key=("object_key", "line"),
    rules=(
        Rule("line", "line >= -1", "lines count from 0"),
        Rule("kind", "kind IN ('news', 'social', 'page', 'price', 'index', 'score')", "there are no others"),
        Rule("filed_by_fetch", "CAST(fetched_at AS DATE) = fetch_date", "a row lies in the folder of its day"),
    ),
    time_us="unix_micros(fetched_at)",
    partition_by=("fetch_date",),
    upkeep=Upkeep(compaction=Compaction(near="fetched_at")),
)
