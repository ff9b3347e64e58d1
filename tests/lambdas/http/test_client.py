"""Whatever a server does, a request ends: with a whole answer or a typed error, in bounded time and memory."""

import gzip
import json
import pickle
import socket
import time
import tracemalloc
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from lambdas.http import Answer, FetchError, FetchFailedError, FetchRefusedError, Http, Limits, Reason, Request
from tapehouse.errors import LakehouseError, SettingsError, TerminalError, TransientError
from tests.lambdas.server import (
    BROKEN,
    BUSY,
    EMPTY_FEED,
    GONE,
    NOT_FOUND,
    SLOW,
    SLOW_HEADERS,
    WRONG_CHARSET,
    Play,
    Script,
    Server,
    gzip_bomb,
    half,
    half_of_chunks,
    of_json,
    packed,
    redirect,
    serving,
)

NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)
NOW_US = int(NOW.timestamp()) * 1_000_000
GOOD = of_json({"good": True})


class Room:
    """A client whose waits take no time."""

    def __init__(self, **words: Any) -> None:
        self.slept: list[float] = []
        limits = {"most_bytes": 1_000_000, "most_wire_bytes": 100_000, "deadline_s": 30.0}
        made = {name: words.pop(name) for name in list(words) if name in Limits.__slots__}
        self.http = Http(
            Limits(**{**limits, **made}), sleep=self._sleep, clock=lambda: NOW_US, dice=lambda: 1.0, **words
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def fails(self, url: str, **words: Any) -> FetchError:
        with pytest.raises(FetchError) as caught:
            self.http.send(Request(url=url, name="coindesk", **words))
        return caught.value


def test_an_answer_holds_its_bytes_and_when_it_was_whole(server: Server) -> None:
    url = server.play("/rss", Play(body=b"<rss/>", content_type="application/rss+xml", headers={"ETag": '"7"'}))
    answer = Room().http.send(Request(url=url + "?b=2", params={"a": "1:2"}, headers={"X-Mine": "yes"}))
    assert answer == Answer(
        status=200,
        headers=answer.headers,
        content_type="application/rss+xml",
        body=b"<rss/>",
        url=url + "?b=2&a=1:2",
        fetched_at_us=NOW_US,
    )
    assert answer.headers["etag"] == '"7"'
    (asked,) = server.asked
    assert (asked.method, asked.query, asked.headers["x-mine"]) == ("GET", {"b": "2", "a": "1:2"}, "yes")
    assert asked.headers["user-agent"].startswith("tapehouse/")


@pytest.mark.parametrize(
    ("play", "body"),
    [
        (WRONG_CHARSET, "<rss>Größe 5 €</rss>".encode("cp1252")),
        (EMPTY_FEED, EMPTY_FEED.body),
        (Play(304), b""),
        (Play(204), b""),
        (of_json({"Information": "slow down"}), b'{"Information": "slow down"}'),
        (Play(body=b"in chunks", chunked=True), b"in chunks"),
        (Play(body=b"until it closes", length=-1), b"until it closes"),
        (packed(b"packed"), b"packed"),
        (Play(body=gzip.compress(b"two ") + gzip.compress(b"members"), headers={"Content-Encoding": "x-gzip"}),
         b"two members"),
        (Play(body=gzip.compress(b"and dirt") + b"dirt", headers={"Content-Encoding": "GZIP"}), b"and dirt"),
        (Play(body=zlib.compress(b"deflated"), headers={"Content-Encoding": "deflate"}), b"deflated"),
        (Play(body=zlib.compress(b"raw")[2:-4], headers={"Content-Encoding": "deflate"}), b"raw"),
        (Play(body=b"", headers={"Content-Encoding": "gzip"}), b""),
        (Play(body=b"plain", headers={"Content-Encoding": "identity"}), b"plain"),
    ],
)  # fmt: skip
def test_a_whole_body_comes_as_it_was_sent(server: Server, play: Play, body: bytes) -> None:
    room = Room()
    assert room.http.send(Request(url=server.play("/", play))).body == body
    assert room.slept == []


def test_a_form_is_posted_with_basic_credentials(server: Server) -> None:
    url = server.play("/token", GOOD)
    Room().http.send(Request(method="POST", url=url, body=b"grant_type=client_credentials", auth=("me", "hunter2")))
    (asked,) = server.asked
    assert (asked.method, asked.body) == ("POST", b"grant_type=client_credentials")
    assert asked.headers["authorization"] == "Basic bWU6aHVudGVyMg=="


@pytest.mark.parametrize(
    ("answers", "slept"),
    [
        ([BUSY, GOOD], [7.0]),
        ([Play(429), GOOD], [1.0]),
        ([Play(503, headers={"Retry-After": "2.5"}), GOOD], [2.5]),
        ([Play(429, headers={"Retry-After": format_datetime(NOW + timedelta(seconds=9), usegmt=True)}), GOOD], [9.0]),
        ([Play(429, headers={"Retry-After": format_datetime(NOW - timedelta(days=9), usegmt=True)}), GOOD], [0.0]),
        ([Play(429, headers={"Retry-After": "soon"}), GOOD], [1.0]),
        ([Play(429, headers={"Retry-After": "nan"}), GOOD], [1.0]),
        ([Play(429, headers={"Retry-After": "86400"}), GOOD], [20.0]),
        ([BROKEN, BROKEN, BROKEN, GOOD], [1.0, 2.0, 4.0]),
        ([Play(500, headers={"Retry-After": "9"}), GOOD], [1.0]),
        ([half(), GOOD], [1.0]),
        ([half_of_chunks(), GOOD], [1.0]),
        ([GONE, GOOD], [1.0]),
        ([Play(body=gzip.compress(b"x" * 99)[:-9], headers={"Content-Encoding": "gzip"}), GOOD], [1.0]),
    ],
)
def test_what_may_pass_is_tried_again_after_a_wait(
    server: Server, answers: Sequence[Script], slept: list[float]
) -> None:
    room = Room(most_wait_s=20.0)
    assert json.loads(room.http.send(Request(url=server.play("/", *answers))).body) == {"good": True}
    assert room.slept == slept
    assert len(server.asked) == len(answers)


@pytest.mark.parametrize(
    ("play", "reason", "tries"),
    [
        (BROKEN, Reason.STATUS, 4),
        (BUSY, Reason.STATUS, 4),
        (GONE, Reason.CONNECTION, 4),
        (half(), Reason.CUT, 4),
        (NOT_FOUND, Reason.STATUS, 1),
        (Play(401), Reason.STATUS, 1),
        (Play(302), Reason.REFUSED, 1),
        (gzip_bomb(), Reason.TOO_LARGE, 1),
        (Play(body=b"x" * 100_001), Reason.TOO_LARGE, 1),
        (Play(body=b"x" * 100_001, length=-1), Reason.TOO_LARGE, 1),
        (Play(body=b"?", headers={"Content-Encoding": "br"}), Reason.REFUSED, 1),
    ],
)
def test_what_stays_is_an_error_that_says_what_and_whether_to_come_again(
    server: Server, play: Play, reason: Reason, tries: int
) -> None:
    url = server.play("/rss", play)
    error = Room().fails(url)
    assert (error.reason, error.tries, len(server.asked)) == (reason, tries, tries)
    status = play.status if reason is Reason.STATUS else None
    assert error.status == status
    assert isinstance(error, FetchFailedError) is isinstance(error, TransientError) is (tries > 1)
    assert isinstance(error, FetchRefusedError) is isinstance(error, TerminalError) is (tries == 1)
    assert str(error).startswith(f"coindesk: GET {url} failed ({reason.value}): ")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_bomb_is_cut_at_the_bound_and_never_unpacked_whole(server: Server) -> None:
    url = server.play("/", gzip_bomb(64))
    room = Room()
    tracemalloc.start()
    try:
        assert room.fails(url).reason is Reason.TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_a_length_is_not_believed(server: Server) -> None:
    assert Room().http.send(Request(url=server.play("/", Play(body=b"12345", length=3)))).body == b"123"
    assert Room(tries=1).fails(server.play("/more", Play(body=b"123", length=10**12))).reason is Reason.CUT


def test_a_status_that_the_request_calls_an_answer_is_one(server: Server) -> None:
    answer = Room().http.send(Request(url=server.play("/robots.txt", NOT_FOUND), answered=frozenset({404})))
    assert (answer.status, answer.body) == (404, b"nothing here")


@pytest.mark.parametrize("play", [SLOW, SLOW_HEADERS, Play(body=b"x" * 1000, every_s=0.05, length=-1)])
def test_an_answer_that_drips_ends_at_the_deadline(server: Server, play: Play) -> None:
    began = time.monotonic()
    error = Room(deadline_s=0.4, read_s=0.3).fails(server.play("/", play))
    assert error.reason is Reason.TIMEOUT
    assert time.monotonic() - began < 3


def test_silence_is_a_timeout_and_tried_again(server: Server) -> None:
    room = Room(read_s=0.1, tries=2)
    error = room.fails(server.play("/", Play(body=b"xx", every_s=1.0)))
    assert (error.reason, error.tries) == (Reason.TIMEOUT, 2)


def test_nothing_is_waited_for_that_ends_behind_the_deadline(server: Server) -> None:
    room = Room(deadline_s=5.0)
    error = room.fails(server.play("/", BUSY))
    assert (error.status, error.tries, room.slept) == (429, 1, [])


def test_whoever_has_less_time_says_so(server: Server) -> None:
    room = Room(deadline_s=60.0)
    with pytest.raises(FetchFailedError):
        room.http.send(Request(url=server.play("/", BUSY, GOOD)), within_s=5.0)
    assert room.slept == []


def test_waits_count_towards_the_deadline(server: Server) -> None:
    """However long the single tries are."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    http = Http(Limits(deadline_s=10.0, tries=100), sleep=sleep, monotonic=lambda: now[0], dice=lambda: 1.0)
    with pytest.raises(FetchFailedError) as caught:
        http.send(Request(url=server.play("/", BROKEN)))
    assert caught.value.tries == 4  # 1 + 2 + 4 s were waited, and 8 more are too many


def test_nobody_listens_is_a_connection_that_failed() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        assert Room(tries=1).fails(url).reason is Reason.CONNECTION


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/", "", "http://[", "http://", "http://127.0.0.1:x/"]
)
def test_what_is_no_address_is_not_asked(url: str) -> None:
    error = Room().fails(url)
    assert (error.reason, error.tries) == (Reason.REFUSED, 1)


def test_redirects_are_followed_to_their_end(server: Server) -> None:
    server.play("/1", redirect("/2?x=1", 301))
    server.play("/2", redirect("3", 308))
    server.play("/3", redirect(server.url("/ä") + "#part", 307))
    server.play("/%C3%A4", GOOD)
    answer = Room().http.send(Request(url=server.url("/1"), headers={"Authorization": "bearer hunter2"}))
    assert answer.url == server.url("/%C3%A4")
    assert [asked.headers["authorization"] for asked in server.asked] == ["bearer hunter2"] * 4


@pytest.mark.parametrize(
    ("answers", "asked", "reason"),
    [
        ({"/a": redirect("/b"), "/b": redirect("/a")}, 2, Reason.REDIRECTS),
        ({"/a": redirect("/a")}, 1, Reason.REDIRECTS),
        ({f"/{n}": redirect(f"/{chr(ord(n) + 1)}") for n in "abcdefghij"}, 6, Reason.REDIRECTS),
        ({"/a": redirect("ftp://127.0.0.1/")}, 1, Reason.REFUSED),
        ({"/a": redirect("http://[/")}, 1, Reason.REFUSED),
        ({"/a": redirect("file:///etc/passwd")}, 1, Reason.REFUSED),
    ],
)
def test_redirects_without_end_or_sense_are_given_up(
    server: Server, answers: dict[str, Play], asked: int, reason: Reason
) -> None:
    for path, play in answers.items():
        server.play(path, play)
    error = Room().fails(server.url("/a"))
    assert (error.reason, error.tries, len(server.asked)) == (reason, 1, asked)


def test_a_post_is_not_sent_on(server: Server) -> None:
    url = server.play("/token", redirect("/elsewhere"))
    assert Room().fails(url, method="POST", body=b"x").reason is Reason.REFUSED


def test_the_body_of_a_redirect_is_not_read(server: Server) -> None:
    bomb = gzip_bomb()
    url = server.play("/", Play(302, bomb.body, {**bomb.headers, "Location": "/good"}))
    server.play("/good", GOOD)
    assert Room().http.send(Request(url=url)).status == 200


def test_every_hop_is_checked_before_it_is_asked(server: Server) -> None:
    class PrivateError(LakehouseError):
        pass

    checked = []

    def check(url: str) -> None:
        checked.append(url)
        if url.endswith("/private"):
            raise PrivateError(url)

    url = server.play("/", redirect("/private"))
    with pytest.raises(PrivateError):
        Room(check=check).http.send(Request(url=url))
    assert checked == [url, server.url("/private")]
    assert len(server.asked) == 1


def test_a_session_s_own_adapter_is_used_and_its_refusal_passes_through(server: Server) -> None:
    class PinnedError(LakehouseError):
        pass

    class Pinned(HTTPAdapter):
        def send(self, *args: Any, **words: Any) -> requests.Response:
            raise PinnedError("no such address was checked")

    session = requests.Session()
    session.mount("http://", Pinned())
    with pytest.raises(PinnedError):
        Room(session=session).http.send(Request(url=server.play("/", GOOD)))


def test_proxies_of_the_environment_are_not_used_on_loopback(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url = server.play("/", GOOD)
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert Room().http.send(Request(url=url)).status == 200


def test_cookies_and_netrc_are_nobody_s(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    url = server.play("/", Play(302, headers={"Location": "/2", "Set-Cookie": "session=1"}))
    server.play("/2", GOOD)
    Room().http.send(Request(url=url))
    assert all("cookie" not in asked.headers and "authorization" not in asked.headers for asked in server.asked)


def test_credentials_do_not_go_to_another_host(server: Server) -> None:
    with serving() as other:
        url = server.play("/", redirect(other.play("/there", GOOD)))
        headers = {
            "Authorization": "bearer hunter2",
            "X-Finnhub-Token": "hunter3",
            "Cookie": "a=b",
            "If-None-Match": "7",
        }
        Room().http.send(Request(url=url, headers=headers, params={"apikey": "hunter4"}, auth=("me", "hunter5")))
        (asked,) = other.asked
    assert "hunter" not in f"{asked}"
    assert {"authorization", "x-finnhub-token"} & set(asked.headers) == set()
    assert asked.headers["if-none-match"] == "7"


def test_a_redirect_that_carries_our_key_to_another_host_is_refused(server: Server) -> None:
    with serving() as other:
        url = server.play("/", redirect(other.url("/?k=hunter%2F2")))
        error = Room().fails(url, params={"apikey": "hunter/2"})
        assert (error.reason, other.asked) == (Reason.REFUSED, [])


def test_all_wrong_limits_are_told_at_once() -> None:
    with pytest.raises(SettingsError, match=r"2 setting(?s:.)*read_s(?s:.)*tries"):
        Limits(read_s=0, tries=-1)
