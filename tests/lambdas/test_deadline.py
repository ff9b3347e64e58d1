"""Each source has its share of the call, nobody waits past it, and nobody asks after it."""

import pytest

from lambdas.deadline import LANDING_S, UNSAID_S, Deadline, OutOfTimeError, Timely
from lambdas.http import Answer, Http, Request
from tests.lambdas.room import Call


def begun(call: Call) -> Deadline:
    deadline = Deadline(monotonic=call.monotonic, sleep=call.sleep)
    deadline.begin(call)
    return deadline


def test_each_source_has_its_share_of_what_the_ones_before_left() -> None:
    call = Call(left_s=100 + LANDING_S)
    deadline = begun(call)
    deadline.share(2)
    assert deadline.left_s == 50
    deadline.sleep(20)
    assert deadline.left_s == 30
    deadline.share(1)
    assert deadline.left_s == 80


def test_a_wait_that_does_not_fit_in_is_not_begun() -> None:
    call = Call(left_s=10 + LANDING_S)
    deadline = begun(call)
    with pytest.raises(OutOfTimeError, match="a wait of 10 s"):
        deadline.sleep(10)
    assert call.slept == []


def test_a_call_that_says_nothing_has_a_time_as_well() -> None:
    deadline = Deadline(monotonic=lambda: 0.0)
    deadline.begin(None)
    assert deadline.left_s == UNSAID_S - LANDING_S


def test_a_request_has_no_more_than_what_is_left_and_none_is_sent_after_it() -> None:
    class Asked(Http):
        within: list[float] = []  # noqa: RUF012 - one test's

        def send(self, request: Request, *, within_s: float = 0.0) -> Answer:
            self.within.append(within_s)
            return Answer(status=200, headers={}, content_type="", body=b"", url=request.url, fetched_at_us=0)

    call = Call(left_s=7 + LANDING_S)
    asked, deadline = Asked(), begun(call)
    http, request = Timely(asked, deadline), Request(url="http://x/?apikey=hunter2")
    http.send(request)
    call.sleep(7)
    with pytest.raises(OutOfTimeError, match=r"GET http://x/\?apikey=\*\*\* was not asked"):
        http.send(request)
    assert asked.within == [7]
