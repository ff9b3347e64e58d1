"""The client: asks, follows redirects, and asks again where that may help; all of it by one deadline.

| what came                                       | then                                                         |
|-------------------------------------------------|--------------------------------------------------------------|
| 2xx, 304, a status that the request calls one   | the answer                                                   |
| 429, 5xx                                        | again, after Retry-After (capped) or a growing wait          |
| no connection, a timeout, half a body           | again, after a growing wait                                  |
| a redirect                                      | see ``redirects.py``                                         |
| another status, too large a body                | FetchRefusedError at once                                    |
| the last try failed, or the deadline is nearer  | FetchFailedError                                             |
| than the wait                                   |                                                              |
"""

import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

import requests

from lambdas.http import hop, redirects
from lambdas.http.errors import Fault, Reason, error_of
from lambdas.http.redaction import address, scrub, scrub_body
from lambdas.http.request import Answer, Request
from tapehouse import __version__, logs
from tapehouse.backoff import Backoff
from tapehouse.errors import SettingsError

log = logs.of(__name__)
USER_AGENT: Final = f"tapehouse/{__version__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much time, how many bytes and tries one request may take. Raises SettingsError: one is not above 0."""

    connect_s: float = 5.0
    read_s: float = 20.0
    """Seconds between two bytes of an answer."""
    deadline_s: float = 120.0
    """Seconds for all of it: tries, redirects and waits."""
    most_wire_bytes: int = 8 * 1024 * 1024
    most_bytes: int = 16 * 1024 * 1024
    """Unpacked. Parsers (``tapehouse/documents/``) read no longer body."""
    most_redirects: int = 5
    tries: int = 4
    most_wait_s: float = 60.0
    """The longest wait between two tries, whatever Retry-After says."""

    def __post_init__(self) -> None:
        wrong = [f"{name} has to be above 0" for name in self.__slots__ if not getattr(self, name) > 0]
        if wrong:
            raise SettingsError(wrong)


def _now_us() -> int:
    return time.time_ns() // 1_000


class Http:
    """One HTTP client. Loopback is never reached through a proxy; elsewhere the session's ``trust_env`` decides.

    ``check`` gets each address before it is asked, redirects' too, and raises what it holds against it. ``session`` may
    bring adapters of its own: one that connects to the very IP address that ``check`` looked at, say. Nothing is kept
    in it but connections: no cookie, and no credentials of a netrc file.
    """

    def __init__(
        self,
        limits: Limits = Limits(),
        *,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], int] = _now_us,
        monotonic: Callable[[], float] = time.monotonic,
        dice: Callable[[], float] = random.random,
        check: Callable[[str], object] | None = None,
        user_agent: str = USER_AGENT,
    ) -> None:
        self._limits, self._session = limits, session or requests.Session()
        self._sleep, self._clock, self._monotonic, self._dice = sleep, clock, monotonic, dice
        self._check, self._user_agent = check, user_agent
        self._backoff = Backoff(base_s=1.0, cap_s=limits.most_wait_s)

    def send(self, request: Request, *, within_s: float = math.inf) -> Answer:
        """The whole answer, within so many seconds, if those are fewer than the limits'.

        Raises FetchFailedError and FetchRefusedError (see the module), and whatever ``check`` raises.
        """
        until = self._monotonic() + min(self._limits.deadline_s, within_s)
        tries = 1
        while True:
            found = self._try(request, until)
            if isinstance(found, Answer):
                return found
            wait_s = self._wait_s(found, tries)
            too_late = self._monotonic() + wait_s >= until
            if not found.is_transient or tries >= self._limits.tries or too_late:
                break
            log.warning(
                "fetch_tried_again", source=request.name, reason=found.reason.value, detail=found.detail, wait_s=wait_s
            )
            self._sleep(wait_s)
            tries += 1
        raise error_of(found, name=request.name, shown=request.shown, tries=tries)

    def close(self) -> None:
        """Lets the connections go."""
        self._session.close()

    def _try(self, request: Request, until: float) -> Answer | Fault:
        """One answer at the end of its redirects, or what came instead."""
        try:
            url = request.whole_url.partition("#")[0]
        except ValueError:
            return Fault(reason=Reason.REFUSED, detail="it is no address")
        if not url.lower().startswith(("http://", "https://")):
            return Fault(reason=Reason.REFUSED, detail="its address is neither http nor https")
        headers: Mapping[str, str] = {
            "User-Agent": self._user_agent,
            "Accept": "*/*",
            "Accept-Encoding": "gzip, deflate",
            **request.sent_headers(),
        }
        seen = [url]
        while True:
            found = self._hop(request, url, headers, until)
            if isinstance(found, Fault) or found.status not in redirects.STATUSES:
                return self._judged(request, url, found)
            if len(seen) > self._limits.most_redirects:
                return Fault(reason=Reason.REDIRECTS, detail=f"it redirects more than {len(seen) - 1} times")
            step = redirects.follow(
                url,
                found.headers.get("location", ""),
                method=request.method,
                headers=headers,
                hidden=request.hidden,
                seen=seen,
            )
            if isinstance(step, Fault):
                return step
            url, headers = step.url, step.headers
            seen.append(url)

    def _hop(self, request: Request, url: str, headers: Mapping[str, str], until: float) -> hop.Hop | Fault:
        if self._check is not None:
            self._check(url)
        limits = self._limits
        return hop.send(
            self._session,
            method=request.method,
            url=url,
            headers=headers,
            body=request.body,
            bounds=hop.Bounds(
                connect_s=limits.connect_s,
                read_s=limits.read_s,
                within_s=until - self._monotonic(),
                most_wire_bytes=limits.most_wire_bytes,
                most_bytes=limits.most_bytes,
            ),
            wants_body=lambda status: _is_answer(request, status),
        )

    def _judged(self, request: Request, url: str, found: hop.Hop | Fault) -> Answer | Fault:
        """An answer as it may be kept, or the fault that its status is."""
        if isinstance(found, Fault):
            return found
        if not _is_answer(request, found.status):
            after_s = self._asked_s(found.headers.get("retry-after", "")) if found.status in (429, 503) else None
            detail = f"it answered {found.status}"
            return Fault(reason=Reason.STATUS, detail=detail, status=found.status, retry_after_s=after_s)
        hidden = request.hidden
        headers = {name: scrub(value, hidden) for name, value in found.headers.items()}
        return Answer(
            status=found.status,
            headers=headers,
            content_type=headers.get("content-type", ""),
            body=scrub_body(found.body, hidden),
            url=address(url, hidden),
            fetched_at_us=self._clock(),
        )

    def _wait_s(self, fault: Fault, failures: int) -> float:
        if fault.retry_after_s is not None:
            return min(fault.retry_after_s, self._limits.most_wait_s)
        return self._backoff.wait_s(failures, self._dice())

    def _asked_s(self, text: str) -> float | None:
        """Retry-After in seconds from now: a number of them, or a date. None where it is neither."""
        try:
            seconds = float(text)
        except ValueError:
            try:
                at = parsedate_to_datetime(text)
                seconds = at.replace(tzinfo=at.tzinfo or UTC).timestamp() - self._clock() / 1e6
            except (ValueError, OverflowError):
                return None
        return max(0.0, seconds) if math.isfinite(seconds) else None


def _is_answer(request: Request, status: int) -> bool:
    return 200 <= status < 300 or status == 304 or status in request.answered
