"""The sentiment benchmark: its figures are those of the textbook, and the held-out texts are shown to nobody."""

import sys
from collections.abc import Mapping
from types import SimpleNamespace

import pytest

from benchmarks import sentiment

RIGHT = ["negative", "negative", "neutral", "positive"]
SAID = ["negative", "neutral", "neutral", "neutral"]


class Scorer:
    """Says one thing of all."""

    def score_text(self, text: str) -> SimpleNamespace:
        emotions: Mapping[str, float] = {"anger": 0.1, "joy": 0.6, "neutral": 0.3}
        return SimpleNamespace(sentiment=0.9, label="positive", emotions=emotions)


def test_accuracy_and_f1_are_as_worked_out_by_hand() -> None:
    assert sentiment.accuracy(RIGHT, SAID) == 0.5
    assert sentiment.f1(RIGHT, SAID, "negative") == pytest.approx(2 / 3)  # precision 1, recall 1/2
    assert sentiment.f1(RIGHT, SAID, "neutral") == pytest.approx(1 / 2)  # precision 1/3, recall 1
    assert sentiment.f1(RIGHT, SAID, "positive") == 0
    assert sentiment.f1(RIGHT, SAID, "no such label") == 0
    assert sentiment.macro_f1(RIGHT, SAID, sentiment.SENTIMENTS) == pytest.approx(7 / 18)


def test_the_interval_is_wilsons() -> None:
    assert sentiment.half_width(0.5, 100) == pytest.approx(0.0962, abs=1e-4)
    assert sentiment.half_width(1.0, 10) > 0


def test_the_tables_have_a_line_a_way_and_the_misread_texts_follow(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "lambdas.enrich", SimpleNamespace(Scorer=Scorer))
    monkeypatch.setattr(sys, "argv", ["sentiment.py", "--tries", "1", "--cases", "--wrong"])
    sentiment.main()
    printed = capsys.readouterr().out
    moods, emotions, cases, *_ = printed.split("\n\n")[1:]
    assert [line[:14].strip() for line in moods.splitlines()] == ["sentiment", "always neutral", "VADER", "ours"]
    assert [line[:14].strip() for line in emotions.splitlines()] == ["emotion", "always neutral", "ours"]
    corpus = sentiment.rows("tuning")
    share = sum(each.sentiment == "positive" for each in corpus) / len(corpus)
    assert moods.splitlines()[-1].split()[1] == f"{share:.3f}"
    assert {line.split()[0] for line in cases.splitlines()[1:]} == {each.case for each in corpus}
    misread = sum(each.sentiment != "positive" for each in corpus) + sum(each.emotion != "joy" for each in corpus)
    assert printed.count("\ntuning-") == misread


def test_it_runs_without_ours_and_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "lambdas.enrich", None)
    monkeypatch.setattr(sys, "argv", ["sentiment.py", "--tries", "1", "--wrong"])
    sentiment.main()
    assert "ours is left out" in capsys.readouterr().out


def test_held_out_texts_are_shown_to_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["sentiment.py", "--half", "held_out", "--wrong"])
    with pytest.raises(SystemExit):
        sentiment.main()
    assert "use --half tuning" in capsys.readouterr().err
