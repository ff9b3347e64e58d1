"""A feed whose messages and pages are JSON: each is decoded in one place, and what cannot be read is kept in one place.

A venue's module says what its objects, its arrays and its pages mean; it raises BadFieldError or SymbolError in the
reading of a trade alone, where this turns them into an ``Unparsed`` record.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from producers.feeds import message
from producers.feeds.base import BaseFeed, Parsed, RestRequest
from producers.feeds.candles import CandlePage, Klines
from producers.feeds.fields import BadFieldError
from producers.feeds.message import NOT_JSON, NotJsonError
from producers.feeds.symbols import SymbolError
from producers.feeds.traits import Traits, key_settings
from tapehouse.errors import SettingsError, TerminalError
from tapehouse.record import Record, Trade
from tapehouse.settings import variable_of


class JsonFeed(BaseFeed, ABC):
    """What a venue's feed is made from. ``Feed`` says what each method is for."""

    __slots__ = ()

    name: str
    exchange: str
    websocket_url: str
    rest_url: str
    traits: Traits

    def parse(self, text: str | bytes, received_time_us: int) -> Parsed:
        """See ``Feed``."""
        try:
            raw, body = message.decode(text)
        except NotJsonError:
            return Parsed(ignored=NOT_JSON)
        if isinstance(body, dict):
            return self._object(raw, body, received_time_us)
        if isinstance(body, list):
            return self._array(raw, body, received_time_us)
        return Parsed(ignored=message.UNKNOWN)

    def parse_rest(self, text: str | bytes, symbol: str, received_time_us: int) -> Parsed:
        """See ``Feed``."""
        try:
            raw, body = message.decode(text)
        except NotJsonError:
            return Parsed(ignored=NOT_JSON, refused="the answer is not JSON")
        return self._page(raw, body, symbol, received_time_us)

    def backfill(self, symbol: str, *, from_id: str | None, to_id: str | None, from_us: int, to_us: int) -> RestRequest:
        """See ``Feed``. Raises TerminalError where the venue has nothing to ask."""
        raise TerminalError(f"{self.name} has no past trades: fill {symbol} from the venue's own feed")

    def parse_candles(self, text: str | bytes) -> CandlePage:
        """See ``Feed``."""
        try:
            _, body = message.decode(text)
        except NotJsonError:
            return CandlePage(ignored=NOT_JSON, refused="the answer is not JSON")
        return self._candle_page(body)

    # -- what a venue's module says ---------------------------------------------------------------------------------

    @abstractmethod
    def _object(self, raw: str, body: Mapping[str, Any], received_time_us: int) -> Parsed:
        """A message that is a JSON object; ``raw`` is its text."""

    def _array(self, raw: str, body: list[Any], received_time_us: int) -> Parsed:
        """A message that is a JSON array."""
        return Parsed(ignored=message.UNKNOWN)

    def _page(self, raw: str, body: Any, symbol: str, received_time_us: int) -> Parsed:
        """A page of past trades."""
        return Parsed(ignored=message.UNKNOWN, refused=f"{self.name} has no pages of past trades")

    def _candle_page(self, body: Any) -> CandlePage:
        """A page of the venue's own candles."""
        return CandlePage(refused=f"{self.name} has no candles of a venue's own")

    # -- what its module uses ---------------------------------------------------------------------------------------

    def _trade(
        self,
        raw: str,
        read: Callable[[], Trade],
        symbol: Callable[[], str | None],
        received_time_us: int,
        *,
        source: str | None = None,
    ) -> Parsed:
        """The one trade of a message; where it cannot be read, the whole message, under the market that it names."""
        try:
            return Parsed(records=(read(),))
        except (BadFieldError, SymbolError) as fault:
            whole = message.kept(
                raw,
                [str(fault)],
                exchange=self.exchange,
                source=source or self.name,
                at_us=received_time_us,
                symbol=symbol(),
            )
            return Parsed(records=(whole,))

    def _trades(
        self,
        raw: str,
        rows: object,
        read: Callable[[int, Any], Trade],
        symbol: Callable[[Any], str | None],
        received_time_us: int,
        *,
        source: str | None = None,
    ) -> tuple[list[Trade], tuple[Record, ...]]:
        """The trades of a message with many, and what is kept of those that cannot be read: ``message.read_rows``."""
        return message.read_rows(
            raw, rows, read, symbol, exchange=self.exchange, source=source or self.name, at_us=received_time_us
        )

    def _step(self, interval: str) -> str:
        """How the venue's requests name one of its intervals."""
        klines: Klines | None = self.traits.klines
        if klines is None or interval not in klines.steps:
            raise TerminalError(f"{self.name} has no candles of {interval}")
        return klines.steps[interval]

    def _needed_key(self) -> str:
        """The key of the account. Raises SettingsError where there is none."""
        field = self.traits.key_field or ""
        found: str = getattr(self, field)
        if not found:
            variable = variable_of(key_settings(self.name, field)[0])
            raise SettingsError([f"{variable} is not set: {self.name} asks for the key of an account"])
        return found
