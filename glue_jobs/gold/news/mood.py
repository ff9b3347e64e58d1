"""A story and the scores of its texts → its row of gold.news. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tapehouse.score import EMOTIONS, label_of, text_hash

Row = Mapping[str, Any]
_TEXTS: Final = {"title": "title", "content": "body"}
"""Field of a score → column of the story that it is of."""
_SUMMARISED: Final = 300
"""Characters of a body up to which it needs no summary."""


def news_of(story: Row, scores: Iterable[Row]) -> dict[str, Any]:
    """``story``: a row of silver.documents; ``scores``: rows of silver.scores, of this story among others.

    Of each field the score counts that is of the text as it is now, else of the newest text; of two scorers' of one
    fetch always the same one's.
    """
    of_field: dict[str, Row] = {}
    hashes = {field: text_hash(story[column]) for field, column in _TEXTS.items()}
    mine = [each for each in scores if each["document_id"] == story["document_id"]]
    for field in _TEXTS:
        found = [each for each in mine if each["field"] == field]
        if found:
            of_field[field] = max(found, key=lambda each: _weight(each, hashes[each["field"]]))
    said = list(of_field.values())
    scored = [each for each in said if each["sentiment"] is not None]
    sentiment = _mean([each["sentiment"] for each in scored])
    phrases = list(dict.fromkeys(phrase.casefold() for each in said for phrase in each["key_phrases"]))
    symbols = sorted({*story["symbols"], *(symbol for each in said for symbol in each["symbols"])})
    content = of_field.get("content")
    texts = (story["title"], story["body"], *phrases, *symbols, story["author"] or "")
    return {
        **{name: story[name] for name in _KEPT},
        "summary": content["summary"] if content is not None and len(story["body"]) > _SUMMARISED else None,
        "symbols": symbols,
        "language": said[0]["language"] if said else None,
        "sentiment": sentiment,
        "label": None if sentiment is None else label_of(sentiment),
        **{name: _mean([each[name] for each in scored]) for name in EMOTIONS},
        "key_phrases": phrases,
        "scorer": scored[0]["scorer"] if scored else None,
        "search_text": "\n".join(texts).casefold(),
    }


_KEPT: Final = (
    "published_date", "document_id", "published_at", "kind", "sources", "title", "url", "author", "vendor_sentiment",
)  # fmt: skip


def _weight(score: Row, hash_now: str) -> tuple[bool, Any, str, str]:
    return score["text_hash"] == hash_now, score["fetched_at"], score["scorer"], score["text_hash"]


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
