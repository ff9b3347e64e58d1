"""Reddit, spoken from its side: a token for an app, then listings of a subreddit's posts and comments.

*Source*: https://www.reddit.com/dev/api, https://github.com/reddit-archive/reddit/wiki/OAuth2. Its limits are told in
``x-ratelimit-*``, and a user agent that is a library's own is throttled.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final
from urllib.parse import parse_qs

from embedded.newsroom.forum import Forum, Listing, Post, fullname
from embedded.newsroom.page import Asked, Page, as_json, whole_number

MOST: Final = 100
DEEP: Final = 1_000
TOKEN_S: Final = 3_600
WINDOW_S: Final = 600
CALLS: Final = 1_000
"""In a window."""
BAD_SECRET: Final = "bad"  # noqa: S105 - what is refused
_LISTING: Final = re.compile(r"/r/([A-Za-z0-9_]{2,21})/(new|comments)(?:\.json)?")
_GENERIC: Final = re.compile(r"|python-(requests|urllib).*|curl/.*|java/.*|go-http-client.*", re.IGNORECASE)
_SITE: Final = "https://www.reddit.com"


class Reddit:
    """The source. What was ``recorded`` is the first page of every ``new``, where there is some."""

    def __init__(self, forum: Forum, recorded: Sequence[bytes] | None = None) -> None:
        self._forum, self._recorded = forum, recorded
        self._until_us: dict[str, int] = {}
        """Token → when it is over."""
        self._window, self._used = 0, 0

    def answer(self, asked: Asked) -> Page:
        if _GENERIC.fullmatch(asked.headers.get("user-agent", "")):
            return as_json({"message": "Too Many Requests", "error": 429}, 429, retry_after="1")
        if asked.path == "/api/v1/access_token":
            return self._token(asked)
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or self._until_us.get(token, 0) <= asked.now_us:
            return as_json({"message": "Unauthorized", "error": 401}, 401)
        found = _LISTING.fullmatch(asked.path)
        if found is None:
            return as_json({"message": "Not Found", "error": 404}, 404)
        listing: Listing = "new" if found[2] == "new" else "comments"
        return self._limited(self._listing(asked, found[1], listing), asked.now_us)

    def _token(self, asked: Asked) -> Page:
        if asked.method != "POST" or not _is_app(asked.headers.get("authorization", "")):
            return as_json({"message": "Unauthorized", "error": 401}, 401)
        granted = parse_qs(asked.body.decode("utf-8", "replace")).get("grant_type", [""])[0]
        if granted not in ("client_credentials", "password"):
            return as_json({"error": "unsupported_grant_type"}, 400)
        number = f"{asked.headers['authorization']} {len(self._until_us)}"
        token = f"newsroom-{hashlib.sha256(number.encode()).hexdigest()[:32]}"
        self._until_us[token] = asked.now_us + TOKEN_S * 1_000_000
        return as_json({"access_token": token, "token_type": "bearer", "expires_in": TOKEN_S, "scope": "*"})

    def _limited(self, page: Page, now_us: int) -> Page:
        """The page with how many calls are left of this window."""
        window, past_us = divmod(now_us, WINDOW_S * 1_000_000)
        if window != self._window:
            self._window, self._used = window, 0
        self._used += 1
        told = {
            "x-ratelimit-used": str(self._used),
            "x-ratelimit-remaining": f"{max(0, CALLS - self._used):.1f}",
            "x-ratelimit-reset": str(WINDOW_S - past_us // 1_000_000),
        }
        return Page(page.body, page.status, "application/json; charset=UTF-8", told)

    def _listing(self, asked: Asked, subreddit: str, listing: Listing) -> Page:
        after = asked.query.get("after", "")
        if self._recorded is not None:
            played = self._recorded[-1] if self._recorded and listing == "new" and not after else None
            return Page(played) if played is not None else _listed([], None)
        limit = whole_number(asked.query.get("limit", "25"), least=1, most=MOST) or 25
        kind = "t3" if listing == "new" else "t1"
        found = iter(islice(self._forum.newest_first(subreddit, listing, asked.now_us), DEEP))
        if after:  # what is behind it, and nothing where it is not there
            next((post for post in found if f"{kind}_{post.name}" == after), None)
        page = list(islice(found, limit + 1))
        shown = page[:limit]
        things = [_thing(kind, post, subreddit, asked.now_us) for post in shown]
        return _listed(things, f"{kind}_{shown[-1].name}" if len(page) > limit else None)


def _is_app(header: str) -> bool:
    """HTTP basic with a client's id and secret; ``bad`` is refused."""
    kind, _, coded = header.partition(" ")
    try:
        client, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return False
    return kind.lower() == "basic" and bool(client) and secret not in ("", BAD_SECRET)


def _listed(things: list[dict[str, Any]], after: str | None) -> Page:
    data = {"after": after, "dist": len(things), "modhash": None, "geo_filter": "", "children": things, "before": None}
    return as_json({"kind": "Listing", "data": data})


def _thing(kind: str, post: Post, subreddit: str, now_us: int) -> dict[str, Any]:
    gone = post.gone_at_us is not None and post.gone_at_us <= now_us
    share = post.share(now_us)
    common = {
        "id": post.name,
        "name": f"{kind}_{post.name}",
        "subreddit": subreddit,
        "subreddit_name_prefixed": f"r/{subreddit}",
        "author": "[deleted]" if gone else post.author,
        "author_fullname": None if gone else fullname(post.author),
        "created": float(post.at_us // 1_000_000 + 28_800),  # as Reddit: shifted, to be read by nobody
        "created_utc": float(post.at_us // 1_000_000),
        "score": 1 + int(post.points * share),
        "edited": False,
        "stickied": False,
        "removed_by_category": "moderator" if gone else None,
    }
    body = "[removed]" if gone else post.text
    if kind == "t1":
        link = f"/r/{subreddit}/comments/{post.under}/comment/{post.name}/"
        more: dict[str, Any] = {
            "body": body,
            "parent_id": f"t3_{post.under}",
            "link_id": f"t3_{post.under}",
            "replies": "",
        }
        return {"kind": kind, "data": {**common, "permalink": link, **more}}
    link = f"/r/{subreddit}/comments/{post.name}/{_slug(post.title)}/"
    more = {
        "title": post.title,
        "selftext": body,
        "is_self": True,
        "url": f"{_SITE}{link}",
        "num_comments": int(post.replies * share),
        "over_18": False,
        "link_flair_text": post.topic.upper(),
        "upvote_ratio": 0.9,
    }
    return {"kind": kind, "data": {**common, "permalink": link, **more}}


def _slug(title: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", title.lower()))[:50].rstrip("_")
