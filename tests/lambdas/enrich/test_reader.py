"""Documents become scores of their fields; a text is read once, and a language that nobody scores has no mood."""

from collections.abc import Sequence

import pytest

from lambdas.enrich.backend import WordListBackend
from lambdas.enrich.reader import Reader, without_repeats
from lambdas.enrich.scorer import Feeling
from tapehouse.score import EMOTIONS, text_hash
from tests.lambdas.enrich.factories import AT_US, document

WORDS = WordListBackend()


class Counting:
    """The word lists, which say what they were asked."""

    name = WORDS.name

    def __init__(self) -> None:
        self.asked: list[str] = []

    def scores(self, texts: Sequence[str]) -> list[Feeling]:
        self.asked += texts
        return WORDS.scores(texts)


def test_a_document_is_scored_by_title_content_and_summary() -> None:
    body = "Bitcoin rose. Traders cheered the news. It was Monday. Nobody had expected the rise of bitcoin."
    (scores,) = Reader(WORDS).read([document("Bitcoin surges to record high", body=body)])
    assert [each.field for each in scores] == ["title", "content", "summary"]
    assert [each.summary is not None for each in scores] == [False, True, False]
    assert scores[0].label == "bullish"
    assert scores[0].symbols == ("BTC",)
    assert scores[0].scorer == WORDS.name
    assert scores[1].summary is not None
    assert len(scores[1].summary) < len(body)
    hashes = ["Bitcoin surges to record high", body, scores[1].summary]
    assert [each.text_hash for each in scores] == [text_hash(each) for each in hashes]
    assert {each.published_at_us for each in scores} == {AT_US}
    assert "record high" in " ".join(scores[0].key_phrases)


def test_empty_fields_have_no_score() -> None:
    assert Reader(WORDS).read([document("", body=" ")]) == [[]]
    assert Reader(WORDS).read([]) == []


def test_what_its_source_took_back_is_not_scored() -> None:
    assert Reader(WORDS).read([document("Bitcoin surges", removed=True)]) == [[]]


def test_texts_alike_but_for_their_spaces_are_read_once() -> None:
    backend = Counting()
    one, other = Reader(backend).read([document("Bitcoin  surges"), document("Bitcoin surges ", document_id="other")])
    assert backend.asked == ["Bitcoin surges"]
    assert one[0].text_hash != other[0].text_hash
    assert one[0].sentiment == other[0].sentiment
    assert (one[0].document_id, other[0].document_id) == (document("Bitcoin  surges").document_id, "other")


def test_a_language_that_is_not_scored_has_no_mood_and_is_not_asked_for() -> None:
    backend = Counting()
    (spanish,), (russian,), (short,) = Reader(backend).read(
        [document("El precio del bitcoin cae por la crisis"), document("Биткоин упал"), document("Bitcoin crash")]
    )
    assert (spanish.language, spanish.sentiment, spanish.label, spanish.emotions) == ("es", None, None, None)
    assert spanish.symbols == ("BTC",)
    assert (russian.language, russian.sentiment) == ("ru", None)
    assert (short.language, short.label) == ("und", "bearish")
    assert backend.asked == ["Bitcoin crash"]


def test_emotions_that_were_rounded_add_up_to_one() -> None:
    class Rounding:
        name = "rounding"

        def scores(self, texts: Sequence[str]) -> list[Feeling]:
            return [Feeling(0.1, "neutral", dict.fromkeys(EMOTIONS, each)) for each, _ in zip((0.143, 0.0), texts)]  # noqa: B905

    (some,), (none,) = Reader(Rounding()).read([document("Bitcoin surges"), document("Bitcoin crashes")])
    assert some.emotions is not None
    assert sum(some.emotions.values()) == pytest.approx(1, abs=1e-12)
    assert none.emotions == {name: float(name == "neutral") for name in EMOTIONS}


def test_two_items_of_one_story_are_one_document() -> None:
    one, again, other = document("a"), document("a", author="x"), document("b")
    assert without_repeats([one, other, again]) == [one, other]
