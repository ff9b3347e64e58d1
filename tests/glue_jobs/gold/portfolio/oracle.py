"""gold.portfolio by plain Python and Decimal: from holdings as they are written, and hourly closes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

HOUR = 3_600_000_000
_EXACT = Context(prec=120, rounding=ROUND_HALF_UP)
CENT8, CENT6 = Decimal("1e-8"), Decimal("1e-6")

Market = tuple[str, str]
Key = tuple[str, str, str, int]


def portfolio(
    holdings: Sequence[Mapping[str, Any]], closes: Mapping[Market, Mapping[int, tuple[Decimal, int]]], newest: int
) -> dict[Key, dict[str, Any]]:
    """Rows by key. ``closes``: market → hour → (close, its time); ``newest``: the last hour of the lake."""
    rows: dict[Key, dict[str, Any]] = {}
    for holding in holdings:
        market = (holding.get("exchange", "ALL"), holding.get("symbol") or f"{holding['asset']}-{holding['quote']}")
        known = closes.get(market, {})

        def price_at(hour: int, known: Mapping[int, tuple[Decimal, int]] = known) -> tuple[int, Decimal, int] | None:
            before = [each for each in known if each <= hour]
            return (max(before), *known[max(before)]) if before else None

        told = [(_us(t["at"]), "sell" in t, Decimal(t.get("sell") or t["buy"]), t) for t in holding["transactions"]]
        told.sort(key=lambda each: each[:3])
        if not told:
            continue
        first = told[0][0] // HOUR * HOUR
        for hour in range(first, newest + HOUR, HOUR):
            state = _state([each for each in told if each[0] < hour + HOUR], price_at)
            if state["units"] == 0 and not any(hour <= at < hour + HOUR for at, *_ in told):
                continue
            found = price_at(hour)
            row: dict[str, Any] = {**state, "price": None, "trade_time_us": None, "age_h": None, "value": None}
            row |= {"unrealised": None, "return_pct": None, "weight_pct": None, "quote": market[1].split("-")[1]}
            if found is not None:
                at, price, time_us = found
                row |= {"price": price, "trade_time_us": time_us, "age_h": (hour - at) // HOUR}
                row["value"] = _rounded(_EXACT.multiply(state["units"], price), CENT8)
            elif state["units"] == 0:
                row["value"] = Decimal(0)
            if row["value"] is not None and state["cost"] is not None:
                gain = row["unrealised"] = row["value"] - state["cost"]
                if state["cost"]:
                    row["return_pct"] = _ratio(gain, state["cost"])
            rows[(holding.get("portfolio", "default"), *market, hour)] = row
    totals: dict[tuple[str, int, str], Decimal] = defaultdict(Decimal)
    for (name, _, _, hour), row in rows.items():
        totals[name, hour, row["quote"]] += row["value"] or 0
    for (name, _, _, hour), row in rows.items():
        if row["price"] is not None and totals[name, hour, row["quote"]]:
            row["weight_pct"] = _ratio(row["value"], totals[name, hour, row["quote"]])
    return rows


def _state(told: Sequence[Any], price_at: Any) -> dict[str, Any]:
    units, cost, realised = Decimal(0), Decimal(0), Decimal(0)  # type: Decimal, Decimal | None, Decimal | None
    for at, is_sale, amount, t in told:
        known = price_at(at // HOUR * HOUR)
        price = Decimal(t["price"]) if "price" in t else known[1] if known else None
        fee = Decimal(t.get("fee", "0"))
        paid = None if price is None else _EXACT.multiply(amount, price)
        if not is_sale:
            cost = None if cost is None or paid is None else cost + _rounded(paid + fee, CENT8)
            units += amount
            continue
        share = None if cost is None else _rounded(_EXACT.divide(_EXACT.multiply(cost, amount), units), CENT8)
        if amount == units:
            share = cost
        if realised is None or paid is None or share is None:
            realised = None
        else:
            realised += _rounded(_EXACT.subtract(paid, fee), CENT8) - share
        units -= amount
        cost = Decimal(0) if units == 0 else None if cost is None or share is None else cost - share
    return {"units": units, "cost": cost, "realised": realised}


def _rounded(value: Decimal, unit: Decimal) -> Decimal:
    return value.quantize(unit, context=_EXACT)


def _ratio(part: Decimal, whole: Decimal) -> Decimal:
    return _rounded(_EXACT.divide(_EXACT.multiply(part, Decimal(100)), whole), CENT6)


def _us(text: str) -> int:
    at = datetime.fromisoformat(text)
    return int(at.timestamp()) * 1_000_000 + at.microsecond
