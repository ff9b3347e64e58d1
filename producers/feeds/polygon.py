"""Polygon (now Massive), crypto trades ``XT``: a vendor that relays several exchanges' trades.

Every frame is a JSON array, of statuses and trades in any mixture. The venue greets, takes the key, and only then takes
subscriptions: ``Parsed.reply`` carries the key, ``Parsed.authenticated`` the verdict.

A pair is subscribed to at all exchanges at once; each trade names its own by a number (``x``), which ``exchanges``
translates. Coinbase's 1 is proven; the others' may be replaced by the vendor's own list, which is at
``/v3/reference/exchanges?asset_class=crypto``. A number that is not listed becomes ``x<number>``: kept, and never
another's.

Prices and sizes are JSON numbers (``4.522e-05``). Conditions ``c`` tell the side: 1 sell, 2 buy; anything else, none,
or both, tell none. Whether it is the taker's is not documented: taken as such. Ids ``i`` are the exchange's; a trade
without one gets one of its time, its place in the frame and a hash.

Source: the vendor's WebSocket and REST documentation and its client's source.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from producers.feeds import fields, message
from producers.feeds import symbols as naming
from producers.feeds.base import Parsed, RestRequest
from producers.feeds.fields import BadFieldError
from producers.feeds.json_feed import JsonFeed
from producers.feeds.limits import Limits, RestLimits
from producers.feeds.symbols import SymbolError
from producers.feeds.traits import Traits
from tapehouse.market import Market
from tapehouse.record import Trade

EXCHANGES: Final[Mapping[int, str]] = MappingProxyType(
    {1: "coinbase", 2: "bitfinex", 6: "bitstamp", 10: "binance", 23: "kraken"}
)
"""The vendor's numbers; all but Coinbase's from second hand."""
PAGE_ROWS: Final = 50_000
_PROOF_US: Final = 10_000_000
"""How far a page reaches behind the span that is asked for. The millisecond of its end must lie in it: live times are
cut to milliseconds, those of pages are not."""
_SELL, _BUY = 1, 2
_CONFIRMED: Final = "subscribed to:"
_LOGIN_REFUSALS: Final = frozenset({"auth_failed", "auth_timeout"})
_REFUSALS: Final = frozenset({"error", "max_connections", "not_authorized", "force_disconnect"})
_GOOD: Final = ("OK", "DELAYED")
_QUOTES: Final = "USD EUR GBP JPY CAD AUD CHF KRW BTC ETH USDT USDC"
QUOTES: Final = frozenset(_QUOTES.split())


def read_symbol(text: str) -> str:
    """``BTC-USD``, ``X:BTC-USD`` → ``BTC-USD``; without a dash (``X:BTCUSD``) by the longest quote of the list."""
    bare = text.removeprefix("X:")
    return naming.from_dash(bare) if "-" in bare else naming.from_joined(bare, QUOTES)


TRAITS: Final = Traits(
    read_symbol=read_symbol,
    aliases=("massive",),
    key_field="key",
    contiguous_ids=False,
    paging="time",
    needs_login=True,
    limits=Limits(stale_after_s=60),
    rest=RestLimits(calls_per_s=1, page_rows=PAGE_ROWS),
)
"""Real-time crypto is a paid plan; a free one, it is said, takes five calls a minute."""


@dataclass(frozen=True, slots=True)
class Polygon(JsonFeed):
    """Feed ``polygon``. ``exchanges``: the vendor's number → the exchange in the record."""

    name: str = "polygon"
    exchange: str = "polygon"
    """Of messages that cannot be read; a trade has the exchange that it names itself."""
    websocket_url: str = "wss://socket.massive.com/crypto"
    rest_url: str = "https://api.massive.com"
    key: str = field(default="", repr=False)
    exchanges: Mapping[int, str] = field(default_factory=lambda: dict(EXCHANGES), hash=False)
    traits: Traits = TRAITS

    def address(self) -> str:
        """Without the key, which is sent when the venue asks for it. Raises SettingsError where there is none."""
        self._needed_key()
        return self.websocket_url

    def market(self, key: str) -> Market | None:
        """None: a pair's trades come from several exchanges, and each names its own."""
        return None

    def subscription_key(self, exchange: str, symbol: str) -> str:
        """The pair, at whatever exchange."""
        return symbol

    def subscribe(self, keys: Sequence[str]) -> list[str]:
        """One message for all pairs."""
        wanted = [f"XT.{naming.canonical(key)}" for key in dict.fromkeys(keys)]
        request = {"action": "subscribe", "params": ",".join(wanted)}
        return [json.dumps(request, separators=(",", ":"))] if wanted else []

    def _object(self, raw: str, body: Mapping[str, Any], received_time_us: int) -> Parsed:
        return self._array(raw, [body], received_time_us)

    def _array(self, raw: str, body: list[Any], received_time_us: int) -> Parsed:
        """Statuses and trades."""
        rows = [event for event in body if _kind(event) == "XT"]
        statuses = [event for event in body if _kind(event) == "status"]
        others = [event for event in body if _kind(event) not in ("XT", "status")]

        def read(position: int, row: Any) -> Trade:
            return self._read(position, row, received_time_us)

        trades, rest = self._trades(raw, rows, read, _symbol, received_time_us)
        heard = self._heard(statuses)
        ignored = message.type_name(_kind(others[0])) if others else heard.ignored
        return replace(heard, records=(*trades, *rest), ignored=ignored)

    def _heard(self, statuses: Sequence[Mapping[str, Any]]) -> Parsed:
        """What the statuses of one frame say together."""
        ignored = refused = reply = None
        authenticated: bool | None = None
        acknowledged: list[str] = []
        for event in statuses:
            status, text = event.get("status"), event.get("message")
            confirmed = _confirmed(text) if status == "success" else []
            acknowledged += confirmed
            if status == "connected" and self.key:
                reply = json.dumps({"action": "auth", "params": self.key}, separators=(",", ":"))
            elif status == "auth_success":
                authenticated = True
            elif isinstance(status, str) and status in _LOGIN_REFUSALS | _REFUSALS:
                refused = message.error_text(status, text)
                authenticated = False if status in _LOGIN_REFUSALS else authenticated
            if not confirmed and refused is None:
                ignored = f"status.{message.type_name(status)}"
        return Parsed(
            ignored=ignored,
            acknowledged=tuple(dict.fromkeys(acknowledged)),
            refused=refused,
            reply=reply,
            authenticated=authenticated,
        )

    def _read(self, position: int, row: Mapping[str, Any], received_time_us: int) -> Trade:
        pair = fields.text(row.get("pair"), "pair")
        return self._read_either(
            position,
            row,
            symbol=read_symbol(pair),
            keys=_LIVE_KEYS,
            event_time_us=fields.epoch_us(row.get("t"), "t", "ms"),
            received_time_us=received_time_us,
        )

    def _read_either(
        self,
        position: int,
        row: Mapping[str, Any],
        *,
        symbol: str,
        keys: tuple[str, str, str, str, str],
        event_time_us: int,
        received_time_us: int,
        backfilled: bool = False,
    ) -> Trade:
        """A trade of either shape: the message's and the page's differ in their keys and their time."""
        key_exchange, key_price, key_size, key_id, key_conditions = keys
        exchange = self._exchange(row.get(key_exchange), key_exchange)
        price, size = fields.number(row.get(key_price), key_price), fields.number(row.get(key_size), key_size)
        side, trade_id = _side(row.get(key_conditions), key_conditions), row.get(key_id)
        return Trade(
            exchange=exchange,
            symbol=symbol,
            source=self.name,
            trade_id=fields.any_id(trade_id, key_id)
            if trade_id not in (None, "")
            else message.made_id(event_time_us, position, exchange, symbol, price, size, side or ""),
            price=price,
            size=size,
            side=side,
            event_time_us=event_time_us,
            received_time_us=received_time_us,
            backfilled=backfilled,
        )

    def _exchange(self, value: object, name: str) -> str:
        number = int(fields.digit_id(value, name))
        if number >= 10**9:
            raise BadFieldError(name, "is no number of an exchange")
        return self.exchanges.get(number, f"x{number}")

    def backfill(self, symbol: str, *, from_id: str | None, to_id: str | None, from_us: int, to_us: int) -> RestRequest:
        """The page from ``from_us`` on, of all exchanges. The key is in a header; raises SettingsError without it.

        It goes on behind ``to_us``: a trade there proves that the vendor's pages have come that far.
        """
        params = {
            "timestamp.gte": str(from_us * 1000),
            "timestamp.lt": str((to_us + _PROOF_US) * 1000),
            "order": "asc",
            "limit": str(PAGE_ROWS),
        }
        url = f"{self.rest_url}/v3/trades/X:{naming.canonical(symbol)}"
        return RestRequest(url, params, {"Authorization": f"Bearer {self._needed_key()}"})

    def _page(self, raw: str, body: Any, symbol: str, received_time_us: int) -> Parsed:
        """A page of ``/v3/trades/X:BASE-QUOTE``, oldest first. Never raises.

        A trade without an id gets another here than live: its place in the frame is another.
        """
        answer = body if isinstance(body, dict) else {}
        well = answer.get("status") in _GOOD and not answer.get("error")
        if answer and answer.get("results") is None and not well:
            return Parsed(refused=message.error_text(*(answer.get(key) for key in ("status", "error", "message"))))

        def read(position: int, row: Any) -> Trade:
            row = fields.mapping(row, "trade")
            return self._read_either(
                position,
                row,
                symbol=symbol,
                keys=_PAGE_KEYS,
                event_time_us=fields.epoch_ns_us(row.get("participant_timestamp"), "participant_timestamp"),
                received_time_us=received_time_us,
                backfilled=True,
            )

        trades, rest = self._trades(raw, answer.get("results"), read, lambda _: symbol, received_time_us)
        trades.sort(key=lambda trade: trade.event_time_us)
        return Parsed(records=(*trades, *rest))


_LIVE_KEYS: Final = ("x", "p", "s", "i", "c")
_PAGE_KEYS: Final = ("exchange", "price", "size", "id", "conditions")


def _kind(event: object) -> object:
    return event.get("ev") if isinstance(event, Mapping) else None


def _confirmed(text: object) -> list[str]:
    """``subscribed to: XT.BTC-USD``, or several of them after commas → the pairs."""
    if not isinstance(text, str) or not text.startswith(_CONFIRMED):
        return []
    names = text.removeprefix(_CONFIRMED).replace(",", " ").split()
    found = [_pair(name.removeprefix("XT.")) for name in names if name.startswith("XT.")]
    return [pair for pair in found if pair is not None]


def _pair(text: object) -> str | None:
    try:
        return read_symbol(text) if isinstance(text, str) else None
    except SymbolError:
        return None


def _symbol(row: object) -> str | None:
    return _pair(row.get("pair")) if isinstance(row, Mapping) else None


def _side(conditions: object, name: str) -> str | None:
    """``[1]`` sell, ``[2]`` buy; ``[0]``, none at all, or both: not told."""
    if conditions is None:
        return None
    if not isinstance(conditions, list) or any(type(condition) is not int for condition in conditions):
        raise BadFieldError(name, "is no list of numbers")
    sells, buys = _SELL in conditions, _BUY in conditions
    return None if sells == buys else "sell" if sells else "buy"
