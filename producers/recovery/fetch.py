"""One HTTP GET of a page of past trades, bounded in time and size."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import requests
import urllib3

from producers.feeds import RestRequest
from tapehouse.loopback import is_loopback

WHOLE_ANSWER: Final = 6.0
"""An answer must be whole within this many times ``timeout_s``, which is the time for each read of it alone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Fetch(Protocol):
    """One GET. Blocks its thread. Raises OSError for whatever cut it short."""

    def __call__(self, request: RestRequest, *, timeout_s: float, max_bytes: int) -> Answer: ...


class HttpFetch:
    """``requests``, over one kept-alive session. Loopback is never reached through a proxy."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._closed = threading.Event()

    def __call__(self, request: RestRequest, *, timeout_s: float, max_bytes: int) -> Answer:
        """See ``Fetch``; ``requests``' own errors are OSErrors."""
        until = time.monotonic() + timeout_s * WHOLE_ANSWER
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
                if time.monotonic() > until:
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


async def in_thread(work: Callable[[], Answer]) -> Answer:
    """As ``asyncio.to_thread``, but neither the loop's end nor the process's waits for an answer nobody wants."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Answer] = loop.create_future()

    def deliver(answer: Answer | None, error: Exception | None) -> None:
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
            loop.call_soon_threadsafe(deliver, answer, error)

    threading.Thread(target=run, name="rest", daemon=True).start()
    return await done
