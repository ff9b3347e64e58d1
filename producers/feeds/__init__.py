"""The venues' trade feeds: one pure module a venue, the registry of them all, and what a feed is."""

from producers.feeds.base import Feed, Parsed, RestRequest, Traits, subscription_keys
from producers.feeds.limits import Limits, RestLimits, changed
from producers.feeds.lines import Counts, parse_lines, reading
from producers.feeds.message import NOT_JSON
from producers.feeds.registry import FEEDS, UnknownFeedError, feed
from producers.feeds.symbols import SymbolError

__all__ = [
    "FEEDS",
    "NOT_JSON",
    "Counts",
    "Feed",
    "Limits",
    "Parsed",
    "RestLimits",
    "RestRequest",
    "SymbolError",
    "Traits",
    "UnknownFeedError",
    "changed",
    "feed",
    "parse_lines",
    "reading",
    "subscription_keys",
]
