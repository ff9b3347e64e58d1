"""Reddit's new posts and comments of some subreddits, as an app that acts for no user.

Reddit knows no range of dates: pages go back from now until one ends before the asked day, and no further than about
1,000 entries. Its terms want OAuth, an honest user agent, and that its limits are kept: where ``x-ratelimit-remaining``
is below one call, ``x-ratelimit-reset`` seconds are waited.
"""

import json
import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Final

from lambdas.http import Answer, Request
from lambdas.source import Answers, Sends, SourceFailedError, SourceRefusedError, Told, landed
from tapehouse.landing import Landed

MOST_PAGES: Final = 10
"""Of one listing: Reddit gives no more."""
PAGE: Final = 100
MOST_WAIT_S: Final = 300.0
"""A longer reset is not waited for, whatever time is left of the call."""
LISTINGS: Final = ("new", "comments")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of an app."""

    client_id: str
    client_secret: str = field(repr=False)
    user_agent: str
    """``<platform>:<app id>:<version> (by /u/<name>)``: others are throttled."""


@dataclass(kw_only=True)
class Reddit:
    """The source. Off without credentials."""

    NAME: ClassVar[str] = "reddit"
    ADDRESS: ClassVar[str] = "https://oauth.reddit.com"
    TOKEN_ADDRESS: ClassVar[str] = "https://www.reddit.com/api/v1/access_token"  # noqa: S105 - no password

    http: Sends
    credentials: Callable[[], Credentials]
    subreddits: Sequence[str]
    address: str = ADDRESS
    token_address: str = TOKEN_ADDRESS
    sleep: Callable[[float], None] = time.sleep

    def __call__(self, day: date) -> Answers:
        """Raises SourceFailedError and SourceRefusedError; FetchErrors pass through (403 and 404 are final)."""
        credentials = self.credentials()
        missing = [name for name in ("client_id", "client_secret", "user_agent") if not getattr(credentials, name)]
        if missing:
            needed = "REDDIT_SECRET, or REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET and REDDIT_USER_AGENT"
            return Told("off", f"it has no {', '.join(missing)}: set {needed}")
        begins_s = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
        session = _Session(self, credentials)
        entries, short = 0, []
        for subreddit in self.subreddits:
            for listing in LISTINGS:
                found, reaches = yield from self._listing(session, subreddit, listing, begins_s)
                entries += found
                if not reaches:
                    short.append(f"/r/{subreddit}/{listing}")
        detail = f"{', '.join(short)}: {MOST_PAGES} pages, all there are, do not reach back to {day}" if short else ""
        return Told("landed" if entries else "empty", detail)

    def _listing(
        self, session: "_Session", subreddit: str, listing: str, begins_s: float
    ) -> Generator[Landed, None, tuple[int, bool]]:
        """Pages of one listing; how many entries they have, and whether they reach back to the day's begin."""
        entries, params = 0, {"limit": str(PAGE), "raw_json": "1"}
        for _ in range(MOST_PAGES):
            request, answer = session.get(f"{self.address.rstrip('/')}/r/{subreddit}/{listing}", params)
            page = self._page(answer)
            yield landed("social", self.NAME, request, answer)
            entries += len(page.times_s)
            if page.after is None or (page.times_s and page.times_s[-1] < begins_s):
                return entries, True
            params = {**params, "after": page.after}
        return entries, False

    def _page(self, answer: Answer) -> "_Page":
        try:
            said = json.loads(answer.body)["data"]
            times_s = [float(child["data"]["created_utc"]) for child in said["children"]]
            after = said["after"]
        except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
            after, times_s = 0, []
        if not (after is None or isinstance(after, str)):
            said = f"what it answered is no listing (content type {answer.content_type[:60]!r})"
            raise SourceFailedError(self.NAME, said)
        return _Page(after or None, times_s)


@dataclass(frozen=True, slots=True)
class _Page:
    after: str | None
    times_s: list[float]


class _Session:
    """The calls of one run, in one token after another."""

    def __init__(self, source: Reddit, credentials: Credentials) -> None:
        self._source, self._credentials = source, credentials
        self._token = ""
        self._rest_s = 0.0

    def get(self, url: str, params: Mapping[str, str]) -> tuple[Request, Answer]:
        """One page; a token that is over (401) is fetched anew, once."""
        fresh = not self._token
        if fresh:
            self._token = self._fetch_token()
        request = self._request(url, params)
        answer = self._send(request)
        if answer.status == 401 and not fresh:
            self._token = self._fetch_token()
            request = self._request(url, params)
            answer = self._send(request)
        if answer.status == 401:
            raise SourceRefusedError(Reddit.NAME, "it does not take a token that it has just given (401)")
        return request, answer

    def _request(self, url: str, params: Mapping[str, str]) -> Request:
        return Request(
            url=url,
            params=params,
            headers={"Authorization": f"bearer {self._token}", "User-Agent": self._credentials.user_agent},
            name=Reddit.NAME,
            secrets=(self._token, self._credentials.client_secret),
            answered=frozenset({401}),
        )

    def _fetch_token(self) -> str:
        request = Request(
            method="POST",
            url=self._source.token_address,
            headers={
                "User-Agent": self._credentials.user_agent,
                "Content-Type": "application/x-www-form-urlencoded",
            },
            body=b"grant_type=client_credentials",
            auth=(self._credentials.client_id, self._credentials.client_secret),
            name=Reddit.NAME,
        )
        try:
            token: Any = json.loads(self._send(request).body)["access_token"]
        except (ValueError, RecursionError, KeyError, TypeError):
            token = None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise SourceRefusedError(Reddit.NAME, "it gave no access token: look at the app's id, secret and type")
        return token

    def _send(self, request: Request) -> Answer:
        """The answer, after the rest that the answer before asked for. Raises SourceFailedError: it is too long."""
        if self._rest_s > MOST_WAIT_S:
            said = f"its calls are used up for {self._rest_s:.0f} s, and {MOST_WAIT_S:.0f} s are waited at most"
            raise SourceFailedError(Reddit.NAME, said)
        if self._rest_s > 0:
            self._source.sleep(self._rest_s)
        answer = self._source.http.send(request)
        remaining = _number(answer.headers.get("x-ratelimit-remaining"))
        reset_s = _number(answer.headers.get("x-ratelimit-reset"))
        is_over = remaining is not None and remaining < 1
        self._rest_s = (reset_s if reset_s is not None else 1.0) if is_over else 0.0
        return answer


def _number(text: str | None) -> float | None:
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if math.isfinite(found) else None
