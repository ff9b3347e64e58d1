"""The venues' trade feeds: one pure module a venue, the registry of them all, and what a feed is."""

from producers.feeds.base import BaseFeed, Feed, Parsed, RestRequest, subscription_keys
from producers.feeds.candles import Candle, CandlePage, Klines, Precision
from producers.feeds.limits import Limits, RestLimits, changed
from producers.feeds.lines import Counts, parse_lines, reading
from producers.feeds.message import NOT_JSON
from producers.feeds.registry import FEEDS, UnknownFeedError, feed, name_of_source
from producers.feeds.symbols import SymbolError
from producers.feeds.traits import Paging, Traits, key_settings

__all__ = [
    "FEEDS",
    "NOT_JSON",
    "BaseFeed",
    "Candle",
    "CandlePage",
    "Counts",
    "Feed",
    "Klines",
    "Limits",
    "Paging",
    "Parsed",
    "Precision",
    "RestLimits",
    "RestRequest",
    "SymbolError",
    "Traits",
    "UnknownFeedError",
    "changed",
    "feed",
    "key_settings",
    "name_of_source",
    "parse_lines",
    "reading",
    "subscription_keys",
]
