"""The markets of one source, each with its tape, through all connections."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from producers.feeds import Feed
from producers.gaps.continuity import Continuity, SafeMark
from tapehouse.market import MarketKey
from tapehouse.record import Record, Trade


class Markets:
    """Tapes by (exchange, symbol, source), made when they are first heard of."""

    def __init__(
        self, feed: Feed, marks: Mapping[MarketKey, SafeMark], on_begin: Callable[[MarketKey, int], None] | None = None
    ) -> None:
        """``marks``: market → where an earlier run was safe; ``on_begin``: of one without."""
        self._feed, self._marks, self._on_begin = feed, marks, on_begin
        self._tapes: dict[MarketKey, Continuity] = {}
        self._begun: set[MarketKey] = set()

    def tape(self, exchange: str, symbol: str, source: str) -> Continuity:
        """The tape of one market."""
        key = MarketKey(exchange, symbol, source)
        tape = self._tapes.get(key)
        if tape is None:
            tape = self._tapes[key] = Continuity(
                exchange=exchange,
                symbol=symbol,
                source=source,
                contiguous_ids=self._feed.traits.contiguous_ids,
                mark=self._marks.get(key),
            )
        return tape

    def of(self, trade: Trade) -> Continuity:
        """The tape that a trade belongs to."""
        return self.tape(trade.exchange, trade.symbol, trade.source)

    def newest(self, symbol: str, trade_id: str, received_us: int) -> list[Record]:
        """What the venue's own word on its newest trade proves; nothing for a market not heard of yet."""
        tape = self._tapes.get(MarketKey(self._feed.exchange, symbol, self._feed.source))
        return tape.newest(trade_id, received_us) if tape is not None else []

    def begin(self, word: str, at_us: int, from_us: int) -> None:
        """A subscription is confirmed: trades from about ``at_us`` on may be seen, those from ``from_us`` on surely.

        Where only trades tell the exchange, the markets of this symbol that are known already begin.
        """
        market = self._feed.market(word)
        if market is not None:
            key = MarketKey(*market, self._feed.source)
            if self._on_begin is not None and key not in self._begun and key not in self._marks:
                self._begun.add(key)
                self._on_begin(key, at_us)
            self.tape(*key).begin(from_us, at_us)
            return
        for tape in self._of_words({word}):
            tape.begin(from_us, at_us)

    def covered(self, words: Iterable[str], through_us: int, received_us: int) -> list[Record]:
        """The coverage of the markets of these words."""
        return [record for tape in self._of_words(set(words)) for record in tape.covered(through_us, received_us)]

    def end(self, words: Iterable[str], through_us: int, received_us: int) -> list[Record]:
        """The line that brought these words is lost."""
        return [record for tape in self._of_words(set(words)) for record in tape.end(through_us, received_us)]

    def all_words(self) -> set[str]:
        """The words of every market heard of."""
        return {self._feed.subscription_key(exchange, symbol) for exchange, symbol, _ in self._tapes}

    def _of_words(self, words: set[str]) -> Iterator[Continuity]:
        for (exchange, symbol, _), tape in list(self._tapes.items()):
            if self._feed.subscription_key(exchange, symbol) in words:
                yield tape
