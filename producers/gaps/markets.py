"""The markets of one feed, each with its continuity, through all connections."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from producers.feeds import Feed
from producers.gaps.continuity import Continuity, SafeMark
from tapehouse.market import MarketKey
from tapehouse.record import Record, Trade


class Markets:
    """Continuities by market, made when a market is first heard of."""

    def __init__(
        self, feed: Feed, marks: Mapping[MarketKey, SafeMark], on_begin: Callable[[MarketKey, int], None] | None = None
    ) -> None:
        """``marks``: where an earlier run was safe; ``on_begin``: of a market without one, and when it began."""
        self._feed, self._marks, self._on_begin = feed, marks, on_begin
        self._markets: dict[MarketKey, Continuity] = {}
        self._begun: set[MarketKey] = set()

    def market(self, key: MarketKey) -> Continuity:
        """What is known of one market."""
        found = self._markets.get(key)
        if found is None:
            found = self._markets[key] = Continuity(
                key, contiguous_ids=self._feed.traits.contiguous_ids, mark=self._marks.get(key)
            )
        return found

    def of(self, trade: Trade) -> Continuity:
        """What is known of the market that a trade belongs to."""
        return self.market(MarketKey(trade.exchange, trade.symbol, trade.source))

    def newest(self, symbol: str, trade_id: str, received_us: int) -> list[Record]:
        """What it proves that the venue calls this trade its newest; nothing for a market not heard of yet."""
        market = self._markets.get(MarketKey(self._feed.exchange, symbol, self._feed.source))
        return market.newest(trade_id, received_us) if market is not None else []

    def begin(self, subscription: str, at_us: int, from_us: int) -> None:
        """A subscription is confirmed: trades from about ``at_us`` on may be seen, those from ``from_us`` on surely.

        Where only trades tell the exchange, the markets of this subscription that are known already begin.
        """
        market = self._feed.market(subscription)
        if market is not None:
            key = MarketKey(*market, self._feed.source)
            if self._on_begin is not None and key not in self._begun and key not in self._marks:
                self._begun.add(key)
                self._on_begin(key, at_us)
            self.market(key).begin(from_us, at_us)
            return
        for each in self._subscribed_by({subscription}):
            each.begin(from_us, at_us)

    def covered(self, subscriptions: Iterable[str], through_us: int, received_us: int) -> list[Record]:
        """The coverage of the markets of these subscriptions."""
        return [
            record
            for market in self._subscribed_by(set(subscriptions))
            for record in market.covered(through_us, received_us)
        ]

    def end(self, subscriptions: Iterable[str], through_us: int, received_us: int) -> list[Record]:
        """The connection that brought the markets of these subscriptions is lost."""
        return [
            record
            for market in self._subscribed_by(set(subscriptions))
            for record in market.end(through_us, received_us)
        ]

    def subscriptions(self) -> set[str]:
        """The subscription keys of every market heard of."""
        return {self._feed.subscription_key(key.exchange, key.symbol) for key in self._markets}

    def _subscribed_by(self, subscriptions: set[str]) -> Iterator[Continuity]:
        for key, market in list(self._markets.items()):
            if self._feed.subscription_key(key.exchange, key.symbol) in subscriptions:
                yield market
