"""A feed is asked for only if it changed, and only for a day that can still be in it."""

from pathlib import Path

import pytest

from lambdas.news import Rss
from tests.lambdas.room import Room
from tests.lambdas.server import BROKEN, EMPTY_FEED, WRONG_CHARSET, Play, Script, Server, redirect

XML = "application/rss+xml; charset=utf-8"
FEED = Play(
    body=b"<rss><channel><item><title>A story</title></item></channel></rss>",
    content_type=XML,
    headers={"ETag": 'W/"7"', "Last-Modified": "Sat, 28 Nov 2026 23:00:00 GMT", "Set-Cookie": "session=1"},
)
UNCHANGED = Play(304)
WEEK_US = 7 * 86_400_000_000


def source(room: Room, server: Server, *answers: Script, name: str = "coindesk", path: str = "/rss") -> Rss:
    return Rss(name=name, address=server.play(path, *answers), http=room.http, landing=room.landing, clock=room.clock)


def conditions(server: Server) -> list[tuple[str | None, str | None]]:
    return [(asked.headers.get("if-none-match"), asked.headers.get("if-modified-since")) for asked in server.asked]


def test_a_feed_lands_as_it_came_with_the_headers_that_the_next_fetch_needs(room: Room, server: Server) -> None:
    said = room.run(source(room, server, FEED))
    assert (said["outcome"], said["lines"]) == ("landed", 1)
    (line,) = room.lines()
    assert (line.kind, line.source, line.request) == ("news", "coindesk", f"GET {server.url('/rss')}")
    assert (line.body, line.content_type) == (FEED.body, XML)
    assert line.headers == {
        "content-type": XML,
        "etag": 'W/"7"',
        "last-modified": "Sat, 28 Nov 2026 23:00:00 GMT",
    }


def test_what_did_not_change_is_not_sent_again(room: Room, server: Server) -> None:
    it = source(room, server, FEED, UNCHANGED)
    room.run(it)
    said = room.run(it)
    assert (said["outcome"], said["objects"], said["lines"]) == ("nothing new", [], 0)
    assert conditions(server) == [(None, None), ('W/"7"', "Sat, 28 Nov 2026 23:00:00 GMT")]
    assert len(room.landed()) == 1


def test_a_server_that_knows_no_conditions_lands_once_too(room: Room, server: Server) -> None:
    it = source(room, server, Play(body=FEED.body, content_type=XML))
    first, again = room.run(it), room.run(it)
    assert (again["outcome"], again["objects"]) == ("nothing new", first["objects"])
    assert conditions(server)[1] == (None, None)


def test_each_feed_has_its_own_conditions(room: Room, server: Server) -> None:
    room.run(source(room, server, FEED))
    room.run(source(room, server, FEED, name="cointelegraph", path="/other"))
    room.run(source(room, server, FEED, path="/moved"))
    assert conditions(server) == [(None, None)] * 3


def test_conditions_of_more_than_a_week_ago_are_forgotten(room: Room, server: Server) -> None:
    it = source(room, server, FEED, FEED)
    room.run(it)
    room.now_us += WEEK_US + WEEK_US // 7
    room.run(it, {})
    assert conditions(server)[1] == (None, None)


def test_a_broken_object_makes_the_fetch_unconditional(room: Room, server: Server) -> None:
    it = source(room, server, FEED, FEED)
    room.run(it)
    Path(room.landing.uri, room.landed()[0]).write_bytes(b"broken")
    room.run(it)
    assert conditions(server)[1] == (None, None)


@pytest.mark.parametrize(
    ("day", "outcome"),
    [("2026-11-29", "landed"), ("2026-11-28", "landed"), ("2026-11-27", "landed"), ("2026-11-26", "off")],
)
def test_a_day_that_is_long_over_is_no_longer_in_a_feed(room: Room, server: Server, day: str, outcome: str) -> None:
    said = room.run(source(room, server, FEED), {"date": day})
    assert said["outcome"] == outcome
    assert len(server.asked) == (outcome == "landed")
    assert ("2 days ago" in said["detail"]) is (outcome == "off")


@pytest.mark.parametrize(
    ("play", "outcome"),
    [
        (EMPTY_FEED, "empty"),
        (WRONG_CHARSET, "empty"),
        (Play(body=b'<?xml version="1.0"?><feed xmlns="x"><entry/><entry >', content_type=XML), "landed"),
        (Play(body=b'<rdf:RDF xmlns="x"><item rdf:about="y">', content_type=XML), "landed"),
        (Play(body="<rss ><item>".encode("utf-16"), content_type=XML), "landed"),
    ],
)
def test_a_feed_is_told_from_an_empty_one(room: Room, server: Server, play: Play, outcome: str) -> None:
    assert room.run(source(room, server, play))["outcome"] == outcome
    assert room.lines()[0].body == play.body


@pytest.mark.parametrize(
    "play", [BROKEN, Play(403), redirect("/rss"), Play(body=b"<html>Are you human?</html>"), Play(body=b"")]
)
def test_what_is_no_feed_is_a_failure_and_does_not_land(room: Room, server: Server, play: Play) -> None:
    assert room.fails(source(room, server, play))["outcome"] == "failed"
    assert room.landed() == []
