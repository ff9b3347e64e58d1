"""A day's rows of gold.news → its mood and its words, by asset. Pure, and the same in any order."""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from tapehouse.intervals import DAY_US
from tapehouse.score import EMOTIONS, LABELS, label_of
from tapehouse.tables import MOST_PHRASES

Row = Mapping[str, Any]
ALL: Final = "ALL"
_EPOCH: Final = date(1970, 1, 1)
_COLUMN: Final = {label: label.replace("-", "_") for label in LABELS} | {"neutral": "neutral_count"}


def moods(day: date, stories: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Rows of gold.sentiment_daily."""
    of: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for story in stories:
        if story["sentiment"] is not None:
            for symbol in {ALL, *story["symbols"]}:  # an asset of that name is of all stories as it is
                for source in {ALL, *story["sources"]}:
                    of[symbol, source].append(story)
    for (symbol, source), found in sorted(of.items()):
        scores = [each["sentiment"] for each in found]
        labels = [label_of(score) for score in scores]
        yield {
            "published_date": day,
            "symbol": symbol,
            "source": source,
            "documents": len(found),
            "mean_sentiment": _mean(scores),
            "min_sentiment": min(scores),
            "max_sentiment": max(scores),
            "std_sentiment": statistics.stdev(scores) if len(scores) > 1 else None,
            **{column: labels.count(label) for label, column in _COLUMN.items()},
            **{name: _mean([each[name] for each in found]) for name in EMOTIONS},
            "day_start_us": (day - _EPOCH).days * DAY_US,
        }


def keywords(day: date, stories: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Rows of gold.keywords_daily."""
    of: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for story in stories:
        for symbol in {ALL, *story["symbols"]}:
            for phrase in story["key_phrases"]:
                of[symbol][phrase].append(story)
    for symbol, phrases in sorted(of.items()):
        ordered = sorted(phrases.items(), key=lambda item: (-len(item[1]), item[0]))
        for place, (phrase, found) in enumerate(ordered[:MOST_PHRASES], 1):
            scores = [each["sentiment"] for each in found if each["sentiment"] is not None]
            yield {
                "published_date": day,
                "symbol": symbol,
                "phrase": phrase,
                "documents": len(found),
                "mean_sentiment": _mean(scores) if scores else None,
                "place": place,
                "day_start_us": (day - _EPOCH).days * DAY_US,
            }


def _mean(values: Sequence[float]) -> float:
    """Exact before it is rounded, so that the order of the stories is of no matter."""
    return math.fsum(values) / len(values)
