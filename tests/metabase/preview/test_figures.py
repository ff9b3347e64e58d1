"""Single numbers."""

import datetime as dt

from metabase.preview.figures import progress, scalar, smartscalar
from metabase.preview.look import LIGHT
from metabase.question import Format
from tests.metabase.preview.asked import answer, minute, question

DAY = dt.date(2026, 11, 28)


def smart(*values: float | None, form: Format = Format(decimals=1)) -> tuple[str, str, str]:  # noqa: B008 - frozen
    rows = [(DAY + dt.timedelta(days=at), value) for at, value in enumerate(values)]
    made = smartscalar(question("smartscalar", x="day", y=("v",), formats={"v": form}), answer("day v", *rows), LIGHT)
    return made.text, made.note, made.note_tone


def test_a_scalar_is_green_above_zero_where_its_sign_counts() -> None:
    asked = question("scalar", y=("v",), formats={"v": Format(decimals=2, signed=True)}, units={"v": "%"})
    made = scalar(asked, answer("v", (5.32,)))
    assert (made.text, made.tone) == ("+5.32%", "up")
    assert scalar(question("scalar", y=("v",)), answer("v", (5.32,))).tone == ""


def test_a_smartscalar_tells_the_change_since_the_value_before() -> None:
    assert smart(100, 104) == ("104.0", "+4.0 (+4.00%) since 2026-11-28", "up")
    assert smart(104, None, 100) == ("100.0", "-4.0 (-3.85%) since 2026-11-28", "down")
    assert smart(None, 7) == ("7.0", "", "")
    assert smart(None) == ("–", "", "")


def test_a_change_across_zero_has_no_percent_and_one_too_small_to_see_no_color() -> None:
    assert smart(-0.5, 0.5) == ("0.5", "+1.0 since 2026-11-28", "up")
    assert smart(-0.13, -0.131) == ("-0.1", "0.0 since 2026-11-28", "")
    assert smart(10_000, 9_999) == ("9,999.0", "-1.0 (-0.01%) since 2026-11-28", "")


def test_of_the_same_day_the_time_is_enough() -> None:
    asked = question("smartscalar", x="at", y=("v",), units={"v": "USD"})
    made = smartscalar(asked, answer("at v", (minute(0), 100), (minute(1), 104)), LIGHT)
    assert (made.text, made.note) == ("104 USD", "+4 (+4.00%) since 12:00")


def test_progress_is_a_share_of_its_goal_a_number_or_a_column() -> None:
    made = progress(question("progress", y=("v",), goal="8"), answer("v", (2,)))
    assert (made.text, made.note, made.share) == ("2", "of 8", 0.25)
    assert progress(question("progress", y=("v",), goal="g"), answer("v g", (9, 3))).share == 1.0
    assert progress(question("progress", y=("v",), goal="g"), answer("v g", (None, 3))).share is None
