"""gold.sentiment_daily: the day's mood, by asset and source."""

from dataclasses import replace
from typing import Final

from tapehouse.tables.emotions import EMOTION_COLUMNS
from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

ALL: Final = "ALL"
"""Of every asset, those without any too; of every source, each story once."""

GOLD_SENTIMENT_DAILY: Final = Table(
    name="gold.sentiment_daily",
    grain="one row per publication date, asset and source of which a story was scored; ALL is every asset, or source",
    columns=(
        Column("published_date", "DATE", "UTC date that the stories were published on", nullable=False),
        Column("symbol", "STRING", "base asset, or ALL: every story, without an asset too", nullable=False),
        Column("source", "STRING", "who told them, or ALL: each story once, however many told it", nullable=False),
        Column("documents", "BIGINT", "scored stories", nullable=False),
        Column("mean_sentiment", "DOUBLE", "-1 to 1", nullable=False),
        Column("min_sentiment", "DOUBLE", "-1 to 1", nullable=False),
        Column("max_sentiment", "DOUBLE", "-1 to 1", nullable=False),
        Column("std_sentiment", "DOUBLE", "of the sample; null of one story"),
        Column("bearish", "BIGINT", "stories of -0.35 or less", nullable=False),
        Column("somewhat_bearish", "BIGINT", "stories above that, of -0.15 or less", nullable=False),
        Column("neutral_count", "BIGINT", "stories between", nullable=False),
        Column("somewhat_bullish", "BIGINT", "stories of 0.15 or more, below 0.35", nullable=False),
        Column("bullish", "BIGINT", "stories of 0.35 or more", nullable=False),
        *(replace(each, comment=f"mean share of {each.name}, 0 to 1", nullable=False) for each in EMOTION_COLUMNS),
        Column("day_start_us", "BIGINT", "first moment of published_date, microseconds UTC", nullable=False),
    ),
    key=("published_date", "symbol", "source"),
    rules=(
        Rule(
            "bands",
            "documents = bearish + somewhat_bearish + neutral_count + somewhat_bullish + bullish",
            "each story is in one band",
        ),
        Rule("least", "min_sentiment <= mean_sentiment + 0.000001", "no story is below the least"),
        Rule("most", "mean_sentiment <= max_sentiment + 0.000001", "no story is above the most"),
        Rule("documents", "documents >= 1", "a day without stories has no row"),
    ),
    time_us="day_start_us",
    upkeep=Upkeep(compaction=Compaction(near="published_date")),
)
