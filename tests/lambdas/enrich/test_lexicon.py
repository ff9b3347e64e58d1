"""The lists are read as they say, ours over VADER's, and are as large as they ought to be."""

from collections.abc import Callable

import pytest

from lambdas.enrich.lexicon import Entry, lexicon
from lambdas.enrich.words import EMOTION, FINANCE, GENERAL
from tapehouse.score import EMOTIONS

LISTS = (EMOTION, GENERAL, FINANCE)


def test_a_head_says_what_its_words_are() -> None:
    found = lexicon("[bad -2 n fear=1.5]\nhack\n[joy 2 x]\nyay # loudly")
    assert found.words["hacks"] == Entry(-2.0, "bad", ((EMOTIONS.index("fear"), 1.5),))
    assert found.words["yay"].emotions == ((EMOTIONS.index("joy"), 2.0),)
    assert not found.words["yay"].own
    assert "loudly" not in found.words


def test_ours_stand_above_vaders() -> None:
    found = lexicon("[plain 0 x]\nshare", vader={"share": 1.2, "good": 1.9})
    assert found.words["share"].valence == 0
    assert found.words["good"] == Entry(1.9, own=False)


def test_an_expression_is_found_by_its_first_word_the_longest_first() -> None:
    found = lexicon("[plain 2 x]\nshort_squeeze short_squeeze_over pull_the_plug the_thing")
    assert [words for words, _ in found.expressions["short"]] == [("short", "squeeze", "over"), ("short", "squeeze")]
    assert found.expressions["pull"][0][0] == ("pull", "plug")
    assert "thing" not in found.expressions


@pytest.mark.parametrize("head", ["[glad 2 x]", "[joy 2 q]", "[bad 2 x envy=1]"])
def test_a_head_that_says_nothing_known_is_refused(head: str) -> None:
    with pytest.raises(ValueError, match="no head"):
        lexicon(head)


@pytest.mark.parametrize(
    "change",
    [lambda text: f"{text} more", lambda text: text.replace("2", "2.5"), lambda text: text.replace("up", "down")],
)
def test_any_change_of_a_list_is_another_digest(change: Callable[[str], str]) -> None:
    text = "[up 2 v]\nsurge"
    assert lexicon(text).digest == lexicon(text).digest != lexicon(change(text)).digest


def test_the_lists_are_of_use() -> None:
    own = lexicon(*LISTS)
    phrases = [entry for each in own.expressions.values() for _, entry in each]
    everything = [*own.words.values(), *phrases]
    assert sum(each.own and each.role != "market" and each.valence != 0 for each in everything) > 1_000
    assert sum(bool(each.emotions) for each in everything) > 1_000
    for place, emotion in enumerate(EMOTIONS):
        if emotion != "neutral":
            assert sum(place in dict(each.emotions) for each in everything) > 100, emotion
