"""What stands before every request, of pages and of WebSockets alike: who may ask, and from where.

================  ====================================================================================================
Host              without a password only this machine's own names: a foreign name that was made to lead here (DNS
                  rebinding) is refused. With one, any: the session's cookie is not sent to another name.
Origin            where a browser names one, it has to be ours: no page of another site opens the socket by which
                  holdings are written
Sec-Fetch-Site    another site may lead a reader here, and embed nothing
password          a page to sign in; then a cookie that no script reads and no other site sends
================  ====================================================================================================

Every answer says that nothing is loaded from outside (Content-Security-Policy), that no page frames ours, and that no
address of ours is told to others. NiceGUI needs inline scripts and ``eval``, so these stay allowed.
"""

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

from metabase.preview.sign_in import PAGE

Scope: TypeAlias = dict[str, Any]
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
COOKIE: Final = "tapehouse_session"
SIGN_IN: Final = "/sign-in"
_MOST_BYTES: Final = 4_096
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Gate:
    """An ASGI app before another one."""

    def __init__(self, app: Any, *, password: str = "", pause_s: float = 1.0) -> None:
        self.app, self._pause_s = app, pause_s
        self._attempt = asyncio.Lock()
        self._password = password.encode()
        self._sessions: set[str] = set()

    def __repr__(self) -> str:
        return f"Gate({self.app!r})"

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if fault := self._fault(scope, headers):
            await _refuse(scope, send, fault)
        elif self._password and not self._is_signed_in(headers):
            await self._sign_in(scope, receive, send)
        else:
            await self.app(scope, receive, _with_headers(send))

    # -- who may ask --------------------------------------------------------------------------------------------------

    def _fault(self, scope: Scope, headers: Mapping[str, str]) -> str | None:
        host = headers.get("host", "")
        if not self._password and _name_of(host) not in LOOPBACK:
            return "This server answers to 127.0.0.1 and localhost alone."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "A page of another site may not ask this server."
        is_led_here = headers.get("sec-fetch-mode") == "navigate" and scope.get("method") == "GET"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not is_led_here:
            return "A page of another site may not use what is here."
        return None

    def _is_signed_in(self, headers: Mapping[str, str]) -> bool:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return found is not None and found.value in self._sessions

    async def _is_password(self, given: bytes) -> bool:
        """One attempt at a time, and a second a wrong one: whoever guesses has few guesses."""
        async with self._attempt:
            is_right = hmac.compare_digest(given, self._password)
            if not is_right:
                await asyncio.sleep(self._pause_s)
            return is_right

    async def _sign_in(self, scope: Scope, receive: Any, send: Any) -> None:
        """The page to sign in, or what was sent by it."""
        if scope["type"] == "websocket":
            await _refuse(scope, send, "Sign in first.")
        elif scope["method"] == "POST" and scope["path"] == SIGN_IN:
            given = parse_qs(await _body(receive), keep_blank_values=True).get(b"password", [b""])[0]
            if await self._is_password(given):
                session = secrets.token_urlsafe(32)
                self._sessions.add(session)
                cookie = f"{COOKIE}={session}; HttpOnly; SameSite=Strict; Path=/"
                await _answer(send, 303, b"", ((b"location", b"/"), (b"set-cookie", cookie.encode())))
            else:
                await _answer(send, 403, PAGE.replace("<!-- fault -->", "This is not the password.").encode())
        else:
            await _answer(send, 401, PAGE.encode())


def _name_of(host: str) -> str:
    """Without its port."""
    return host.lower() if host.endswith("]") else host.lower().rpartition(":")[0] or host.lower()


async def _body(receive: Any) -> bytes:
    """Up to so much; the rest is not read."""
    body = b""
    while len(body) <= _MOST_BYTES:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body") or message["type"] != "http.request":
            break
    return body[:_MOST_BYTES]


async def _refuse(scope: Scope, send: Any, fault: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": fault})
    else:
        await _answer(send, 403, fault.encode(), kind=b"text/plain; charset=utf-8")


async def _answer(
    send: Any,
    status: int,
    body: bytes,
    more: tuple[tuple[bytes, bytes], ...] = (),
    *,
    kind: bytes = b"text/html; charset=utf-8",
) -> None:
    length = str(len(body)).encode()
    headers = [(b"content-type", kind), (b"content-length", length), (b"cache-control", b"no-store"), *HEADERS, *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _with_headers(send: Any) -> Any:
    async def sent(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *HEADERS]}
        await send(message)

    return sent
