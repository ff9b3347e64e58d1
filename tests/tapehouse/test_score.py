"""A score lands in one form, and comes back as it was; nothing else is taken for one."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapehouse.score import EMOTIONS, Score, body_of, label_of, newness, scores_of, text_hash

SHARES = {name: (1.0 if name == "neutral" else 0.0) for name in EMOTIONS}


def score(**words: Any) -> Score:
    said: dict[str, Any] = {
        "document_id": "d", "field": "title", "text_hash": text_hash("t"), "scorer": "words:1", "language": "en",
        "sentiment": 0.4, "emotions": SHARES, "key_phrases": ("record high",), "summary": None, "symbols": ("BTC",),
        "published_at_us": 1, **words,
    }  # fmt: skip
    return Score(**said)


def test_scorers_are_newer_by_edition_then_by_models_then_by_the_revision_of_words() -> None:
    ordered = [
        "own:3f",
        "words:1-ff",
        "words:2-00",
        "words:10-00",
        "sagemaker:a-1+words:1-ff",
        "sagemaker:a-1+words:2-00",
        "sagemaker:a-1+sagemaker:b-1",
        "1:words:1-ff",
        "2:words:1-ff",
        "10:sagemaker:a-1+sagemaker:b-1",
    ]
    assert sorted(sorted(ordered), key=newness) == ordered


@pytest.mark.parametrize(
    ("sentiment", "label"),
    [
        (-1.0, "bearish"),
        (-0.35, "bearish"),
        (-0.3499, "somewhat-bearish"),
        (-0.15, "somewhat-bearish"),
        (-0.1499, "neutral"),
        (0.1499, "neutral"),
        (0.15, "somewhat-bullish"),
        (0.3499, "somewhat-bullish"),
        (0.35, "bullish"),
        (1.0, "bullish"),
    ],
)
def test_bands_are_cut_where_alpha_vantage_cuts_them(sentiment: float, label: str) -> None:
    assert label_of(sentiment) == label
    assert score(sentiment=sentiment).label == label


def test_what_nobody_read_is_null_and_not_zero() -> None:
    (found,) = scores_of(body_of([score(sentiment=None, emotions=None)]))
    assert (found.sentiment, found.label, found.emotions) == (None, None, None)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@given(texts, st.lists(texts, max_size=3), st.floats(-1, 1), st.sampled_from(["title", "content", "summary"]))
def test_scores_come_back_as_they_landed(text: str, phrases: list[str], sentiment: float, field: str) -> None:
    scores = [score(key_phrases=tuple(phrases), summary=text, sentiment=sentiment, field=field), score()]
    assert scores_of(body_of(scores)) == scores
    assert body_of(scores) == body_of(scores)


WRONG = [
    {"field": "body"}, {"sentiment": 1.5}, {"sentiment": "NaN"}, {"sentiment": None}, {"emotions": None},
    {"emotions": {}}, {"emotions": SHARES | {"joy": 0.5}}, {"emotions": SHARES | {"joy": -0.5, "fear": 0.5}},
    {"document_id": 7}, {"key_phrases": 7}, {"key_phrases": [7]}, {"summary": 7}, {"published_at_us": "soon"},
    {"language": "\ud800"}, {"scorer": None},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_is_no_score_is_refused_and_not_shown(wrong: dict[str, Any]) -> None:
    said = json.loads(body_of([score(document_id="secret")]))
    with pytest.raises(ValueError, match="no scores of a document") as error:
        scores_of(json.dumps([{**said[0], **wrong}]).encode())
    assert "secret" not in str(error.value)


@given(st.binary(max_size=50))
def test_any_bytes_are_scores_or_refused(body: bytes) -> None:
    try:
        scores_of(body)
    except ValueError as error:
        assert str(error).startswith("no scores of a document")


@pytest.mark.parametrize("body", [b"", b"7", b"{}", b'{"field": 1}', b"[7]", b"[null]", b"[" * 5000])
def test_another_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="no scores of a document"):
        scores_of(body)
