"""Who may ask, and from where."""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from metabase.preview.gate import HEADERS, Gate

HOME = "127.0.0.1:8200"
PASSWORD = "open sesame & co"


async def inner(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"inside"})


def asked(
    gate: Gate, path: str = "/", *, kind: str = "http", method: str = "GET", body: bytes = b"", **headers: str
) -> Any:
    """The status and headers of the answer, or of a socket ``accept`` or ``close``."""
    sent: list[dict[str, Any]] = []
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in {"host": HOME, **headers}.items()]
    scope = {"type": kind, "path": path, "headers": told} | ({"method": method} if kind == "http" else {})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(gate(scope, receive, send))
    if kind == "websocket":
        return sent[0]["type"].rpartition(".")[2]
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


@pytest.mark.parametrize("host", [HOME, "localhost:8200", "LOCALHOST", "[::1]:8200", "127.0.0.1"])
def test_this_machine_s_own_names_are_let_in(host: str) -> None:
    assert asked(Gate(inner), host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example:8200", "127.0.0.1.evil.example", "0.0.0.0:8200", "", "localhost.evil"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_foreign_name_that_leads_here_is_refused(host: str, kind: str) -> None:
    answer = asked(Gate(inner), host=host, kind=kind)
    assert answer == "close" if kind == "websocket" else answer[0] == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8200"])
@pytest.mark.parametrize("password", ["", PASSWORD])
def test_a_page_of_another_site_opens_no_socket_and_posts_nothing(origin: str, password: str) -> None:
    gate = Gate(inner, password=password)
    assert asked(gate, "/_nicegui_ws/socket.io/", kind="websocket", origin=origin) == "close"
    assert asked(gate, method="POST", origin=origin)[0] == 403


def test_our_own_page_opens_the_socket() -> None:
    assert asked(Gate(inner), kind="websocket", origin=f"http://{HOME}") == "accept"


def test_another_site_may_lead_here_and_embed_nothing() -> None:
    gate = Gate(inner)
    assert asked(gate, sec_fetch_site="cross-site", sec_fetch_mode="navigate")[0] == 200
    assert asked(gate, sec_fetch_site="cross-site", sec_fetch_mode="no-cors")[0] == 403
    assert asked(gate, sec_fetch_site="cross-site", sec_fetch_mode="navigate", method="POST")[0] == 403
    assert asked(gate, sec_fetch_site="same-origin", sec_fetch_mode="cors")[0] == 200


def test_every_answer_says_that_nothing_comes_from_outside_and_none_frames_us() -> None:
    for gate, status in ((Gate(inner), 200), (Gate(inner, password=PASSWORD), 401)):
        found, headers, _ = asked(gate)
        assert found == status
        assert dict(HEADERS).items() <= headers.items()
    policy = dict(HEADERS)[b"content-security-policy"].decode()
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy


def sign_in(gate: Gate, password: str) -> Any:
    body = f"password={quote(password)}".encode()
    return asked(gate, "/sign-in", method="POST", body=body, origin=f"http://{HOME}")


def test_with_a_password_nothing_is_shown_before_it_and_any_name_may_lead_here() -> None:
    gate = Gate(inner, password=PASSWORD)
    status, _, body = asked(gate, "/markets", host="tapehouse.lan:8200")
    assert status == 401
    assert b"inside" not in body
    assert asked(gate, "/_nicegui/3/static/nicegui.js")[0] == 401
    assert asked(gate, kind="websocket") == "close"
    status, headers, _ = sign_in(gate, PASSWORD)
    assert (status, headers[b"location"]) == (303, b"/")
    cookie, *flags = headers[b"set-cookie"].decode().split("; ")
    assert {"HttpOnly", "SameSite=Strict"} <= set(flags)
    assert PASSWORD not in cookie
    assert asked(gate, cookie=cookie)[2] == b"inside"
    assert asked(gate, kind="websocket", cookie=cookie) == "accept"


@pytest.mark.parametrize("given", ["", "open sesame", PASSWORD + " ", "x" * 100_000])
def test_another_password_is_refused(given: str) -> None:
    gate = Gate(inner, password=PASSWORD, pause_s=0)
    status, headers, body = sign_in(gate, given)
    assert status == 403
    assert b"set-cookie" not in headers
    assert b"This is not the password." in body


@pytest.mark.parametrize("cookie", ["tapehouse_session=", "tapehouse_session=guess", "\x00;=", "a=b"])
def test_another_cookie_is_no_session(cookie: str) -> None:
    assert asked(Gate(inner, password=PASSWORD), cookie=cookie)[0] == 401


def test_the_password_is_in_no_repr() -> None:
    assert PASSWORD not in repr(Gate(inner, password=PASSWORD))


def test_a_wrong_password_holds_up_the_next_attempt() -> None:
    async def attempts() -> int:
        gate = Gate(inner, password=PASSWORD, pause_s=60)
        guesses = [asyncio.ensure_future(gate._is_password(b"guess")) for _ in range(3)]
        right = asyncio.ensure_future(gate._is_password(PASSWORD.encode()))
        done, left = await asyncio.wait([*guesses, right], timeout=0.05)
        for each in left:
            each.cancel()
        return len(done)

    assert asyncio.run(attempts()) == 0
