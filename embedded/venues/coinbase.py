"""Coinbase, spoken from its side: the Exchange's ``matches`` and Advanced Trade's ``market_trades``.

Both give the **maker's** side. Exchange: one ``last_match`` a product on subscribing, a heartbeat a second and product,
all or nothing for one wrong product. Advanced: a ``snapshot`` of recent trades, batches newest first, one
``sequence_num`` over all messages of a connection.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from embedded.venues.dialect import Dialect, Page, command_of, compact, texts, whole_number
from embedded.venues.exchange import Exchange, Fill, rfc3339
from embedded.venues.faults import VenueFaults

SNAPSHOT_TRADES = 100
_ORDER = "00000000-0000-4000-8000-{:012d}"
_TRADES_PATH = re.compile(r"/products/([^/]+)/trades$")
_CANDLES_PATH = re.compile(r"/products/([^/]+)/candles$")
_STEPS_S = (60, 300, 900, 3600, 21_600, 86_400)
MOST_CANDLES = 300
_TICKER_PATH = re.compile(r"/products/([^/]+)/ticker$")


def _maker_side(one: Fill) -> str:
    return "sell" if one.side == "buy" else "buy"


class CoinbaseExchange(Dialect):
    feed = "coinbase"
    markets: ClassVar = {"coinbase": ("BTC-USD", "ETH-USD", "SOL-USD")}
    subscribe_within_s = 5.0

    def __init__(self, exchanges: Sequence[Exchange], faults: VenueFaults, path: str) -> None:
        super().__init__(exchanges, faults, path)
        self._channels: dict[str, list[str]] = {}
        self._sequence = 1_000_000

    @property
    def subscribed(self) -> bool:
        return any(self._channels.values())

    def command(self, text: str, now_us: int) -> list[str]:
        wish = command_of(text)
        if wish is None or wish.get("type") not in ("subscribe", "unsubscribe"):
            return [compact({"type": "error", "message": "Malformed JSON" if wish is None else "Type is unknown"})]
        wanted = self._wanted(wish.get("channels"), texts(wish.get("product_ids")))
        for products in wanted.values():
            for product in products:
                if product not in self._exchange or product in self._faults.refuse:
                    reason = f"{product} is not a valid product"
                    return [compact({"type": "error", "message": "Failed to subscribe", "reason": reason})]
        fresh = self._apply(wanted, add=wish["type"] == "subscribe")
        listed = [{"name": name, "product_ids": products} for name, products in self._channels.items()]
        acks = [] if self._faults.withhold_acks else [compact({"type": "subscriptions", "channels": listed})]
        last = [self._exchange.last(product) for product in fresh]
        return [*acks, *(self._match("last_match", one) for one in last if one is not None)]

    @staticmethod
    def _wanted(channels: object, products: list[str]) -> dict[str, list[str]]:
        wanted: dict[str, list[str]] = {}
        for channel in channels if isinstance(channels, list) else []:
            if isinstance(channel, str):
                wanted[channel] = products
            elif isinstance(channel, dict) and isinstance(channel.get("name"), str):
                wanted[channel["name"]] = texts(channel.get("product_ids")) or products
        return wanted

    def _apply(self, wanted: Mapping[str, list[str]], *, add: bool) -> list[str]:
        """Returns the products that are now new on ``matches``."""
        before = set(self._channels.get("matches", ()))
        for name, products in wanted.items():
            others = [p for p in self._channels.get(name, ()) if p not in products]
            self._channels[name] = [*others, *products] if add else others
        return [product for product in self._channels.get("matches", ()) if product not in before]

    def trades(self, fills: Sequence[Fill], now_us: int) -> list[str]:
        wanted = self._channels.get("matches", ())
        return [self._match("match", one) for one in fills if one.symbol in wanted]

    def _match(self, kind: str, one: Fill) -> str:
        self._sequence += 7
        body = {
            "type": kind,
            "trade_id": one.number,
            "maker_order_id": _ORDER.format(one.number),
            "taker_order_id": _ORDER.format(one.order),
            "side": _maker_side(one),
            "size": one.size,
            "price": one.price,
            "product_id": one.symbol,
            "sequence": self._sequence,
            "time": rfc3339(one.time_us),
        }
        return compact(body)

    def beat(self, now_us: int) -> list[str]:
        messages = []
        for product in self._channels.get("heartbeat", ()):
            last = self._exchange.last(product)
            number = last.number if last else 0
            body = {"type": "heartbeat", "sequence": self._sequence, "last_trade_id": number, "product_id": product}
            messages.append(compact({**body, "time": rfc3339(now_us)}))
        for product in self._channels.get("ticker", ()):
            last = self._exchange.last(product)
            if last is not None:
                body = {"type": "ticker", "sequence": self._sequence, "product_id": product, "price": last.price}
                messages.append(compact({**body, "side": last.side, "trade_id": last.number, "last_size": last.size}))
        return messages

    @staticmethod
    def rest(exchanges: Sequence[Exchange], path: str, query: Mapping[str, str], now_us: int) -> Page | None:
        """Newest first; ``after`` pages down from an id, ``before`` keeps the newest page above an id."""
        exchange, match, candles = exchanges[0], _TRADES_PATH.search(path), _CANDLES_PATH.search(path)
        if candles is not None:
            return _candles(exchange, candles[1], query)
        if match is None:
            return None
        if match[1] not in exchange:
            return Page('{"message":"NotFound"}', 404)
        after, before = whole_number(query, "after", 2**63), whole_number(query, "before", -1)
        rows = [one for one in reversed(exchange.past(match[1])) if before < one.number < after]
        rows = rows[: whole_number(query, "limit", 1000, 1000)]
        body = [
            {
                "trade_id": one.number,
                "side": _maker_side(one),
                "size": one.size,
                "price": one.price,
                "time": rfc3339(one.time_us),
            }
            for one in rows
        ]
        cursors = {"CB-BEFORE": str(rows[0].number), "CB-AFTER": str(rows[-1].number)} if rows else {}
        return Page(compact(body), headers=cursors)

    @staticmethod
    def throttled() -> Page:
        return Page('{"message":"Public rate limit exceeded"}', 429)


def _candles(exchange: Exchange, product: str, query: Mapping[str, str]) -> Page:
    """Newest first, both ends inclusive; only windows with trades. Written out: the numbers keep all their digits."""
    if product not in exchange:
        return Page('{"message":"NotFound"}', 404)
    step_s = whole_number(query, "granularity", 60)
    if step_s not in _STEPS_S:
        return Page('{"message":"Unsupported granularity"}', 400)
    try:
        first, last = (int(datetime.fromisoformat(query[name]).timestamp()) for name in ("start", "end"))
    except (KeyError, ValueError):
        return Page('{"message":"Invalid start or end"}', 400)
    if (last - first) // step_s + 1 > MOST_CANDLES:
        return Page('{"message":"granularity too small for the requested time range. Count of aggregations ..."}', 400)
    rows = [
        f"[{bar.start_s},{bar.low},{bar.high},{bar.open},{bar.close},{bar.volume:f}]"
        for bar in reversed(exchange.bars(product).within(step_s, first, last + 1))
    ]
    return Page(f"[{','.join(rows)}]")


class CoinbaseAdvanced(Dialect):
    feed = "coinbase-advanced"
    exchanges = ("coinbase",)
    subscribe_within_s = 5.0

    def __init__(self, exchanges: Sequence[Exchange], faults: VenueFaults, path: str) -> None:
        super().__init__(exchanges, faults, path)
        self._channels: dict[str, list[str]] = {}
        self._sequence = -1
        self._beats = 0

    @property
    def subscribed(self) -> bool:
        return bool(self._channels)

    def command(self, text: str, now_us: int) -> list[str]:
        wish = command_of(text)
        if wish is None or wish.get("type") not in ("subscribe", "unsubscribe"):
            return [compact({"type": "error", "message": "failure to process message"})]
        channel, products = str(wish.get("channel")), texts(wish.get("product_ids"))
        for product in products:
            if product not in self._exchange or product in self._faults.refuse:
                return [compact({"type": "error", "message": f"product not found: {product}"})]
        known = self._channels.get(channel, [])
        fresh = [product for product in products if product not in known]
        if wish["type"] == "unsubscribe":
            self._channels[channel] = [product for product in known if product not in products]
            fresh = []
        else:
            self._channels[channel] = [*known, *fresh]
        messages = self._snapshots(fresh, now_us) if channel == "market_trades" else []
        if not self._faults.withhold_acks:
            listed = {name: listed or [name] for name, listed in self._channels.items()}
            messages.append(self._frame("subscriptions", [{"subscriptions": listed}], now_us))
        return messages

    def _snapshots(self, products: Sequence[str], now_us: int) -> list[str]:
        """Each product's recent trades, newest first; before the confirmation, as recorded."""
        frames = []
        for product in products:
            recent = [self._row(one) for one in reversed(self._exchange.past(product)[-SNAPSHOT_TRADES:])]
            frames.append(self._frame("market_trades", [{"type": "snapshot", "trades": recent}], now_us))
        return frames

    def _frame(self, channel: str, events: list[dict[str, object]], now_us: int) -> str:
        self._sequence += 1
        stamp = rfc3339(now_us)[:-1] + "123Z"
        head = {"channel": channel, "client_id": "", "timestamp": stamp, "sequence_num": self._sequence}
        return compact({**head, "events": events})

    @staticmethod
    def _row(one: Fill) -> dict[str, str]:
        return {
            "product_id": one.symbol,
            "trade_id": str(one.number),
            "price": one.price,
            "size": one.size,
            "time": rfc3339(one.time_us),
            "side": _maker_side(one).upper(),
        }

    def trades(self, fills: Sequence[Fill], now_us: int) -> list[str]:
        wanted = self._channels.get("market_trades", ())
        batch = [self._row(one) for one in reversed(fills) if one.symbol in wanted]
        return [self._frame("market_trades", [{"type": "update", "trades": batch}], now_us)] if batch else []

    def beat(self, now_us: int) -> list[str]:
        messages = []
        if "heartbeats" in self._channels:
            self._beats += 1
            event = {"current_time": rfc3339(now_us), "heartbeat_counter": self._beats}
            messages.append(self._frame("heartbeats", [dict(event)], now_us))
        tickers = [self._exchange.last(product) for product in self._channels.get("ticker", ())]
        rows = [{"type": "ticker", "product_id": one.symbol, "price": one.price} for one in tickers if one]
        if rows:
            messages.append(self._frame("ticker", [{"type": "update", "tickers": rows}], now_us))
        return messages

    @staticmethod
    def rest(exchanges: Sequence[Exchange], path: str, query: Mapping[str, str], now_us: int) -> Page | None:
        """Newest first, between two UNIX seconds, both inclusive; ``limit`` must be given."""
        exchange, match = exchanges[0], _TICKER_PATH.search(path)
        if match is None:
            return CoinbaseExchange.rest(exchanges, path, query, now_us)
        if match[1] not in exchange:
            return Page('{"error":"NOT_FOUND","error_details":"valid product_id is required"}', 404)
        if not query.get("limit", "").isdigit():
            return Page('{"error":"INVALID_ARGUMENT","error_details":"limit is required"}', 400)
        start_us = whole_number(query, "start", 0) * 1_000_000
        end_us = (whole_number(query, "end", 2**40) + 1) * 1_000_000
        rows = [one for one in reversed(exchange.past(match[1])) if start_us <= one.time_us < end_us]
        rows = rows[: whole_number(query, "limit", 100, 1000)]
        trades = [{**CoinbaseAdvanced._row(one), "bid": "", "ask": "", "exchange": "coinbase"} for one in rows]
        price = rows[0].price if rows else ""
        return Page(compact({"trades": trades, "best_bid": price, "best_ask": price}))

    @staticmethod
    def throttled() -> Page:
        return Page('{"error":"RESOURCE_EXHAUSTED","error_details":"rate limit exceeded"}', 429)
