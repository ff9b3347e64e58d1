"""A lake without Spark whose landing is filled by hand, and the news' queries driven over it batch by batch."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from glue_jobs.bronze.landing import LandingIntake
from glue_jobs.engine import BatchJob, Query, Workspace
from glue_jobs.engine.follow import BatchLimits, Follower
from glue_jobs.gold.news import AGAINST_PRICE_MAKES, MAKES, AgainstPriceJob, NewsJob
from glue_jobs.silver import stories
from tapehouse.document import Document, Value, VendorSentiment, document_id
from tapehouse.documents import Parsed
from tapehouse.intervals import DAY_US
from tapehouse.lake import Lake
from tapehouse.landing import Landed, Landing
from tapehouse.score import EMOTIONS, Score, body_of, text_hash
from tapehouse.tables import (
    BRONZE_DOCUMENTS,
    GOLD_CANDLES,
    GOLD_KEYWORDS_DAILY,
    GOLD_NEWS,
    GOLD_SENTIMENT_DAILY,
    GOLD_SENTIMENT_VS_PRICE,
    SILVER_DOCUMENT_FAULTS,
    SILVER_DOCUMENTS,
    SILVER_QUOTES,
    SILVER_SCORES,
    Table,
)
from tests.glue_jobs.tables_on_disk import rows_of, without_spark

SILVER: Final = (SILVER_DOCUMENTS, SILVER_SCORES, SILVER_QUOTES, SILVER_DOCUMENT_FAULTS)
GOLD: Final = (GOLD_NEWS, GOLD_SENTIMENT_DAILY, GOLD_KEYWORDS_DAILY, GOLD_SENTIMENT_VS_PRICE)
TABLES: Final = (BRONZE_DOCUMENTS, *SILVER, *GOLD, GOLD_CANDLES)
T0: Final = 1_795_824_000_000_000
"""2026-11-28T00:00:00Z."""
DAY: Final = date(2026, 11, 28)
HOUR: Final = 3_600_000_000


def document(**words: Any) -> Document:
    """A story of coindesk at noon; what is said is other."""
    said: dict[str, Any] = {
        "kind": "news",
        "source": "coindesk",
        "url": "https://coindesk.com/a",
        "title": "Bitcoin rises to a new high",
        "body": "",
        "author": None,
        "published_at_us": T0 + 12 * HOUR,
        "fetched_at_us": T0 + 26 * HOUR,
        **words,
    }
    said.setdefault("document_id", document_id(said["source"], url=said["url"], key=said["title"]))
    return Document(**said)


def score(of: Document, sentiment: float | None = 0.5, **words: Any) -> Score:
    """A score of its title."""
    emotions = dict.fromkeys(EMOTIONS, 0.0) | {"joy": 0.25, "neutral": 0.75}
    said: dict[str, Any] = {
        "document_id": of.document_id,
        "field": "title",
        "text_hash": text_hash(of.title),
        "scorer": "own:1",
        "language": "en",
        "sentiment": sentiment,
        "emotions": None if sentiment is None else emotions,
        "key_phrases": ("new high",),
        "summary": None,
        "symbols": ("BTC",),
        "published_at_us": of.published_at_us,
    }
    return Score(**{**said, **words})


def landed(*told: Document | Value, fault: str = "", **words: Any) -> Landed:
    """One response that tells these, in the test's own form."""
    first = told[0] if told else document()
    body = json.dumps({"told": [{type(each).__name__: asdict(each)} for each in told], "fault": fault})
    said: dict[str, Any] = {
        "kind": first.kind,
        "source": first.source,
        "request": "GET https://a.example/",
        "fetched_at_us": first.fetched_at_us,
        "body": body.encode(),
    }
    return Landed(**{**said, **words})


def landed_scores(*scores: Score, fetched_at_us: int = T0 + 26 * HOUR) -> Landed:
    return Landed(kind="score", source="scores", request="an object", fetched_at_us=fetched_at_us, body=body_of(scores))


def parser(line: Landed) -> Parsed:
    """Reads what ``landed`` writes."""
    said = json.loads(line.body)
    documents, values = [], []
    for each in said["told"]:
        for name, fields in each.items():
            if name == "Value":
                values.append(Value(**fields))
                continue
            vendor = tuple(VendorSentiment(**of) for of in fields.pop("vendor_sentiment"))
            symbols = tuple(fields.pop("symbols"))
            documents.append(Document(**fields, symbols=symbols, vendor_sentiment=vendor))
    faults = (said["fault"],) if said["fault"] else ()
    return Parsed(documents=tuple(documents), values=tuple(values), faults=faults)


class NewsLake:
    """What lands, and what the queries make of it."""

    def __init__(self, lake: Lake, *, limits: BatchLimits | None = None) -> None:
        self.lake, self.limits = lake, limits or BatchLimits()
        self.landing = Landing(f"{lake.uri}/_landing")
        self.workspace = without_spark(lake, TABLES)
        self.begin()

    def begin(self) -> None:
        """As a new process does: nothing is remembered."""
        there = self.workspace._there
        self.workspace = Workspace(None, self.lake, self.workspace.steps)  # type: ignore[arg-type]
        self.workspace._there.update(there)
        self.intake = LandingIntake(self.workspace)
        self.queries = [
            Query(
                name="stories", makes=stories.MAKES, job=lambda workspace: stories.StoriesJob(workspace, parser=parser)
            ),
            Query(name="news", makes=MAKES, job=NewsJob),
            Query(name="sentiment_vs_price", makes=AGAINST_PRICE_MAKES, job=AgainstPriceJob),
        ]
        self.jobs: dict[str, BatchJob] = {}
        for query in self.queries:
            made = query.job(self.workspace)
            assert isinstance(made, BatchJob)
            self.jobs[query.name] = made

    def land(self, *lines: Landed) -> list[str]:
        """An object a line; their keys."""
        return [self.landing.put([line]) for line in lines]

    def refresh(self) -> int:
        """All that is new through all tables; the rows that came into bronze."""
        rows = self.intake.drain()
        for query in self.queries:
            follower = Follower(self.workspace, query.name, query.reads, self.limits)
            while (batch := follower.next()) is not None:
                self.jobs[query.name].write(batch)
                self.jobs[query.name].write(batch)  # a batch that runs again changes nothing
                follower.done(batch)
        return rows

    def trade(self, closes: dict[tuple[str, str, date], str]) -> None:
        """(exchange, symbol, day) → close of its 1d candle, in the place of all candles."""
        state = self.workspace.state(GOLD_CANDLES)
        rows = [_candle(*market, close) for market, close in closes.items()]
        add = [self.workspace.stage(GOLD_CANDLES, rows_of(GOLD_CANDLES, rows))] if rows else []
        self.workspace.commit(state, add=add, remove=state.files)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """All rows, by key; and no key twice."""
        rows = self.workspace.rows(table, self.workspace.state(table).files).to_pylist()
        keys = [tuple(row[name] for name in table.key) for row in rows]
        assert len(set(keys)) == len(keys), f"{table.name}: a key is there twice"
        return sorted(rows, key=lambda row: tuple(row[name] for name in table.key))

    def all_rows(self, tables: Iterable[Table] = (*SILVER, *GOLD)) -> dict[str, list[dict[str, Any]]]:
        return {table.name: self.rows(table) for table in tables}

    def versions(self, tables: Sequence[Table] = (*SILVER, *GOLD)) -> dict[str, int]:
        return {table.name: self.workspace.state(table).version for table in tables}


def _candle(exchange: str, symbol: str, day: date, close: str) -> dict[str, object]:
    at = (day - date(1970, 1, 1)).days * DAY_US
    instant = pa.scalar(at, pa.timestamp("us", "UTC")).as_py()
    end = pa.scalar(at + DAY_US, pa.timestamp("us", "UTC")).as_py()
    price = Decimal(close)
    return {
        "exchange": exchange, "symbol": symbol, "interval": "1d", "window_start": instant, "window_end": end,
        "open": price, "high": price, "low": price, "close": price, "volume": Decimal(1), "quote_volume": price,
        "vwap": price, "trade_count": 7, "buy_volume": Decimal(1), "sell_volume": Decimal(0), "complete": True,
        "source": None, "open_time_us": at, "close_time_us": at,
    }  # fmt: skip
