"""Polygon (now Massive), crypto trades ``XT``: a vendor that relays several exchanges' trades.

Every frame is a JSON array, of statuses and trades in any mixture. The line greets, takes the key, and only then takes
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
from producers.feeds.base import Parsed, RestRequest, Traits
from producers.feeds.fields import BadFieldError
from producers.feeds.limits import Limits, RestLimits
from producers.feeds.message import NOT_JSON, NotJsonError
from producers.feeds.symbols import SymbolError
from tapehouse.errors import SettingsError
from tapehouse.market import Market
from tapehouse.record import Trade

KEY_SETTING: Final = "TAPEHOUSE_POLYGON_KEY"
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


TRAITS: Final = Traits(
    contiguous_ids=False,
    paging="time",
    needs_login=True,
    limits=Limits(stale_after_s=60),
    rest=RestLimits(calls_per_s=1, page_rows=PAGE_ROWS),
)
"""Real-time crypto is a paid plan; a free one, it is said, takes five calls a minute."""


@dataclass(frozen=True, slots=True)
class Polygon:
    """Feed ``polygon``. ``exchanges``: the vendor's number → the exchange in the record."""

    name: str = "polygon"
    exchange: str = "polygon"
    """Of messages that cannot be read; a trade has the exchange that it names itself."""
    websocket_url: str = "wss://socket.massive.com/crypto"
    rest_url: str = "https://api.massive.com"
    key: str = field(default="", repr=False)
    """The setting TAPEHOUSE_POLYGON_KEY."""
    exchanges: Mapping[int, str] = field(default_factory=lambda: dict(EXCHANGES), hash=False)
    traits: Traits = TRAITS

    @property
    def source(self) -> str:
        """Its name: gold counts a market from one source, so what it relays is counted once."""
        return self.name

    def address(self) -> str:
        """Without the key, which is sent when the line asks for it. Raises SettingsError where there is none."""
        self._needed_key()
        return self.websocket_url

    def _needed_key(self) -> str:
        if not self.key:
            raise SettingsError([f"{KEY_SETTING} is not set: {self.name} asks for the key of an account"])
        return self.key

    def market(self, key: str) -> Market | None:
        """None: a pair's trades come from several exchanges, and each tells its own."""
        return None

    def subscription_key(self, exchange: str, symbol: str) -> str:
        """The pair, at whatever exchange."""
        return symbol

    def subscribe(self, keys: Sequence[str]) -> list[str]:
        """One message for all pairs."""
        wanted = [f"XT.{naming.canonical(symbol)}" for symbol in dict.fromkeys(keys)]
        request = {"action": "subscribe", "params": ",".join(wanted)}
        return [json.dumps(request, separators=(",", ":"))] if wanted else []

    def keepalive(self) -> str | None:
        """None: no text is documented; ping frames ask whether the line lives."""
        return None

    def parse(self, text: str | bytes, received_time_us: int) -> Parsed:
        """One message: an array of statuses and trades. Never raises."""
        try:
            raw, body = message.decode(text)
        except NotJsonError:
            return Parsed(ignored=NOT_JSON)
        events = body if isinstance(body, list) else [body]
        rows = [event for event in events if _kind(event) == "XT"]
        statuses = [event for event in events if _kind(event) == "status"]
        others = [event for event in events if _kind(event) not in ("XT", "status")]

        def read(position: int, row: Any) -> Trade:
            return self._read(position, row, received_time_us)

        trades, rest = message.read_rows(
            raw, rows, read, _symbol, exchange=self.exchange, source=self.name, at_us=received_time_us
        )
        heard = self._heard(statuses)
        ignored = message.type_name(_kind(others[0])) if others else heard.ignored
        return replace(heard, records=(*trades, *rest), ignored=ignored)

    def _heard(self, statuses: Sequence[Mapping[str, Any]]) -> Parsed:
        """What the statuses of one frame say together."""
        ignored = refused = reply = None
        authenticated: bool | None = None
        acknowledged: list[str] = []
        for event in statuses:
            status, told = event.get("status"), event.get("message")
            confirmed = _confirmed(told) if status == "success" else []
            acknowledged += confirmed
            if status == "connected" and self.key:
                reply = json.dumps({"action": "auth", "params": self.key}, separators=(",", ":"))
            elif status == "auth_success":
                authenticated = True
            elif isinstance(status, str) and status in _LOGIN_REFUSALS | _REFUSALS:
                refused = message.error_text(status, told)
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
        return self._trade(
            position,
            row,
            symbol=naming.from_polygon(pair),
            keys=_LIVE_KEYS,
            event_time_us=fields.epoch_us(row.get("t"), "t", "ms"),
            received_time_us=received_time_us,
        )

    def _trade(
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

    def parse_rest(self, text: str | bytes, symbol: str, received_time_us: int) -> Parsed:
        """A page of ``/v3/trades/X:BASE-QUOTE``, oldest first. Never raises.

        A trade without an id gets another here than live: its place in the frame is another.
        """
        try:
            raw, body = message.decode(text)
        except NotJsonError:
            return Parsed(ignored=NOT_JSON, refused="the answer is not JSON")
        told = body if isinstance(body, dict) else {}
        well = told.get("status") in _GOOD and not told.get("error")
        if told and told.get("results") is None and not well:
            return Parsed(refused=message.error_text(*(told.get(key) for key in ("status", "error", "message"))))

        def read(position: int, row: Any) -> Trade:
            row = fields.mapping(row, "trade")
            return self._trade(
                position,
                row,
                symbol=symbol,
                keys=_PAGE_KEYS,
                event_time_us=fields.epoch_ns_us(row.get("participant_timestamp"), "participant_timestamp"),
                received_time_us=received_time_us,
                backfilled=True,
            )

        trades, rest = message.read_rows(
            raw,
            told.get("results"),
            read,
            lambda _: symbol,
            exchange=self.exchange,
            source=self.name,
            at_us=received_time_us,
        )
        trades.sort(key=lambda trade: trade.event_time_us)
        return Parsed(records=(*trades, *rest))


_LIVE_KEYS: Final = ("x", "p", "s", "i", "c")
_PAGE_KEYS: Final = ("exchange", "price", "size", "id", "conditions")


def _kind(event: object) -> object:
    return event.get("ev") if isinstance(event, Mapping) else None


def _confirmed(told: object) -> list[str]:
    """``subscribed to: XT.BTC-USD``, or several of them after commas → the pairs."""
    if not isinstance(told, str) or not told.startswith(_CONFIRMED):
        return []
    names = told.removeprefix(_CONFIRMED).replace(",", " ").split()
    found = [_pair(name.removeprefix("XT.")) for name in names if name.startswith("XT.")]
    return [pair for pair in found if pair is not None]


def _pair(wire: object) -> str | None:
    try:
        return naming.from_polygon(wire) if isinstance(wire, str) else None
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
