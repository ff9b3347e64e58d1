"""silver.quotes: numbers that pages and indexes told: prices, and the day's Fear & Greed."""

from typing import Final

from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

SILVER_QUOTES: Final = Table(
    name="silver.quotes",
    grain="one row per source, name, and time that the number is of; told again, the newest telling counts",
    columns=(
        Column("observed_date", "DATE", "UTC date of observed_at", nullable=False),
        Column("source", "STRING", "whose number it is: the task that read the page, or the index", nullable=False),
        Column("kind", "STRING", "price or index", nullable=False),
        Column("name", "STRING", "of what: BTC-USD, fear-greed", nullable=False),
        Column("observed_at", "TIMESTAMP", "what it is of, UTC: of a day's index, its first moment", nullable=False),
        Column("value", "DECIMAL(28,12)", "the number", nullable=False),
        Column("unit", "STRING", "quote currency of a price; points of an index", nullable=False),
        Column("label", "STRING", "in the source's words, as Extreme Fear; null where it has none"),
        Column("url", "STRING", "page that it was read from; null where there is none"),
        Column("fetched_at", "TIMESTAMP", "when it was newest fetched, UTC", nullable=False),
    ),
    key=("observed_date", "source", "kind", "name", "observed_at"),
    rules=(
        Rule("kind", "kind IN ('price', 'index')", "there are no others"),
        Rule("price", "kind <> 'price' OR value > 0", "what has no price is no quote"),
        Rule("date", "CAST(observed_at AS DATE) = observed_date", "a row lies with its day"),
    ),
    time_us="unix_micros(observed_at)",
    upkeep=Upkeep(compaction=Compaction(near="observed_date")),
)
