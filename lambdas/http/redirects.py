"""Where a redirect leads, and whether it is followed.

| redirect                                        | followed                                                     |
|-------------------------------------------------|--------------------------------------------------------------|
| to the same host, or from http to https of it   | with all headers                                             |
| to another host or port                         | without credentials: a few harmless headers alone            |
| there, with a secret of ours in its address     | no                                                           |
| from https to http, to another scheme, of POST  | no                                                           |
| to an address that was asked before             | no: a circle                                                 |
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from requests.utils import requote_uri

from lambdas.http.errors import Fault, Reason
from lambdas.http.redaction import spellings

STATUSES: Final = frozenset({301, 302, 303, 307, 308})
_HARMLESS: Final = frozenset(
    {"accept", "accept-encoding", "accept-language", "user-agent", "if-none-match", "if-modified-since"}
)
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Step:
    """The next address, and the headers that go there."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


def follow(
    url: str, location: str, *, method: str, headers: Mapping[str, str], hidden: Iterable[str], seen: Iterable[str]
) -> Step | Fault:
    """What is asked after ``url`` answered with ``location``, or why nothing is."""
    try:
        there = requote_uri(urljoin(url, _as_sent(location)).partition("#")[0])
        before, after = urlsplit(url), urlsplit(there)
        moves = _host(before) != _host(after) and not _is_upgrade(before, after)
    except ValueError:
        return _refused("it redirects to what is no address")
    if there in seen and location:
        return Fault(reason=Reason.REDIRECTS, detail="it redirects in a circle")
    carried = [s for secret in hidden for s in spellings(secret) if moves and s in there]
    held = {
        f"a redirect of a {method} is not followed": method not in ("GET", "HEAD"),
        "it redirects to what is neither http nor https": after.scheme not in _PORTS or not after.hostname,
        "it redirects without an address": not location,
        "it redirects from https to http": (before.scheme, after.scheme) == ("https", "http"),
        "it redirects to another host with a secret in the address": bool(carried),
    }
    for detail, is_held in held.items():
        if is_held:
            return _refused(detail)
    kept = {name: value for name, value in headers.items() if not moves or name.lower() in _HARMLESS}
    return Step(there, kept)


def _as_sent(location: str) -> str:
    """Python reads headers as Latin-1, and those who send others than ASCII mean UTF-8."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return location


def _is_upgrade(before: SplitResult, after: SplitResult) -> bool:
    """From http to https of one host."""
    return before.hostname == after.hostname and (_host(before)[1], _host(after)[1]) == (80, 443)


def _host(parts: SplitResult) -> tuple[str | None, int | None]:
    return parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _refused(detail: str) -> Fault:
    return Fault(reason=Reason.REFUSED, detail=detail)
