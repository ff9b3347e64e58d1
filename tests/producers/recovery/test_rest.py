"""Pages are asked for as often as the venue allows, and again only where that may help."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
import requests

from embedded.venues import Simulator
from producers.feeds import FEEDS, Parsed, RestLimits, RestRequest
from producers.recovery import HttpFetch, Pages
from producers.recovery.fetch import Answer
from producers.recovery.rest import RestFailedError, RestRefusedError

ROW = b'[{"trade_id":7,"side":"sell","size":"1","price":"2","time":"2026-01-01T00:00:00.000001Z"}]'
GOOD = Answer(200, {}, ROW)
REQUEST = RestRequest("http://127.0.0.1:1/products/BTC-USD/trades", headers={"Authorization": "Bearer hush"})


class Script:
    """Answers in turn; an exception is raised. Keeps a clock that only sleeping moves."""

    def __init__(self, answers: Sequence[Answer | Exception]) -> None:
        self.answers = list(answers)
        self.now_s = 0.0
        self.called_at: list[float] = []
        self.slept: list[float] = []

    def __call__(self, request: RestRequest, *, timeout_s: float, max_bytes: int) -> Answer:
        self.called_at.append(self.now_s)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds

    def pages(self, feed: str = "coinbase", **limits: Any) -> Pages:
        wanted = replace(RestLimits(calls_per_s=1000, burst=1000), **limits)
        return Pages(
            FEEDS[feed],
            limits=wanted,
            fetch=self,
            clock=lambda: 1_800_000_000_000_000,
            monotonic=self.monotonic,
            sleep=self.sleep,
            random=lambda: 1.0,
        )


def read(pages: Pages, times: int = 1) -> Parsed:
    async def scenario() -> Parsed:
        found = [await pages.page(REQUEST, "BTC-USD") for _ in range(times)]
        return found[-1]

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    "failure",
    [
        Answer(429, {}, b""),
        Answer(418, {}, b""),
        Answer(500, {}, b"<html>oops</html>"),
        Answer(503, {}, b""),
        Answer(403, {}, b"<html>Request blocked</html>"),
        Answer(408, {}, b""),
        Answer(425, {}, b""),
        Answer(200, {}, ROW[:30]),
        Answer(200, {}, b"<html>maintenance</html>"),
        requests.ConnectionError("http://user:secret@host refused"),
        requests.Timeout(),
        requests.exceptions.ChunkedEncodingError(),
    ],
    ids=lambda failure: str(getattr(failure, "status", type(failure).__name__)),
)
def test_passing_failure_is_tried_again_and_the_page_comes(failure: Answer | Exception) -> None:
    script = Script([failure, GOOD])
    assert [record.trade_id for record in read(script.pages()).records] == ["7"]  # type: ignore[union-attr]
    assert len(script.slept) == 1


@pytest.mark.parametrize("status", [301, 400, 401, 404, 451])
def test_refusal_is_told_in_the_venues_words_and_not_tried_again(status: int) -> None:
    script = Script([Answer(status, {}, b'{"message":"NotFound"}')])
    with pytest.raises(RestRefusedError, match=rf"coinbase refused /products/BTC-USD/trades: HTTP {status}.*NotFound"):
        read(script.pages())
    assert len(script.called_at) == 1


@pytest.mark.parametrize(
    "words",
    [
        "EGeneral:Too many requests",
        "EAPI:Rate limit exceeded",
        "EService:Unavailable",
        "EGeneral:Temporary lockout",
        "EService:Market in cancel_only mode",
        "EService:Deadline elapsed",
    ],
)
def test_throttle_that_comes_with_status_200_is_tried_again(words: str) -> None:
    page = b'{"error":[],"result":{"XXBTZUSD":[],"last":"1"}}'
    script = Script([Answer(200, {}, f'{{"error":["{words}"]}}'.encode()), Answer(200, {}, page)])
    assert read(script.pages("kraken")).records == ()


def test_refusal_that_comes_with_status_200_is_not_an_empty_page() -> None:
    script = Script([Answer(200, {}, b'{"error":["EQuery:Unknown asset pair"]}')])
    with pytest.raises(RestRefusedError, match="Unknown asset pair"):
        read(script.pages("kraken"))


def test_waits_double_to_their_cap_and_end_with_the_last_cause() -> None:
    script = Script([Answer(500, {}, b"")] * 5)
    with pytest.raises(RestFailedError, match=r"no answer from /products/BTC-USD/trades in 5 tries.*HTTP 500"):
        read(script.pages(attempts=5, backoff_base_s=1, backoff_cap_s=3))
    assert script.slept == [1, 2, 3, 3]


def test_venues_own_wait_is_kept_though_it_be_long_up_to_a_day() -> None:
    script = Script([*(Answer(429, {"retry-after": told}, b"") for told in ("7", "7200", "86401")), GOOD])
    read(script.pages(backoff_base_s=1, backoff_cap_s=60))
    assert script.slept == [7, 7200, 86_400]


def test_no_other_page_is_asked_for_inside_a_ban() -> None:
    script = Script([Answer(418, {"retry-after": "3600"}, b""), GOOD])
    pages = script.pages(attempts=1)

    async def scenario() -> None:
        results = await asyncio.gather(*(pages.page(REQUEST, "BTC-USD") for _ in range(2)), return_exceptions=True)
        assert [type(each) for each in results] == [RestFailedError, Parsed]

    asyncio.run(scenario())
    assert script.called_at == [0, 3600]


def test_calls_keep_the_pace_after_a_burst() -> None:
    script = Script([GOOD] * 6)
    read(script.pages(calls_per_s=2, burst=3), times=6)
    assert script.called_at == [0, 0, 0, 0.5, 1.0, 1.5]


def test_errors_and_logs_hold_no_header_and_no_address(caplog: pytest.LogCaptureFixture) -> None:
    script = Script([requests.ConnectionError("http://user:secret@host"), Answer(500, {}, b""), Answer(401, {}, b"no")])
    with pytest.raises(RestRefusedError) as caught:
        read(script.pages())
    told = caplog.text + str(caught.value) + repr(caught.value) + repr(REQUEST)
    assert "hush" not in told
    assert "secret" not in told
    assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize(
    "faults",
    [{"rest_half_body": "2"}, {"rest_status": "429", "rest_times": "2"}, {"rest_status": "500", "rest_times": "2"}],
    ids=["half a body", "429", "500"],
)
def test_real_answers_that_fail_are_tried_again(faults: dict[str, str]) -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            venues.trade("coinbase", 20, "BTC-USD")
            feed = replace(FEEDS["coinbase"], rest_url=venues.rest_url("coinbase"))  # type: ignore[type-var]
            venues.faults.set(faults)
            pages = Pages(feed, limits=RestLimits(calls_per_s=1000, burst=1000, backoff_base_s=0))
            request = feed.backfill("BTC-USD", from_id=None, to_id=None, from_us=0, to_us=0)
            found = await pages.page(request, "BTC-USD")
            assert len(found.records) == 20
            assert pages.calls == 3

    asyncio.run(scenario())


# -- answers that never end --------------------------------------------------------------------------------------------


@contextmanager
def trickle(told: bytes = b"Content-Length: 1000000") -> Iterator[tuple[RestRequest, threading.Event, threading.Event]]:
    """A page that comes byte by byte until the reader is gone: its request, whether it began, whether it ended."""
    began, ended = threading.Event(), threading.Event()

    def tell(server: socket.socket) -> None:
        line, _ = server.accept()
        with line, suppress(OSError):
            line.recv(65_536)
            line.sendall(b"HTTP/1.1 200 OK\r\n" + told + b"\r\n\r\n")
            for _ in range(3000):
                line.sendall(b"1\r\n \r\n" if b"chunked" in told else b" ")
                began.set()
                time.sleep(0.005)
            ended.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        teller = threading.Thread(target=tell, args=(server,))
        teller.start()
        yield RestRequest(f"http://127.0.0.1:{server.getsockname()[1]}/page"), began, ended
        teller.join()


@pytest.mark.parametrize("told", [b"Content-Length: 1000000", b"Transfer-Encoding: chunked"])
def test_answer_that_trickles_is_given_up_when_it_is_not_whole_in_time(told: bytes) -> None:
    with trickle(told) as (request, _, ended):
        with pytest.raises(TimeoutError, match=r"not whole after 0.6 s"):
            HttpFetch()(request, timeout_s=0.1, max_bytes=10**7)
        assert not ended.is_set()


def test_closing_ends_an_answer_that_is_being_read() -> None:
    with trickle() as (request, began, ended):
        fetch = HttpFetch()

        def close() -> None:
            began.wait()
            fetch.close()

        closer = threading.Thread(target=close)
        closer.start()
        with pytest.raises(OSError):
            fetch(request, timeout_s=60, max_bytes=10**7)
        assert not ended.is_set()
        closer.join()


def test_loop_ends_without_waiting_for_an_answer_that_nobody_wants() -> None:
    with trickle() as (request, began, ended):
        fetch = HttpFetch()

        async def scenario() -> None:
            limits = RestLimits(timeout_s=60)
            asking = asyncio.create_task(Pages(FEEDS["coinbase"], limits=limits, fetch=fetch).page(request, "BTC-USD"))
            while not began.is_set():
                await asyncio.sleep(0.005)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

        asyncio.run(scenario())
        assert not ended.is_set()
        fetch.close()
