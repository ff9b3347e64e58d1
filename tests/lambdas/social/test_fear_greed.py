"""The index is asked for as far back as the day lies, and an answer without that day is an empty one."""

from datetime import UTC, datetime

import pytest

from lambdas.social import FearGreed
from tests.lambdas.room import Room
from tests.lambdas.server import BROKEN, Play, Script, Server, of_json


def source(room: Room, server: Server, *answers: Script) -> FearGreed:
    return FearGreed(http=room.http, clock=room.clock, address=server.play("/fng/", *answers))


def values(*days: str) -> Play:
    stamps = [str(int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())) for day in days]
    data = [{"value": "25", "value_classification": "Extreme Fear", "timestamp": stamp} for stamp in stamps]
    return of_json({"name": "Fear and Greed Index", "data": data, "metadata": {"error": None}})


@pytest.mark.parametrize(
    ("day", "limit"), [("2026-11-29", "2"), ("2026-11-28", "3"), ("2026-11-19", "12"), ("2025-11-29", "367")]
)
def test_as_many_values_are_asked_for_as_reach_back_to_the_day(
    room: Room, server: Server, day: str, limit: str
) -> None:
    said = room.run(source(room, server, values("2026-11-29", day)), {"date": day})
    assert (said["outcome"], said["lines"]) == ("landed", 1)
    assert server.asked[0].query == {"limit": limit, "format": "json"}
    (line,) = room.lines()
    assert (line.kind, line.source) == ("index", "fear-greed")


def test_an_answer_without_the_day_is_an_empty_one_and_lands(room: Room, server: Server) -> None:
    said = room.run(source(room, server, values("2026-11-27")))
    assert (said["outcome"], said["lines"], said["detail"]) == ("empty", 1, "no value of 2026-11-28")


def test_the_same_values_land_once(room: Room, server: Server) -> None:
    it = source(room, server, values("2026-11-28"))
    room.run(it)
    assert room.run(it)["outcome"] == "nothing new"
    assert len(room.landed()) == 1


@pytest.mark.parametrize(
    "play",
    [
        BROKEN,
        Play(429),
        Play(body=b"<html>"),
        of_json([]),
        of_json({"data": None}),
        of_json({"data": ["x"]}),
        of_json({"data": [], "metadata": {"error": "down for maintenance"}}),
    ],
)
def test_what_has_no_values_is_a_failure_and_does_not_land(room: Room, server: Server, play: Play) -> None:
    assert room.fails(source(room, server, play))["outcome"] == "failed"
    assert room.landed() == []
