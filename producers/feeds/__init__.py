"""The venues' trade feeds: one pure module a venue, and the registry of them all."""

from producers.feeds.base import Feed, Parsed, RestRequest
from producers.feeds.registry import FEEDS, UnknownFeedError, feed
from producers.feeds.symbols import SymbolError

__all__ = ["FEEDS", "Feed", "Parsed", "RestRequest", "SymbolError", "UnknownFeedError", "feed"]
