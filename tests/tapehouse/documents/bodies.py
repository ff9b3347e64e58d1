"""Bodies as the sources send them, made by hand: a line says what a test varies, the rest is sound.

::

    landed("news", "alphavantage", alphavantage([article(title="…")]))
    landed("news", "coindesk", rss([story(link="…")]), content_type="application/rss+xml")
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

from tapehouse.landing import Kind, Landed

PUBLISHED_US: Final = 1_795_867_200_000_000
"""2026-11-28T12:00:00Z: when everything is published unless it says otherwise."""
FETCHED_US: Final = PUBLISHED_US + 14 * 3_600_000_000
"""2026-11-29T02:00:00Z."""
_NAMESPACES: Final = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
)


def landed(kind: Kind, source: str, body: bytes, **changes: Any) -> Landed:
    """This body, fetched at ``FETCHED_US``."""
    request = f"GET https://{source}.example/"
    return Landed(
        **{"kind": kind, "source": source, "body": body, "request": request, "fetched_at_us": FETCHED_US, **changes}
    )


def packed(said: object) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass")


def article(**changes: Any) -> dict[str, Any]:
    """One of Alpha Vantage's."""
    return {
        "title": "Bitcoin rises above its moving average",
        "url": "https://www.paper.example/markets/bitcoin-rises?utm_source=av",
        "time_published": "20261128T120000",
        "authors": ["Ada Writer"],
        "summary": "Prices rose &amp; fell.",
        "banner_image": "https://cdn.paper.example/1.png",
        "source": "Paper",
        "category_within_source": "Markets",
        "source_domain": "www.paper.example",
        "topics": [{"topic": "Blockchain", "relevance_score": "0.9"}],
        "overall_sentiment_score": 0.25,
        "overall_sentiment_label": "Somewhat-Bullish",
        "ticker_sentiment": [ticker()],
        **changes,
    }


def ticker(name: str = "CRYPTO:BTC", score: object = "0.5", relevance: object = "0.75") -> dict[str, Any]:
    return {
        "ticker": name,
        "relevance_score": relevance,
        "ticker_sentiment_score": score,
        "ticker_sentiment_label": "Bullish",
    }


def alphavantage(articles: Iterable[object]) -> bytes:
    feed = list(articles)
    return packed(
        {
            "items": str(len(feed)),
            "sentiment_score_definition": "x <= -0.35: Bearish; …",
            "relevance_score_definition": "0 < x <= 1, …",
            "feed": feed,
        }
    )


def headline(**changes: Any) -> dict[str, Any]:
    """One of Finnhub's."""
    return {
        "category": "crypto",
        "datetime": PUBLISHED_US // 1_000_000,
        "headline": "Ether follows the market",
        "id": 7_500_001,
        "image": "https://cdn.paper.example/2.png",
        "related": "",
        "source": "Paper",
        "summary": "Little changed.",
        "url": "https://www.paper.example/ether-follows",
        **changes,
    }


def finnhub(headlines: Iterable[object]) -> bytes:
    return packed(list(headlines))


def story(**changes: str | Iterable[str] | None) -> str:
    """An item of RSS 2.0. Each word is an element (``dc_creator``: ``dc:creator``), escaped; None leaves it out, and of
    several texts each is one. What is to stand there as it is, is put behind with ``+``."""
    words: dict[str, str | Iterable[str] | None] = {
        "title": "Solana's week",
        "link": "https://www.paper.example/solana-week?utm_medium=rss",
        "guid": "https://www.paper.example/?p=1",
        "pubDate": "Sat, 28 Nov 2026 12:00:00 +0000",
        "dc_creator": "Ada Writer",
        "description": "<p>It was <b>long</b>.</p>",
        "category": ["Markets", "Solana"],
        **changes,
    }
    lines = []
    for name, texts in words.items():
        for text in [texts] if isinstance(texts, str) else texts or ():
            lines.append(f"<{name.replace('_', ':')}>{escape(text)}</{name.replace('_', ':')}>")
    return f"<item>{''.join(lines)}</item>"


def rss(
    stories: Iterable[str], *, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>', head: str = ""
) -> bytes:
    channel = f"<channel><title>Paper</title><link>https://paper.example</link>{''.join(stories)}</channel>"
    return f'{declaration}{head}\n<rss version="2.0" {_NAMESPACES}>{channel}</rss>'.encode()


def entry(**changes: str | None) -> str:
    """An entry of Atom; ``link`` is an address."""
    words = {
        "title": "XRP's month",
        "link": "https://www.paper.example/xrp-month",
        "id": "tag:paper.example,2026:1",
        "published": "2026-11-28T12:00:00Z",
        "summary": "Short.",
        **changes,
    }
    link = f'<link rel="alternate" href="{escape(words.pop("link") or "")}"/>'
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in words.items() if text is not None)
    return f"<entry>{link}{inner}</entry>"


def atom(entries: Iterable[str]) -> bytes:
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Paper</title>{"".join(entries)}</feed>'.encode()


def post(**changes: Any) -> dict[str, Any]:
    """A text post of Reddit; ``url=`` makes it a link post."""
    data = {
        "name": "t3_1abcde",
        "id": "1abcde",
        "title": "What happened today?",
        "selftext": "I **lost** my keys.",
        "author": "ada",
        "created": PUBLISHED_US / 1_000_000 + 8 * 3600,
        "created_utc": PUBLISHED_US / 1_000_000,
        "permalink": "/r/CryptoCurrency/comments/1abcde/what_happened_today/",
        "url": "https://www.reddit.com/r/CryptoCurrency/comments/1abcde/what_happened_today/",
        "subreddit": "CryptoCurrency",
        "is_self": True,
        "removed_by_category": None,
        "score": 12,
        "num_comments": 3,
        **changes,
    }
    return {"kind": "t3", "data": data}


def comment(**changes: Any) -> dict[str, Any]:
    data = {
        "name": "t1_k1",
        "id": "k1",
        "body": "So did I.",
        "author": "grace",
        "created_utc": PUBLISHED_US / 1_000_000 + 60,
        "permalink": "/r/CryptoCurrency/comments/1abcde/what_happened_today/k1/",
        "link_title": "What happened today?",
        "replies": "",
        **changes,
    }
    return {"kind": "t1", "data": data}


def listing(children: Iterable[object], *, after: str | None = None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"after": after, "before": None, "children": list(children)}}


def reddit(children: Iterable[object], *, after: str | None = None) -> bytes:
    return packed(listing(children, after=after))


def day(**changes: Any) -> dict[str, Any]:
    """One day's Fear & Greed."""
    midnight = PUBLISHED_US // 1_000_000 // 86_400 * 86_400
    return {"value": "25", "value_classification": "Extreme Fear", "timestamp": str(midnight), **changes}


def fear_greed(days: Iterable[object], *, error: str | None = None) -> bytes:
    return packed({"name": "Fear and Greed Index", "data": list(days), "metadata": {"error": error}})


def page(**changes: Any) -> bytes:
    """What the crawler lands of a page, of kind page or price."""
    said: Mapping[str, Any] = {
        "task": "paper",
        "url": "https://www.paper.example/about-bitcoin/",
        "title": "About Bitcoin",
        "text": "It is a currency.\n\nAnd more.",
        "author": None,
        "published_at_us": PUBLISHED_US,
        "values": [],
        **changes,
    }
    return packed(said)


def price(**changes: Any) -> dict[str, Any]:
    """One of a page's ``values``."""
    return {"name": "BTC-USD", "value": "64000.12", "unit": "USD", "observed_at_us": PUBLISHED_US, **changes}
