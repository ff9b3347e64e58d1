"""The Lambda as AWS calls it: variables in, one object a source out, and no secret anywhere else than on the wire."""

import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.batch import BatchFailedError
from lambdas.social import handler as module
from lambdas.social.handler import handler, social
from tapehouse.errors import SettingsError
from tests.lambdas.room import EVENT, Room
from tests.lambdas.server import BROKEN, BUSY, GONE, Play, Server, gzip_bomb, half, of_json, redirect

CREDENTIALS = {"client_id": "me", "client_secret": "PLANTED/secret", "user_agent": "aws:tapehouse:0.1 (by /u/x)"}
GRANT = of_json({"access_token": "PLANTED-token"})
LISTING = of_json({"data": {"after": None, "children": []}})
INDEX = of_json({"data": [{"value": "25", "timestamp": "1795824000"}]})
TOKEN, NEW, COMMENTS = "/reddit/api/v1/access_token", "/reddit/r/Bitcoin/new", "/reddit/r/Bitcoin/comments"


class Secrets:
    """Secrets Manager with the app's credentials."""

    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: N803 - AWS's name
        assert SecretId == "tapehouse/reddit"
        return {"SecretString": json.dumps(CREDENTIALS)}


def environ(room: Room, server: Server, **more: str) -> dict[str, str]:
    addresses = f"fear-greed={server.url('/fng/')},reddit={server.url('/reddit')}"
    said = {
        "TAPEHOUSE_LANDING": room.landing.uri,
        "TAPEHOUSE_SOURCE_URLS": addresses,
        "TAPEHOUSE_SUBREDDITS": "Bitcoin",
    }
    return {**said, **more}


def play(server: Server, **other: Play) -> None:
    good = {"/fng/": INDEX, TOKEN: GRANT, NEW: LISTING, COMMENTS: LISTING}
    for path, answer in {**good, **other}.items():
        server.play(path, answer)


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A container that has not been called, and holds no key of whoever runs the tests."""
    for name in ("SECRET", "CLIENT_ID", "CLIENT_SECRET", "USER_AGENT"):
        monkeypatch.delenv(f"REDDIT_{name}", raising=False)
    module._warm.cache_clear()
    yield
    module._warm.cache_clear()


def test_the_index_alone_is_read_if_nothing_is_said(room: Room, server: Server) -> None:
    play(server)
    found = social(environ(room, server), clock=room.clock)(EVENT)
    assert {name: said["outcome"] for name, said in found["sources"].items()} == {"fear-greed": "landed"}
    assert [key.split("/")[:2] for key in room.landed()] == [["index", "fear-greed"]]


@pytest.mark.parametrize(
    "credentials",
    [
        {"REDDIT_SECRET": "tapehouse/reddit"},
        {f"REDDIT_{name.upper()}": value for name, value in CREDENTIALS.items()},
        {"REDDIT_SECRET": "tapehouse/reddit", "REDDIT_CLIENT_ID": "me"},
    ],
)
def test_reddit_s_credentials_are_a_secret_of_three_parts_or_three_variables(
    room: Room, server: Server, credentials: dict[str, str]
) -> None:
    play(server)
    variables = environ(room, server, TAPEHOUSE_SOCIAL_SOURCES="reddit", **credentials)
    found = social(variables, clock=room.clock, secrets=Secrets)(EVENT)
    assert (found["sources"]["reddit"]["outcome"], found["sources"]["reddit"]["lines"]) == ("empty", 2)
    assert [asked.path for asked in server.asked] == [TOKEN, NEW, COMMENTS]


def test_reddit_without_credentials_is_off_and_no_failure(room: Room, server: Server) -> None:
    play(server)
    found = social(environ(room, server, TAPEHOUSE_SOCIAL_SOURCES="reddit,fear-greed"), clock=room.clock)(EVENT)
    assert [said["outcome"] for said in found["sources"].values()] == ["off", "landed"]


def test_the_token_s_address_may_be_set_by_itself(room: Room, server: Server) -> None:
    play(server)
    variables = environ(room, server, TAPEHOUSE_SOCIAL_SOURCES="reddit", REDDIT_SECRET="tapehouse/reddit")
    variables["TAPEHOUSE_SOURCE_URLS"] += f",reddit-token={server.play('/token', GRANT)}"
    social(variables, clock=room.clock, secrets=Secrets)(EVENT)
    assert server.asked[0].path == "/token"


def test_wrong_variables_are_told_at_once(room: Room) -> None:
    with pytest.raises(SettingsError) as caught:
        social({"TAPEHOUSE_SOCIAL_SOURCES": "twitter", "TAPEHOUSE_SOURCE_URLS": "reddit=x"}, clock=room.clock)
    assert len(caught.value.faults) == 3


@pytest.fixture
def quick(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The room's client, with fewer tries."""
    monkeypatch.setattr(module, "Http", lambda **words: room.http)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("path", [TOKEN, NEW, COMMENTS])
@pytest.mark.parametrize(
    "broken",
    [
        BROKEN,
        BUSY,
        GONE,
        half(),
        gzip_bomb(33),
        Play(401),
        Play(body=b"PLANTED/secret PLANTED-token", content_type="PLANTED/secret PLANTED-token"),
        redirect("http://localhost:9/PLANTED-token/PLANTED/secret"),
        of_json({"error": "PLANTED/secret", "access_token": ["PLANTED/secret"]}),
        of_json({"data": {"after": None, "children": []}, "echo": "PLANTED/secret PLANTED-token"}),
    ],
)
def test_no_secret_is_landed_logged_told_or_raised(
    room: Room,
    server: Server,
    path: str,
    broken: Play,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    play(server, **{path: broken})
    variables = environ(room, server, TAPEHOUSE_SOCIAL_SOURCES="reddit,fear-greed", REDDIT_SECRET="tapehouse/reddit")
    batch = social(variables, clock=room.clock, sleep=room.sleep, secrets=Secrets)
    said = [repr(batch)]
    try:
        said.append(repr(batch(EVENT)))
    except BatchFailedError as error:
        assert error.__cause__ is error.__context__ is None
        said += [str(error), repr(error), *traceback.format_exception(error)]
        assert error.results["fear-greed"].outcome == "landed"
    assert server.asked_for(path)
    for secret in ("PLANTED", "bWU6UExBTlRFRC9zZWNyZXQ"):
        assert secret not in room.text() + caplog.text + "".join(said)


def test_aws_calls_a_function_of_the_module(
    room: Room, server: Server, monkeypatch: pytest.MonkeyPatch, cold: None
) -> None:
    play(server)
    for name, value in environ(room, server).items():
        monkeypatch.setenv(name, value)
    found = handler({}, None)
    assert found["sources"]["fear-greed"]["lines"] == 1
    assert module._warm() is module._warm()
