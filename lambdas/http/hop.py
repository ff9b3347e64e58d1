"""One request on the wire, and its answer or why there is none. No redirect is followed, and nothing is tried again.

A read's timeout starts anew with each byte, and looking a name up has none: only a thread that is given up holds a
deadline. urllib3 logs whole addresses, keys and all, so nothing of what it logs in that thread is let through.
"""

import concurrent.futures
import http.client
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import requests
import urllib3

from lambdas.http.body import BodyError, read
from lambdas.http.errors import Fault, Reason
from tapehouse.errors import LakehouseError
from tapehouse.loopback import is_loopback

_LOGGERS: Final = ("urllib3.connection", "urllib3.connectionpool", "urllib3.response", "urllib3.util.retry")
_TIMEOUTS: Final = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
_REFUSED: Final = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidHeader,
    requests.exceptions.MissingSchema,
)
_here = threading.local()


@dataclass(frozen=True, slots=True)
class Hop:
    """What one hop answered. The body is empty where it was not wanted."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one hop may take."""

    connect_s: float
    read_s: float
    within_s: float
    """Seconds until it has to be whole, or is given up."""
    most_wire_bytes: int
    most_bytes: int


def send(
    session: requests.Session,
    *,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    bounds: Bounds,
    wants_body: Callable[[int], bool],
) -> Hop | Fault:
    """Asks once. What an adapter of the session raises on its own account (a LakehouseError) passes through."""
    late = Fault(reason=Reason.TIMEOUT, detail="it was not whole by its deadline")
    if bounds.within_s <= 0:
        return late
    given_up = threading.Event()
    done: concurrent.futures.Future[Hop | Fault] = concurrent.futures.Future()

    def work() -> None:
        _here.is_ours = True
        try:
            prepared = requests.Request(method, url, headers=dict(headers), data=body).prepare()
            done.set_result(_exchange(session, prepared, bounds, wants_body, given_up))
        except LakehouseError as error:
            done.set_exception(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold the address
            done.set_result(fault_of(error))

    _hush()
    threading.Thread(target=work, name="http", daemon=True).start()
    if not concurrent.futures.wait([done], timeout=bounds.within_s).done:
        given_up.set()
        return late
    return done.result()


def _exchange(
    session: requests.Session,
    prepared: requests.PreparedRequest,
    bounds: Bounds,
    wants_body: Callable[[int], bool],
    given_up: threading.Event,
) -> Hop:
    """By the adapter, not by the session: that one reads a redirect's body to its end, however large."""
    url = prepared.url or ""
    plain: Any = {"stream": True, "verify": True, "cert": None, "proxies": {}}
    way = plain if is_loopback(url) else session.merge_environment_settings(url, {}, True, None, None)
    timeout = (min(bounds.connect_s, bounds.within_s), min(bounds.read_s, bounds.within_s))
    answer = session.get_adapter(url).send(prepared, timeout=timeout, **way)

    def may_go_on() -> None:
        if given_up.is_set():
            raise TimeoutError

    try:
        found = {name.lower(): value for name, value in answer.headers.items()}
        if not wants_body(answer.status_code) or prepared.method == "HEAD":
            return Hop(answer.status_code, found, b"")
        content = read(
            answer.raw,
            encoding=found.get("content-encoding", ""),
            most_wire_bytes=bounds.most_wire_bytes,
            most_bytes=bounds.most_bytes,
            may_go_on=may_go_on,
        )
        return Hop(answer.status_code, found, content)
    finally:
        answer.close()


def fault_of(error: Exception) -> Fault:
    """What an error of ``requests`` and below means, told without its text."""
    if isinstance(error, BodyError):
        return error.fault
    name = type(error).__name__
    if isinstance(error, _TIMEOUTS):
        return Fault(reason=Reason.TIMEOUT, detail=f"nothing came in time ({name})")
    if isinstance(error, urllib3.exceptions.ProtocolError | http.client.HTTPException):
        return Fault(reason=Reason.CUT, detail=f"its body broke off ({name})")
    if isinstance(error, _REFUSED) or not isinstance(error, OSError | urllib3.exceptions.HTTPError):
        return Fault(reason=Reason.REFUSED, detail=f"it cannot be sent ({name}): look at its address and headers")
    return Fault(reason=Reason.CONNECTION, detail=f"no connection, or it was lost ({name})")


class _NotOurs(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(_here, "is_ours", False)


_NOT_OURS: Final = _NotOurs()


def _hush() -> None:
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_NOT_OURS)  # the same filter twice is one
