"""Reddit is read with an app's token, page by page until the day begins, and no faster than it allows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.social import Credentials, Reddit
from lambdas.social.reddit import MOST_PAGES
from tests.lambdas.room import Room
from tests.lambdas.server import BROKEN, Play, Script, Server, half, of_json

SECRET, TOKEN = "PLANTED-secret", "PLANTED-token"
MIDNIGHT_S = datetime(2026, 11, 28, tzinfo=UTC).timestamp()
GRANT = of_json({"access_token": TOKEN, "token_type": "bearer", "expires_in": 3600, "scope": "*"})
NEW, COMMENTS = "/r/CryptoCurrency/new", "/r/CryptoCurrency/comments"
AGENT = "aws:tapehouse:0.1 (by /u/somebody)"


def page(*times_s: float, after: str | None = None, **headers: str) -> Play:
    children = [{"kind": "t3", "data": {"name": f"t3_{at}", "created_utc": at}} for at in times_s]
    named = {f"x-ratelimit-{name}": value for name, value in headers.items()}
    return of_json({"kind": "Listing", "data": {"after": after, "children": children}}, headers=named)


EMPTY = page()
OLD = page(MIDNIGHT_S + 5, MIDNIGHT_S - 1, after="t3_old")
YOUNG = page(MIDNIGHT_S + 9, MIDNIGHT_S, after="t3_young")


def source(
    room: Room,
    server: Server,
    new: Sequence[Script] = (OLD,),
    comments: Sequence[Script] = (EMPTY,),
    token: Sequence[Script] = (GRANT,),
    **words: Any,
) -> Reddit:
    server.play(NEW, *new)
    server.play(COMMENTS, *comments)
    made: dict[str, Any] = {
        "http": room.http,
        "credentials": lambda: Credentials("me", SECRET, AGENT),
        "subreddits": ["CryptoCurrency"],
        "address": server.url(),
        "token_address": server.play("/token", *token),
        "sleep": room.sleep,
    }
    return Reddit(**{**made, **words})


def paths(server: Server) -> list[str]:
    return [asked.path for asked in server.asked]


def test_posts_and_then_comments_land_with_a_token_of_the_app(room: Room, server: Server) -> None:
    said = room.run(source(room, server))
    assert (said["outcome"], said["lines"], len(said["objects"]), said["detail"]) == ("landed", 2, 1, "")
    token, new, comments = server.asked
    assert (token.method, token.body) == ("POST", b"grant_type=client_credentials")
    assert token.headers["authorization"].startswith("Basic ")
    assert (new.path, comments.path) == (NEW, COMMENTS)
    assert new.query == comments.query == {"limit": "100", "raw_json": "1"}
    assert {asked.headers["user-agent"] for asked in server.asked} == {AGENT}
    assert new.headers["authorization"] == comments.headers["authorization"] == f"bearer {TOKEN}"
    assert {(line.kind, line.source) for line in room.lines()} == {("social", "reddit")}
    assert TOKEN not in room.text()
    assert room.slept == []


def test_pages_go_back_until_one_ends_before_the_day(room: Room, server: Server) -> None:
    said = room.run(source(room, server, new=[YOUNG, page(MIDNIGHT_S, after="t3_2"), page(after="t3_3"), OLD, YOUNG]))
    assert [asked.query.get("after") for asked in server.asked_for(NEW)] == [None, "t3_young", "t3_2", "t3_3"]
    assert (said["outcome"], said["lines"]) == ("landed", 5)


def test_ten_pages_are_all_there_are_and_what_they_do_not_reach_is_told(room: Room, server: Server) -> None:
    said = room.run(source(room, server, new=[YOUNG]))
    assert len(server.asked_for(NEW)) == MOST_PAGES
    assert said["outcome"] == "landed"
    assert "/r/CryptoCurrency/new: 10 pages, all there are, do not reach back to 2026-11-28" in said["detail"]


def test_every_subreddit_is_read(room: Room, server: Server) -> None:
    server.play("/r/Bitcoin/new", OLD)
    server.play("/r/Bitcoin/comments", EMPTY)
    said = room.run(source(room, server, subreddits=["CryptoCurrency", "Bitcoin"]))
    assert said["lines"] == 4
    assert paths(server) == ["/token", NEW, COMMENTS, "/r/Bitcoin/new", "/r/Bitcoin/comments"]


def test_nothing_said_is_an_empty_day(room: Room, server: Server) -> None:
    assert room.run(source(room, server, new=[EMPTY]))["outcome"] == "empty"


@pytest.mark.parametrize(
    ("headers", "slept"),
    [
        ({"remaining": "988.0", "reset": "375"}, []),
        ({"remaining": "1.0", "reset": "375"}, []),
        ({"remaining": "0.0", "reset": "12"}, [12.0]),
        ({"remaining": "0.5", "reset": "300"}, [300.0]),
        ({"remaining": "0.0"}, [1.0]),
        ({"remaining": "nan", "reset": "9"}, []),
        ({"remaining": "few", "reset": "soon"}, []),
    ],
)
def test_when_calls_are_used_up_their_reset_is_waited_for(
    room: Room, server: Server, headers: dict[str, str], slept: list[float]
) -> None:
    said = room.run(source(room, server, new=[page(MIDNIGHT_S - 1, **headers)]))
    assert (said["outcome"], room.slept) == ("landed", slept)


def test_nothing_is_waited_for_behind_the_last_call(room: Room, server: Server) -> None:
    room.run(source(room, server, comments=[page(remaining="0", reset="200")]))
    assert room.slept == []


def test_a_reset_that_is_too_far_fails_and_what_was_got_lands(room: Room, server: Server) -> None:
    said = room.fails(source(room, server, new=[page(MIDNIGHT_S, after="t3_2", remaining="0", reset="599")]))
    assert (said["lines"], room.slept) == (1, [])
    assert "used up for 599 s" in said["detail"]


def test_a_token_that_is_over_is_fetched_anew_once(room: Room, server: Server) -> None:
    second = of_json({"access_token": "PLANTED-second"})
    said = room.run(source(room, server, new=[YOUNG, Play(401), OLD], token=[GRANT, second]))
    assert (said["outcome"], said["lines"]) == ("landed", 3)
    assert paths(server) == ["/token", NEW, NEW, "/token", NEW, COMMENTS]
    sent = [asked.headers["authorization"] for asked in server.asked if asked.path != "/token"]
    assert sent == [f"bearer {TOKEN}"] * 2 + ["bearer PLANTED-second"] * 2
    assert "PLANTED" not in room.text()


@pytest.mark.parametrize(("new", "asked"), [([Play(401)], 2), ([YOUNG, Play(401)], 5)])
def test_a_new_token_that_is_not_taken_is_a_failure(room: Room, server: Server, new: list[Play], asked: int) -> None:
    said = room.fails(source(room, server, new=new))
    assert "has just given" in said["detail"]
    assert len(server.asked) == asked


@pytest.mark.parametrize(
    "token",
    [
        Play(401),
        of_json({"error": "invalid_grant"}),
        of_json([]),
        Play(body=b"<html>"),
        of_json({"access_token": "a\nb"}),
    ],
)
def test_without_a_token_nothing_is_read(room: Room, server: Server, token: Play) -> None:
    assert room.fails(source(room, server, token=[token]))["lines"] == 0
    assert set(paths(server)) == {"/token"}


@pytest.mark.parametrize(
    "broken",
    [
        BROKEN,
        half(),
        Play(403),
        Play(404),
        Play(body=b"<html>"),
        of_json({"data": {"after": 7, "children": []}}),
        of_json({"data": {"after": None, "children": [{"kind": "t3", "data": {}}]}}),
    ],
)
def test_a_later_page_that_fails_costs_no_earlier_one(room: Room, server: Server, broken: Play) -> None:
    said = room.fails(source(room, server, new=[YOUNG, broken]))
    assert (said["outcome"], said["lines"], len(room.landed())) == ("failed", 1, 1)


@pytest.mark.parametrize("missing", ["client_id", "client_secret", "user_agent"])
def test_without_credentials_it_is_off(room: Room, server: Server, missing: str) -> None:
    parts = {"client_id": "me", "client_secret": SECRET, "user_agent": AGENT, missing: ""}
    said = room.run(source(room, server, credentials=lambda: Credentials(**parts)))
    assert (said["outcome"], server.asked) == ("off", [])
    assert missing in said["detail"]
    assert SECRET not in f"{Credentials(**parts)}{said}"
