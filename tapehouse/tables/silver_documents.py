"""silver.documents: the stories, posts and pages that are known, each once however often it was told."""

from typing import Final

from tapehouse.tables.model import Column, Compaction, Rule, Table, Upkeep

SILVER_DOCUMENTS: Final = Table(
    name="silver.documents",
    grain="one row per story: tellings of one canonical address, or of one title within 48 hours of the first",
    columns=(
        Column("published_date", "DATE", "UTC date of published_at", nullable=False),
        Column("document_id", "STRING", "of its earliest telling: hash of its canonical address", nullable=False),
        Column("kind", "STRING", "news, social or page", nullable=False),
        Column("sources", "ARRAY<STRING>", "all who told it, in order", nullable=False),
        Column("url", "STRING", "canonical address; null where there is none", is_words=True),
        Column(
            "title",
            "STRING",
            "of the earliest telling; empty where its text was taken back",
            nullable=False,
            is_words=True,
        ),
        Column(
            "body",
            "STRING",
            "plain text of it, the longest that a source told; may be empty",
            nullable=False,
            is_words=True,
        ),
        Column("author", "STRING", "as its source says; null where it does not", is_words=True),
        Column("published_at", "TIMESTAMP", "earliest time that a source gives, UTC", nullable=False),
        Column("fetched_at", "TIMESTAMP", "when it was first fetched, UTC", nullable=False),
        Column("symbols", "ARRAY<STRING>", "base assets that sources tagged it with, in order", nullable=False),
        Column(
            "vendor_sentiment",
            "DOUBLE",
            "mean of what sources hold its whole mood to be, -1 to 1; null if none",
        ),
        Column(
            "title_key",
            "STRING",
            "words of the title, folded: what two tellings share; null of fewer than four",
            is_words=True,
        ),
        Column("told_as", "ARRAY<STRING>", "document_id of every telling, the earliest first", nullable=False),
        Column(
            "tellings", "STRING", "JSON: every telling as its source has it now, by time", nullable=False, is_words=True
        ),
    ),
    key=("published_date", "document_id"),
    rules=(
        Rule("kind", "kind IN ('news', 'social', 'page')", "there are no others"),
        Rule("date", "CAST(published_at AS DATE) = published_date", "a row lies with its day"),
        Rule("sources", "cardinality(sources) >= 1", "somebody told it"),
        Rule("told_as", "cardinality(told_as) >= 1", "it is told as itself at least"),
        Rule("vendor_sentiment", "vendor_sentiment BETWEEN -1 AND 1", "that is its scale"),
    ),
    time_us="unix_micros(published_at)",
    upkeep=Upkeep(compaction=Compaction(near="published_date")),
)
