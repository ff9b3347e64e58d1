"""What names a market: an exchange's pair, and the feed that tells of it."""

from typing import NamedTuple


class Market(NamedTuple):
    """One pair at one exchange, whoever tells of it."""

    exchange: str
    symbol: str

    def __str__(self) -> str:
        return f"{self.exchange} {self.symbol}"


class MarketKey(NamedTuple):
    """One market as one feed tells of it: within it, ids name trades."""

    exchange: str
    symbol: str
    source: str

    @property
    def market(self) -> Market:
        return Market(self.exchange, self.symbol)

    def __str__(self) -> str:
        return f"{self.exchange}:{self.symbol}:{self.source}"

    @classmethod
    def parse(cls, text: str) -> "MarketKey":
        """The inverse of ``str``, for where it stands in a file. A symbol may hold a colon, the others may not; it is
        empty where a record names none (an ``Unparsed`` of no known market).

        Raises:
            ValueError: the text does not have three parts.
        """
        exchange, _, rest = text.partition(":")
        symbol, _, source = rest.rpartition(":")
        if not (exchange and ":" in rest and source):
            raise ValueError(f"{text!r} is not exchange:symbol:source")
        return cls(exchange, symbol, source)
