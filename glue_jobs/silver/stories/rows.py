"""Stories, scores, values and faults as rows of their tables."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from glue_jobs.engine import table_of
from glue_jobs.silver.stories.merge import Story
from glue_jobs.silver.stories.telling import text_of
from tapehouse.document import Value
from tapehouse.intervals import instant_of, micros_of
from tapehouse.record import PLAIN_DECIMAL
from tapehouse.score import EMOTIONS, Score
from tapehouse.tables import SILVER_DOCUMENTS, SILVER_QUOTES, SILVER_SCORES, Table

Row = dict[str, Any]


def documents(stories: Iterable[Story]) -> pa.Table:
    """Rows of silver.documents."""
    return table_of(SILVER_DOCUMENTS, map(_document, stories))


def _document(story: Story) -> Row:
    named, said = story.documents[0], story.documents[0].tellings[0]
    scores = [each.vendor_sentiment for each in story.tellings if each.vendor_sentiment is not None]
    at = instant_of(named.published_at_us)
    return {
        "published_date": at.date(),
        "document_id": named.document_id,
        "kind": said.kind,
        "sources": sorted({each.source for each in story.tellings}),
        "url": said.url,
        "title": said.title,
        "body": said.body,
        "author": said.author,
        "published_at": at,
        "fetched_at": instant_of(min(each.first_fetched_us for each in story.tellings)),
        "symbols": sorted({symbol for each in story.tellings for symbol in each.symbols}),
        "vendor_sentiment": math.fsum(scores) / len(scores) if scores else None,
        "title_key": story.title_key,
        "told_as": [each.document_id for each in story.documents],
        "tellings": text_of(story.tellings),
    }


@dataclass(frozen=True, slots=True)
class Scored:
    """A score, and when its text was fetched."""

    score: Score
    fetched_at_us: int


def score(scored: Scored) -> Row:
    """A row of silver.scores."""
    said, at = scored.score, instant_of(scored.score.published_at_us)
    return {
        "published_date": at.date(),
        "document_id": said.document_id,
        "field": said.field,
        "text_hash": said.text_hash,
        "scorer": said.scorer,
        "language": said.language,
        "sentiment": said.sentiment,
        "label": said.label,
        **dict.fromkeys(EMOTIONS),
        **(said.emotions or {}),
        "key_phrases": list(said.key_phrases),
        "summary": said.summary,
        "symbols": list(said.symbols),
        "published_at": at,
        "fetched_at": instant_of(scored.fetched_at_us),
    }


def quote(value: Value) -> Row:
    """A row of silver.quotes. Raises ValueError for a number that the table cannot hold."""
    exact = Decimal(value.value) if PLAIN_DECIMAL.fullmatch(value.value) else None
    if exact is None or (value.kind == "price" and exact <= 0):
        raise ValueError(f"the {value.kind} of {value.name} is no number that silver.quotes holds")
    at = instant_of(value.observed_at_us)
    return {
        "observed_date": at.date(),
        "source": value.source,
        "kind": value.kind,
        "name": value.name,
        "observed_at": at,
        "value": exact,
        "unit": value.unit,
        "label": value.label,
        "url": value.url,
        "fetched_at": instant_of(value.fetched_at_us),
    }


def stands(scored: Row, taken_back: Mapping[str, int]) -> bool:
    """Whether the text of a score was not taken back after it was fetched. ``taken_back``: as of ``telling``."""
    until = taken_back.get(scored["document_id"])
    return until is None or micros_of(scored["fetched_at"]) > until


def newer(before: Row, after: Row) -> Row:
    """Of two rows with one key the one that counts: the newer fetch, and of one moment, always the same one."""
    return max(before, after, key=lambda row: (row["fetched_at"], [_spelled(row[name]) for name in sorted(row)]))


def _spelled(value: Any) -> str:
    """The same text for the same value, whether it comes from a table or from a line."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value.normalize()) if isinstance(value, Decimal) else repr(value)


def newest(rows: Iterable[Row], key: Iterable[str]) -> dict[tuple[Any, ...], Row]:
    """Of each key the row that counts, in any order."""
    names, found = tuple(key), dict[tuple[Any, ...], Row]()
    for row in rows:
        at = tuple(row[name] for name in names)
        found[at] = newer(found[at], row) if at in found else row
    return found


KEYS: Final[Mapping[Table, tuple[str, ...]]] = {
    SILVER_SCORES: tuple(name for name in SILVER_SCORES.key if name != "published_date"),
    SILVER_QUOTES: SILVER_QUOTES.key,
}
"""What tells rows apart of which the newest counts: a text that comes again with another date is the same text."""
