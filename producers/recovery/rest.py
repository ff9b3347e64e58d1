"""Pages of a venue over REST, of past trades or of its own candles. Logs no header.

They are asked for as often as the venue allows, and again where that may help:

===================================================  ==========================================
what happened                                        what is done
===================================================  ==========================================
429, 418, 5xx, "too many requests" in a 200          again, after Retry-After or a growing wait
403 (a firewall's), 408, 425                         the same: they pass
connection refused or dropped, timeout, cut body     again, after a growing wait
body that is not whole in time                       again, after a growing wait
body that is not JSON                                again: a proxy's page, or half an answer
any other 4xx, or a refusal in a 200                 ``RestRefusedError``: nothing will help
===================================================  ==========================================

A Retry-After counts for every page of the venue, also for those that are asked for after this one was given up: asking
inside a ban makes it longer.
"""

import asyncio
import random as _random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar
from urllib.parse import urlsplit

from producers.feeds import NOT_JSON, CandlePage, Feed, Parsed, RestLimits, RestRequest
from producers.recovery.fetch import Fetch, HttpFetch, in_thread
from tapehouse import logs
from tapehouse.backoff import Backoff
from tapehouse.errors import TerminalError, TransientError

log = logs.of(__name__)

_AGAIN: Final = re.compile(
    r"too many|rate.?limit|limit (reached|exceeded)|unavailable|internal|busy|time.?out|try again|50011|-1003"
    r"|eservice:|lockout|temporar|maintenance|(cancel|post|limit)_only",
    re.I,
)
_PASSING: Final = frozenset({403, 408, 418, 425, 429})
MOST_WAIT_S: Final = 86_400.0
"""The longest Retry-After that is believed; into a longer ban one page is asked for a day."""
_EXCERPT_CHARS: Final = 300
"""Of what the venue answers, in errors and logs."""


class RestRefusedError(TerminalError):
    """The venue will not give this page."""

    def __init__(self, feed: str, path: str, reason: str) -> None:
        super().__init__(feed, path, reason)
        self.feed, self.path, self.reason = feed, path, reason

    def __str__(self) -> str:
        return f"{self.feed} refused {self.path}: {self.reason}"


class RestFailedError(TransientError):
    """The page could not be had in as many tries as were allowed."""

    def __init__(self, feed: str, path: str, attempts: int, cause: str) -> None:
        super().__init__(feed, path, attempts, cause)
        self.feed, self.path, self.attempts, self.cause = feed, path, attempts, cause

    def __str__(self) -> str:
        return f"{self.feed}: no answer from {self.path} in {self.attempts} tries; the last one: {self.cause}"


class _Page(Protocol):
    """What a feed reads a page as."""

    @property
    def refused(self) -> str | None: ...

    @property
    def ignored(self) -> str | None: ...


_PageT = TypeVar("_PageT", bound=_Page)


@dataclass(frozen=True, slots=True)
class _Failure:
    """A try that got no page, though the next one may."""

    cause: str
    wait_s: float
    """Before the next one."""


class Pages:
    """Pages of one venue, asked for one at a time."""

    def __init__(
        self,
        feed: Feed,
        *,
        limits: RestLimits | None = None,
        fetch: Fetch | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = _random.random,
    ) -> None:
        self.calls = 0
        """Requests made."""
        self._feed, self._limits, self._fetch = feed, limits or feed.traits.rest, fetch or HttpFetch()
        self._clock, self._monotonic, self._sleep, self._random = clock, monotonic, sleep, random
        self._backoff = Backoff(self._limits.backoff_base_s, self._limits.backoff_cap_s)
        self._allowance, self._counted_at = float(self._limits.burst), monotonic()
        self._not_before = monotonic()
        """The venue's own Retry-After: nobody asks until then."""
        self._turn = asyncio.Lock()

    async def page(self, request: RestRequest, symbol: str) -> Parsed:
        """The trades of one page, oldest first. Raises RestRefusedError, RestFailedError."""
        return await self._asked(request, lambda body: self._feed.parse_rest(body, symbol, self._clock()))

    async def candles(self, request: RestRequest) -> CandlePage:
        """The venue's own candles of one page, oldest first. Raises as ``page``."""
        return await self._asked(request, self._feed.parse_candles)

    async def _asked(self, request: RestRequest, read: Callable[[bytes], _PageT]) -> _PageT:
        path = urlsplit(request.url).path
        cause = ""
        async with self._turn:
            for attempt in range(1, self._limits.attempts + 1):
                await self._wait_turn()
                result = await self._try(request, read, path, attempt)
                if not isinstance(result, _Failure):
                    return result
                cause = result.cause
                log.warning("rest_again", feed=self._feed.name, path=path, attempt=attempt, cause=cause)
                if attempt < self._limits.attempts:
                    await self._sleep(result.wait_s)
        raise RestFailedError(self._feed.name, path, self._limits.attempts, cause)

    async def _try(
        self, request: RestRequest, read: Callable[[bytes], _PageT], path: str, attempt: int
    ) -> _PageT | _Failure:
        limits = self._limits
        wait_s = self._backoff.wait_s(attempt, self._random())
        self.calls += 1
        try:
            answer = await in_thread(
                partial(self._fetch, request, timeout_s=limits.timeout_s, max_bytes=limits.max_body_bytes)
            )
        except OSError as error:
            return _Failure(type(error).__name__, wait_s)  # its text may hold the whole address
        if answer.status in _PASSING or answer.status >= 500:
            asked_s = min(_retry_after_s(answer.headers), MOST_WAIT_S)
            self._not_before = max(self._not_before, self._monotonic() + asked_s)
            return _Failure(f"HTTP {answer.status}", max(wait_s, asked_s))
        if answer.status >= 300:
            raise RestRefusedError(self._feed.name, path, f"HTTP {answer.status}: {_excerpt(answer.body)}")
        parsed = read(answer.body)
        if parsed.ignored == NOT_JSON:
            return _Failure("the answer is no JSON", wait_s)
        if parsed.refused is not None:
            if _AGAIN.search(parsed.refused):
                return _Failure(parsed.refused[:_EXCERPT_CHARS], wait_s)
            raise RestRefusedError(self._feed.name, path, parsed.refused[:_EXCERPT_CHARS])
        return parsed

    async def _wait_turn(self) -> None:
        """A token bucket: ``burst`` calls at once, ``calls_per_s`` on the long run; none inside a ban."""
        limits = self._limits
        while True:
            now = self._monotonic()
            if now < self._not_before:
                await self._sleep(self._not_before - now)
                continue
            self._allowance = min(float(limits.burst), self._allowance + (now - self._counted_at) * limits.calls_per_s)
            self._counted_at = now
            if self._allowance >= 1:
                self._allowance -= 1
                return
            await self._sleep((1 - self._allowance) / limits.calls_per_s)


def _retry_after_s(headers: Mapping[str, str]) -> float:
    text = headers.get("retry-after", "").strip()
    return float(text) if text.isdigit() and len(text) < 9 else 0.0


def _excerpt(body: bytes) -> str:
    return " ".join(body[:_EXCERPT_CHARS].decode("utf-8", "replace").split())
