"""Records for tests: one line says what a test varies, everything else is sound and of no interest."""

from typing import Any, Final

from tapehouse.market import MarketKey
from tapehouse.record import Coverage, Gap, GapClosed, Trade

NOW_US: Final = 1_760_000_400_000_000
"""2025-10-09T09:00:00Z, a Thursday: when everything is received unless it says otherwise."""
MARKET: Final = MarketKey("kraken", "BTC-USD", "kraken")


def trade(number: int | str = 1, *, market: MarketKey = MARKET, **changes: Any) -> Trade:
    """The trade of this id, traded ``number`` seconds after ``NOW_US`` where that is a number."""
    values: dict[str, Any] = {
        **market._asdict(),
        "trade_id": str(number),
        "price": "100",
        "size": "1",
        "side": "buy",
        "event_time_us": NOW_US + (number * 1_000_000 if isinstance(number, int) else 0),
        "received_time_us": NOW_US,
    }
    return Trade(**{**values, **changes})


def coverage(
    from_us: int = NOW_US, through_us: int = NOW_US + 1, *, market: MarketKey = MARKET, **changes: Any
) -> Coverage:
    """This span of the market was wholly seen."""
    values: dict[str, Any] = {
        **market._asdict(),
        "from_us": from_us,
        "through_us": through_us,
        "last_id": None,
        "received_time_us": NOW_US,
    }
    return Coverage(**{**values, **changes})


def gap(gap_id: str = "g", *, market: MarketKey = MARKET, **bounds: Any) -> Gap:
    """A gap of these bounds (from_id, to_id, from_us, to_us); those not given are not known."""
    values: dict[str, Any] = {
        **market._asdict(),
        "gap_id": gap_id,
        **dict.fromkeys(("from_id", "to_id", "from_us", "to_us")),
        "reason": "dropped",
        "received_time_us": NOW_US,
    }
    return Gap(**{**values, **bounds})


def gap_closed(gap_id: str = "g", *, market: MarketKey = MARKET, **changes: Any) -> GapClosed:
    """That gap is no more."""
    values: dict[str, Any] = {**market._asdict(), "gap_id": gap_id, "reason": "filled", "received_time_us": NOW_US}
    return GapClosed(**{**values, **changes})
