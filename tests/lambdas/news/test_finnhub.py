"""Only what is newer than the newest landed story is asked for, and the token stays in its header."""

from pathlib import Path
from typing import Any

import pytest

from lambdas.news import Finnhub
from tests.lambdas.room import Room
from tests.lambdas.server import BROKEN, Play, Script, Server, of_json

TOKEN = "PLANTED-token"
DAY_US = 86_400_000_000


def source(room: Room, server: Server, *answers: Script) -> Finnhub:
    return Finnhub(
        http=room.http,
        token=lambda: TOKEN,
        landing=room.landing,
        clock=room.clock,
        address=server.play("/news", *answers),
    )


def stories(*ids: Any) -> Play:
    return of_json([{"id": each, "headline": "x"} for each in ids])


def asked_from(server: Server) -> list[str]:
    return [asked.query["minId"] for asked in server.asked]


def test_the_token_goes_in_a_header_and_the_answer_lands(room: Room, server: Server) -> None:
    said = room.run(source(room, server, stories(7, 9, 8)))
    assert (said["outcome"], said["lines"]) == ("landed", 1)
    (asked,) = server.asked
    assert (asked.query, asked.headers["x-finnhub-token"]) == ({"category": "crypto", "minId": "0"}, TOKEN)
    assert room.lines()[0].request == f"GET {server.url('/news')}?category=crypto&minId=0"


def test_the_greatest_landed_id_is_where_the_next_begins(room: Room, server: Server) -> None:
    it = source(room, server, stories(7, 90, 8), stories(91), stories())
    assert room.run(it)["outcome"] == "landed"
    assert room.run(it)["outcome"] == "landed"
    said = room.run(it)
    assert (said["outcome"], said["lines"], said["objects"]) == ("nothing new", 0, [])
    assert asked_from(server) == ["0", "90", "91"]


def test_ids_that_are_none_and_objects_that_are_broken_are_passed_over(room: Room, server: Server) -> None:
    it = source(room, server, stories(5), stories("999", None, True, 6), of_json([7, {}, {"id": 3}]))
    for _ in range(3):
        room.run(it)
    Path(room.landing.uri, room.landed()[1]).write_bytes(b"broken")
    room.run(it)
    assert asked_from(server) == ["0", "5", "6", "5"]


def test_ids_of_more_than_a_week_ago_are_forgotten(room: Room, server: Server) -> None:
    it = source(room, server, stories(5), stories(6))
    room.run(it)
    room.now_us += 9 * DAY_US
    room.run(it, {})
    assert asked_from(server) == ["0", "0"]


def test_no_story_at_all_is_an_empty_day(room: Room, server: Server) -> None:
    said = room.run(source(room, server, stories()))
    assert (said["outcome"], said["lines"]) == ("empty", 1)


@pytest.mark.parametrize(
    "play",
    [
        BROKEN,
        Play(401, b'{"error":"Invalid API key"}'),
        Play(429, b'{"error":"API limit reached."}'),
        Play(body=b"<html>", content_type="text/html"),
        of_json({"error": "You don't have access to this resource."}),
        Play(body=b""),
    ],
)
def test_anything_but_a_list_is_a_failure_and_does_not_land(room: Room, server: Server, play: Play) -> None:
    said = room.fails(source(room, server, play))
    assert (said["outcome"], said["lines"], room.landed()) == ("failed", 0, [])


def test_without_a_token_it_is_off(room: Room, server: Server) -> None:
    it = source(room, server, stories())
    it.token = lambda: ""
    assert room.run(it)["outcome"] == "off"
    assert server.asked == []
