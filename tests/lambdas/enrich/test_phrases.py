"""Key phrases are what a text keeps coming back to, without small words, the same each time."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.enrich import phrases

STORY = (
    "Spot bitcoin ETF inflows reached a record on Monday. Analysts at the bank say that spot bitcoin ETF demand comes "
    "from pension funds. The Securities and Exchange Commission has not said when it will decide on Ethereum staking."
)


def test_the_best_phrases_are_what_the_story_is_about() -> None:
    found = phrases.key_phrases(STORY, language="en")
    assert "spot bitcoin etf inflows" in found[:3]
    assert "ethereum staking" in found
    assert "pension funds" in found
    assert not any(word in phrase.split() for phrase in found for word in ("the", "on", "monday", "has"))


def test_no_phrase_is_a_part_of_another() -> None:
    found = phrases.key_phrases("Bitcoin ETF. Bitcoin ETF inflows. Inflows.", language="en")
    assert found == ("bitcoin etf inflows",)


def test_other_languages_have_their_own_small_words() -> None:
    assert phrases.key_phrases("El precio del bitcoin y la inflación", language="es") == (
        "precio",
        "bitcoin",
        "inflación",
    )
    assert phrases.key_phrases("比特币", language="zh") == ()


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_few_phrases(text: str) -> None:
    found = phrases.key_phrases(text, language="en")
    assert found == phrases.key_phrases(text, language="en")
    assert len(found) <= phrases.MOST_PHRASES
    assert len(set(found)) == len(found)
