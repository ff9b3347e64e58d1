"""A story and the scores of its texts → its row of gold.news. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from tapehouse.score import EMOTIONS, label_of, newness, text_hash

Row = Mapping[str, Any]
_TEXTS: Final = {"title": "title", "content": "body"}
"""Field of a score → column of the story that it is of."""
_SUMMARISED: Final = 300
"""Characters of a body up to which it needs no summary."""


def news_of(story: Row, scores: Iterable[Row]) -> dict[str, Any]:
    """``story``: a row of silver.documents; ``scores``: rows of silver.scores, of this story among others.

    All are of one scorer: the one that scored most of the texts as they are now, and of those the newest scorer,
    however old the fetch is that it read. Of each field its score of the text as it is now counts, else of the newest.
    """
    hashes = {field: text_hash(story[column]) for field, column in _TEXTS.items()}
    of_scorer: dict[str, dict[str, Row]] = {}
    for each in scores:
        if each["document_id"] == story["document_id"] and each["field"] in _TEXTS:
            of_field = of_scorer.setdefault(each["scorer"], {})
            before = of_field.get(each["field"])
            of_field[each["field"]] = each if before is None else max(before, each, key=partial(_weight, hashes))
    of_field = max(of_scorer.items(), key=partial(_standing, hashes))[1] if of_scorer else {}
    said = [of_field[field] for field in _TEXTS if field in of_field]
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


def _weight(hashes: Mapping[str, str], score: Row) -> tuple[bool, Any, str]:
    return score["text_hash"] == hashes[score["field"]], score["fetched_at"], score["text_hash"]


def _standing(hashes: Mapping[str, str], item: tuple[str, Mapping[str, Row]]) -> tuple[int, Any]:
    scorer, of_field = item
    now = sum(row["text_hash"] == hashes[field] for field, row in of_field.items())
    return now, newness(scorer)


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
