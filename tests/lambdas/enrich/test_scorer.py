"""Mood and emotions of hard cases, and what holds of any text."""

import hashlib
import math
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.enrich import rules
from lambdas.enrich.lexicon import lexicon
from lambdas.enrich.scorer import Feeling, Scorer
from lambdas.enrich.text import MOST_CHARS, clean
from tapehouse.score import EMOTIONS

SCORER = Scorer()
PINNED = (1, "468e1e6d4902", "632bf1ceb638")


def feeling(text: str) -> Feeling:
    return SCORER.score_text(text)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        # a direction, and what it moves
        ("Bitcoin surges past $70,000", "positive"),
        ("Bitcoin plunges below $50,000", "negative"),
        ("Inflation falls more than expected", "positive"),
        ("Inflation rises more than expected", "negative"),
        ("Lender's losses narrow", "positive"),
        ("Lender's losses widen", "negative"),
        ("Miner cuts costs", "positive"),
        ("Fears of recession ease", "positive"),
        ("Outflows slow for third week", "positive"),
        ("Inflows slow for third week", "negative"),
        # an end of something
        ("SEC drops lawsuit against exchange", "positive"),
        ("SEC files lawsuit against exchange", "negative"),
        ("Country lifts ban on mining", "positive"),
        ("Sanctions on the mixing service are lifted", "positive"),
        ("Exchange halts withdrawals", "negative"),
        ("Exchange resumes withdrawals", "positive"),
        # negation
        ("Bitcoin did not fall", "positive"),
        ("Bitcoin fails to rally", "negative"),
        ("The token is not a scam", "positive"),
        ("Not only profitable but growing: the exchange's best quarter", "positive"),
        ("Court says authority cannot deny the licence", "positive"),
        ("Never not happy with my bitcoin gains", "positive"),
        # numbers
        ("Ether +5%", "positive"),
        ("Ether -5%", "negative"),
        ("Solana up 12%", "positive"),
        ("Solana down 12%", "negative"),
        ("Shares rise, volume down", "neutral"),
        # expressions and slang
        ("Short squeeze sends token to all-time high", "positive"),
        ("Another rug pull", "negative"),
        ("record high", "positive"),
        ("record low", "negative"),
        ("Shorts get liquidated", "positive"),
        ("diamond hands, to the moon 🚀", "positive"),
        ("got rekt 📉", "negative"),
        # contrast
        ("Weak jobs data, but bitcoin rallies", "positive"),
        ("Bitcoin rallies despite hack", "positive"),
        # nothing
        ("Network upgrade planned for March", "neutral"),
        ("Share your experience with the token", "neutral"),
        ("How does proof of stake work?", "neutral"),
        ("Explained: what a rug pull is", "neutral"),
        ("My puppy is lovely", "neutral"),
        ("", "neutral"),
        ("42", "neutral"),
    ],
)
def test_mood_is_read(text: str, label: str) -> None:
    assert feeling(text).label == label, feeling(text)


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("Holders furious as exchange keeps their coins", "anger"),
        ("How dare they freeze my account", "anger"),
        ("What a disgusting cash grab, makes me sick", "disgust"),
        ("Traders panic as bridge is drained", "fear"),
        ("I'm so scared of losing it all", "fear"),
        ("Thank you all, what a wonderful day!", "joy"),
        ("New all-time high, celebrating with the family 🎉", "joy"),
        ("Heartbroken. My savings are gone.", "sadness"),
        ("Community mourns its founder", "sadness"),
        ("Out of nowhere, the regulator stuns the industry", "surprise"),
        ("Wait, what?! They approved it?", "surprise"),
        ("Release candidate is available for testing", "neutral"),
        ("Bitcoin gains 2%", "neutral"),
        ("Nobody is afraid of a small dip", "neutral"),
        ("", "neutral"),
    ],
)
def test_the_strongest_emotion_is_read(text: str, emotion: str) -> None:
    emotions = feeling(text).emotions
    assert max(emotions, key=lambda name: emotions[name]) == emotion, emotions


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ("Bitcoin slightly rises", "Bitcoin rises"),
        ("Bitcoin rises", "Bitcoin sharply rises"),
        ("Will bitcoin soar?", "Bitcoin will soar"),
        ("Bitcoin soars", "Bitcoin soars!!!"),
    ],
)
def test_degree_counts(weaker: str, stronger: str) -> None:
    assert 0 < feeling(weaker).sentiment < feeling(stronger).sentiment


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from(
                [*rules.NOT_WORDS, "losses", "fall", "rise", "hack", "ends", "5%", "up", "?", "!", "but", "😱"]
            )
        ).map(" ".join),
    )
)
def test_any_text_has_bounded_feelings_and_the_same_again(text: str) -> None:
    one = feeling(text)
    assert one == feeling(text)
    assert -1 <= one.sentiment <= 1
    assert tuple(one.emotions) == EMOTIONS
    assert all(0 <= share <= 1 for share in one.emotions.values())
    assert math.isclose(sum(one.emotions.values()), 1, abs_tol=1e-6)
    assert (one.label == "neutral") == (abs(one.sentiment) < rules.CUT)


def test_of_a_megabyte_as_much_is_read_as_is_cut_of_it() -> None:
    long = "Losses did not fall, " * 50_000
    assert feeling(long) == feeling(clean(long))
    assert len(clean(long)) <= MOST_CHARS


def test_version_is_of_words_and_constants(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = lexicon("[up 2 v]\nsurge"), lexicon("[up 2 v]\nsurge soar")
    assert Scorer(one).version == Scorer(one).version != Scorer(other).version
    before = Scorer(one).version
    monkeypatch.setattr(rules, "CUT", 0.3)
    assert Scorer(one).version != before


def test_version_is_the_same_in_every_process() -> None:
    asked = [sys.executable, "-c", "from lambdas.enrich import Scorer; print(Scorer().version)"]
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        said = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True).stdout
        assert said.strip() == SCORER.version


def test_scores_change_with_the_version_alone() -> None:
    """Whoever changes what is scored sees it here: raise ``rules.REVISION``, or old scores stay, then pin anew."""
    texts = [
        "SEC drops lawsuit, bitcoin surges 5% despite fears of a ban!",
        "Losses did not narrow; the exchange never reimbursed the hack's victims. Liars!!",
        "Is the worst over? Analysts can't rule out a deeper correction, but inflows rise.",
        "NO WAY, THE SAFE token is up by half?! 🚀",
        "Neither good nor bad. Hearing scheduled for May.",
    ]
    said = repr([feeling(text) for text in texts])
    assert (rules.REVISION, SCORER.version, hashlib.sha256(said.encode()).hexdigest()[:12]) == PINNED
