"""A lake as dashboards meet it: many markets, a week of trades of each, a year of one, and what hangs on them.

What comes from outside is written as silver files it: trades, coverage, gaps, refused records, stories and their
scores, quotes read from pages. Everything in gold is what the pipeline's own jobs make of that, but for the forecasts
of the week: the job makes those of now alone, so their rows are reckoned from the candles, and it joins to them what
came. bronze is left empty: no question reads it, and gold.data_quality counts no coverage records therefore.
"""

import json
import random
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import candles  # type: ignore[import-not-found] # beside the script that is run
import duckdb
import pyarrow as pa

from embedded.kinesis import KinesisServer
from glue_jobs.engine import Steps, Workspace, schema_of
from glue_jobs.gold.portfolio import FOLDER, NAME
from glue_jobs.pipeline import Options, pipeline
from glue_jobs.refresh import Refresh
from tapehouse import aws
from tapehouse.lake import Lake
from tapehouse.record import Coverage, Trade, encode, partition_key
from tapehouse.score import EMOTIONS, label_of, text_hash
from tapehouse.tables import (
    GOLD_FORECAST,
    SILVER_COVERAGE,
    SILVER_DOCUMENTS,
    SILVER_GAPS,
    SILVER_QUOTES,
    SILVER_REJECTED,
    SILVER_SCORES,
    SILVER_TRADES,
    Table,
)

DAY_US: Final = 86_400_000_000
HOUR_US: Final = 3_600_000_000
YEAR_DAYS: Final = 365
YEAR_SHARE: Final = 0.01
"""Of all trades, those that the venues of the first symbol had in the year before."""
STORIES_A_DAY: Final = 400
STORY_DAYS: Final = 30
REFUSED_SHARE: Final = 0.002
GAPS_A_MARKET: Final = 0.5
STREAM: Final = "trades"
WORDS: Final = (
    *("market", "price", "rally", "exchange", "listing", "regulator", "fund", "etf", "inflow", "miner", "reward"),
    *("halving", "upgrade", "validator", "wallet", "custody", "bank", "inflation", "hack", "breach", "settlement"),
    *("partnership", "adoption", "trader", "liquidation", "volume", "record", "stable", "issuer", "audit", "bridge"),
)


def markets(count: int, trades: int) -> list[candles.Market]:
    """A tenth of the count in symbols is traded at three venues, every other one at one; the busy ones come first."""
    shared = count // 10
    places = [(exchange, at) for at in range(shared) for exchange in candles.EXCHANGES]
    at = shared
    while len(places) < count:
        places.append((candles.EXCHANGES[at % len(candles.EXCHANGES)], at))
        at += 1
    names = ("BTC", "ETH", "SOL", "XRP", "DOGE", "ADA", "LTC", "LINK")
    weights = [1 / (number + 1) ** 0.7 for number in range(len(places))]
    return [
        candles.Market(
            exchange,
            names[at] if at < len(names) else f"COIN{at}",
            candles.PRICES[at % len(candles.PRICES)],
            max(1, round(trades * weight / sum(weights))),
            (number + 1) * 10**9,
        )
        for number, ((exchange, at), weight) in enumerate(zip(places, weights, strict=True))
    ]


class FullLake:
    """Makes one."""

    def __init__(self, folder: Path, *, trades: int, count: int, days: int, ends_us: int) -> None:
        self._folder, self._days = folder, days
        self.ends_us = ends_us // DAY_US * DAY_US + (ends_us % DAY_US) // HOUR_US * HOUR_US
        self.starts_us = self.ends_us - days * DAY_US
        self._all, self._old = round(trades * (1 - YEAR_SHARE)), round(trades * YEAR_SHARE)
        self._markets = markets(count, self._all)
        self._workspace = Workspace(None, Lake(str(folder)), Steps())  # type: ignore[arg-type] # no job needs Spark
        self._random = random.Random(13)

    def make(self) -> None:
        """Silver, the holdings, gold, and what is due of upkeep."""
        tables = (SILVER_TRADES, SILVER_COVERAGE, SILVER_GAPS, SILVER_REJECTED)
        self._workspace.ensure((*tables, SILVER_DOCUMENTS, SILVER_SCORES, SILVER_QUOTES, GOLD_FORECAST))
        self._put(SILVER_TRADES, self._trades())
        self._put(SILVER_COVERAGE, [_table(SILVER_COVERAGE, self._covered())])
        self._put(SILVER_GAPS, [_table(SILVER_GAPS, self._gaps())])
        self._put(SILVER_REJECTED, [_table(SILVER_REJECTED, self._refused())])
        told = list(self._stories())
        self._put(SILVER_DOCUMENTS, [_table(SILVER_DOCUMENTS, (story for story, _ in told))])
        self._put(SILVER_SCORES, [_table(SILVER_SCORES, (score for _, scores in told for score in scores))])
        self._put(SILVER_QUOTES, [_table(SILVER_QUOTES, self._quotes())])
        self._hold()
        refresh = Refresh(None, Lake(str(self._folder)), pipeline(Options()))  # type: ignore[arg-type]
        for name in ("gold.candles", "gold.bars", "gold.exchange_activity", "gold.data_quality", "gold.news"):
            self._rebuild(refresh, name)
        self._put(GOLD_FORECAST, self._forecasts())
        for name in ("gold.forecast", "gold.sentiment_vs_price", "gold.data_quality_reasons"):
            self._rebuild(refresh, name)
        for layer in ("silver", "gold"):  # the holdings, and tables of which there was nothing to make
            refresh.once(layer)
        refresh.maintain()

    def _rebuild(self, refresh: Refresh, name: str) -> None:
        report = refresh.rebuild(name)
        print(f"  {name} and what hangs on it: {report.seconds:.0f} s", flush=True)

    def _put(self, table: Table, pieces: "Iterator[pa.Table] | Sequence[pa.Table]") -> None:
        files = [self._workspace.stage(table, rows) for rows in pieces if rows.num_rows]
        self._workspace.commit(self._workspace.state(table), add=files)

    # -- what comes from outside

    def _trades(self) -> Iterator[pa.Table]:
        candles.FILE_ROWS = SILVER_TRADES.upkeep.compaction.full_rows if SILVER_TRADES.upkeep.compaction else 0
        first = [each for each in self._markets if each.base == self._markets[0].base]
        candles.START_US = self.starts_us - YEAR_DAYS * DAY_US
        old = [replace(each, trades=self._old // len(first), first_id=each.first_id + 5 * 10**8) for each in first]
        yield from candles.pieces(old, YEAR_DAYS)
        for day in range(self._days):
            candles.START_US = self.starts_us + day * DAY_US
            of_day = [
                replace(each, trades=max(each.trades // self._days, 1), first_id=each.first_id + day * 10**7)
                for each in self._markets
            ]
            yield from candles.pieces(of_day, 1)

    def _covered(self) -> Iterator[dict[str, Any]]:
        """Every market was seen for all of the time, but for some minutes a day."""
        for number, market in enumerate(self._markets):
            for day in range(self._days):
                from_us = self.starts_us + day * DAY_US + (300_000_000 if number % 20 == day else 0)
                through_us = self.starts_us + (day + 1) * DAY_US
                yield {
                    **_market(market),
                    **_coordinates(number, through_us),
                    "from_us": from_us,
                    "through_us": through_us,
                    "arrival_time": through_us,
                }

    def _gaps(self) -> Iterator[dict[str, Any]]:
        for number in range(round(len(self._markets) * GAPS_A_MARKET)):
            at_us = self._moment()
            market = self._random.choice(self._markets)
            gap = {**_market(market), **_coordinates(number, at_us), "gap_id": f"g{number}", "arrival_time": at_us}
            to_us = at_us + self._random.randrange(1_000_000, 60_000_000)
            yield {**gap, "event": "opened", "from_us": at_us, "to_us": to_us, "reason": "disconnected"}
            if number % 5:
                yield {**gap, "event": "closed", "reason": "recovered", "arrival_time": to_us}

    def _refused(self) -> Iterator[dict[str, Any]]:
        verdicts = ("duplicate", "duplicate", "duplicate", "conflict", "quarantined")
        rules = ("price.range", "size.range", "event_time.future", "payload.utf8", "symbol.format")
        for number in range(round(self._all * REFUSED_SHARE)):
            verdict, market, at_us = self._random.choice(verdicts), self._random.choice(self._markets), self._moment()
            reasons = {"duplicate": [], "conflict": ["trade.conflict"], "quarantined": [self._random.choice(rules)]}
            payload = None if verdict == "duplicate" else json.dumps({"v": 1, "symbol": market.base, "n": number})
            yield {
                **_market(market),
                **_coordinates(number, at_us),
                "arrival_time": at_us,
                "arrival_date": at_us // DAY_US,
                "verdict": verdict,
                "kind": "trade",
                "reasons": reasons[verdict],
                "payload": payload.encode() if payload else None,
            }

    def _moment(self) -> int:
        return self._random.randrange(self.starts_us, self.ends_us)

    def _stories(self) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """Stories, each with the scores of its title and body."""
        bases = sorted({market.base for market in self._markets})
        for number in range(STORIES_A_DAY * STORY_DAYS):
            at_us = self.ends_us - number * DAY_US // STORIES_A_DAY
            title = self._said(9) + f" {number}"
            body = self._said(self._random.randrange(40, 160))
            document, symbols = f"{number:032x}", [self._random.choice([bases[0], "BTC", "ETH", *bases])]
            same = {"document_id": document, "published_date": at_us // DAY_US, "published_at": at_us}
            same |= {"fetched_at": at_us + 60_000_000, "symbols": symbols}
            story = {
                **same,
                "kind": self._random.choice(("news", "news", "social", "page")),
                "sources": [self._random.choice(("gazette", "reddit", "finnhub", "alphavantage", "forum"))],
                "url": f"https://news.example/{number}",
                "title": title,
                "body": body,
                "author": self._random.choice(WORDS),
                "title_key": title.lower(),
                "told_as": [document],
                "tellings": "[]",
            }
            yield story, [self._score(same, field, text) for field, text in (("title", title), ("content", body))]

    def _said(self, count: int) -> str:
        return " ".join(self._random.choices(WORDS, k=count))

    def _score(self, same: Mapping[str, Any], field: str, text: str) -> dict[str, Any]:
        mood = self._random.uniform(-1, 1)
        shares = [self._random.random() for _ in EMOTIONS]
        return {
            **same,
            "field": field,
            "text_hash": text_hash(text),
            "scorer": "benchmark-1",
            "language": "en",
            "sentiment": mood,
            "label": label_of(mood),
            **{name: share / sum(shares) for name, share in zip(EMOTIONS, shares, strict=True)},
            "key_phrases": [" ".join(self._random.choices(WORDS, k=2)) for _ in range(4)],
            "summary": text[:140] if field == "content" else None,
        }

    def _quotes(self) -> Iterator[dict[str, Any]]:
        """Two pages that are read each quarter of an hour, and an index a day."""
        for number in range(STORY_DAYS * 96):
            at_us = self.ends_us - number * 900_000_000
            for name in ("BTC-USD", "ETH-USD"):
                yield _quote(at_us, "page", "price", name, Decimal(60_000 + number % 97))
            if number % 96 == 0:
                yield _quote(at_us // DAY_US * DAY_US, "fear-greed", "index", "fear-greed", Decimal(20 + number % 60))

    def _hold(self) -> None:
        """Sixteen symbols, the first of them for a year."""
        from glue_jobs.engine import instant_text

        symbols = list(dict.fromkeys(f"{each.base}-USD" for each in self._markets))[:16]
        begins = [self.starts_us - YEAR_DAYS * DAY_US + DAY_US, *[self.starts_us + HOUR_US] * (len(symbols) - 1)]
        holdings = [
            {
                "exchange": "ALL",
                "symbol": symbol,
                "transactions": [
                    {"buy": "2.5", "at": instant_text(at_us), "price": "100"},
                    {"sell": "0.5", "at": instant_text(self.ends_us - DAY_US), "price": "101"},
                ],
            }
            for symbol, at_us in zip(symbols, begins, strict=True)
        ]
        path = self._folder / FOLDER / NAME
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"holdings": holdings}))

    # -- forecasts of the week

    def _forecasts(self) -> Iterator[pa.Table]:
        """A quarter of an hour apart, at four horizons, of every market; as if volatility were always the same."""
        from tapehouse.tables import GOLD_CANDLES

        uri, schema = self._workspace.uri(GOLD_CANDLES), schema_of(GOLD_FORECAST)
        files = [f"{uri}/{file.path}".removeprefix("file://") for file in self._workspace.state(GOLD_CANDLES).files]
        deviation = "0.0005 * sqrt(steps)"
        with duckdb.connect(config={"memory_limit": "3GB", "threads": "2"}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(
                f"""CREATE TABLE closes AS
                    SELECT exchange, symbol, epoch_us(window_end) AS at_us, close
                    FROM read_parquet({files}, hive_partitioning = true)
                    WHERE interval = '15m' AND exchange <> 'ALL' AND close IS NOT NULL
                        AND window_start >= make_timestamptz({self.starts_us})"""
            )
            for day in range(self._days):
                from_us = self.starts_us + day * DAY_US
                found = connection.execute(
                    f"""
                    SELECT exchange, symbol, make_timestamptz(at_us) AS as_of, steps * 60 AS horizon_s,
                        make_timestamptz(at_us + steps * 60000000) AS target_time, '1m' AS interval, steps,
                        86400 AS window_s, 1000 AS returns, 0.0 AS mu, 0.0005 AS sigma, 0.0005 AS return_deviation,
                        close AS last_price, 10000 AS paths, hash(symbol, at_us) % 1000000000 AS seed, 1 AS model,
                        {_quantile("p05", -1.645, deviation)}, {_quantile("p25", -0.674, deviation)},
                        {_quantile("p50", 0, deviation)}, {_quantile("p75", 0.674, deviation)},
                        {_quantile("p95", 1.645, deviation)}, {_quantile("mean", 0, deviation)}, 0.9 AS band,
                        {_quantile("band_low", -1.645, deviation)}, {_quantile("band_high", 1.645, deviation)},
                        false AS bounded, false AS judged
                    FROM closes, (SELECT unnest([5, 15, 30, 60])::BIGINT AS steps) AS horizons
                    WHERE at_us > {from_us} AND at_us <= {from_us + DAY_US}
                    ORDER BY as_of, exchange, symbol"""
                ).to_arrow_table()
                columns = {name: found.column(name) for name in found.column_names}
                yield pa.table(
                    [
                        columns[each.name].cast(each.type) if each.name in columns else pa.nulls(len(found), each.type)
                        for each in schema
                    ],
                    schema=schema,
                )


def _quantile(name: str, at: float, deviation: str) -> str:
    return f"(close::DOUBLE * exp({at} * {deviation}))::DECIMAL(28,12) AS {name}"


def _market(market: candles.Market) -> dict[str, Any]:
    return {"exchange": market.exchange, "symbol": f"{market.base}-USD", "source": market.exchange}


def _coordinates(number: int, at_us: int) -> dict[str, Any]:
    return {
        "stream_name": STREAM,
        "stream_created_at": 0,
        "shard_id": "shardId-000000000000",
        "sequence_number": f"{at_us}{number:09d}",
        "sub_sequence_number": 0,
    }


def _quote(at_us: int, source: str, kind: str, name: str, value: Decimal) -> dict[str, Any]:
    return {
        "observed_date": at_us // DAY_US,
        "source": source,
        "kind": kind,
        "name": name,
        "observed_at": at_us,
        "value": value,
        "unit": "USD" if kind == "price" else "points",
        "url": "https://pages.example/price",
        "fetched_at": at_us,
    }


def _table(table: Table, rows: Iterator[dict[str, Any]]) -> pa.Table:
    """Rows as the table declares them; times are given in µs and dates in days of the epoch."""
    schema, told = schema_of(table), list(rows)
    columns = []
    for each in schema:
        values = [row.get(each.name) for row in told]
        whole = pa.types.is_timestamp(each.type) or pa.types.is_date(each.type)
        bits = pa.int32() if pa.types.is_date(each.type) else pa.int64()
        columns.append(pa.array(values, bits).cast(each.type) if whole else pa.array(values, each.type))
    return pa.table(columns, schema=schema)


# -- a lake that is being written


EACH_PASS: Final = ("bronze.trades", "silver.trades", "gold.candles", "gold.market_summary")
"""Tables that are committed each second of a live lake; the others' queries rest between."""


class Young:
    """The same lake, gone on from by passes of the pipeline: that many commits more, and small files between merges."""

    def __init__(self, folder: Path, server: KinesisServer, *, count: int, trades: int) -> None:
        self._client = aws.client("kinesis", endpoint_url=server.endpoint)
        self._client.create_stream(StreamName=STREAM, ShardCount=2)
        queries = pipeline(Options(client=self._client, stream_name=STREAM))
        self.refresh = Refresh(None, Lake(str(folder)), queries)  # type: ignore[arg-type]
        self._markets = markets(count, trades)
        self._random = random.Random(17)
        self._next_id = time.time_ns()
        self._covered: dict[tuple[str, str], int] = {}

    def pass_on(self, number: int) -> None:
        """One pass over what was put: each tenth of all queries, the others of those that do not rest."""
        if number % 10 == 0:
            self.refresh.once()
        else:
            for name in EACH_PASS:
                self.refresh.once(table=name)

    def put(self, at_us: int, *, trades: int = 100) -> None:
        """Trades of a second, of the first market at any rate; the feeds of a few markets say what they saw."""
        weights = [each.trades for each in self._markets]
        chosen = [self._markets[0], *self._random.choices(self._markets, weights, k=trades - 1)]
        records: list[Trade | Coverage] = [
            self._trade(market, at_us + number * 1_000_000 // trades) for number, market in enumerate(chosen)
        ]
        for market in self._random.choices(self._markets, k=len(self._markets) // 10):
            name = market.exchange, market.base
            records.append(self._coverage(market, self._covered.get(name, at_us - 10_000_000), at_us))
            self._covered[name] = at_us
        entries = [{"Data": encode(record), "PartitionKey": partition_key(record)} for record in records]
        for at in range(0, len(entries), 500):
            self._client.put_records(StreamName=STREAM, Records=entries[at : at + 500])

    def _trade(self, market: candles.Market, at_us: int) -> Trade:
        self._next_id += 1
        return Trade(
            exchange=market.exchange,
            symbol=f"{market.base}-USD",
            source=market.exchange,
            trade_id=str(self._next_id),
            price=f"{market.price * self._random.uniform(0.999, 1.001):.4f}",
            size="0.0125",
            side=self._random.choice(("buy", "sell")),
            event_time_us=at_us,
            received_time_us=at_us,
        )

    def _coverage(self, market: candles.Market, from_us: int, through_us: int) -> Coverage:
        return Coverage(
            exchange=market.exchange,
            symbol=f"{market.base}-USD",
            source=market.exchange,
            from_us=from_us,
            through_us=through_us,
            last_id=None,
            received_time_us=through_us,
        )


def copied(lake: Path, to: Path) -> None:
    """The same files under other names: a lake replaces files and never writes into one."""

    def link(source: str, target: str) -> str:
        Path(target).hardlink_to(source)
        return target

    shutil.copytree(lake, to, copy_function=link)


def now_us() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000_000)
