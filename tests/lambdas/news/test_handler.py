"""The Lambda as AWS calls it: variables in, one object a source out, and no secret anywhere else than on the wire."""

import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.batch import BatchFailedError
from lambdas.news import handler as module
from lambdas.news.handler import handler, news
from tapehouse.errors import SettingsError
from tapehouse.landing import Landing
from tests.lambdas.room import EVENT, Call, Room
from tests.lambdas.server import BROKEN, BUSY, GONE, Play, Server, gzip_bomb, half, of_json, redirect

KEYS = {"ALPHAVANTAGE_KEY": "PLANTED/key+1", "FINNHUB_TOKEN": "PLANTED-token"}
ALL = "alphavantage,finnhub,coindesk,cointelegraph"
RSS = Play(body=b"<rss><item/></rss>", content_type="application/rss+xml")
GOOD = {
    "/alphavantage": of_json({"feed": [{"title": "x"}]}),
    "/finnhub": of_json([{"id": 7}]),
    "/coindesk": RSS,
    "/cointelegraph": RSS,
}


def environ(room: Room, server: Server, **more: str) -> dict[str, str]:
    addresses = [f"{name}={server.url('/' + name)}" for name in ALL.split(",")]
    return {"TAPEHOUSE_LANDING": room.landing.uri, "TAPEHOUSE_SOURCE_URLS": ",".join(addresses), **more}


def run(variables: dict[str, str], room: Room, **words: Any) -> dict[str, Any]:
    return news(variables, clock=room.clock, sleep=room.sleep, **words)(EVENT)


def play(server: Server, **other: Play) -> None:
    for path, answer in {**GOOD, **{f"/{name}": answer for name, answer in other.items()}}.items():
        server.play(path, answer)


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A container that has not been called, and holds no key of whoever runs the tests."""
    for name in ("ALPHAVANTAGE_KEY", "ALPHAVANTAGE_SECRET", "FINNHUB_TOKEN", "FINNHUB_SECRET"):
        monkeypatch.delenv(name, raising=False)
    module._warm.cache_clear()
    yield
    module._warm.cache_clear()


def test_every_source_lands_one_object(room: Room, server: Server) -> None:
    play(server)
    found = run(environ(room, server, TAPEHOUSE_NEWS_SOURCES=ALL, **KEYS), room)
    assert found["date"] == "2026-11-28"
    assert {name: said["outcome"] for name, said in found["sources"].items()} == dict.fromkeys(ALL.split(","), "landed")
    landed = [key.split("/")[:3] for key in room.landed()]
    assert landed == [["news", name, "2026-11-29"] for name in sorted(ALL.split(","))]
    assert len(server.asked_for("/alphavantage")) == 5


def test_two_feeds_are_read_if_nothing_is_said(room: Room, server: Server) -> None:
    play(server)
    assert set(run(environ(room, server), room)["sources"]) == {"coindesk", "cointelegraph"}


def test_a_source_without_its_key_is_off_and_no_failure(room: Room, server: Server) -> None:
    play(server)
    found = run(environ(room, server, TAPEHOUSE_NEWS_SOURCES="finnhub,alphavantage,coindesk"), room)
    assert [said["outcome"] for said in found["sources"].values()] == ["off", "off", "landed"]


def test_a_secret_that_cannot_be_read_fails_its_source_alone(room: Room, server: Server) -> None:
    class Secrets:
        def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: N803 - AWS's name
            return {"SecretString": json.dumps({"finnhub": "PLANTED-token"})}

    play(server)
    variables = environ(
        room,
        server,
        TAPEHOUSE_NEWS_SOURCES="alphavantage,finnhub",
        ALPHAVANTAGE_SECRET="keys#alpha",
        FINNHUB_SECRET="keys#finnhub",
    )
    with pytest.raises(BatchFailedError, match="ALPHAVANTAGE_SECRET names the secret keys#alpha") as caught:
        run(variables, room, secrets=Secrets)
    assert caught.value.results["finnhub"].outcome == "landed"
    assert server.asked[0].headers["x-finnhub-token"] == "PLANTED-token"


def test_a_call_s_end_is_heeded_and_what_was_got_before_it_is_landed(room: Room, server: Server) -> None:
    """Two of five tickers, a second and a bit apart; then nothing is asked, and the feed's turn is one as well."""
    play(server)
    variables = environ(room, server, TAPEHOUSE_NEWS_SOURCES="alphavantage,coindesk", **KEYS)
    call = Call(left_s=34)
    batch = news(variables, clock=room.clock, sleep=call.sleep, monotonic=call.monotonic)
    with pytest.raises(BatchFailedError, match=r"alphavantage \(partial: its share of the call's time") as caught:
        batch(EVENT, call)
    assert {name: said.lines for name, said in caught.value.results.items()} == {"alphavantage": 2, "coindesk": 1}
    assert len(server.asked_for("/alphavantage")) == 2
    assert len(room.landed()) == 2


def test_wrong_variables_are_told_at_once(room: Room) -> None:
    with pytest.raises(SettingsError) as caught:
        news({"TAPEHOUSE_NEWS_SOURCES": "bloomberg", "TAPEHOUSE_SOURCE_URLS": "coindesk"}, clock=room.clock)
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize(
    "broken",
    [
        BROKEN,
        BUSY,
        GONE,
        half(),
        gzip_bomb(33),
        Play(401),
        Play(body=b"xx", every_s=1),
        Play(body=b"<html>PLANTED-token PLANTED/key+1", content_type="PLANTED-token"),
        redirect("/elsewhere"),
        redirect("http://localhost:9/?apikey=PLANTED/key%2B1"),
        of_json({"Information": "We have detected your API key as PLANTED/key+1 and the limit is 25 requests per day"}),
        of_json({"Information": "PLANTED/key+1 is wrong", "error": "PLANTED-token"}),
        of_json({"feed": [{"title": "PLANTED/key+1 PLANTED-token"}]}, headers={"ETag": "PLANTED-token PLANTED/key+1"}),
        of_json([{"id": 9, "headline": "PLANTED/key+1 PLANTED-token"}], headers={"ETag": "PLANTED-token"}),
    ],
)
def test_no_secret_is_landed_logged_told_or_raised(
    room: Room, server: Server, broken: Play, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's words are masked of the secret that went to that stranger alone: nobody else knows it."""
    monkeypatch.setattr(module, "Http", lambda **words: room.http)
    caplog.set_level(logging.DEBUG)
    said = []
    for name, secret in (("alphavantage", "PLANTED/key+1"), ("finnhub", "PLANTED-token")):
        play(server, **{name: broken})
        batch = news(
            environ(room, server, TAPEHOUSE_NEWS_SOURCES=f"{name},coindesk", **KEYS), clock=room.clock, sleep=room.sleep
        )
        said.append(repr(batch))
        try:
            said.append(repr(batch(EVENT)))
        except BatchFailedError as error:
            assert error.__cause__ is error.__context__ is None
            said += [str(error), repr(error), *traceback.format_exception(error)]
            assert error.results["coindesk"].outcome in ("landed", "nothing new")
        assert server.asked_for(f"/{name}")
        landed = "".join(f"{line.line()!r}" for line in room.lines() if line.source == name)
        for spelled in (secret, secret.replace("/", "%2F").replace("+", "%2B")):
            assert spelled not in landed + caplog.text + "".join(said)


def test_aws_calls_a_function_of_the_module(
    room: Room, server: Server, monkeypatch: pytest.MonkeyPatch, cold: None
) -> None:
    play(server)
    for name, value in environ(room, server).items():
        monkeypatch.setenv(name, value)
    found = handler({}, None)
    assert [said["outcome"] for said in found["sources"].values()] == ["landed", "landed"]
    assert module._warm() is module._warm()


def test_aws_s_bucket_is_a_landing(room: Room, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """One object a source there, too; and what is asked again begins where the bucket's newest object ends."""
    import boto3
    from moto import mock_aws

    monkeypatch.delenv("AWS_ENDPOINT_URL")
    play(server, finnhub=of_json([{"id": 41}]))
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="lake")
        variables = environ(room, server, TAPEHOUSE_NEWS_SOURCES="finnhub,coindesk", **KEYS)
        variables["TAPEHOUSE_LANDING"] = "s3://lake/landing"
        for _ in range(2):
            run(variables, room)
        keys = list(Landing("s3://lake/landing").keys())
    assert [key.split("/")[1] for key in keys] == ["coindesk", "finnhub", "finnhub"]
    assert [asked.query["minId"] for asked in server.asked_for("/finnhub")] == ["0", "41"]
