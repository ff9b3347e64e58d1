"""How long to wait before a failed call is made again: one rule for all that retries.

A capped exponential span, of which a random part is waited: many clients that failed together do not come back as one.
Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from ``base_s`` up to ``cap_s`` seconds."""

    base_s: float
    cap_s: float
    least: float = 0.5
    """The part of a span that is always waited, 0 to 1; 0 is full jitter, 1 is none."""

    def wait_s(self, failures: int, dice: float) -> float:
        """Seconds before the next try after ``failures`` (from 1) failures in a row; ``dice`` is uniform in [0, 1)."""
        span_s = min(self.cap_s, self.base_s * 2.0 ** min(failures - 1, 30))
        return span_s * (self.least + (1 - self.least) * dice)

    def waits_s(self, tries: int, *, dice: Callable[[], float] = random.random) -> Iterator[float]:
        """The waits between ``tries`` tries."""
        return (self.wait_s(failures, dice()) for failures in range(1, tries))


def retry(
    call: Callable[[], T],
    *,
    when: type[Exception] | tuple[type[Exception], ...],
    tries: int,
    backoff: Backoff,
    sleep: Callable[[float], None] = time.sleep,
    dice: Callable[[], float] = random.random,
    on_failure: Callable[[Exception], None] = lambda error: None,
) -> T:
    """What ``call`` gives, tried again after each error of ``when``, ``tries`` times in all.

    Raises:
        Exception: the last of ``when``'s errors, or at once any other.
    """
    for wait_s in backoff.waits_s(tries, dice=dice):
        try:
            return call()
        except when as error:
            on_failure(error)
        sleep(wait_s)
    return call()
