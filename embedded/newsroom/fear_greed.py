"""The Fear & Greed index, spoken from its side: one value a day, everything as text, newest first.

*Source*: https://alternative.me/crypto/fear-and-greed-index/#api. A value follows the day's tone, so that news and
index agree.
"""

from collections.abc import Sequence
from typing import Any, Final

from embedded.newsroom.calendar import day_of, tone
from embedded.newsroom.page import Asked, Page, as_json, whole_number
from tapehouse.intervals import DAY_US

FIRST_DAY: Final = 17_563
"""2018-02-01, when the index began."""
_LABELS: Final = ((24, "Extreme Fear"), (46, "Fear"), (54, "Neutral"), (74, "Greed"), (100, "Extreme Greed"))


class FearGreed:
    """The source; ``recorded`` answers every call, where there is some, and an empty one has no value."""

    def __init__(self, seed: int, recorded: Sequence[bytes] | None = None) -> None:
        self._seed, self._recorded = seed, recorded

    def answer(self, asked: Asked) -> Page:
        if asked.path.rstrip("/") != "/fng":
            return as_json({"error": "not found"}, 404)
        if self._recorded:
            return Page(self._recorded[-1])
        limit = whole_number(asked.query.get("limit", "1"), least=0, most=100_000)
        if limit is None:
            return _answer([], "limit has to be a number")
        return _answer([] if self._recorded is not None else self._values(asked.now_us, limit))

    def value(self, day: int) -> int:
        """Of a day since 1970, 0 to 100."""
        return max(0, min(100, round(50 + 60 * tone(self._seed, day))))

    def _values(self, now_us: int, limit: int) -> list[dict[str, str]]:
        """0 asks for all there are."""
        today = day_of(now_us)
        first = max(FIRST_DAY, today - limit + 1) if limit else FIRST_DAY
        found = [self._of(day) for day in range(today, first - 1, -1)]
        if found:
            found[0]["time_until_update"] = str(((today + 1) * DAY_US - now_us) // 1_000_000)
        return found

    def _of(self, day: int) -> dict[str, str]:
        value = self.value(day)
        label = next(label for most, label in _LABELS if value <= most)
        stamp = day * DAY_US // 1_000_000
        return {"value": str(value), "value_classification": label, "timestamp": str(stamp)}


def _answer(values: list[dict[str, str]], error: str | None = None) -> Page:
    body: dict[str, Any] = {"name": "Fear and Greed Index", "data": values, "metadata": {"error": error}}
    return as_json(body)
