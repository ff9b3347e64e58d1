"""gold.sentiment_vs_price: the day's mood beside what the price did that day and the next."""

from typing import Final

from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

GOLD_SENTIMENT_VS_PRICE: Final = Table(
    name="gold.sentiment_vs_price",
    grain="one row per publication date and market (exchange ALL too) that traded that day, if its base asset has "
    "scored stories",
    columns=(
        Column("published_date", "DATE", "UTC date of stories and of the candle", nullable=False),
        Column("exchange", "STRING", "venue, or ALL", nullable=False),
        Column("symbol", "STRING", "canonical BASE-QUOTE; the stories are its base asset's", nullable=False),
        Column("documents", "BIGINT", "scored stories", nullable=False),
        Column("mean_sentiment", "DOUBLE", "of all sources, -1 to 1", nullable=False),
        Column("close", "DECIMAL(28,12)", "of the day's candle of 1d; of the running day, so far", nullable=False),
        Column("return_pct", "DOUBLE", "day's close to that of the day before, in percent; null without that"),
        Column("next_return_pct", "DOUBLE", "next day's close to the day's, in percent; null before it is there"),
        Column("trade_count", "BIGINT", "of the day's candle", nullable=False),
        Column("day_start_us", "BIGINT", "first moment of published_date, microseconds UTC", nullable=False),
    ),
    key=("published_date", "exchange", "symbol"),
    rules=(
        Rule("documents", "documents >= 1", "a day without stories has no row"),
        Rule("sentiment", "mean_sentiment BETWEEN -1 AND 1", "that is its scale"),
        Rule("close", "close > 0", "a price is above nothing"),
    ),
    time_us="day_start_us",
    upkeep=Upkeep(compaction=Compaction(near="published_date")),
)
