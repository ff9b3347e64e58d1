"""Yesterday's news: Alpha Vantage, Finnhub and the feeds of CoinDesk and Cointelegraph, as they answer."""

from lambdas.news.alphavantage import AlphaVantage
from lambdas.news.finnhub import Finnhub
from lambdas.news.rss import Rss

__all__ = ["AlphaVantage", "Finnhub", "Rss"]
