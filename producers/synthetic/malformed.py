"""Bytes that are no acceptable record, as a stream may well hold: each kind breaks another rule.

Every one is refused by ``tapehouse.record.judge`` whenever it arrives; ``REASONS`` says why.
"""

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from tapehouse.kpl import MAGIC
from tapehouse.record import VERSION, Trade, encode

_CENTURY_US: Final = 100 * 365 * 86_400_000_000


def _changed(**values: Any) -> Callable[[Trade, Random], bytes]:
    """The trade with other values; Ellipsis leaves a field out."""

    def make(trade: Trade, _: Random) -> bytes:
        body = {name: value for name, value in {**json.loads(encode(trade)), **values}.items() if value is not ...}
        return json.dumps(body, separators=(",", ":")).encode()

    return make


def _truncated(trade: Trade, random: Random) -> bytes:
    whole = encode(trade)
    return whole[: 1 + int(random.random() * (len(whole) - 1))]


def _foreign(_: Trade, random: Random) -> bytes:
    noise = bytes(int(random.random() * 256) for _ in range(1 + int(random.random() * 64)))
    return b"\xff" + noise  # a byte that UTF-8 never has


def _like_an_aggregate(trade: Trade, random: Random) -> bytes:
    """Someone else's producer library: its magic number, then a digest that is not of what stands before it."""
    return MAGIC + b"\x0a\x04mine" + encode(trade) + _foreign(trade, random)[:1] * 16


def _far_ahead(trade: Trade, random: Random) -> bytes:
    return _changed(event_time_us=trade.event_time_us + _CENTURY_US)(trade, random)


def _nan(trade: Trade, random: Random) -> bytes:
    return _changed(price=float("nan"))(trade, random)


def _too_fine(trade: Trade, random: Random) -> bytes:
    return _changed(price=f"{trade.price.partition('.')[0]}.{'0' * 12}1")(trade, random)


def _not_an_object(trade: Trade, _: Random) -> bytes:
    return json.dumps([trade.trade_id, trade.price, trade.size]).encode()


FORMS: Final[Mapping[str, Callable[[Trade, Random], bytes]]] = {
    "truncated": _truncated,
    "foreign": _foreign,
    "like_an_aggregate": _like_an_aggregate,
    "not_an_object": _not_an_object,
    "nan": _nan,
    "unknown_version": _changed(v=VERSION + 1),
    "unknown_kind": _changed(kind="quote"),
    "price_a_number": _changed(price=101.5),
    "time_a_text": _changed(event_time_us="2026-01-01T00:00:00Z"),
    "price_negative": _changed(price="-1.5"),
    "price_too_fine": _too_fine,
    "size_exponent": _changed(size="1e-8"),
    "size_missing": _changed(size=...),
    "side_unknown": _changed(side="BUY"),
    "notional_too_large": _changed(price="1000000000000", size="1"),
    "far_ahead": _far_ahead,
}
"""Name → how to make it of a trade."""
REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "truncated": ("payload.json", "payload.utf8"),
    "foreign": ("payload.utf8",),
    "like_an_aggregate": ("payload.utf8",),
    "not_an_object": ("payload.object",),
    "nan": ("payload.json",),
    "unknown_version": ("version",),
    "unknown_kind": ("kind",),
    "price_a_number": ("price.type",),
    "time_a_text": ("event_time_us.type",),
    "price_negative": ("price.range",),
    "price_too_fine": ("price.scale",),
    "size_exponent": ("size.format",),
    "size_missing": ("size.missing",),
    "side_unknown": ("side.format",),
    "notional_too_large": ("notional.range",),
    "far_ahead": ("event_time_us.range",),
}
"""Name → the only reasons that it can get (a cut inside a letter of several bytes is not UTF-8)."""
_NAMES: Final = tuple(FORMS)


def malformed(trade: Trade, random: Random) -> tuple[str, bytes]:
    """The name of a form, each as likely as the others, and its bytes."""
    name = _NAMES[int(random.random() * len(_NAMES))]
    return name, FORMS[name](trade, random)
