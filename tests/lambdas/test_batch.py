"""What was got lands, whatever else fails; what failed is told in one error, and nothing is landed twice."""

import logging
import pickle
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lambdas.batch import Batch, BatchFailedError, newest
from lambdas.deadline import Deadline
from lambdas.event import EventError
from lambdas.source import Answers, Source, SourceFailedError, Told
from tapehouse.landing import Landed, Landing
from tests.lambdas.room import Call

NOW_US = int(datetime(2026, 11, 29, 2, tzinfo=UTC).timestamp()) * 1_000_000
EVENT = {"date": "2026-11-28"}


class Clock:
    """A microsecond later each time."""

    def __init__(self) -> None:
        self.now_us = NOW_US

    def __call__(self) -> int:
        self.now_us += 1
        return self.now_us


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path)


def keys(landing: Landing) -> list[str]:
    return list(landing.keys())


def line(source: str, body: bytes = b"x", at_us: int = NOW_US) -> Landed:
    return Landed(kind="news", source=source, request="GET http://x/", fetched_at_us=at_us, body=body)


def of(*lines: Landed, told: Told | None = None, error: Exception | None = None) -> Source:
    """A source that answers with these, and then says or raises something."""

    def source(day: date) -> Answers:
        yield from lines
        if error is not None:
            raise error
        return told

    return source


def run(landing: Landing, event: Any = EVENT, **sources: Source) -> dict[str, Any]:
    result: dict[str, Any] = Batch(sources, landing=landing, clock=Clock())(event)
    return result


def failed(landing: Landing, **sources: Source) -> BatchFailedError:
    with pytest.raises(BatchFailedError) as caught:
        run(landing, **sources)
    return caught.value


def test_each_source_lands_one_object_and_says_how_it_went(landing: Landing) -> None:
    two = [line("coindesk", b"1"), line("coindesk", b"2")]
    found = run(landing, coindesk=of(*two), finnhub=of(told=Told("nothing new", "304")), reddit=of(told=Told("off")))
    (key,) = landing.keys()
    assert landing.read(key) == two
    assert found == {
        "date": "2026-11-28",
        "sources": {
            "coindesk": {"outcome": "landed", "objects": [key], "lines": 2, "detail": ""},
            "finnhub": {"outcome": "nothing new", "objects": [], "lines": 0, "detail": "304"},
            "reddit": {"outcome": "off", "objects": [], "lines": 0, "detail": ""},
        },
    }


def test_the_day_of_the_event_is_asked_for(landing: Landing) -> None:
    asked = []

    def source(day: date) -> Answers:
        asked.append(day)
        yield from ()
        return None

    assert run(landing, {"time": "2026-11-29T02:00:00Z"}, coindesk=source)["sources"]["coindesk"]["outcome"] == "empty"
    assert asked == [date(2026, 11, 28)]
    with pytest.raises(EventError):
        run(landing, {"date": "tomorrow"}, coindesk=source)
    assert len(asked) == 1


def test_what_a_source_had_got_lands_before_its_failure_is_told(landing: Landing) -> None:
    broken = of(line("alphavantage"), error=SourceFailedError("alphavantage", "its daily limit is used up"))
    error = failed(landing, alphavantage=broken, coindesk=of(line("coindesk")), off=of(told=Told("off")))
    assert [key.split("/")[1] for key in keys(landing)] == ["alphavantage", "coindesk"]
    result = error.results["alphavantage"]
    assert (result.outcome, result.lines, len(result.objects)) == ("failed", 1, 1)
    assert str(error) == (
        "1 of 3 sources are not whole for 2026-11-28, the others are landed: "
        "alphavantage (failed: alphavantage: its daily limit is used up). "
        'Send {"date": "2026-11-28"} once that is mended.'
    )
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_call_that_is_too_short_lands_what_was_got_of_each_source_in_time_and_names_what_was_not(
    landing: Landing,
) -> None:
    call = Call(left_s=130)
    deadline = Deadline(monotonic=call.monotonic, sleep=call.sleep)

    def pages(source: str, count: int) -> Source:
        def asked(day: date) -> Answers:
            for number in range(count):
                yield line(source, str(number).encode())
                deadline.sleep(40)  # as long as a page takes
            return None

        return asked

    sources = {"slow": pages("slow", 9), "quick": pages("quick", 1), "after": pages("after", 3)}
    batch = Batch(sources, landing=landing, clock=Clock(), deadline=deadline)
    with pytest.raises(BatchFailedError, match=r"2 of 3 .* slow \(partial: .*; after \(partial: ") as caught:
        batch(EVENT, call)
    said = [(name, result.outcome, result.lines) for name, result in caught.value.results.items()]
    assert said == [("slow", "partial", 1), ("quick", "landed", 1), ("after", "partial", 2)]
    assert call.monotonic() <= 100, "the rest is for landing"
    assert len(keys(landing)) == 3
    again = batch(EVENT, Call(left_s=10_000))
    assert [each["outcome"] for each in again["sources"].values()] == ["landed", "nothing new", "landed"]


def test_a_source_that_failed_because_its_time_was_over_is_partial(landing: Landing) -> None:
    call = Call(left_s=30)
    deadline = Deadline(monotonic=call.monotonic, sleep=call.sleep)
    late = of(line("late"), error=SourceFailedError("late", "it was not whole by its deadline"))
    with pytest.raises(BatchFailedError) as caught:
        Batch({"late": late}, landing=landing, clock=Clock(), deadline=deadline)(EVENT, call)
    assert (caught.value.results["late"].outcome, len(keys(landing))) == ("partial", 1)


def test_one_error_names_all_that_failed_and_has_no_other_beside_it(landing: Landing) -> None:
    error = failed(landing, a=of(error=SourceFailedError("a", "one")), b=of(error=SourceFailedError("b", "two")))
    assert "2 of 2" in str(error)
    assert "a: one" in str(error)
    assert "b: two" in str(error)
    assert error.__cause__ is error.__context__ is None


def test_of_an_error_that_is_nobody_s_its_place_is_told_and_not_its_text(
    landing: Landing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    error = failed(landing, a=of(error=RuntimeError("http://x/?apikey=hunter2")))
    assert "RuntimeError at test_batch.py:" in str(error)
    assert "hunter2" not in f"{error}{error!r}{caplog.text}"
    assert "event=source_asked" in caplog.text


def test_what_cannot_be_landed_failed_and_the_others_land(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    put = landing.put

    def puts(lines: list[Landed]) -> str:
        if lines[0].source == "coindesk":
            raise OSError("disk full")
        return put(lines)

    monkeypatch.setattr(landing, "put", puts)
    error = failed(landing, coindesk=of(line("coindesk")), finnhub=of(line("finnhub")))
    assert error.results["coindesk"].detail.startswith("not landed: OSError")
    assert [key.split("/")[1] for key in keys(landing)] == ["finnhub"]


def test_the_same_answers_land_once_however_often_they_are_fetched(landing: Landing) -> None:
    first = run(landing, coindesk=of(line("coindesk", b"1"), line("coindesk", b"2")))
    later = [line("coindesk", b"1", NOW_US + 9), line("coindesk", b"2", NOW_US + 9)]
    again = run(landing, coindesk=of(*later))["sources"]["coindesk"]
    assert again["outcome"] == "nothing new"
    assert again["objects"] == first["sources"]["coindesk"]["objects"] == keys(landing)
    assert run(landing, coindesk=of(*reversed(later)))["sources"]["coindesk"]["outcome"] == "landed"
    assert len(keys(landing)) == 2


def test_an_answer_of_another_request_is_another(landing: Landing) -> None:
    run(landing, coindesk=of(line("coindesk")))
    other = Landed(kind="news", source="coindesk", request="GET http://y/", fetched_at_us=NOW_US + 1, body=b"x")
    assert run(landing, coindesk=of(other))["sources"]["coindesk"]["outcome"] == "landed"


def test_a_failure_whose_answers_landed_before_is_a_failure_still(landing: Landing) -> None:
    run(landing, a=of(line("a")))
    error = failed(landing, a=of(line("a", at_us=NOW_US + 5), error=SourceFailedError("a", "busy")))
    assert error.results["a"].objects == keys(landing)


def test_the_newest_object_is_looked_for_a_week_back_and_a_broken_one_is_passed_over(landing: Landing) -> None:
    def days_ago(days: float) -> int:
        return NOW_US - int(timedelta(days=days) / timedelta(microseconds=1))

    landing.put([line("coindesk", b"old", days_ago(8.5))])
    assert newest(landing, "news", "coindesk", now_us=NOW_US) is None
    landing.put([line("coindesk", b"good", days_ago(2))])
    Path(landing.uri, landing.put([line("coindesk", b"bad", days_ago(1))])).write_bytes(b"no gzip")
    landing.put([line("coindesks", b"another's", days_ago(0))])
    found = newest(landing, "news", "coindesk", now_us=NOW_US)
    assert found is not None
    assert found[1][0].body == b"good"
