"""What was taken into silver is told on stdout, since the line before."""

import json

import pytest

from glue_jobs.engine import Step
from glue_jobs.jobs.tally import Tally


def test_records_are_counted_by_what_became_of_them_since_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    numbers = Tally()
    numbers.take(Step("silver judge", 0.1, 999))
    numbers.take(Step("silver.trades", 0.1, 5))
    numbers.take(Step("silver.trades", 0.1, 2))
    numbers.take(Step("silver.rejected", 0.1, 4, {"duplicate": 1, "quarantined": 3}))
    numbers.say()
    numbers.take(Step("silver.rejected", 0.1, 1, {"conflict": 1}))
    numbers.say()
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {"numbers": "lake", "accepted": 7, "duplicate": 1, "conflict": 0, "quarantined": 3}
    assert second == {"numbers": "lake", "accepted": 0, "duplicate": 0, "conflict": 1, "quarantined": 0}
