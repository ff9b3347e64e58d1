"""Connections to the very addresses that the guard checked, whoever asks for them and however often it redirects.

A session's adapter gets every request of it, so no hop can go round this one: it asks the guard, and connects to the
IP address that the guard names. The host's name stays in the Host header, in TLS' SNI, and is what the certificate has
to be for. No proxy is used: one would resolve the name again.
"""

from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool

from lambdas.crawler.guard import Checked, Guard, place_of


class PinnedAdapter(HTTPAdapter):
    """Asks the guard about each request. ``authority`` is a file of certificates to believe instead of the usual."""

    def __init__(self, guard: Guard, *, authority: str | None = None) -> None:
        self._guard, self._authority = guard, authority
        super().__init__(max_retries=0)

    def send(  # noqa: PLR0917 - as requests has it
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """As any adapter, but that ``verify``, ``cert`` and ``proxies`` change nothing. Raises the guard's errors."""
        request.headers["Host"] = place_of(request.url or "").host_header  # anew: a redirect copies the last one's
        return super().send(request, stream=stream, timeout=timeout, verify=self._authority or True)

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: bool | str | None, proxies: Any = None, cert: Any = None
    ) -> HTTPConnectionPool:
        """The connections to the checked address, kept apart by the host's name."""
        checked = self._guard.check(request.url or "")
        _, tls = self.build_connection_pool_key_attributes(request, verify or True)
        return self._pool(checked, {**tls})

    def _pool(self, checked: Checked, tls: Mapping[str, Any]) -> HTTPConnectionPool:
        place = checked.place
        name = {"server_hostname": place.host.rstrip(".")} if place.scheme == "https" else {}
        # The pool's key has no Host: one of plain http is shared by the names of one address, which harms nobody.
        made: HTTPConnectionPool = self.poolmanager.connection_from_host(
            checked.address, port=place.port, scheme=place.scheme, pool_kwargs={**tls, **name}
        )
        return made


def session(guard: Guard, *, authority: str | None = None) -> requests.Session:
    """A session that reaches what the guard allows, and reads neither proxies nor passwords of the environment."""
    made = requests.Session()
    made.trust_env = False
    made.adapters.clear()
    for scheme in ("http://", "https://"):
        made.mount(scheme, PinnedAdapter(guard, authority=authority))
    return made
