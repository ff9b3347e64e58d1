"""A connection that cannot be opened says why, in words without a key, a password or an address."""

import asyncio
import pickle
from collections.abc import Mapping
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import InvalidURI
from websockets.http11 import Request, Response

from producers.feeds import Limits
from producers.websocket.connection import HandshakeFailedError, ProxyUnusableError, open_connection

LIMITS = Limits(open_timeout_s=5)


async def opened(url: str) -> None:
    connection = await open_connection(url, LIMITS, lambda: 0)
    await connection.close()


def refused_with(status: HTTPStatus, headers: Mapping[str, str]) -> HandshakeFailedError:
    """The error of a connection to a venue that answers so; its address holds a key."""

    def answer(_: ServerConnection, __: Request) -> Response:
        return Response(status, status.phrase, Headers(headers))

    async def work() -> None:
        async with serve(lambda line: line.wait_closed(), "127.0.0.1", 0, process_request=answer) as server:
            port = server.sockets[0].getsockname()[1]
            await asyncio.wait_for(opened(f"ws://127.0.0.1:{port}/?token=hunter2"), 30)

    with pytest.raises(HandshakeFailedError) as caught:
        asyncio.run(work())
    assert caught.value.__suppress_context__
    return caught.value


def test_a_refusal_tells_its_status() -> None:
    error = refused_with(HTTPStatus.FORBIDDEN, {})
    assert (str(error), isinstance(error, OSError)) == ("InvalidStatus, HTTP 403", True)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    "location",
    ["https://venue.example/?token=hunter2", "ws://venue.example:port/?token=hunter2"],
)
def test_a_redirect_to_no_address_is_the_venues_fault_and_is_not_shown(location: str) -> None:
    error = refused_with(HTTPStatus.FOUND, {"Location": location})
    assert str(error) == "redirected to no address, HTTP 302"


def test_a_redirect_without_an_end_is_not_shown() -> None:
    assert str(refused_with(HTTPStatus.FOUND, {"Location": "/?token=hunter2"})) == "SecurityError"


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for scheme in ("ws", "wss", "socks", "https", "http", "all", "no"):
        monkeypatch.delenv(f"{scheme}_proxy", raising=False)
        monkeypatch.delenv(f"{scheme.upper()}_PROXY", raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("url", "variable", "proxy"),
    [
        ("wss://venue.example", "https_proxy", "foo://user:hunter2@proxy.example:1"),
        ("wss://venue.example", "https_proxy", "user:hunter2@proxy.example:1"),
        ("wss://venue.example", "wss_proxy", "http://user:hunter2@proxy.example/path"),
        ("ws://venue.example", "http_proxy", "http://user:hun/ter2@proxy.example"),
        ("ws://venue.example", "ws_proxy", "http://user:hunter2@proxy.example:port"),
    ],
)
def test_a_proxy_that_is_none_is_told_by_its_variable_alone(
    url: str, variable: str, proxy: str, no_proxies: pytest.MonkeyPatch
) -> None:
    no_proxies.setenv(variable, proxy)
    with pytest.raises(ProxyUnusableError, match=f"^{variable} of the environment") as caught:
        asyncio.run(opened(url))
    said = f"{caught.value}{caught.value!r}"
    assert not any(part in said for part in ("hunter2", "hun", "user", "proxy.example"))
    assert caught.value.__suppress_context__
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("url", ["http://venue.example", "ws://venue.example:port", "ws://127.0.0.1:99999"])
def test_an_address_that_is_none_is_told_as_such(url: str, no_proxies: pytest.MonkeyPatch) -> None:
    del no_proxies
    with pytest.raises(InvalidURI):
        asyncio.run(opened(url))
