"""Pages of past trades over REST: as often as the venue allows, tried again where that may help. Logs no header.

===================================================  ==========================================
what happened                                        what is done
===================================================  ==========================================
429, 418, 5xx, "too many requests" in a 200          again, after Retry-After or a growing wait
403 (a firewall's), 408, 425                         the same: they pass
connection refused or dropped, timeout, cut body     again, after a growing wait
body that is not whole in time                       again, after a growing wait
body that is not JSON                                again: a proxy's page, or half an answer
any other 4xx, or words of refusal                   ``RestRefusedError``: nothing will help
===================================================  ==========================================

A Retry-After counts for every page of the venue, also for those that are asked for after this one was given up: asking
inside a ban makes it longer.
"""

import asyncio
import contextlib
import random as _random
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeAlias
from urllib.parse import urlsplit

import requests
import urllib3

from producers.feeds import NOT_JSON, Feed, Parsed, RestLimits, RestRequest
from producers.loopback import is_loopback
from tapehouse import logs
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
WHOLE_ANSWER: Final = 6.0
"""An answer must be whole within this many times ``timeout_s``, which is the time for each read of it alone."""
_WORDS: Final = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class RestRefusedError(TerminalError):
    """The venue will not give this page."""

    def __init__(self, feed: str, path: str, words: str) -> None:
        super().__init__(feed, path, words)
        self.feed, self.path, self.words = feed, path, words

    def __str__(self) -> str:
        return f"{self.feed} refused {self.path}: {self.words}"


class RestFailedError(TransientError):
    """The page could not be had in as many tries as were allowed."""

    def __init__(self, feed: str, path: str, attempts: int, cause: str) -> None:
        super().__init__(feed, path, attempts, cause)
        self.feed, self.path, self.attempts, self.cause = feed, path, attempts, cause

    def __str__(self) -> str:
        return f"{self.feed}: no answer from {self.path} in {self.attempts} tries; the last one: {self.cause}"


class Fetch(Protocol):
    """One GET. Blocks its thread. Raises OSError for whatever cut it short."""

    def __call__(self, request: RestRequest, *, timeout_s: float, max_bytes: int) -> Answer: ...


class HttpFetch:
    """``requests``, over one kept-alive session. Loopback is never reached through a proxy."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._session, self._monotonic = requests.Session(), monotonic
        self._closed = threading.Event()

    def __call__(self, request: RestRequest, *, timeout_s: float, max_bytes: int) -> Answer:
        """See ``Fetch``; ``requests``' own errors are OSErrors."""
        until = self._monotonic() + timeout_s * WHOLE_ANSWER
        self._session.trust_env = not is_loopback(request.url)
        headers = {"Accept": "application/json", **request.headers}
        with self._session.get(
            request.url, params=dict(request.params), headers=headers, timeout=timeout_s, stream=True
        ) as answer:
            body = bytearray()
            for chunk in _arriving(answer):
                body += chunk
                if len(body) > max_bytes:
                    raise OSError(f"the answer has more than {max_bytes} bytes")
                if self._monotonic() > until:
                    raise TimeoutError(f"the answer is not whole after {timeout_s * WHOLE_ANSWER:g} s")
                if self._closed.is_set():
                    raise ConnectionAbortedError("closed")
            return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, bytes(body))

    def close(self) -> None:
        """Let the connections go. An answer that is still being read ends with an OSError at its next bytes."""
        self._closed.set()
        self._session.close()


def _arriving(answer: requests.Response) -> Iterator[bytes]:
    """The body as it comes: ``iter_content`` waits until a chunk is full, a trickling answer's for hours."""
    try:
        while chunk := answer.raw.read1(65_536, decode_content=True):
            yield chunk
    except urllib3.exceptions.HTTPError as error:
        raise ConnectionError(type(error).__name__) from error


async def _aside(work: Callable[[], Answer]) -> Answer:
    """As ``asyncio.to_thread``, but neither the loop's end nor the process's waits for an answer nobody wants."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Answer] = loop.create_future()

    def tell(answer: Answer | None, error: Exception | None) -> None:
        if done.done():
            return
        if answer is not None:
            done.set_result(answer)
        else:
            done.set_exception(error or OSError("no answer"))

    def run() -> None:
        answer, error = None, None
        try:
            answer = work()
        except Exception as caught:  # noqa: BLE001 - it is raised where the answer is awaited
            error = caught
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, answer, error)

    threading.Thread(target=run, name="rest", daemon=True).start()
    return await done


_Try: TypeAlias = tuple[str, float, Parsed | None]
"""Why it failed, seconds to wait, or the page."""


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
        self._allowance, self._counted_at = float(self._limits.burst), monotonic()
        self._not_before = monotonic()
        """The venue's own Retry-After: nobody asks until then."""
        self._turn = asyncio.Lock()

    async def page(self, request: RestRequest, symbol: str) -> Parsed:
        """The trades of one page, oldest first. Raises RestRefusedError, RestFailedError."""
        path = urlsplit(request.url).path
        async with self._turn:
            for attempt in range(1, self._limits.attempts + 1):
                await self._wait_turn()
                cause, wait_s, parsed = await self._try(request, symbol, path, attempt)
                if parsed is not None:
                    return parsed
                log.warning("rest_again", feed=self._feed.name, path=path, attempt=attempt, cause=cause)
                if attempt < self._limits.attempts:
                    await self._sleep(wait_s)
        raise RestFailedError(self._feed.name, path, self._limits.attempts, cause)

    async def _try(
        self, request: RestRequest, symbol: str, path: str, attempt: int
    ) -> tuple[str, float, Parsed | None]:
        """(why not, seconds to wait, the page)."""
        limits = self._limits
        ceiling_s = min(limits.backoff_cap_s, limits.backoff_base_s * 2.0 ** min(attempt - 1, 30))
        wait_s = ceiling_s * (0.5 + self._random() / 2)
        self.calls += 1
        try:
            answer = await _aside(
                partial(self._fetch, request, timeout_s=limits.timeout_s, max_bytes=limits.max_body_bytes)
            )
        except OSError as error:
            return type(error).__name__, wait_s, None  # its words may hold the whole address
        if answer.status in _PASSING or answer.status >= 500:
            told_s = min(_retry_after_s(answer.headers), MOST_WAIT_S)
            self._not_before = max(self._not_before, self._monotonic() + told_s)
            return f"HTTP {answer.status}", max(wait_s, told_s), None
        if answer.status >= 300:
            raise RestRefusedError(self._feed.name, path, f"HTTP {answer.status}: {_words(answer.body)}")
        parsed = self._feed.parse_rest(answer.body, symbol, self._clock())
        if parsed.ignored == NOT_JSON:
            return "the answer is no JSON", wait_s, None
        if parsed.refused is not None:
            if _AGAIN.search(parsed.refused):
                return parsed.refused[:_WORDS], wait_s, None
            raise RestRefusedError(self._feed.name, path, parsed.refused[:_WORDS])
        return "", 0.0, parsed

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


def _words(body: bytes) -> str:
    return " ".join(body[:_WORDS].decode("utf-8", "replace").split())
