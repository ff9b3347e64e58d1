"""A score is one line of JSON, the same each time, in five bands."""

import json

import pytest

from lambdas.enrich.score import Score, band
from lambdas.enrich.scorer import Feeling

EMOTIONS = {"anger": 0.0, "disgust": 0.0, "fear": 0.1, "joy": 0.0, "neutral": 0.9, "sadness": 0.0, "surprise": 0.0}


@pytest.mark.parametrize(
    ("sentiment", "name"),
    [
        (-1.0, "bearish"),
        (-0.35, "bearish"),
        (-0.3499, "somewhat-bearish"),
        (-0.15, "somewhat-bearish"),
        (-0.1499, "neutral"),
        (0.0, "neutral"),
        (0.1499, "neutral"),
        (0.15, "somewhat-bullish"),
        (0.3499, "somewhat-bullish"),
        (0.35, "bullish"),
        (1.0, "bullish"),
    ],
)
def test_bands_are_cut_where_they_are_told_to_be(sentiment: float, name: str) -> None:
    assert band(sentiment) == name


def score(feeling: Feeling | None) -> Score:
    filled = Score.feeling(feeling)
    return Score(
        document_id="d",
        field="title",
        scorer="words:1",
        text_hash="h",
        language="en",
        key_phrases=("é\ud800",),
        summary=None,
        symbols=("BTC",),
        **filled,  # type: ignore[arg-type]
    )


def test_a_line_says_all_of_it() -> None:
    said = json.loads(score(Feeling(0.4, "positive", EMOTIONS)).line())
    assert list(said) == [
        "v", "document_id", "field", "scorer", "text_hash", "language", "sentiment", "label", "emotions", "key_phrases",
        "summary", "symbols",
    ]  # fmt: skip
    assert (said["sentiment"], said["label"], said["emotions"]) == (0.4, "bullish", EMOTIONS)
    assert said["key_phrases"] == ["é?"]


def test_what_nobody_read_is_null_and_not_zero() -> None:
    said = json.loads(score(None).line())
    assert (said["sentiment"], said["label"], said["emotions"]) == (None, None, None)
