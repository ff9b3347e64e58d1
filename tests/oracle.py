"""What the tables must hold, by plain Python from the accepted records: nothing of the engine is used, but its rules.

``tapehouse.record.judge`` decides what is accepted, and has tests of its own; everything after that is computed here
anew, in the most direct way: dictionaries, sorting, Decimal.
"""

import itertools
import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from tapehouse.record import Judged, id_number, judge

SECOND = 1_000_000
LENGTHS = {
    "1s": 1, "5s": 5, "15s": 15, "1m": 60, "5m": 300, "15m": 900, "30m": 1800,
    "1h": 3600, "4h": 14400, "1d": 86400, "1w": 604800,
}  # fmt: skip
_MONDAY = 4 * 86400 * SECOND


@dataclass(frozen=True)
class Arrived:
    """One record as Kinesis gave it."""

    payload: bytes
    arrival_us: int
    coordinates: tuple[str, int, int]
    """Shard, sequence number, sub-sequence number."""


@dataclass
class Silver:
    """The silver layer."""

    trades: dict[tuple[str, str, str, str, int], dict[str, Any]] = field(default_factory=dict)
    """By exchange, symbol, source, id and event time: a venue may start its ids anew."""
    by_id: dict[tuple[str, str, str, str], dict[int, dict[str, Any]]] = field(default_factory=dict)
    """The same, by event time within an id."""
    rejected: dict[tuple[str, int, int], tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    claimed: dict[tuple[str, int, int], tuple[str | None, ...]] = field(default_factory=dict)
    """Exchange, symbol and source of each record that is rejected, as far as they can be read."""
    gaps: dict[tuple[str, str, str, str, str], dict[str, Any]] = field(default_factory=dict)
    coverage: list[dict[str, Any]] = field(default_factory=list)


def silver(records: Iterable[Arrived]) -> Silver:
    """The silver layer after ``records`` in the order in which they count."""
    out = Silver()
    for record in records:
        verdict = judge(record.payload, record.arrival_us)
        if verdict.reasons:
            out.rejected[record.coordinates] = ("quarantined", verdict.reasons)
        elif verdict.kind == "trade":
            _trade(out, record, verdict)
        elif verdict.kind == "coverage":
            out.coverage.append(dict(verdict.values))
        else:
            event = "opened" if verdict.kind == "gap" else "closed"
            values = verdict.values
            key = (values["exchange"], values["symbol"], values["source"], values["gap_id"], event)
            if key in out.gaps:
                out.rejected[record.coordinates] = ("duplicate", ())
            else:
                out.gaps[key] = dict(values)
        if record.coordinates in out.rejected:
            told = verdict.values or verdict.claimed
            out.claimed[record.coordinates] = (told.get("exchange"), told.get("symbol"), told.get("source"))
    _fill(out)
    return out


def covered(spans: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str], list[tuple[int, int]]]:
    """What is covered of each market by each source: spans that neither meet nor overlap."""
    found: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for span in sorted(spans, key=lambda span: span["from_us"]):
        of = found.setdefault((span["exchange"], span["symbol"], span["source"]), [])
        low, high = span["from_us"], span["through_us"]
        if of and low <= of[-1][1]:
            low, high = of[-1][0], max(high, of.pop()[1])
        of.append((low, high))
    return found


def _fill(out: Silver) -> None:
    """A gap of which every id is a trade of its market and source, near its times, is filled; see ``_missing``."""
    for key, gap in list(out.gaps.items()):
        if key[4] == "opened" and _missing(out, key[:3], gap) == 0:
            out.gaps[*key[:4], "filled"] = dict(gap)


def _missing(out: Silver, tape: tuple[str, str, str], gap: Mapping[str, Any]) -> int | None:
    """How many ids of the gap silver lacks; None where it does not tell two ids of one kind that count."""
    first, last = gap["from_id"] or "", gap["to_id"] or ""
    kind = "a:" if first.startswith("a:") else ""
    low, high = id_number(first), id_number(last)
    if low < 0 or high < low or last.startswith("a:") != bool(kind):
        return None
    earliest = -math.inf if gap["from_us"] is None else gap["from_us"] - 3600 * SECOND
    latest = math.inf if gap["to_us"] is None else gap["to_us"] + 3600 * SECOND
    there = {
        number
        for (*market, trade_id, _), trade in out.trades.items()
        if tuple(market) == tape and low <= (number := id_number(trade_id)) <= high
        if trade_id == f"{kind}{number}" and earliest <= trade["event_time_us"] <= latest
    }
    return high - low + 1 - len(there)


def _trade(out: Silver, record: Arrived, verdict: Judged) -> None:
    values = verdict.values
    key = (values["exchange"], values["symbol"], values["source"], values["trade_id"], values["event_time_us"])
    known = [
        trade
        for at_us, trade in out.by_id.get(key[:4], {}).items()
        if abs(at_us - values["event_time_us"]) <= 3600 * SECOND
    ]
    if not known:
        out.trades[key] = {**values, "quote_size": exact_product(values["price"], values["size"])}
        out.by_id.setdefault(key[:4], {})[key[4]] = out.trades[key]
    elif any(all(trade[name] == values[name] for name in ("price", "size", "side")) for trade in known):
        out.rejected[record.coordinates] = ("duplicate", ())
    else:
        out.rejected[record.coordinates] = ("conflict", ("trade.conflict",))


def exact_product(price: Decimal, size: Decimal) -> Decimal:
    """quote_size."""
    with localcontext() as exact:
        exact.prec = 80
        return (price * size).quantize(Decimal(1).scaleb(-18), ROUND_HALF_UP)


def window_start(instant_us: int, interval: str) -> int:
    """Start of the window; written with the calendar where the engine counts."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant_us)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if interval == "1w":
        start = midnight - timedelta(days=midnight.weekday())
    else:
        seconds = int((moment - midnight).total_seconds()) // LENGTHS[interval] * LENGTHS[interval]
        start = midnight + timedelta(seconds=seconds)
    return round((start - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def candles(layer: Silver, sources: Mapping[tuple[str, str], str]) -> dict[tuple[str, str, str, int], dict[str, Any]]:
    """gold.candles by (exchange, symbol, interval, window start in µs), prices and sums as Decimal."""
    groups: dict[tuple[str, str, str, int], list[dict[str, Any]]] = {}
    for trade in layer.trades.values():
        if sources[trade["exchange"], trade["symbol"]] != trade["source"]:
            continue
        for interval in LENGTHS:
            start = window_start(trade["event_time_us"], interval)
            for exchange in (trade["exchange"], "ALL"):
                groups.setdefault((exchange, trade["symbol"], interval, start), []).append(trade)
    rows = {key: _candle(trades) for key, trades in groups.items()}
    known = _known(layer, sources)
    for hole in known.holes:
        _silent(rows, hole, known.now_us)
    for key, row in rows.items():
        row["complete"] = _complete_of_all(key, known) if key[0] == "ALL" else _complete(key, known)
    return rows


@dataclass(frozen=True)
class Known:
    """What is known of the wholeness of what is counted. The ends of spans are exclusive."""

    lives: dict[tuple[str, str], tuple[int, float]]
    """Of each market that traded: from the first that is known of it to the last; infinite while it is not gone."""
    now_us: int
    """The newest trade of all."""
    holes: list[tuple[str, str, int, float]]
    """Open gaps: exchange, symbol, from, to; infinite while one goes on."""
    spans: dict[tuple[str, str], list[tuple[int, int]]]


def _known(layer: Silver, sources: Mapping[tuple[str, str], str]) -> Known:
    counted = [t for t in layer.trades.values() if sources[t["exchange"], t["symbol"]] == t["source"]]
    spans: dict[tuple[str, str], list[tuple[int, int]]] = {}
    watched: list[tuple[int, int]] = []

    def seen(claim: Mapping[str, Any], from_us: int, until_us: int) -> None:
        market = claim["exchange"], claim["symbol"]
        watched.append((from_us, until_us))
        if sources.get(market) == claim["source"]:
            spans.setdefault(market, []).append((from_us, until_us))

    holes = []
    for span in layer.coverage:
        seen(span, span["from_us"], span["through_us"])
    for key, gap in layer.gaps.items():
        if key[4] == "filled" and gap["from_us"] is not None and gap["to_us"] is not None:
            seen(gap, gap["from_us"], gap["to_us"] + 1)
        ended = any((*key[:4], event) in layer.gaps for event in ("closed", "filled"))
        from_us = gap.get("from_us") if gap.get("from_us") is not None else gap.get("to_us")
        if key[4] != "opened" or ended or from_us is None or sources.get(key[:2], key[2]) != key[2]:
            continue
        holes.append((*key[:2], from_us, math.inf if gap["to_us"] is None else gap["to_us"] + 1))
    lives = _lives(counted, spans, watched, [hole[:2] for hole in holes if hole[3] == math.inf])
    return Known(lives, max((t["event_time_us"] for t in counted), default=0), holes, spans)


def _lives(
    counted: Sequence[Mapping[str, Any]],
    spans: Mapping[tuple[str, str], list[tuple[int, int]]],
    watched: list[tuple[int, int]],
    missed: list[tuple[str, str]],
) -> dict[tuple[str, str], tuple[int, float]]:
    """A market is gone where others were seen for more than a week behind the last that is known of it."""
    ends: dict[tuple[str, str], list[int]] = {}
    for trade in counted:
        at_us = trade["event_time_us"]
        ends.setdefault((trade["exchange"], trade["symbol"]), []).extend((at_us, at_us + 1))
    lives: dict[tuple[str, str], tuple[int, float]] = {}
    for market, instants in ends.items():
        instants += [instant for span in spans.get(market, []) for instant in span]
        last = reached = max(instants)
        behind = 0
        for low, high in sorted(watched):
            behind += max(high - max(low, reached), 0)
            reached = max(reached, high)
        is_gone = behind > 7 * 86400 * SECOND and market not in missed
        lives[market] = min(instants), last if is_gone else math.inf
    return lives


def _candle(trades: Sequence[dict[str, Any]]) -> dict[str, Any]:
    ordered = sorted(
        trades,
        key=lambda t: (t["event_time_us"], id_number(t["trade_id"]), t["trade_id"].encode(), t["exchange"].encode()),
    )
    zero = Decimal(0)
    with localcontext() as exact:
        exact.prec = 120
        volume = sum((t["size"] for t in ordered), zero)
        quote = sum((t["quote_size"] for t in ordered), zero)
        return {
            "open": ordered[0]["price"],
            "high": max(t["price"] for t in ordered),
            "low": min(t["price"] for t in ordered),
            "close": ordered[-1]["price"],
            "volume": volume,
            "quote_volume": quote,
            "vwap": (quote / volume).quantize(Decimal(1).scaleb(-12), ROUND_HALF_UP),
            "trade_count": len(ordered),
            "buy_volume": sum((t["size"] for t in ordered if t["side"] == "buy"), zero),
            "sell_volume": sum((t["size"] for t in ordered if t["side"] == "sell"), zero),
            "close_time_us": ordered[-1]["event_time_us"],
        }


def _silent(
    rows: dict[tuple[str, str, str, int], dict[str, Any]], hole: tuple[str, str, int, float], now_us: int
) -> None:
    exchange, symbol, from_us, until_us = hole
    for interval, length_s in LENGTHS.items():
        if length_s < 60:
            continue
        length = length_s * SECOND
        start = window_start(from_us, interval)
        while start + length <= (now_us if until_us == math.inf else until_us):
            if start >= from_us:
                rows.setdefault(
                    (exchange, symbol, interval, start),
                    {
                        **dict.fromkeys(("open", "high", "low", "close", "vwap", "close_time_us")),
                        **dict.fromkeys(("volume", "quote_volume", "buy_volume", "sell_volume"), Decimal(0)),
                        "trade_count": 0,
                    },
                )
            start += length


def _complete(key: tuple[str, str, str, int], known: Known) -> bool:
    """One market's window: no open gap touches it, and the spans cover it without a break."""
    exchange, symbol, interval, start = key
    end = start + LENGTHS[interval] * SECOND
    if any(hole[:2] == (exchange, symbol) and hole[2] < end and hole[3] > start for hole in known.holes):
        return False
    reached = start
    for low, high in sorted(known.spans.get((exchange, symbol), [])):
        if low <= reached:
            reached = max(reached, high)
    return reached >= end


def _complete_of_all(key: tuple[str, str, str, int], known: Known) -> bool:
    """Every market of the symbol that there was in the window is complete, and none has a gap in it."""
    _, symbol, interval, start = key
    end = start + LENGTHS[interval] * SECOND
    there = [
        market
        for market, (from_us, to_us) in known.lives.items()
        if market[1] == symbol and from_us < end and to_us > start
    ]
    holed = any(hole[1] == symbol and hole[2] < end and hole[3] > start for hole in known.holes)
    return not holed and all(_complete((market[0], symbol, interval, start), known) for market in there)


def summary(
    rows: Mapping[tuple[str, str, str, int], dict[str, Any]],
) -> dict[tuple[str, str], dict[str, Any]]:
    """gold.market_summary by (exchange, symbol), from the one-minute candles."""
    minute = 60 * SECOND
    markets: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
    for (exchange, symbol, interval, start), row in rows.items():
        if interval == "1m" and row["trade_count"]:
            markets.setdefault((exchange, symbol), {})[start] = row
    out = {}
    for market, minutes in markets.items():
        now = max(minutes)
        day = {start: row for start, row in minutes.items() if start > now - 1440 * minute}
        closes = [float(minutes[start]["close"]) for start in sorted(day)]
        returns = [math.log(b) - math.log(a) for a, b in itertools.pairwise(closes)]
        out[market] = {
            "last_price": minutes[now]["close"],
            "last_time_us": minutes[now]["close_time_us"],
            **{
                name: _change(minutes, now, hours)
                for name, hours in (("change_1h", 1), ("change_24h", 24), ("change_7d", 168))
            },
            "high_24h": max(row["high"] for row in day.values()),
            "low_24h": min(row["low"] for row in day.values()),
            "volume_24h": _exact_sum(row["volume"] for row in day.values()),
            "quote_volume_24h": _exact_sum(row["quote_volume"] for row in day.values()),
            "trades_24h": sum(row["trade_count"] for row in day.values()),
            "volatility_24h": statistics.stdev(returns) * math.sqrt(525_600) if len(returns) > 1 else None,
        }
    return out


def _exact_sum(values: Iterable[Decimal]) -> Decimal:
    with localcontext() as exact:
        exact.prec = 120
        return sum(values, Decimal(0))


def _change(minutes: Mapping[int, dict[str, Any]], now: int, hours: int) -> float | None:
    latest = now - hours * 3600 * SECOND
    eligible = [start for start in minutes if latest - 1439 * 60 * SECOND <= start <= latest]
    if not eligible:
        return None
    then, last = float(minutes[max(eligible)]["close"]), float(minutes[now]["close"])
    return (last - then) / then * 100


_REACHES: Mapping[str, Callable[[Mapping[str, Any]], Decimal]] = {
    "tick": lambda trade: Decimal(1),
    "volume": lambda trade: trade["size"],
    "dollar": lambda trade: trade["quote_size"],
}


def bars(
    layer: Silver, sources: Mapping[tuple[str, str], str], sizes: Callable[[str, str], Mapping[str, Decimal]]
) -> dict[tuple[str, str, str, date, int], dict[str, Any]]:
    """gold.bars by (exchange, symbol, kind, day, number): trade by trade, a bar is over when it reaches its size."""
    markets: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for trade in layer.trades.values():
        if sources[trade["exchange"], trade["symbol"]] == trade["source"]:
            markets.setdefault((trade["exchange"], trade["symbol"]), []).append(trade)
    out = {}
    for market, trades in markets.items():
        trades.sort(key=lambda t: (t["event_time_us"], id_number(t["trade_id"]), t["trade_id"].encode()))
        newest = _date(trades[-1])
        for kind, size in sizes(*market).items():
            for day, of in itertools.groupby(trades, key=_date):
                for number, (held, complete) in enumerate(_cut(list(of), kind, size), start=1):
                    growing = day == newest and not complete and held[-1] is trades[-1]
                    row = _candle(held) | {"size": size, "complete": complete, "growing": growing}
                    for end, trade in (("open", held[0]), ("close", held[-1])):
                        row[f"{end}_time_us"] = trade["event_time_us"]
                        row[f"{end}_trade_number"] = id_number(trade["trade_id"])
                        row[f"{end}_trade_id"] = trade["trade_id"]
                    out[*market, kind, day, number] = row | {"source": held[0]["source"]}
    return out


def _date(trade: Mapping[str, Any]) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=trade["event_time_us"])).date()


def _cut(trades: list[dict[str, Any]], kind: str, size: Decimal) -> Iterator[tuple[list[dict[str, Any]], bool]]:
    held: list[dict[str, Any]] = []
    reached = Decimal(0)
    with localcontext() as exact:
        exact.prec = 120
        for trade in trades:
            held.append(trade)
            reached += _REACHES[kind](trade)
            if reached >= size:
                yield held, True
                held, reached = [], Decimal(0)
    if held:
        yield held, False
