"""Where the crawler may go at all: each address is looked at here, and connected to as it was looked at.

| of an address          | refused                                                                                   |
|------------------------|-------------------------------------------------------------------------------------------|
| scheme                 | all but http and https                                                                    |
| user, password         | any                                                                                       |
| host                   | other letters than a name has, and IP addresses in any spelling but the plain one         |
| port                   | all but 80 and 443 (with the loopback setting: none)                                      |
| what the name leads to | any that is not public, see ``addresses.py``: one such address among several is enough    |

A name is resolved once a connection, and ``pinned.py`` connects to the address that was checked: a name that leads
elsewhere a moment later (DNS rebinding) gains nothing. Links and redirects come the same way.
"""

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from lambdas.crawler.addresses import Address, refusal
from tapehouse.errors import TerminalError, TransientError

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""Host and port → all its IP addresses. Raises OSError where there are none."""
PORTS: Final = {"http": 80, "https": 443}
MOST_LETTERS: Final = 2_048
_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*")
_UNPRINTED: Final = re.compile(r"[\x00-\x20\x7f\\]")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


class ForbiddenAddressError(TerminalError):
    """An address that the crawler does not go to. ``shown`` is it without user, query and fragment."""

    def __init__(self, shown: str, why: str) -> None:
        super().__init__(shown, why)
        self.shown, self.why = shown, why

    def __str__(self) -> str:
        return f"{self.shown} is not crawled: {self.why}."


class UnresolvedError(TransientError):
    """A name that leads nowhere at the moment."""

    def __init__(self, host: str, detail: str) -> None:
        super().__init__(host, detail)
        self.host, self.detail = host, detail

    def __str__(self) -> str:
        return f"the host {self.host} cannot be resolved ({self.detail})."


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads, as far as it can be told without asking anybody."""

    scheme: str
    host: str
    """In lower case, without brackets."""
    port: int

    @property
    def host_header(self) -> str:
        """As a request names it: without the port that the scheme implies."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def origin(self) -> str:
        """What one robots.txt is for: ``https://example.com``."""
        return f"{self.scheme}://{self.host_header}"


@dataclass(frozen=True, slots=True)
class Checked:
    """A place, and the address that it may be reached at."""

    place: Place
    address: str


def system_resolve(host: str, port: int) -> Sequence[str]:
    """What the system's resolver says, each address once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def shown(url: str) -> str:
    """An address as it may stand in a log: without user, query and fragment, and not endless."""
    bare = re.sub(r"//[^/?#]*@", "//", url.partition("#")[0].partition("?")[0])
    return "".join(letter if letter.isprintable() else "?" for letter in bare[:200])


class Guard:
    """Says where an address leads, or raises ForbiddenAddressError.

    ``loopback`` is for home and tests: then 127.0.0.1 and ::1 are reached, on any port, and nothing else is.
    """

    def __init__(self, *, loopback: bool = False, resolve: Resolve = system_resolve) -> None:
        self._loopback, self._resolve = loopback, resolve

    def place(self, url: str) -> Place:
        """What the address itself says; nobody is asked. An IP address is checked already."""
        place = place_of(url)
        if place.port not in PORTS.values() and not self._loopback:
            raise ForbiddenAddressError(shown(url), f"its port is {place.port}, and 80 and 443 are allowed")
        literal = _literal(place.host)
        why = refusal(literal, loopback=self._loopback) if literal else None
        if why:
            raise ForbiddenAddressError(shown(url), f"its address is {why}")
        return place

    def check(self, url: str) -> Checked:
        """Resolves the host, once, and checks all that it leads to. Raises UnresolvedError as well.

        The address to connect to is the first, one of IPv4 if there is: a Lambda function has no other way out unless
        its VPC gives it one.
        """
        place = self.place(url)
        literal = _literal(place.host)
        found = [literal] if literal else self._resolved(place)
        for address in found:
            why = refusal(address, loopback=self._loopback)
            if why:
                raise ForbiddenAddressError(shown(url), f"{place.host} leads to {address}, which is {why}")
        return Checked(place, str(min(found, key=lambda each: each.version)))

    def _resolved(self, place: Place) -> list[Address]:
        try:
            told = self._resolve(place.host, place.port)
            found = [ip_address(each) for each in told]
        except (OSError, UnicodeError) as error:
            raise UnresolvedError(place.host, type(error).__name__) from error
        except ValueError as error:
            raise UnresolvedError(place.host, "its address is none") from error
        if not found:
            raise UnresolvedError(place.host, "no address")
        return found


def place_of(url: str) -> Place:
    """The parts of an http or https address that is spelled plainly. Raises ForbiddenAddressError for any other."""
    where = shown(url)
    if len(url) > MOST_LETTERS:
        raise ForbiddenAddressError(where, f"it has more than {MOST_LETTERS:,} letters")
    if _UNPRINTED.search(url):
        raise ForbiddenAddressError(where, "spaces, control characters and backslashes are read in several ways")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ForbiddenAddressError(where, "it is no address") from error
    if parts.scheme not in PORTS:
        raise ForbiddenAddressError(where, "it is neither http nor https")
    if "@" in parts.netloc:
        raise ForbiddenAddressError(where, "it names a user")
    if port == 0 or parts.netloc.endswith(":"):
        raise ForbiddenAddressError(where, "its port is none")
    why = _fault_of_host(host, parts.netloc)
    if why:
        raise ForbiddenAddressError(where, why)
    return Place(parts.scheme, host, PORTS[parts.scheme] if port is None else port)


def _fault_of_host(host: str, netloc: str) -> str | None:
    if "[" in netloc or ":" in host:
        return None if _literal(host) and netloc.startswith(f"[{host}]") else "its IPv6 address is not spelled plainly"
    if not host:
        return "it has no host"
    if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):  # what browsers, too, take for an IPv4 address
        return None if _literal(host) else "its IP address is not spelled as four decimal numbers"
    if not host.isascii():
        return "its host has other letters than a to z: write it as it is resolved (xn--…)"
    return None if _NAME.fullmatch(host.removesuffix(".")) else "its host is no name"


def _literal(host: str) -> Address | None:
    """The IP address that a host is, spelled plainly: no zone, no leading zeros, no hexadecimal."""
    try:
        return IPv6Address(host) if ":" in host and "%" not in host else IPv4Address(host)
    except AddressValueError:
        return None
