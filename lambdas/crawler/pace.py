"""A host's requests one after another, no closer than it is polite."""

import time
from collections.abc import Callable


class Pace:
    """Waits until a host may be asked again: ``least_s`` after the last time, or as long as it wants, up to ``most_s``.

    A run's pages are read one after another, so this needs no lock.
    """

    def __init__(
        self,
        *,
        least_s: float = 1.0,
        most_s: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._least_s, self._most_s = least_s, most_s
        self._monotonic, self._sleep = monotonic, sleep
        self._asked: dict[str, float] = {}

    def wait(self, host: str, wanted_s: float = 0.0) -> None:
        """Until ``host`` may be asked, and notes that it is. ``wanted_s``: its Crawl-delay."""
        apart_s = min(max(self._least_s, wanted_s), max(self._least_s, self._most_s))
        last = self._asked.get(host)
        left_s = 0.0 if last is None else last + apart_s - self._monotonic()
        if left_s > 0:
            self._sleep(left_s)
        self._asked[host] = self._monotonic()
