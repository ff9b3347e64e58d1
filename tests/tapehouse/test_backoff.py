"""Waiting before trying again: doubling, capped, random, and only for what may pass."""

import itertools

import pytest

from tapehouse.backoff import Backoff, retry


def test_spans_double_up_to_the_cap_and_the_dice_take_a_part() -> None:
    backoff = Backoff(base_s=1, cap_s=10)
    assert [backoff.wait_s(failures, 0.0) for failures in range(1, 6)] == [0.5, 1.0, 2.0, 4.0, 5.0]
    assert backoff.wait_s(2, 0.5) == 1.5
    assert Backoff(base_s=1, cap_s=10, least=0).wait_s(3, 0.25) == 1.0
    assert backoff.wait_s(5_000, 1.0) == 10


def test_it_is_tried_again_until_it_succeeds_or_the_tries_are_used_up() -> None:
    slept: list[float] = []
    calls = itertools.count(1)

    def third_time() -> int:
        number = next(calls)
        if number < 3:
            raise TimeoutError(number)
        return number

    words = {"when": TimeoutError, "backoff": Backoff(1, 8), "sleep": slept.append, "dice": lambda: 0.0}
    assert retry(third_time, tries=5, **words) == 3  # type: ignore[arg-type]
    assert slept == [0.5, 1.0]
    calls = itertools.count(1)
    with pytest.raises(TimeoutError, match="2"):
        retry(third_time, tries=2, **words)  # type: ignore[arg-type]


def test_another_error_is_raised_at_once() -> None:
    with pytest.raises(ZeroDivisionError):
        retry(lambda: 1 // 0, when=TimeoutError, tries=9, backoff=Backoff(1, 1), sleep=lambda _: pytest.fail("slept"))
