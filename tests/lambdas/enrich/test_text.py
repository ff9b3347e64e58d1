"""Text is cleaned alike, and cut into sentences and words without tripping over abbreviations or emoji."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.enrich import text


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("  Bitcoin   rises \n\n  again ", "Bitcoin rises\nagain"),
        ("It’s “over”", 'It\'s "over"'),
        ("see https://a.example/x?y=1 now", "see now"),
        ("ﬁnance\u00ad", "finance"),
        ("", ""),
    ],
)
def test_one_text_has_one_spelling(raw: str, cleaned: str) -> None:
    assert text.clean(raw) == cleaned


@pytest.mark.parametrize(
    ("cleaned", "found"),
    [
        ("The U.S. S.E.C. sued. Bitcoin fell.", ["The U.S. S.E.C. sued.", "Bitcoin fell."]),
        ("Mr. Smith of Coinbase Inc. bought. Why?", ["Mr. Smith of Coinbase Inc. bought.", "Why?"]),
        ("Up 3.5% to $1.2M! Wow", ["Up 3.5% to $1.2M!", "Wow"]),
        ("One\nTwo", ["One", "Two"]),
        ('He said "sell." Then left.', ['He said "sell."', "Then left."]),
        ("比特币上涨。以太坊下跌。", ["比特币上涨。", "以太坊下跌。"]),
        ("", []),
    ],
)
def test_sentences_end_where_they_end(cleaned: str, found: list[str]) -> None:
    assert text.sentences(cleaned) == found


def test_tokens_know_numbers_words_smiles_and_emoji() -> None:
    assert text.tokens("BTC +5.2% to $70k, don't panic :) 🚀") == [
        ("word", "BTC"),
        ("number", "+5.2%"),
        ("word", "to"),
        ("number", "$70k"),
        ("other", ","),
        ("word", "don't"),
        ("word", "panic"),
        ("smile", ":)"),
        ("other", "🚀"),
    ]


def test_words_are_bare() -> None:
    assert text.words("$BTC #Bitcoin @Saylor Bitcoin's 5%") == ["btc", "bitcoin", "saylor", "bitcoin"]


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_cleaned_and_cut(raw: str) -> None:
    cleaned = text.clean(raw)
    assert text.clean(cleaned) == cleaned or "://" in cleaned or "www." in cleaned.lower()
    assert len(cleaned) <= text.MOST_CHARS
    assert all(sentence.strip() for sentence in text.sentences(cleaned))
    text.tokens(cleaned)


def test_a_body_without_any_end_is_cut() -> None:
    cleaned = text.clean("word " * 200_000)
    assert len(cleaned) <= text.MOST_CHARS
    assert [len(sentence) for sentence in text.sentences(cleaned)] == [text.MOST_SENTENCE_CHARS]
