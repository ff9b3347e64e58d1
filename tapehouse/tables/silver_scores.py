"""silver.scores: what scorers made of the texts of documents."""

from typing import Final

from tapehouse.tables.emotions import EMOTION_COLUMNS
from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

SILVER_SCORES: Final = Table(
    name="silver.scores",
    grain="one row per document, field, text of it, and scorer",
    columns=(
        Column("published_date", "DATE", "UTC date of published_at", nullable=False),
        Column("document_id", "STRING", "as in told_as of silver.documents", nullable=False),
        Column("field", "STRING", "title, content or summary", nullable=False),
        Column("text_hash", "STRING", "hash of the text that was scored", nullable=False),
        Column("scorer", "STRING", "name and version: scores of different ones are not compared", nullable=False),
        Column("language", "STRING", "of the text, as en; und is unknown", nullable=False),
        Column("sentiment", "DOUBLE", "mood for the asset, -1 to 1; null in a language that the scorer does not read"),
        Column("label", "STRING", "band of sentiment: bearish up to -0.35, somewhat-bearish, neutral, …, bullish"),
        *EMOTION_COLUMNS,
        Column("key_phrases", "ARRAY<STRING>", "weightiest first", nullable=False),
        Column("summary", "STRING", "sentences taken out of the text; null where it is one itself", is_words=True),
        Column("symbols", "ARRAY<STRING>", "base assets that the text names, in order", nullable=False),
        Column("published_at", "TIMESTAMP", "of the document, UTC", nullable=False),
        Column("fetched_at", "TIMESTAMP", "when the text was newest fetched, UTC", nullable=False),
    ),
    key=("published_date", "document_id", "field", "text_hash", "scorer"),
    rules=(
        Rule("field", "field IN ('title', 'content', 'summary')", "there are no others"),
        Rule("sentiment", "sentiment BETWEEN -1 AND 1", "that is its scale"),
        Rule(
            "label",
            "label IN ('bearish', 'somewhat-bearish', 'neutral', 'somewhat-bullish', 'bullish')",
            "there are no others",
        ),
        Rule("labelled", "(sentiment IS NULL) = (label IS NULL)", "a label is a band of sentiment"),
        Rule(
            "emotions",
            "ABS(anger + disgust + fear + joy + neutral + sadness + surprise - 1) < 0.000001",
            "they are shares of one",
        ),
        Rule("date", "CAST(published_at AS DATE) = published_date", "a row lies with its day"),
    ),
    time_us="unix_micros(published_at)",
    upkeep=Upkeep(compaction=Compaction(near="published_date")),
)
