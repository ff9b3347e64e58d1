"""The labelled corpus: every line well formed, balanced, no text twice in any wording, and counted rightly."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Final

import pytest

CORPUS: Final = Path(__file__).parent / "corpus"
HALVES: Final = ("held_out", "tuning")
LABELS: Final[Mapping[str, frozenset[str]]] = {
    "kind": frozenset({"news", "social"}),
    "sentiment": frozenset({"negative", "neutral", "positive"}),
    "emotion": frozenset({"anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"}),
}
ALIKE: Final = 0.6
"""Of two texts' words together, the share that both have: from there on, one text in two wordings."""
every_half = pytest.mark.parametrize("half", HALVES)


def rows(half: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (CORPUS / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()]


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's index of two texts' words."""
    return len(one & other) / len(one | other)


def counts_told() -> Iterator[tuple[str, str, str, int]]:
    """(field, label, half, count) of each cell of the README's tables."""
    heads: list[str] = []
    for line in (CORPUS / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            heads = []
        elif not heads:
            heads = cells
        elif not cells[0].startswith("---"):
            for half in HALVES:
                yield heads[0], cells[0], half, int(cells[heads.index(half)])


@every_half
def test_each_line_has_the_six_fields_and_labels_that_there_are(half: str) -> None:
    for row in rows(half):
        assert list(row) == ["id", "text", "kind", "sentiment", "emotion", "case"], row
        assert all(isinstance(value, str) for value in row.values()), row
        assert row["text"] == " ".join(row["text"].split()), row
        assert len(row["text"]) in range(10, 301), row
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", row["case"]), row
        for field, labels in LABELS.items():
            assert row[field] in labels, row


def test_ids_are_unique_and_say_their_half() -> None:
    for half in HALVES:
        prefix = half.split("_", maxsplit=1)[0]
        assert [row["id"] for row in rows(half)] == [f"{prefix}-{at:03}" for at in range(1, len(rows(half)) + 1)]


@every_half
def test_each_half_is_large_and_balanced(half: str) -> None:
    corpus = rows(half)
    assert len(corpus) >= 220
    sentiments = Counter(row["sentiment"] for row in corpus)
    assert all(0.30 <= count / len(corpus) <= 0.37 for count in sentiments.values()), sentiments
    emotions = Counter(row["emotion"] for row in corpus)
    assert all(emotions[emotion] >= 20 for emotion in LABELS["emotion"]), emotions
    kinds = Counter(row["kind"] for row in corpus)
    assert min(kinds.values()) >= 0.4 * len(corpus), kinds


@every_half
def test_the_hard_cases_are_more_than_the_plain_ones_and_each_is_in_both_halves(half: str) -> None:
    cases = Counter(row["case"] for row in rows(half))
    assert cases["plain"] < 0.4 * cases.total()
    assert all(count >= 6 for count in cases.values()), cases
    assert cases.keys() == {row["case"] for other in HALVES for row in rows(other)}


def test_no_text_is_there_twice_in_any_wording() -> None:
    corpus = [row for half in HALVES for row in rows(half)]
    said = [(row["id"], words(row["text"])) for row in corpus]
    assert [(one, other) for (one, a), (other, b) in combinations(said, 2) if overlap(a, b) >= ALIKE] == []


def test_two_wordings_of_one_text_would_be_found() -> None:
    one, other = words("Bitcoin falls 5% in an hour"), words("BITCOIN falls 5 % in one hour!")
    assert overlap(one, other) >= ALIKE
    assert overlap(one, words("Bitcoin gains 5% in a day")) < ALIKE


def test_the_readme_counts_every_label_and_case_as_they_are() -> None:
    found = {
        (field, label, half, count)
        for half in HALVES
        for field in ("sentiment", "emotion", "kind", "case")
        for label, count in Counter(row[field] for row in rows(half)).items()
    }
    found |= {("sentiment", "all", half, len(rows(half))) for half in HALVES}
    told = list(counts_told())
    assert len(told) == len(set(told))
    assert set(told) == found
    text = (CORPUS / "README.md").read_text(encoding="utf-8")
    assert text.startswith(f"# Labelled moods\n\n{sum(len(rows(half)) for half in HALVES)} invented texts")


def test_the_licence_is_told() -> None:
    assert "CC0-1.0" in (CORPUS / "README.md").read_text(encoding="utf-8")
