"""A telling as the table has it is the telling that was."""

import json
from dataclasses import asdict, replace

import pytest

from glue_jobs.silver.stories.telling import Telling, taken_back, tellings_of, text_of

GONE = Telling(
    document_id="a" * 32,
    source="reddit",
    kind="social",
    url=None,
    title="",
    body="",
    author=None,
    published_at_us=1,
    first_fetched_us=2,
    fetched_at_us=5,
    symbols=("BTC",),
    vendor_sentiment=None,
    removed=True,
    last_removed_us=5,
)


@pytest.mark.parametrize(
    "telling", [GONE, replace(GONE, removed=False), replace(GONE, removed=False, last_removed_us=None)]
)
def test_what_was_written_is_read(telling: Telling) -> None:
    assert tellings_of(text_of([telling])) == [telling]


@pytest.mark.parametrize(("removed", "until"), [(True, {"a" * 32: 5}), (False, {})])
def test_a_row_of_before_the_time_was_kept_was_taken_back_when_it_was_fetched(
    removed: bool, until: dict[str, int]
) -> None:
    """Else a score that comes late brings back what was taken back before."""
    said = asdict(replace(GONE, removed=removed))
    del said["last_removed_us"]
    assert taken_back(tellings_of(json.dumps([said]))) == until
