"""A secret is in no log, error, repr or traceback, and in no answer, however a fetch fails."""

import logging
import pickle
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.http import FetchError, Http, Limits, Request
from lambdas.http.redaction import address, is_secret, scrub_body
from tests.lambdas.server import BROKEN, BUSY, GONE, NOT_FOUND, Play, Server, gzip_bomb, half, redirect

SECRETS = ("PLANTED/key=1", "PLANTED-token", "PLANTED-password", "PLANTED-named")


def request(url: str) -> Request:
    return Request(
        url=url,
        name="alphavantage",
        params={"tickers": "CRYPTO:BTC", "apikey": SECRETS[0], "odd": SECRETS[3]},
        headers={"X-Finnhub-Token": SECRETS[1]},
        auth=("me", SECRETS[2]),
        secrets=(SECRETS[3],),
    )


def causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def said_of(error: FetchError) -> str:
    """All that an error can be made to say."""
    parts: list[Any] = [str(error), repr(error), error.args, vars(error), str(pickle.loads(pickle.dumps(error)))]
    for each in causes(error):
        parts += [str(each), repr(each), each.args]
    return "\n".join([*map(str, parts), *traceback.format_exception(error)])


@pytest.mark.parametrize(
    "play",
    [
        BROKEN,
        BUSY,
        GONE,
        NOT_FOUND,
        Play(body=b"xx", every_s=1),
        half(),
        gzip_bomb(),
        redirect("/"),
        redirect("https://[/"),
        redirect("ftp://127.0.0.1/?apikey=PLANTED/key=1"),
        redirect("http://localhost:9/?apikey=PLANTED/key=1"),
        Play(body=b"?", headers={"Content-Encoding": "br"}),
    ],
)
def test_no_way_to_fail_shows_a_secret(server: Server, play: Play, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    http = Http(Limits(deadline_s=8, read_s=0.2, tries=2, most_bytes=1000), sleep=lambda seconds: None)
    asked = request(server.play("/", play))
    with pytest.raises(FetchError) as caught:
        http.send(asked)
    assert len(list(causes(caught.value))) == 1
    assert server.asked[0].query["apikey"] == SECRETS[0]
    assert "PLANTED" not in said_of(caught.value) + caplog.text + "".join(map(str, caplog.records))


@pytest.mark.parametrize(
    "url", ["http://me:PLANTED@127.0.0.1:9/?token=PLANTED", "http://[?token=PLANTED", "nothing://PLANTED@x"]
)
def test_an_address_that_cannot_be_asked_shows_no_secret(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(FetchError) as caught:
        Http(Limits(tries=1)).send(request(url))
    assert "PLANTED" not in said_of(caught.value) + caplog.text


def test_a_header_that_cannot_be_sent_is_not_shown(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for wrong in ("PLANTED\n2", "PLANTED\u20ac"):
        with pytest.raises(FetchError) as caught:
            Http(Limits(tries=1)).send(Request(url=server.url("/"), headers={"X-Token": wrong}))
        assert "PLANTED" not in said_of(caught.value) + caplog.text


def test_what_is_printed_of_a_request_and_its_answer_has_no_secret(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """Alpha Vantage prints the key that it refuses."""
    caplog.set_level(logging.DEBUG)
    echo = '{"Information": "We have detected your API key as PLANTED/key=1 and PLANTED\\/key=1"}'
    asked = request(server.play("/query", Play(body=echo.encode(), headers={"ETag": '"PLANTED-token"'})))
    answer = Http().send(asked)
    assert b"PLANTED" not in answer.body
    assert b"your API key as *** and ***" in answer.body
    shown = f"{asked!r}{asked}{asked.shown}{asked.address}{answer!r}{answer}{answer.headers}{answer.url}{caplog.text}"
    assert "PLANTED" not in shown
    assert asked.shown == f"GET {server.url('/query')}?tickers=CRYPTO:BTC&apikey=***&odd=***"


def test_urllib3_s_warning_of_a_broken_header_is_held_back(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """It prints the whole address."""
    caplog.set_level(logging.DEBUG)
    Http().send(request(server.play("/", Play(headers={"Bad name ": "x"}))))
    assert "PLANTED" not in caplog.text
    assert not caplog.records


def test_urllib3_is_heard_again_behind_a_fetch(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Only what it logs in our own fetches is held back."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "urllib3")  # a command that ran in this process may have made it quiet
    Http().send(Request(url=server.play("/", Play())))
    assert not [record for record in caplog.records if record.name.startswith("urllib3")]
    logging.getLogger("urllib3.connectionpool").debug("another's")
    assert "another's" in caplog.text


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("apikey", True), ("api_key", True), ("X-Finnhub-Token", True), ("access_token", True), ("Key", True),
        ("client_secret", True), ("X-Amz-Signature", True), ("authorization", False), ("auth", True), ("sig", True),
        ("tickers", False), ("keyword", False), ("author", False), ("signal", False), ("monkey", False), ("q", False),
    ],
)  # fmt: skip
def test_which_names_hold_secrets(name: str, secret: bool) -> None:
    assert is_secret(name) is secret


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:pass@x.com/a?b=1#c", "https://x.com/a?b=1"),
        ("https://x.com/?token=1&b=%20", "https://x.com/?token=***&b=+"),
        ("https://x.com/a%20b?q=%2F", "https://x.com/a%20b?q=%2F"),
        ("http://[", "(no address)"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert address(url) == shown


def test_a_key_that_is_a_word_leaves_stories_alone() -> None:
    assert scrub_body(b"a demonstration", ["demo"]) == b"a demonstration"
