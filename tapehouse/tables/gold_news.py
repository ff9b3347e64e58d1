"""gold.news: the stories with their mood, to be read and searched."""

from typing import Final

from tapehouse.tables.emotions import EMOTION_COLUMNS
from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

GOLD_NEWS: Final = Table(
    name="gold.news",
    grain="one row per story of silver.documents",
    columns=(
        Column("published_date", "DATE", "UTC date of published_at", nullable=False),
        Column("document_id", "STRING", "of the story", nullable=False),
        Column("published_at", "TIMESTAMP", "earliest time that a source gives, UTC", nullable=False),
        Column("kind", "STRING", "news, social or page", nullable=False),
        Column("sources", "ARRAY<STRING>", "all who told it, in order", nullable=False),
        Column("title", "STRING", "of the earliest telling", nullable=False, is_words=True),
        Column(
            "summary", "STRING", "sentences taken out of its body; null where it is short", nullable=True, is_words=True
        ),
        Column("url", "STRING", "canonical address; null where there is none", is_words=True),
        Column("author", "STRING", "as its source says; null where it does not", is_words=True),
        Column("symbols", "ARRAY<STRING>", "base assets: of sources' tags and of the text, in order", nullable=False),
        Column("language", "STRING", "of the title, or of the body; null if not scored"),
        Column("sentiment", "DOUBLE", "mean of title's and content's, -1 to 1; null if not scored"),
        Column("label", "STRING", "band of sentiment; null if not scored"),
        *EMOTION_COLUMNS,
        Column("vendor_sentiment", "DOUBLE", "what sources hold its mood to be, -1 to 1; null if none says"),
        Column("key_phrases", "ARRAY<STRING>", "of the title, then of the content, each once", nullable=False),
        Column("scorer", "STRING", "whose scores these are; null if not scored"),
        Column(
            "search_text",
            "STRING",
            "title, body, phrases, symbols and author in small letters: WHERE search_text LIKE '%etf%'",
            nullable=False,
            is_words=True,
        ),
    ),
    key=("published_date", "document_id"),
    rules=(
        Rule("sentiment", "sentiment BETWEEN -1 AND 1", "that is its scale"),
        Rule("labelled", "(sentiment IS NULL) = (label IS NULL)", "a label is a band of sentiment"),
        Rule("date", "CAST(published_at AS DATE) = published_date", "a row lies with its day"),
    ),
    time_us="unix_micros(published_at)",
    upkeep=Upkeep(compaction=Compaction(near="published_date")),
)
