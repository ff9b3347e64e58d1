"""gold.keywords_daily: what the day's stories speak of."""

from typing import Final

from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

MOST_PHRASES: Final = 200
"""Of a day and asset: the ones that most stories have."""

GOLD_KEYWORDS_DAILY: Final = Table(
    name="gold.keywords_daily",
    grain="one row per publication date, asset and key phrase, of the 200 that most of its stories have",
    columns=(
        Column("published_date", "DATE", "UTC date that the stories were published on", nullable=False),
        Column("symbol", "STRING", "base asset, or ALL: every story, without an asset too", nullable=False),
        Column("phrase", "STRING", "in small letters", nullable=False, is_words=True),
        Column("documents", "BIGINT", "stories that have it", nullable=False),
        Column("mean_sentiment", "DOUBLE", "of those of them that are scored, -1 to 1; null where none is"),
        Column("place", "BIGINT", "1 is what most stories have; equal ones by phrase", nullable=False),
        Column("day_start_us", "BIGINT", "first moment of published_date, microseconds UTC", nullable=False),
    ),
    key=("published_date", "symbol", "phrase"),
    rules=(
        Rule("documents", "documents >= 1", "a phrase that no story has is no row"),
        Rule("place", "place BETWEEN 1 AND 200", "the weightiest are kept"),
    ),
    time_us="day_start_us",
    upkeep=Upkeep(compaction=Compaction(near="published_date")),
)
