"""Limits are changed by name, and every fault of a change is said at once."""

import pytest

from producers.feeds import Limits, RestLimits, changed
from tapehouse.errors import SettingsError


def test_limits_are_changed_by_name_and_the_others_stay() -> None:
    limits, rest = changed(
        Limits(quiet_after_s=30), RestLimits(), {"quiet_after_s": "none", "max_symbols": "7", "rest.calls_per_s": "0.5"}
    )
    assert limits == Limits(max_symbols=7)
    assert rest == RestLimits(calls_per_s=0.5)


def test_every_fault_of_a_change_is_said_with_what_is_allowed() -> None:
    changes = {"keepalive_s": "nan", "max_symbols": "1.5", "ack_timeout_s": "none", "rest.burst": "x", "rest.nope": "1"}
    with pytest.raises(SettingsError) as caught:
        changed(Limits(), RestLimits(), changes)
    assert caught.value.faults[:4] == (
        "keepalive_s: 'nan' is no number",
        "max_symbols: '1.5' is no whole number",
        "ack_timeout_s: 'none' is no number",
        "rest.burst: 'x' is no whole number",
    )
    assert caught.value.faults[4].startswith("rest.nope: there is no such limit; known are rest.attempts, ")


@pytest.mark.parametrize("name", ["stale_after_s", "rest.calls_per_s"])
def test_limit_out_of_range_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="must be above 0"):
        changed(Limits(), RestLimits(), {name: "0"})
