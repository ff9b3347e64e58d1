"""Requests to Metabase: bounded waits, retries where they are harmless, named errors, and no secret in any of them.

What is tried again, up to ``tries`` times:

=======================  ==========================================================================================
no connection was made   always: nothing was asked yet
429, 503                 always: it was turned away (Metabase answers 503 until it has started)
a broken answer, 5xx     where asking twice is harmless: a GET, a PUT, and a POST that makes nothing. A POST that makes
                         something may have made it: the next plan finds out
=======================  ==========================================================================================

A session may end while it is used: whoever signed in with a password does so once more, and asks again.

Metabase prefers a cookie to a header, so none is kept: a session that signed in would go on as whoever that was.
Redirects are not followed: a POST would become a GET, and the key might go elsewhere.
"""

import html
import http.cookiejar
import json
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, quote_plus

import requests
import urllib3

from metabase.server.errors import (
    LostAnswerError,
    NoWayError,
    RefusedError,
    StrangeAnswerError,
    UnavailableError,
    UntrustedError,
)
from tapehouse import logs
from tapehouse.backoff import Backoff, retry
from tapehouse.loopback import is_loopback

_log = logs.of(__name__)
_TIMEOUT_S: Final = (5.0, 60.0)
_SLOW_TIMEOUT_S: Final = (5.0, 600.0)
"""Where Metabase asks Athena first, whose queue may be long."""
_SLOW: Final = re.compile(r"(POST|PUT) (.*/query|/api/database(/\d+(/sync_schema)?)?)")
_LISTS: Final = re.compile("GET /api/(collection|permissions/group|card)")
_KEYS: Final = (
    (re.compile(r"GET /api/(database|collection/\d+/items)"), "data"),
    (re.compile("GET /api/(permissions|collection)/graph"), "groups"),
    (re.compile(r"GET /api/(database|permissions/group|card|dashboard)/\d+"), "id"),
    (re.compile("POST /api/(setup|permissions/group|database|collection|card|dashboard)"), "id"),
    (re.compile("GET /api/session/properties"), "has-user-setup"),
    (re.compile(r"GET /api/(health|user/current)|POST /api/(session|card/\d+/query)"), ""),
)
"""What an answer is to hold, where it is an object that is looked into."""
_TURNED_AWAY: Final = frozenset({429, 503})
_LOST: Final = frozenset({502, 504})
"""Who stands before Metabase did not get its answer."""
_NO_TLS: Final = frozenset(
    {
        *("WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL", "SSLV3_ALERT_HANDSHAKE_FAILURE"),
        *("TLSV1_ALERT_PROTOCOL_VERSION", "TLSV1_UNRECOGNIZED_NAME"),
    }
)
"""What TLS fails with before a byte is sent; with others it may fail behind that."""
_NO_PROXY: Final = (
    "the proxy that the environment names (HTTPS_PROXY, ALL_PROXY) has an address that cannot be read; in its password "
    "/ is written %2F, # %23, @ %40"
)
_BACKOFF: Final = Backoff(base_s=1, cap_s=20)
_PAGE: Final = 100
_SHOWN: Final = 300
_LEAST_SECRET: Final = 4

Query = Sequence[tuple[str, str]]


class _TryAgainError(UnavailableError):
    """To ask again is harmless."""


class MetabaseClient:
    """One Metabase, and who we are there."""

    def __init__(
        self,
        url: str,
        *,
        tries: int = 5,
        backoff: Backoff = _BACKOFF,
        sleep: Callable[[float], None] = time.sleep,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self.url = url.rstrip("/")
        self._tries, self._backoff, self._sleep, self._dice = tries, backoff, sleep, dice
        self._secrets: list[str] = []
        self._headers: dict[str, str] = {}
        self._renew: Callable[[], str] | None = None
        self._renewing = threading.Lock()
        self._http = requests.Session()
        self._http.trust_env = not is_loopback(url)  # no proxy, and no password of ~/.netrc, for this machine
        self._http.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))

    def __repr__(self) -> str:
        return f"MetabaseClient({self.url!r})"

    def close(self) -> None:
        self._http.close()

    def hide(self, secret: str) -> None:
        """Whatever Metabase answers, this is not shown, nor as JSON, a dict, HTML or an address would spell it."""
        if len(secret) >= _LEAST_SECRET:
            spelt = (
                json.dumps(secret)[1:-1],
                repr(secret)[1:-1],
                html.escape(secret),
                quote(secret),
                quote_plus(secret),
            )
            self._secrets += dict.fromkeys((secret, *spelt))

    @property
    def is_signed_in(self) -> bool:
        """Whether requests say who we are."""
        return bool(self._headers)

    def use_session(self, session: str, *, renew: Callable[[], str] | None = None) -> None:
        """``renew``: gives another session where this one has ended."""
        self.hide(session)
        self._headers, self._renew = {"X-Metabase-Session": session}, renew

    def use_key(self, key: str) -> None:
        self.hide(key)
        self._headers, self._renew = {"X-API-KEY": key}, None

    def _renewed(self, ended: Mapping[str, str]) -> bool:
        """Whether there is another session than the one that ended. Of several requests the first makes it.

        Until it is there, others go on with the one that ended: they are refused, and wait here for the new one.
        """
        with self._renewing:
            if self._renew and self._headers == ended:
                renew, self._renew = self._renew, None
                self.use_session(renew(), renew=renew)
            return self._headers != ended

    # -- requests -----------------------------------------------------------------------------------------------------

    def get(self, path: str, query: Query = ()) -> Any:
        return self._send("GET", path, query=query, harmless=True)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._send("PUT", path, body=body, harmless=True)

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, *, harmless: bool = False, as_nobody: bool = False
    ) -> Any:
        """``harmless``: to ask twice makes nothing twice; ``as_nobody``: as who signs in does."""
        return self._send("POST", path, body=body, harmless=harmless, as_nobody=as_nobody)

    def delete(self, path: str) -> None:
        self._send("DELETE", path, harmless=True)

    def items(self, path: str, query: Query = ()) -> Iterator[dict[str, Any]]:
        """All items of a collection, page by page."""
        offset = 0
        while True:
            page = self.get(path, [*query, ("limit", str(_PAGE)), ("offset", str(offset))])
            found = page["data"]
            yield from found
            offset += len(found)
            total = page.get("total")
            if not found or (total is not None and offset >= total):
                return

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: Mapping[str, Any] | None = None,
        harmless: bool,
        as_nobody: bool = False,
    ) -> Any:
        what = f"{method} {path}"
        headers: Mapping[str, str] = {}

        def call() -> requests.Response:
            nonlocal headers
            headers = {} if as_nobody else self._headers
            response = self._once(method, path, query, body, headers, harmless=harmless)
            if response.status_code in _TURNED_AWAY or (harmless and response.status_code >= 500):
                raise _TryAgainError(what, f"{response.status_code}, {self._detail(response)}")
            return response

        def answer() -> requests.Response:
            return retry(
                call,
                when=_TryAgainError,
                tries=self._tries,
                backoff=self._backoff,
                sleep=self._sleep,
                dice=self._dice,
                on_failure=lambda error: _log.warning("metabase_waits", request=what, error=str(error)),
            )

        response = answer()
        if response.status_code == 401 and headers and self._renewed(headers):
            response = answer()
        if response.status_code in _LOST:
            raise LostAnswerError(what, f"{response.status_code}, {self._detail(response)}")
        if not 200 <= response.status_code < 300:
            raise RefusedError(what, response.status_code, self._detail(response))
        told = self._answer(what, response, harmless=harmless)
        if lacking := _lacking(what, told):
            raise StrangeAnswerError(what, lacking)
        return told

    def _once(
        self,
        method: str,
        path: str,
        query: Query,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
        *,
        harmless: bool,
    ) -> requests.Response:
        what = f"{method} {path}"
        try:
            return self._http.request(
                method,
                f"{self.url}{path}",
                params=list(query),
                json=body,
                headers=headers,
                timeout=_SLOW_TIMEOUT_S if _SLOW.fullmatch(what) else _TIMEOUT_S,
                allow_redirects=False,
            )
        except (requests.exceptions.InvalidURL, TypeError, ValueError) as error:  # its text may hold a password
            raise NoWayError(self.url, f"{_NO_PROXY} ({type(error).__name__})") from None
        except requests.RequestException as error:
            if (fault := _no_proof(error)) is not None:
                raise UntrustedError(self.url, fault) from None
            if "407" in str(error) and isinstance(error, requests.exceptions.ProxyError):
                raise NoWayError(self.url, "the proxy wants a name and a password (407)") from None
            detail = self._scrubbed(f"{type(error).__name__}: {error}")
            if harmless or _never_asked(error):
                raise _TryAgainError(what, detail) from None
            raise LostAnswerError(what, detail) from None
        except OSError as error:  # of requests itself: a bundle of certificates that is not there
            raise NoWayError(self.url, str(error).rstrip(".")) from None

    @staticmethod
    def _answer(what: str, response: requests.Response, *, harmless: bool) -> Any:
        """Nothing of what cannot be read is shown: it may be a session, cut."""
        if response.status_code == 204 or not response.content:
            return None
        try:
            return response.json()
        except (ValueError, RecursionError):
            pass
        if harmless or "html" in _kind(response):
            raise StrangeAnswerError(what, f"JSON {_form(response)}")
        raise LostAnswerError(what, f"it was cut, or is no JSON {_form(response)}")

    def _detail(self, response: requests.Response) -> str:
        """Metabase's reason: of JSON its messages, of text the text, of a page of HTML no more than that it is one."""
        try:
            said = response.json()
        except (ValueError, RecursionError):
            is_shown = "html" not in _kind(response) and response.text.lstrip()[:1] not in ("{", "[")
            said = response.text if is_shown else _form(response)
        if isinstance(said, dict):
            parts = [said.get("message"), said.get("errors"), said.get("specific-errors"), said.get("error")]
            said = "; ".join(str(part) for part in parts if part) or str(said)
        if response.is_redirect:
            said = "it is somewhere else: the address is to be that of Metabase itself"
        return " ".join(self._scrubbed(str(said)).split())[:_SHOWN] or "(nothing said)"

    def _scrubbed(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def _lacking(what: str, answer: Any) -> str | None:
    """What is not in an answer that has to be there."""
    if _LISTS.fullmatch(what):
        return None if _are_objects(answer) else "a list of objects"
    for asked, key in _KEYS:
        if asked.fullmatch(what):
            if not isinstance(answer, dict):
                return "an object"
            if key and key not in answer:
                return key
            return "a list of objects in data" if key == "data" and not _are_objects(answer[key]) else None
    return None


def _are_objects(answer: Any) -> bool:
    return isinstance(answer, list) and all(isinstance(each, dict) for each in answer)


def _no_proof(error: requests.RequestException) -> str | None:
    """Why no TLS came about, so that nothing was sent; None where it did, or the line was only cut."""
    cause = _cause(error, ssl.SSLError)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return cause.verify_message
    return str(cause) if getattr(cause, "reason", None) in _NO_TLS else None


def _cause(error: requests.RequestException, kind: type[Exception]) -> object:
    """The innermost exception of a kind that an error was made of, or what is said in its place."""
    found: object = None
    cause: object = error
    while isinstance(cause, Exception):
        found = cause if isinstance(cause, kind) else found
        cause = getattr(cause, "reason", None) or next(iter(cause.args), None)
    return found


def _kind(response: requests.Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0]


def _form(response: requests.Response) -> str:
    return f"({_kind(response) or 'of no type'}, {len(response.content)} bytes)"


def _never_asked(error: requests.RequestException) -> bool:
    """Whether no byte of the request was sent: there was no name, no connection, or no proxy that made one."""
    cause = _cause(error, urllib3.exceptions.HTTPError)
    no_connection = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ProxyError)
    return isinstance(error, requests.ConnectTimeout) or isinstance(cause, no_connection)
