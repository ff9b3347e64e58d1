"""A lake with rows in every table that the questions read, written from the declarations by delta-rs: no Spark.

Two venues trade BTC-USD and ETH-USD up to ``NOW``, and kraken the more; zaif has stopped long ago. A row says what its
test is about; the other columns are null, or nothing of their type.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from deltalake import write_deltalake

from glue_jobs.engine.schema import arrow_schema
from tapehouse.lake import Lake
from tapehouse.tables import REGISTRY, Column

Row = Mapping[str, Any]
NOW: Final = dt.datetime(2026, 11, 28, 12, 0, 30, tzinfo=dt.UTC)
MINUTE: Final = NOW.replace(second=0)
HOUR: Final = NOW.replace(minute=0, second=0)
TODAY: Final = NOW.date()
VENUES: Final = ("ALL", "coinbase", "kraken")
SYMBOLS: Final = ("BTC-USD", "ETH-USD")
_NOTHING: Final[Mapping[str, Any]] = {
    "STRING": "", "BINARY": b"", "BOOLEAN": False, "INT": 0, "BIGINT": 0, "DOUBLE": 0.0, "DATE": TODAY,
    "TIMESTAMP": NOW, "ARRAY<STRING>": [],
}  # fmt: skip


def write(folder: Path) -> Lake:
    """The lake, made in a folder that is empty."""
    lake = Lake(folder)
    for name, rows in _tables().items():
        columns = REGISTRY[name].columns
        for row in rows:
            assert set(row) <= {column.name for column in columns}, f"{name} has no such columns: {row}"
        whole = [{column.name: row.get(column.name, _nothing(column)) for column in columns} for row in rows]
        write_deltalake(lake.table_uri(name), pa.Table.from_pylist(whole, schema=arrow_schema(columns)))
    return lake


def _nothing(column: Column) -> Any:
    return None if column.nullable else _NOTHING.get(column.type, Decimal(0))


def us(time: dt.datetime) -> int:
    return int(time.timestamp()) * 1_000_000


def _tables() -> Mapping[str, Sequence[Row]]:
    return {
        "gold.market_summary": list(_summaries()),
        "gold.candles": list(_candles()),
        "gold.bars": list(_bars()),
        "gold.manifest": list(_manifest()),
        "gold.exchange_activity": list(_activity()),
        "silver.trades": list(_trades()),
        **_forecasts(),
        **_news(),
        "gold.portfolio": list(_portfolio()),
        **_health(),
    }


def _markets() -> Iterator[tuple[str, str, int]]:
    """Each market, and a number by which its prices and volumes are told from the others'."""
    for place, (venue, symbol) in enumerate((venue, symbol) for venue in VENUES for symbol in SYMBOLS):
        yield venue, symbol, place


# -- markets ----------------------------------------------------------------------------------------------------------


def _summaries() -> Iterator[Row]:
    for venue, symbol, place in _markets():
        last: Row = {"last_price": Decimal(100 + place), "last_time_us": us(NOW), "last_time": NOW}
        day: Row = {"high_24h": Decimal(110), "low_24h": Decimal(90), "change_24h": 1.5, "volatility_24h": 0.5}
        traded: Row = {"volume_24h": Decimal(10), "quote_volume_24h": Decimal(1_000 + place), "trades_24h": 10}
        yield {"exchange": venue, "symbol": symbol, **last, **day, **traded}
    then = NOW - dt.timedelta(days=10)
    stopped: Row = {"exchange": "zaif", "symbol": "BTC-USD", "last_price": Decimal(50), "change_24h": -90.0}
    last = {"last_time_us": us(then), "last_time": then}
    yield {**stopped, **last, "volume_24h": Decimal(90), "quote_volume_24h": Decimal(9_000), "trades_24h": 90}


def _candles() -> Iterator[Row]:
    """450 minutes of each market, of which the 440th lies in a gap, and the week."""
    for venue, symbol, place in _markets():
        for ago in range(450):
            start = MINUTE - dt.timedelta(minutes=ago)
            yield _candle(venue, symbol, "1m", start, 0 if ago == 10 else 100 + place + ago % 7)
        yield _candle(venue, symbol, "1w", MINUTE - dt.timedelta(days=5), 100)
    for venue in ("ALL", "kraken"):  # where it alone trades
        yield _candle(venue, "BTC-USD", "4h", HOUR, 100)


def _candle(venue: str, symbol: str, interval: str, start: dt.datetime, price: int) -> Row:
    row: Row = {"exchange": venue, "symbol": symbol, "interval": interval, "window_start": start, "window_end": start}
    if not price:
        return row
    prices = {name: Decimal(price) for name in ("open", "low", "close", "vwap")}
    volumes = {"volume": Decimal(3), "buy_volume": Decimal(2), "sell_volume": Decimal("0.5")}
    counts = {"quote_volume": Decimal(3 * price), "trade_count": 3, "close_time_us": us(start)}
    return {**row, **prices, "high": Decimal(price + 1), **volumes, **counts}


def _bars() -> Iterator[Row]:
    for venue, symbol, place in _markets():
        for number in range(1, 421 if symbol == "BTC-USD" and venue != "ALL" else 1):
            at = NOW - dt.timedelta(seconds=421 - number)
            times: Row = {"day": TODAY, "open_time_us": us(at), "close_time_us": us(at)}
            prices = {name: Decimal(100 + place) for name in ("open", "high", "low", "close", "vwap")}
            yield {
                "exchange": venue, "symbol": symbol, "kind": "tick", "number": number, **times, **prices,
                "growing": number == 420, "size": Decimal(250), "volume": Decimal(1), "trade_count": 250,
            }  # fmt: skip


def _manifest() -> Iterator[Row]:
    for venue, symbol, _ in _markets():
        for day in (TODAY, TODAY - dt.timedelta(days=1)) if venue != "ALL" else ():
            times: Row = {"open_time_us": us(NOW), "close_time_us": us(NOW)}
            yield {"exchange": venue, "symbol": symbol, "day": day, "source": venue, "coverage": 0.5, **times}


def _activity() -> Iterator[Row]:
    for ago in range(30):
        for venue in ("coinbase", "kraken"):
            for side, volume in (("buy", 300), ("sell", 100)):
                hour = HOUR - dt.timedelta(hours=ago)
                row: Row = {"hour": hour, "exchange": venue, "quote": "USD", "side": side, "trades": 4}
                yield {**row, "quote_volume": Decimal(volume)}
    early = HOUR - dt.timedelta(hours=29)
    no_side: Row = {"hour": early, "exchange": "kraken", "quote": "USD", "side": "none", "trades": 1}
    yield {**no_side, "quote_volume": Decimal(50)}


def _trades() -> Iterator[Row]:
    """Ten of each venue; kraken's are relayed by a vendor, whose telling no candle counts."""
    for source in ("coinbase", "kraken", "vendor"):
        for number in range(10):
            at = NOW - dt.timedelta(minutes=number)
            market: Row = {"exchange": "kraken" if source == "vendor" else source, "symbol": "BTC-USD"}
            ids: Row = {"source": source, "trade_id": str(number), "event_time_us": us(at), "event_date": TODAY}
            size = Decimal(number + 1)
            yield {**market, **ids, "price": Decimal(100), "size": size, "quote_size": size * 100, "side": "buy"}


# -- forecasts --------------------------------------------------------------------------------------------------------


def _forecasts() -> Mapping[str, Sequence[Row]]:
    forecasts: list[Row] = []
    bins: list[Row] = []
    days: list[Row] = []
    for venue in ("coinbase", "kraken"):
        market: Row = {"exchange": venue, "symbol": "BTC-USD"}
        for horizon_s in (60, 3600):
            of: Row = {**market, "horizon_s": horizon_s}
            forecasts += (_forecast(of, horizon_s, ago) for ago in range(5))
            ends = [(number, Decimal(95 + number), Decimal(96 + number)) for number in range(10)]
            bins += (
                {**of, "as_of": HOUR, "bin": n, "low": low, "high": high, "paths": 10, "density": 0.1}
                for n, low, high in ends
            )
            judged: Row = {**of, "day": TODAY, "judged": 10, "newest_as_of": HOUR}
            days += ({**judged, "band": Decimal(band), "inside": inside} for band, inside in (("0.9", 8), ("0.5", 5)))
    return {"gold.forecast": forecasts, "gold.forecast_histogram": bins, "gold.forecast_calibration": days}


def _forecast(of: Row, horizon_s: int, ago: int) -> Row:
    as_of = HOUR - dt.timedelta(minutes=15 * ago)
    times: Row = {"as_of": as_of, "target_time": as_of + dt.timedelta(seconds=horizon_s), "interval": "1m"}
    quantiles = {f"p{at:02}": Decimal(95 + place * 2) for place, at in enumerate((5, 25, 50, 75, 95))}
    came: Row = {"actual_price": Decimal(100), "judged": True} if ago else {}
    return {**of, **times, **quantiles, **came, "last_price": Decimal(99), "sigma": 0.001, "paths": 100}


# -- news -------------------------------------------------------------------------------------------------------------


def _news() -> Mapping[str, Sequence[Row]]:
    days = [TODAY - dt.timedelta(days=ago) for ago in range(3)]
    stories: list[Row] = [
        {
            "published_date": day, "document_id": title, "published_at": NOW - dt.timedelta(days=ago),
            "sources": ["coindesk"], "symbols": ["BTC"], "title": title, "search_text": f"{title}\nof funds".lower(),
            "sentiment": 0.4, "label": "bullish", "url": "https://news.example/",
        }
        for ago, day in enumerate(days)
        for title in (f"ETF number {ago}", "")
    ]  # fmt: skip
    moods: list[Row] = [
        {
            "published_date": day, "symbol": symbol, "source": source, "documents": 4,
            "mean_sentiment": 0.2 if symbol == "ALL" else 0.3, "bullish": 3, "bearish": 1, "joy": 0.6, "fear": 0.1,
            "neutral": 0.3, "day_start_us": us(NOW),
        }
        for day in days
        for symbol in ("ALL", "BTC")
        for source in ("ALL", "coindesk")
    ]  # fmt: skip
    phrases: list[Row] = [
        {"published_date": day, "symbol": "ALL", "phrase": "etf", "documents": 2, "mean_sentiment": mood}
        for day, mood in zip(days, (0.5, None, 0.1), strict=True)
    ]
    prices: list[Row] = [
        {
            "published_date": day, "exchange": venue, "symbol": "BTC-USD", "documents": 4, "mean_sentiment": 0.2,
            "close": Decimal(100 + place),
        }
        for day in days
        for place, venue in enumerate(VENUES)
    ]  # fmt: skip
    quotes: list[Row] = [
        _quote("fear-greed", "index", "fear-greed", 38, day, unit="points", label="Fear") for day in days
    ]
    quotes.append(_quote("some-page", "price", "BTC-USD", 101, TODAY, unit="USD"))
    quotes.append(_quote("new-page", "price", "BTC-USD", 101, TODAY, unit="USD", observed_at=NOW))
    return {
        "gold.news": stories, "gold.sentiment_daily": moods, "gold.keywords_daily": phrases, "silver.quotes": quotes,
        "gold.sentiment_vs_price": prices, "silver.documents": [{"published_date": TODAY, "document_id": "d"}],
    }  # fmt: skip


def _quote(source: str, kind: str, name: str, value: int, day: dt.date, **more: Any) -> Row:
    at = dt.datetime.combine(day, dt.time(), dt.UTC)
    row: Row = {"observed_date": day, "source": source, "kind": kind, "name": name, "observed_at": at}
    return {**row, "value": Decimal(value), **more}


# -- holdings and health ----------------------------------------------------------------------------------------------


def _portfolio() -> Iterator[Row]:
    """Two markets are held for three hours; a third was sold an hour ago, and has no row since."""
    for ago in range(3):
        for symbol, value in (("BTC-USD", 150 - ago), ("ETH-USD", 50)):
            held: Row = {"portfolio": "default", "exchange": "ALL", "symbol": symbol, "quote": "USD"}
            money = {"value": value, "cost": 100, "realised": 5, "unrealised": value - 100}
            exact = {name: Decimal(each) for name, each in money.items()}
            hour = HOUR - dt.timedelta(hours=ago)
            yield {**held, "hour": hour, "units": Decimal(1), "price": Decimal(value), **exact, "age_h": 0}
    sold: Row = {"portfolio": "default", "exchange": "ALL", "symbol": "SOL-USD", "quote": "USD", "units": Decimal(0)}
    yield {**sold, "hour": HOUR - dt.timedelta(hours=1), "realised": Decimal(7)}
    for symbol, cost in (("BTC-USD", None), ("ETH-USD", Decimal(900))):  # the one was bought before it had a price
        held = {"portfolio": "old", "exchange": "ALL", "symbol": symbol, "quote": "USD", "hour": HOUR}
        yield {**held, "units": Decimal(1), "price": Decimal(1000), "value": Decimal(1000), "cost": cost, "age_h": 0}


def _health() -> Mapping[str, Sequence[Row]]:
    counts: Row = {"received": 10, "accepted": 7, "duplicate": 1, "quarantined": 2, "late": 1, "gaps_opened": 2}
    gap: Row = {"exchange": "kraken", "symbol": "BTC-USD", "source": "kraken", "reason": "dropped"}
    ends: Row = {"from_us": us(NOW) - 9_500_000, "to_us": us(NOW), "event": "opened"}
    refused: Row = {"verdict": "quarantined", "arrival_date": TODAY, "source": "kraken"}
    hours = [HOUR - dt.timedelta(hours=ago) for ago in range(3)]
    return {
        "gold.data_quality": [{"hour": hour, "source": "kraken", **counts} for hour in hours],
        "gold.data_quality_reasons": [{"hour": HOUR, "source": "kraken", "reason": "price.type", "records": 2}],
        "silver.rejected": [
            {**refused, "sequence_number": "2", "payload": b"\xff\x00", "reasons": ["payload.utf8"]},
            {**refused, "sequence_number": "1", "payload": b'{"price": 1}', "reasons": ["price.type"]},
        ],
        "silver.gaps": [
            {**gap, "gap_id": "open", **ends},
            {**gap, "gap_id": "mended", **ends},
            {**gap, "gap_id": "mended", "event": "closed"},
            {**gap, "gap_id": "open", **ends, "exchange": "coinbase", "symbol": "ETH-USD", "source": "coinbase"},
            {**gap, "gap_id": "stream", **ends, "exchange": "*", "symbol": "*", "source": "*"},
        ],
        "silver.coverage": [
            {"exchange": "kraken", "symbol": symbol, "source": "kraken", "through_us": us(NOW)} for symbol in SYMBOLS
        ],
    }
