"""A day's stories are paged to their end, refusals are understood, and nothing that was got is lost."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdas.news import AlphaVantage
from lambdas.news.alphavantage import LIMIT, MOST_PAGES
from tapehouse.documents import parse
from tapehouse.intervals import HOUR_US
from tests.lambdas.room import EVENT, Room
from tests.lambdas.server import BROKEN, Asked, Play, Script, Server, half, of_json

KEY = "PLANTEDKEY123456"
SLOW = of_json(
    {
        "Information": "Thank you for using Alpha Vantage! Please consider spreading out your free API requests more "
        "sparingly (1 request per second). You may subscribe to lift the free key rate limit (25 requests per day)."
    }
)
USED_UP = of_json(
    {
        "Information": f"We have detected your API key as {KEY} and our standard API rate limit is 25 requests per "
        "day. Please subscribe to any of the premium plans to instantly remove all daily rate limits."
    }
)
INVALID = of_json({"Information": "Invalid inputs. Please refer to the API documentation #newsapi and try again."})


def feed(*minutes: str) -> Play:
    stories = [{"title": f"at {minute}", "time_published": f"20261128T{minute}30"} for minute in minutes]
    return of_json({"items": str(len(stories)), "feed": stories})


def full(last: str) -> Play:
    return feed(*["0001"] * (LIMIT - 1), last)


def source(room: Room, server: Server, *answers: Script, symbols: Sequence[str] = ("BTC",)) -> AlphaVantage:
    return AlphaVantage(
        http=room.http,
        key=lambda: KEY,
        symbols=symbols,
        landing=room.landing,
        clock=room.clock,
        address=server.play("/query", *answers),
        sleep=room.sleep,
    )


TODAY = {"date": "2026-11-29"}


def test_a_day_that_is_not_over_is_asked_for_every_six_hours_and_one_that_is_at_once(
    room: Room, server: Server
) -> None:
    """The answer is the same again and again, so only the first of it is in the landing."""
    asked, calls = source(room, server, feed("0100")), []
    for hours, event in ((0, TODAY), (1, EVENT), (4.5, TODAY), (0.6, TODAY), (5.5, TODAY), (0, EVENT)):
        room.now_us += int(hours * HOUR_US)
        before = len(server.asked)
        room.run(asked, event)
        calls.append(len(server.asked) - before)
    assert calls == [1, 1, 0, 1, 0, 1]


def test_another_process_knows_what_has_landed(room: Room, server: Server) -> None:
    for event in (TODAY, EVENT):
        room.run(source(room, server, feed("0100")), event)
    room.now_us += int(5.9 * HOUR_US)
    said = room.run(source(room, server, feed("0100")), TODAY)
    assert (said["outcome"], said["lines"]) == ("nothing new", 0)
    assert "less than 6 h ago" in said["detail"]
    room.now_us += int(0.2 * HOUR_US)
    room.run(source(room, server, feed("0100")), TODAY)
    assert len(server.asked) == 3


def test_a_round_that_failed_is_no_round(room: Room, server: Server) -> None:
    asked = source(room, server, USED_UP, feed("0100"))
    room.fails(asked, TODAY)
    assert room.run(asked, TODAY)["outcome"] == "landed"


@pytest.mark.parametrize(
    ("first", "asked"), [((feed("0100"), USED_UP), 2), ((feed("0100"), full("0930")), 3)], ids=["ticker", "page"]
)
def test_a_round_of_which_a_part_landed_is_made_again(
    room: Room, server: Server, first: Sequence[Script], asked: int
) -> None:
    """Else who sends the day again, as the error says, is told that there is nothing new."""
    assert room.fails(source(room, server, *first, symbols=["BTC", "ETH"]), TODAY)["lines"] == asked - 1
    before = len(server.asked)
    said = room.run(source(room, server, feed("0100"), feed("0200"), symbols=["BTC", "ETH"]), TODAY)
    assert (said["outcome"], said["lines"], len(server.asked) - before) == ("landed", 2, 2)


def test_one_ticker_a_call_from_an_hour_before_the_day_to_its_end(room: Room, server: Server) -> None:
    said = room.run(source(room, server, feed("0100"), feed("0200"), symbols=["BTC", "ETH"]))
    assert (said["outcome"], said["lines"], said["detail"]) == ("landed", 2, "")
    assert [asked.query for asked in server.asked] == [
        {
            "function": "NEWS_SENTIMENT",
            "tickers": f"CRYPTO:{symbol}",
            "time_from": "20261127T2300",
            "time_to": "20261129T0000",
            "sort": "EARLIEST",
            "limit": "1000",
            "apikey": KEY,
        }
        for symbol in ("BTC", "ETH")
    ]
    assert room.slept == [1.1]
    assert [line.request for line in room.lines()] == [
        f"GET {server.url('/query')}?function=NEWS_SENTIMENT&tickers=CRYPTO:{symbol}&time_from=20261127T2300"
        "&time_to=20261129T0000&sort=EARLIEST&limit=1000&apikey=***"
        for symbol in ("BTC", "ETH")
    ]
    assert {line.source for line in room.lines()} == {"alphavantage"}


def test_a_full_page_is_followed_from_its_last_minute_on(room: Room, server: Server) -> None:
    said = room.run(source(room, server, full("0930"), full("1745"), feed("2300")))
    assert [asked.query["time_from"] for asked in server.asked] == ["20261127T2300", "20261128T0930", "20261128T1745"]
    assert (said["outcome"], said["lines"], len(said["objects"])) == ("landed", 3, 1)


def test_a_minute_with_more_stories_than_a_page_ends_the_paging_and_is_told(room: Room, server: Server) -> None:
    said = room.fails(source(room, server, full("0930"), full("0930"), feed()))
    assert said["lines"] == len(server.asked) == 2
    assert "1000 stories or more from 09:30 on" in said["detail"]


def test_pages_without_end_are_given_up(room: Room, server: Server) -> None:
    def next_minute(asked: Asked) -> Play:
        at = datetime.strptime(asked.query["time_from"], "%Y%m%dT%H%M").replace(tzinfo=UTC) + timedelta(minutes=1)
        return of_json({"feed": [{"time_published": f"{at:%Y%m%dT%H%M%S}"}] * LIMIT})

    said = room.fails(source(room, server, next_minute))
    assert said["lines"] == len(server.asked) == MOST_PAGES
    assert "more than 20 pages" in said["detail"]


@pytest.mark.parametrize("last", [{}, {"time_published": None}, {"time_published": "yesterday"}, 7])
def test_a_full_page_without_a_time_at_its_end_is_told(room: Room, server: Server, last: Any) -> None:
    said = room.fails(source(room, server, of_json({"feed": [{}] * (LIMIT - 1) + [last]})))
    assert (said["lines"], "without a time" in said["detail"]) == (1, True)


def test_a_call_that_comes_too_fast_is_made_again_more_slowly(room: Room, server: Server) -> None:
    said = room.run(source(room, server, SLOW, SLOW, feed("0100")))
    assert (said["outcome"], said["lines"], room.slept) == ("landed", 1, [2.0, 4.0])


def test_patience_ends(room: Room, server: Server) -> None:
    said = room.fails(source(room, server, SLOW))
    assert (said["lines"], len(server.asked)) == (0, 4)
    assert "too fast" in said["detail"]


def test_the_day_s_limit_stops_at_once_and_what_was_got_lands(room: Room, server: Server) -> None:
    said = room.fails(source(room, server, feed("0100"), USED_UP, symbols=["BTC", "ETH", "SOL"]))
    assert (said["outcome"], said["lines"], len(server.asked)) == ("failed", 1, 2)
    assert said["objects"] == room.landed()
    assert "used up" in said["detail"]
    assert KEY not in room.text()


@pytest.mark.parametrize("broken", [BROKEN, half(), Play(401), Play(body=b"<html>", content_type="text/html")])
def test_a_later_page_that_fails_costs_no_earlier_one(room: Room, server: Server, broken: Play) -> None:
    said = room.fails(source(room, server, full("0930"), broken))
    assert (said["outcome"], said["lines"]) == ("failed", 1)


def test_a_ticker_without_articles_is_told_and_the_others_land(room: Room, server: Server) -> None:
    said = room.run(source(room, server, INVALID, feed("0100"), symbols=["XRP", "BTC"]))
    assert (said["outcome"], said["lines"]) == ("landed", 2)
    assert said["detail"] == "no article of XRP, or no such ticker"


def test_invalid_inputs_are_an_empty_day_once_and_a_failure_if_they_stay(room: Room, server: Server) -> None:
    it = source(room, server, INVALID, symbols=["XRP", "DOGE"])
    assert room.run(it, {"date": "2026-11-27"})["outcome"] == "empty"
    assert room.run(it, {"date": "2026-11-27"})["outcome"] == "empty"
    assert len(room.landed()) == 1
    said = room.fails(it, {"date": "2026-11-28"})
    assert "look at them" in said["detail"]


def test_invalid_inputs_behind_a_day_with_articles_are_an_empty_day(room: Room, server: Server) -> None:
    it = source(room, server, INVALID, feed("0100"), INVALID, symbols=["XRP", "BTC"])
    room.run(it, {"date": "2026-11-27"})
    assert room.run(it, {"date": "2026-11-28"})["outcome"] == "empty"


def test_a_feed_without_stories_is_an_empty_day_that_lands(room: Room, server: Server) -> None:
    said = room.run(source(room, server, feed()))
    assert (said["outcome"], said["lines"], len(room.landed())) == ("empty", 1, 1)


def test_without_a_key_it_is_off(room: Room, server: Server) -> None:
    it = source(room, server, feed())
    it.key = lambda: ""
    said = room.run(it)
    assert (said["outcome"], server.asked) == ("off", [])
    assert "ALPHAVANTAGE_KEY" in said["detail"]


def test_the_same_day_twice_lands_once(room: Room, server: Server) -> None:
    it = source(room, server, feed("0100"))
    first, again = room.run(it), room.run(it)
    assert (again["outcome"], again["objects"]) == ("nothing new", first["objects"])
    assert len(room.landed()) == 1


@pytest.mark.parametrize(
    ("play", "detail"),
    [
        (of_json({"Information": "This is a premium endpoint."}), "This is a premium endpoint."),
        (of_json({"Error Message": f"the parameter apikey {KEY} is invalid."}), "is not shown"),
        (of_json([]), "no feed"),
        (Play(body=b"<html>"), "no JSON"),
    ],
)
def test_another_refusal_fails_at_once_and_does_not_land(room: Room, server: Server, play: Play, detail: str) -> None:
    said = room.fails(source(room, server, play, symbols=["BTC", "ETH"]))
    assert (said["lines"], len(server.asked)) == (0, 1)
    assert detail in said["detail"]
    assert KEY not in said["detail"]


def test_what_lands_is_what_the_parser_reads(room: Room, server: Server) -> None:
    story = {"title": "A story", "url": "https://x.com/a", "time_published": "20261128T010000", "summary": "s"}
    room.run(source(room, server, of_json({"feed": [story]})))
    (document,) = parse(room.lines()[0]).documents
    assert (document.source, document.title) == ("alphavantage", "A story")
