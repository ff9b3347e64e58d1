"""A summary is a text's own sentences, few, in order; and a megabyte is summed up as fast as a page."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.enrich import summary, text

STORY = (
    "Bitcoin fell below $60,000 as traders fled risk before the inflation report. "
    "The weather in Lisbon was pleasant. "
    "Traders sold bitcoin because the inflation report may delay lower rates. "
    "A conference is planned for spring. "
    "Lower rates would help bitcoin, traders said before the report. "
    "Tickets cost 300 euros."
)


def test_what_is_off_the_subject_is_left_out() -> None:
    said = summary.summary(STORY, language="en")
    assert said.startswith("Bitcoin fell below $60,000")
    assert said.endswith("traders said before the report.")
    assert "Lisbon" not in said
    assert "Tickets" not in said


def test_a_short_text_is_its_own_summary() -> None:
    assert summary.summary("Bitcoin fell. Ether rose.", language="en") == "Bitcoin fell. Ether rose."
    assert summary.summary("", language="en") == ""


def test_of_a_megabyte_a_few_sentences_are_kept() -> None:
    said = summary.summary(
        text.clean("Bitcoin fell again because traders sold their coins today. " * 20_000), language="en"
    )
    assert len(said) <= summary.MOST_CHARS


@settings(deadline=None)
@given(st.lists(st.text(max_size=60), max_size=12).map(". ".join))
def test_any_summary_is_bounded_and_the_same_again(raw: str) -> None:
    cleaned = text.clean(raw)
    said = summary.summary(cleaned, language="und")
    assert said == summary.summary(cleaned, language="und")
    assert len(said) <= summary.MOST_CHARS + 1
