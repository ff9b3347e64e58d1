"""What is asked, and what is answered. Neither shows a secret when it is printed."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias
from urllib.parse import urlencode, urlsplit

from lambdas.http.redaction import address, is_secret

Method: TypeAlias = Literal["GET", "HEAD", "POST"]
_CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization", "cookie"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. It is sent again where that may help, so it must be one that does no harm twice."""

    url: str = field(repr=False)
    method: Method = "GET"
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Put behind the address' own query."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)
    """User and password of HTTP basic."""
    name: str = ""
    """Who is asked, in logs and errors: the source's name."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values that nobody may see, beside those whose parameter or header says so."""
    answered: frozenset[int] = frozenset()
    """Statuses that are an answer here, beside 2xx and 304: 404 for a robots.txt."""

    def __repr__(self) -> str:
        return f"Request({self.shown})"

    @property
    def whole_url(self) -> str:
        """Address and parameters, secrets and all: to be sent, never to be shown."""
        if not self.params:
            return self.url
        joint = "&" if urlsplit(self.url).query else "?"
        return f"{self.url.partition('#')[0]}{joint}{urlencode(self.params, safe=':,')}"

    @property
    def shown(self) -> str:
        """Method and address without secrets: what ``Landed.request`` holds."""
        return f"{self.method} {self.address}"

    @property
    def address(self) -> str:
        """The address without secrets."""
        try:
            return address(self.whole_url, self.hidden)
        except ValueError:
            return "(no address)"

    @property
    def hidden(self) -> tuple[str, ...]:
        """All values that are masked wherever they turn up."""
        named = [value for pairs in (self.params, self.headers) for name, value in pairs.items() if is_secret(name)]
        carried = [
            value.rpartition(" ")[2] for name, value in self.headers.items() if name.lower() in _CREDENTIALS and value
        ]
        password = [self.auth[1], self._basic()] if self.auth else []
        return tuple(dict.fromkeys(each for each in (*self.secrets, *named, *carried, *password) if each))

    def sent_headers(self) -> dict[str, str]:
        """The headers with those of ``auth``."""
        return {**self.headers, **({"Authorization": f"Basic {self._basic()}"} if self.auth else {})}

    def _basic(self) -> str:
        user, password = self.auth or ("", "")
        return base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer. Secrets of the request that it repeats are masked, in its address and headers and body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    content_type: str
    """As the header says, charset and all; empty where it was not said."""
    body: bytes = field(repr=False)
    """Unpacked, in the charset that it came in."""
    url: str
    """Where it came from in the end, behind all redirects, as it may be shown."""
    fetched_at_us: int
    """When it was there whole, µs UTC."""
