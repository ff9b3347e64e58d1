"""Polygon, spoken from its side: it relays Coinbase's and Kraken's trades of a pair, each with its exchange's number.

Every frame is an array. The venue greets, wants a key (``bad`` is refused), then takes subscriptions. Prices and sizes
are JSON numbers, the taker's side is a condition, an id is a number (Coinbase) or a text (Kraken). Past trades are
pages by time, in nanoseconds, and want the key too; no more than milliseconds are given in either.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import unquote

from embedded.venues.dialect import Dialect, Page, command_of, compact, whole_number
from embedded.venues.exchange import Exchange, Fill
from embedded.venues.faults import VenueFaults

BAD_KEY = "bad"
PAGE_ROWS = 50_000
_NUMBERS: Final = {"coinbase": 1, "kraken": 23}
_TEXT_IDS: Final = frozenset({"kraken"})
_REST_PATH = re.compile(r"/v3/trades/X:([^/]+)$")


class Polygon(Dialect):
    feed = "polygon"
    path = "/crypto"
    exchanges = ("coinbase", "kraken")
    resolution_us = 1000

    def __init__(self, exchanges: Sequence[Exchange], faults: VenueFaults, path: str) -> None:
        super().__init__(exchanges, faults, path)
        self._welcome = False
        self._pairs: list[str] = []

    @staticmethod
    def authorize(query: Mapping[str, str], headers: Mapping[str, str], *, websocket: bool) -> Page | None:
        """A page needs the key, as bearer or in the query; a connection is let in and asked later."""
        key = query.get("apiKey") or headers.get("Authorization", "").removeprefix("Bearer ")
        if websocket or key not in ("", BAD_KEY):
            return None
        text = "Unknown API Key" if key else "API Key was not provided"
        return Page(compact({"status": "ERROR", "request_id": "a", "error": text}), 401)

    @property
    def subscribed(self) -> bool:
        return bool(self._pairs)

    def greeting(self, now_us: int) -> list[str]:
        return [_status("connected", "Connected Successfully")]

    def command(self, text: str, now_us: int) -> list[str]:
        wish = command_of(text) or {}
        action, params = wish.get("action"), wish.get("params")
        if not isinstance(params, str):
            return [_status("error", "invalid message")]
        if action == "auth":
            self._welcome = params not in ("", BAD_KEY)
            if not self._welcome:
                return [_status("auth_failed", "authentication failed")]
            return [_status("auth_success", "authenticated")]
        if action not in ("subscribe", "unsubscribe"):
            return [_status("error", "unknown action")]
        if not self._welcome:
            return [_status("error", "not authorized")]
        messages: list[str] = []
        for name in params.split(","):
            messages += self._one(name.strip(), str(action))
        return messages

    def _one(self, name: str, action: str) -> list[str]:
        known = {symbol for exchange in self._exchanges for symbol in exchange.symbols} - self._faults.refuse
        pair = name.removeprefix("XT.")
        wanted = sorted(known) if name == "XT.*" else [pair]
        if not name.startswith("XT.") or not known.issuperset(wanted):
            return [_status("error", f"not found: {name}")]
        others = [each for each in self._pairs if each not in wanted]
        self._pairs = [*others, *wanted] if action == "subscribe" else others
        return [] if self._faults.withhold_acks else [_status("success", f"{action}d to: {name}")]

    def trades(self, fills: Sequence[Fill], now_us: int) -> list[str]:
        events = [_event(one, now_us) for one in fills if one.symbol in self._pairs]
        return [f"[{','.join(events)}]"] if events else []

    @staticmethod
    def rest(exchanges: Sequence[Exchange], path: str, query: Mapping[str, str], now_us: int) -> Page | None:
        """Oldest first between two instants in nanoseconds, of all exchanges together."""
        match = _REST_PATH.search(unquote(path))
        if match is None:
            return None
        found = [exchange for exchange in exchanges if match[1] in exchange]
        if not found:
            return Page('{"status":"NOT_FOUND","request_id":"a","message":"Data not found."}', 404)
        since, until = whole_number(query, "timestamp.gte", 0), whole_number(query, "timestamp.lt", 2**63)
        rows = [one for exchange in found for one in exchange.past(match[1]) if since <= _ns(one) < until]
        rows.sort(key=_ns, reverse=query.get("order") != "asc")
        listed = ",".join(_row(one) for one in rows[: whole_number(query, "limit", 1000, PAGE_ROWS)])
        return Page(f'{{"results":[{listed}],"status":"OK","request_id":"a"}}')

    @staticmethod
    def throttled() -> Page:
        return Page(
            '{"status":"ERROR","request_id":"a","error":"You\'ve exceeded the maximum requests per minute"}', 429
        )


def _status(status: str, text: str) -> str:
    return compact([{"ev": "status", "status": status, "message": text}])


def _ns(one: Fill) -> int:
    return one.time_us // 1000 * 1_000_000


def _id(one: Fill) -> str:
    return f'"{one.number}"' if one.exchange in _TEXT_IDS else str(one.number)


def _event(one: Fill, now_us: int) -> str:
    return (
        f'{{"ev":"XT","pair":"{one.symbol}","p":{one.price},"t":{one.time_us // 1000},"s":{one.size},'
        f'"c":[{_condition(one)}],"i":{_id(one)},"x":{_NUMBERS[one.exchange]},"r":{now_us // 1000}}}'
    )


def _row(one: Fill) -> str:
    return (
        f'{{"conditions":[{_condition(one)}],"exchange":{_NUMBERS[one.exchange]},"id":"{one.number}",'
        f'"participant_timestamp":{_ns(one)},"price":{one.price},"size":{one.size}}}'
    )


def _condition(one: Fill) -> int:
    return 1 if one.side == "sell" else 2
