"""Coinbase Advanced Trade, channel ``market_trades``: batches of trades, every 250 ms.

A frame holds several events and each of them several trades, newest first: all are walked and put in the order of
their ids, product by product. ``side`` on the wire is the **maker's**, as on the Exchange. The first event of a product
is a ``snapshot`` of recent trades: replayed. A product quoted in USDC is answered as the one in USD, and
so asked for and recorded.

Past trades come from the Exchange's REST interface, which pages by id; the two share one id space.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from producers.feeds import coinbase, message
from producers.feeds import symbols as naming
from producers.feeds.base import Parsed
from producers.feeds.traits import Traits
from tapehouse.market import Market
from tapehouse.record import Trade, id_number

TRAITS: Final = replace(coinbase.TRAITS, aliases=())


@dataclass(frozen=True, slots=True)
class CoinbaseAdvanced(coinbase.CoinbasePages):
    """Feed ``coinbase-advanced``."""

    name: str = "coinbase-advanced"
    exchange: str = "coinbase"
    websocket_url: str = "wss://advanced-trade-ws.coinbase.com"
    rest_url: str = "https://api.exchange.coinbase.com"
    traits: Traits = TRAITS

    def market(self, key: str) -> Market | None:
        """See ``Feed``: ``BTC-USDC`` is ``BTC-USD`` here, or its acknowledgement would never be found."""
        base, _, quote = key.rpartition("-")
        return Market(self.exchange, f"{base}-USD" if quote == "USDC" else key)

    def subscribe(self, keys: Sequence[str]) -> list[str]:
        """One channel a message; without ``heartbeats`` a quiet channel is closed after 60 to 90 s."""
        products = [naming.canonical(key) for key in dict.fromkeys(keys)]
        if not products:
            return []
        requests: list[dict[str, Any]] = [
            {"type": "subscribe", "product_ids": products, "channel": "market_trades"},
            {"type": "subscribe", "channel": "heartbeats"},
        ]
        return [json.dumps(request, separators=(",", ":")) for request in requests]

    def _object(self, raw: str, body: Mapping[str, Any], received_time_us: int) -> Parsed:
        channel = body.get("channel")
        if channel == "market_trades":
            parsed = self._batch(raw, body.get("events"), received_time_us)
        elif channel == "subscriptions":
            parsed = _acknowledged(body.get("events"))
        elif body.get("type") == "error":
            parsed = coinbase.refusal(body)
        else:
            parsed = Parsed(ignored=message.type_name(channel if channel is not None else body.get("type")))
        sequence = message.number_or_none(body.get("sequence_num"))
        return parsed if sequence is None else replace(parsed, sequence=sequence)

    def _batch(self, raw: str, events: object, received_time_us: int) -> Parsed:
        def read(_: int, row: Any) -> Trade:
            return coinbase.read_trade(row, source=self.name, received_time_us=received_time_us)

        rows, replayed = _rows(events)
        trades, rest = self._trades(raw, rows, read, _name, received_time_us)
        if len(trades) > 1:
            place = {symbol: i for i, symbol in enumerate(dict.fromkeys(trade.symbol for trade in trades))}
            trades.sort(key=lambda trade: (place[trade.symbol], id_number(trade.trade_id), trade.event_time_us))
        return Parsed(records=(*trades, *rest), replayed=replayed)


def _rows(events: object) -> tuple[list[Any] | None, bool]:
    """The trades of all events, in one list, and whether every event is a snapshot.

    None where there is no list of events. An event without a list of trades stands in the list as it is, so that it
    is refused as a trade while those of its neighbours are kept.
    """
    if not isinstance(events, list):
        return None, False
    rows: list[Any] = []
    snapshots = 0
    for event in events:
        trades = event.get("trades") if isinstance(event, dict) else None
        if isinstance(event, dict):
            snapshots += event.get("type") == "snapshot"
        if isinstance(trades, list):
            rows.extend(trades)
        else:
            rows.append(None)
    return rows, 0 < snapshots == len(events)


def _name(row: Any) -> str | None:
    return coinbase.product_symbol(row.get("product_id")) if isinstance(row, Mapping) else None


def _acknowledged(events: object) -> Parsed:
    found: dict[str, None] = {}
    for event in events if isinstance(events, list) else []:
        channels = event.get("subscriptions") if isinstance(event, dict) else None
        if isinstance(channels, dict):
            found.update(dict.fromkeys(coinbase.products_of(channels.get("market_trades"))))
    return Parsed(acknowledged=tuple(found)) if found else Parsed(ignored="subscriptions")
