"""Alpha Vantage's NEWS_SENTIMENT: articles with the vendor's own scores, and its refusals, which come as HTTP 200.

Source: https://www.alphavantage.co/documentation/#news-sentiment. Times are UTC; tickers' scores are text.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from tapehouse.document import Document, VendorSentiment
from tapehouse.documents import moment
from tapehouse.documents.item import Item, UnfitError, decimal_text, each, json_of
from tapehouse.documents.markup import folded
from tapehouse.documents.parsed import MOST_BODY, MOST_NAME, MOST_TITLE, Parsed
from tapehouse.landing import Landed

Why: TypeAlias = Literal["wait", "tomorrow", "nothing", "other"]
_MOST_TICKERS: Final = 200
_CRYPTO: Final = re.compile(r"CRYPTO:([A-Z0-9]{1,20})")
_WHY: Final[tuple[tuple[re.Pattern[str], Why, str], ...]] = (
    # before the day's: this text tells the day's limit too, as what a plan would lift
    (
        re.compile(r"per[ -](?:second|minute)|more sparingly|call frequency", re.IGNORECASE),
        "wait",
        "requests come too fast: wait and ask again",
    ),
    (
        re.compile(r"per day|daily", re.IGNORECASE),
        "tomorrow",
        "the day's requests are used up: ask again tomorrow",
    ),
    (
        re.compile(r"invalid inputs|invalid api call|no articles", re.IGNORECASE),
        "nothing",
        "the parameters are wrong, or there is no article",
    ),
)
_KEYED: Final = re.compile(r"api[ _-]?key", re.IGNORECASE)
_SECRET: Final = re.compile(r"(?=[\w-]*[0-9])[\w-]{8,}|\b[A-Z0-9]{8,}\b")
_SHOWN: Final = 160


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer without articles."""

    why: Why
    """wait: the next second or minute will do; tomorrow: no request of this day will; nothing: wrong parameters, or no
    article for them, which the vendor does not tell apart; other: nobody knows, a person has to look."""
    text: str
    """For logs: our words, or the vendor's where no key can be in them."""


def refusal(body: bytes) -> Refusal | None:
    """Why this body has no articles; None where it has a feed, which may be empty."""
    try:
        return _refusal(json_of(body))
    except UnfitError as unfit:
        return Refusal("other", str(unfit))


def _refusal(said: Any) -> Refusal | None:
    if isinstance(said, dict) and isinstance(said.get("feed"), list):
        return None
    texts = [said.get(name) for name in ("Information", "Note", "Error Message")] if isinstance(said, dict) else []
    text = " ".join(text for text in texts if isinstance(text, str))
    for pattern, why, ours in _WHY:
        if pattern.search(text):
            return Refusal(why, ours)
    if not text:
        return Refusal("other", "body: no feed")
    if _KEYED.search(text):  # it prints the key, in words that may change
        return Refusal("other", "the vendor's text is about the key, and is not shown")
    return Refusal("other", folded(_SECRET.sub("…", text), most=_SHOWN))


def parse(landed: Landed) -> Parsed:
    """Raises UnfitError for a body that is no JSON."""
    said = json_of(landed.body)
    refused = _refusal(said)
    if refused is not None:
        return Parsed.fault(f"body: refused ({refused.why}): no articles")
    return each(landed, said["feed"], article, name="feed")


def article(item: Item) -> Document:
    """One of the feed's. Raises UnfitError."""
    at_us = item.moment("time_published", moment.of_compact(item.string("time_published")))
    authors = (author for author in item.listed("authors") if isinstance(author, str))
    sentiment = _sentiment(item)
    return item.document(
        "news",
        url=item.address("url"),
        key="",
        title=item.seen("title", most=MOST_TITLE),
        body=item.seen("summary", most=MOST_BODY),
        author=folded(", ".join(authors), most=MOST_NAME),
        published_at_us=at_us,
        symbols=[each.symbol for each in sentiment if each.symbol],
        vendor_sentiment=sentiment,
    )


def _sentiment(item: Item) -> list[VendorSentiment]:
    """The whole article's, then each crypto ticker's: shares (COIN) and currencies (FOREX:USD) are no base assets."""
    found: list[VendorSentiment] = []
    if item.raw.get("overall_sentiment_score") is not None:
        whole = _score(item.raw["overall_sentiment_score"], least=-1)
        if whole is None:
            item.note("overall_sentiment_score", "no score from -1 to 1")
        else:
            found.append(VendorSentiment(symbol=None, score=whole))
    for number, told in enumerate(item.listed("ticker_sentiment")[:_MOST_TICKERS]):
        ticker = told.get("ticker") if isinstance(told, dict) else None
        crypto = _CRYPTO.fullmatch(ticker.upper()) if isinstance(ticker, str) else None
        if ticker is None:
            item.note(f"ticker_sentiment[{number}].ticker", "no ticker")
        if crypto is None:
            continue
        score, relevance = _score(told.get("ticker_sentiment_score"), least=-1), _score(told.get("relevance_score"))
        if score is None:
            item.note(f"ticker_sentiment[{number}].ticker_sentiment_score", "no score from -1 to 1")
        else:
            found.append(VendorSentiment(symbol=crypto[1], score=score, relevance=relevance))
    return found


def _score(value: object, *, least: int = 0) -> float | None:
    text = decimal_text(value)
    return float(text) if text is not None and least <= float(text) <= 1 else None
