"""The end of a call, as those who fetch heed it: AWS ends a Lambda that is too late without a word, pages and all.

What is left of the call, but for what landing takes, is there to ask in. Each source gets its share of it when its turn
comes (a half if one more waits), so that a slow one keeps none of the others from being asked, however often AWS tries
the whole batch again. What a source leaves of its share, the others have.
"""

import math
import time
from collections.abc import Callable
from typing import Any, Final

from lambdas.http import Answer, Http, Request
from tapehouse.errors import TransientError

LANDING_S: Final = 30.0
"""Of a call's time so much is kept for landing what was got."""
UNSAID_S: Final = 600.0
"""A call that has no context ends after this."""


class OutOfTimeError(TransientError):
    """A source is asked no more, since its share of the call is over, or would be."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def __str__(self) -> str:
        return f"its share of the call's time is used up: {self.detail}"


class Deadline:
    """One call's at a time: a container of Lambda runs one after the other."""

    def __init__(
        self, *, monotonic: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._monotonic, self._sleep = monotonic, sleep
        self._ends = self._until = math.inf

    def begin(self, context: object) -> None:
        """A call began: ``context`` is Lambda's, and says how long it may take."""
        left: Callable[[], Any] | None = getattr(context, "get_remaining_time_in_millis", None)
        call_s = UNSAID_S if left is None else float(left()) / 1_000
        self._ends = self._until = self._monotonic() + call_s - LANDING_S

    def share(self, among: int) -> None:
        """The next source begins, ``among`` so many that have not had their turn, itself among them."""
        now = self._monotonic()
        self._until = now + max(0.0, self._ends - now) / among

    @property
    def left_s(self) -> float:
        """Seconds that the source may still ask; 0 once they are over."""
        return max(0.0, self._until - self._monotonic())

    def sleep(self, seconds: float) -> None:
        """Waits. Raises OutOfTimeError, without having waited, where nothing could be asked afterwards."""
        if seconds >= self.left_s:
            raise OutOfTimeError(f"a wait of {seconds:.0f} s does not fit in")
        self._sleep(seconds)


class Timely:
    """The HTTP client within a deadline: a ``Sends``."""

    def __init__(self, http: Http, deadline: Deadline) -> None:
        self._http, self._deadline = http, deadline

    def send(self, request: Request) -> Answer:
        """As ``Http.send``; raises OutOfTimeError where no time is left to ask in."""
        left_s = self._deadline.left_s
        if left_s <= 0:
            raise OutOfTimeError(f"{request.shown} was not asked")
        return self._http.send(request, within_s=left_s)
