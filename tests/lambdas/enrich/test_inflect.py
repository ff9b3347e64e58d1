"""A family has the forms that English makes of a word."""

import pytest

from lambdas.enrich.inflect import forms


@pytest.mark.parametrize(
    ("word", "how", "expected"),
    [
        ("surge", "v", "surge surges surged surging"),
        ("drop", "v", "drop drops dropped dropping"),
        ("rally", "vn", "rally rallies rallied rallying"),
        ("fall", "v", "fall falls fell fallen falling"),
        ("crash", "vn", "crash crashes crashed crashing"),
        ("gain", "v", "gain gains gained gaining"),
        ("quit", "v", "quit quits quitted quitting"),
        ("agree", "v", "agree agrees agreed agreeing"),
        ("lie", "v", "lie lies lied lying"),
        ("widen", "v", "widen widens widened widening"),
        ("submit", "v", "submit submits submitted submitting"),
        ("rug_pull", "n", "rug_pull rug_pulls"),
        ("pull_rug", "v", "pull_rug pulls_rug pulled_rug pulling_rug"),
        ("happy", "ac", "happy happily happier happiest"),
        ("terrible", "a", "terrible terribly"),
        ("dramatic", "a", "dramatic dramatically"),
        ("weak", "c", "weak weaker weakest"),
        ("🚀", "x", "🚀"),
    ],
)
def test_a_family_is_whole(word: str, how: str, expected: str) -> None:
    assert forms(word, how) == set(expected.split())
