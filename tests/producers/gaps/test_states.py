"""Which state follows on which: a market is seen or not, and what was missed before is known or not."""

import pytest

from producers.gaps.states import (
    Covering,
    Interrupted,
    Outage,
    Resumed,
    Span,
    State,
    Unseen,
    doubted,
    lost,
    outage_of,
    seen,
    settled,
    span_of,
)

OLD, NEW = Span.at(10).reported(20), Span.at(30, 28)
CUT, LATER, UNDATED = Outage("cut", Span.at(5, 4)), Outage("disconnected", NEW), Outage("renumbered", None)
ALL = (Unseen(), Covering(OLD), Interrupted(CUT), Resumed(CUT, OLD))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Unseen(), Covering(NEW)),
        (Covering(OLD), Covering(NEW)),
        (Interrupted(CUT), Resumed(CUT, NEW)),
        (Resumed(CUT, OLD), Resumed(CUT, NEW)),
    ],
)
def test_seeing_a_market_settles_nothing(before: State, after: State) -> None:
    assert seen(before, NEW) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Unseen(), Interrupted(LATER)),
        (Covering(OLD), Interrupted(LATER)),
        (Interrupted(CUT), Interrupted(CUT)),
        (Resumed(CUT, OLD), Interrupted(CUT)),
    ],
)
def test_losing_a_market_goes_on_with_the_outage_that_is_not_settled(before: State, after: State) -> None:
    assert lost(before, LATER) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Unseen(), Interrupted(UNDATED)),
        (Covering(OLD), Resumed(UNDATED, OLD)),
        (Interrupted(CUT), Interrupted(CUT)),
        (Resumed(CUT, OLD), Resumed(CUT, OLD)),
    ],
)
def test_doubting_what_was_seen_loses_no_market(before: State, after: State) -> None:
    assert doubted(before, UNDATED) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Unseen(), Unseen()),
        (Covering(OLD), Covering(OLD)),
        (Interrupted(CUT), Covering(Span.at(5))),  # the coverage goes on from where it ended
        (Interrupted(UNDATED), Unseen()),
        (Resumed(CUT, OLD), Covering(OLD)),
    ],
)
def test_settling_an_outage_covers_it_from_where_the_coverage_ended(before: State, after: State) -> None:
    assert settled(before) == after
    assert outage_of(settled(before)) is None


@pytest.mark.parametrize("state", ALL)
def test_a_state_is_its_outage_and_its_span(state: State) -> None:
    outage, span = outage_of(state), span_of(state)
    rebuilt: State = Unseen() if outage is None else Interrupted(outage)
    assert (rebuilt if span is None else seen(rebuilt, span)) == state
