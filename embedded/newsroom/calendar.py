"""Days as the newsroom counts them, and how each of them feels."""

import random
from typing import Final

from tapehouse.intervals import DAY_US

_REMEMBERED_DAYS: Final = 4
"""A day's tone is the mean of so many days' dice: moods last."""


def day_of(at_us: int) -> int:
    """Days since 1970-01-01, UTC."""
    return at_us // DAY_US


def dice(seed: int, day: int, what: str) -> random.Random:
    """The dice of one day for one purpose: the same in every process."""
    return random.Random(f"{seed} {day} {what}")


def tone(seed: int, day: int) -> float:
    """How good the day's news is, -1 to 1."""
    days = range(day - _REMEMBERED_DAYS + 1, day + 1)
    return sum(dice(seed, each, "tone").uniform(-1, 1) for each in days) / _REMEMBERED_DAYS


def moods(seed: int, day: int, count: int, most: dict[str, int]) -> list[str]:
    """The moods (rise, fall, calm) of so many texts of a day, shuffled; of none more than ``most``."""
    leaning = tone(seed, day)
    rises = min(most["rise"], round(count * (0.36 + 0.3 * leaning)))
    falls = min(most["fall"], round(count * (0.36 - 0.3 * leaning)))
    found = ["rise"] * rises + ["fall"] * falls
    found += ["calm"] * min(most["calm"], count - len(found))
    dice(seed, day, f"moods of {count}").shuffle(found)
    return found
