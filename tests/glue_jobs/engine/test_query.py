"""The pipeline as data: who writes what, what hangs on what, and which queries contradict each other. No Spark."""

from typing import Any, cast

import pytest

from glue_jobs.engine import Query, hanging_on, tables_of, writer_of
from glue_jobs.pipeline import pipeline
from tapehouse.errors import TerminalError
from tapehouse.tables import (
    BRONZE_DOCUMENTS,
    BRONZE_TRADES,
    GOLD_BARS,
    GOLD_CANDLES,
    GOLD_DATA_QUALITY,
    GOLD_FORECAST,
    GOLD_FORECAST_CALIBRATION,
    GOLD_FORECAST_HISTOGRAM,
    GOLD_KEYWORDS_DAILY,
    GOLD_MANIFEST,
    GOLD_MARKET_SUMMARY,
    GOLD_NEWS,
    GOLD_PORTFOLIO,
    GOLD_SENTIMENT_DAILY,
    GOLD_SENTIMENT_VS_PRICE,
    REGISTRY,
    SILVER_COVERAGE,
    SILVER_DOCUMENT_FAULTS,
    SILVER_DOCUMENTS,
    SILVER_GAPS,
    SILVER_QUOTES,
    SILVER_REJECTED,
    SILVER_SCORES,
    SILVER_TRADES,
    Table,
)

NEWS = hanging_on(pipeline(), BRONZE_DOCUMENTS)
TRADES = {*REGISTRY.values()} - NEWS | {GOLD_SENTIMENT_VS_PRICE}
SILVER = {table for table in TRADES if table.layer == "silver"}
FORECAST = {GOLD_FORECAST, GOLD_FORECAST_HISTOGRAM, GOLD_FORECAST_CALIBRATION}
GOLD = {table for table in TRADES if table.layer == "gold"}


def query(name: str, makes: dict[Table, tuple[Table, ...]]) -> Query:
    return Query(name=name, makes=makes, job=lambda workspace: cast(Any, None))


def test_the_pipeline_writes_every_declared_table_once() -> None:
    assert list(tables_of(pipeline()).items()) == list(REGISTRY.items())


def test_checkpoints_and_locks_of_a_lake_of_before_go_on() -> None:
    names = [each.name for each in pipeline()]
    assert names[:4] == ["bronze", "silver", "gold", "market_summary"]
    assert set(names[4:]) == {"bars", "data_quality", "exchange_activity", "forecast", "manifest", "portfolio"} | {
        "landing", "stories", "news", "sentiment_vs_price",
    }  # fmt: skip


def test_a_query_reads_what_it_is_made_of_and_does_not_write() -> None:
    reads = {each.name: each.reads for each in pipeline()}
    assert reads["silver"] == (BRONZE_TRADES,)
    assert reads["gold"] == (SILVER_TRADES, SILVER_GAPS, SILVER_COVERAGE)
    assert reads["market_summary"] == (GOLD_CANDLES,)
    assert reads["manifest"] == (SILVER_TRADES, SILVER_GAPS, SILVER_COVERAGE, GOLD_CANDLES)
    assert reads["bars"] == reads["exchange_activity"] == (SILVER_TRADES,)


@pytest.mark.parametrize(
    ("table", "hangs"),
    [
        (BRONZE_TRADES, TRADES - {BRONZE_TRADES}),
        (SILVER_TRADES, {*SILVER, *GOLD}),
        (SILVER_GAPS, {*SILVER, *GOLD}),
        (SILVER_COVERAGE, {*SILVER, *GOLD}),
        (SILVER_REJECTED, {*SILVER, *GOLD}),
        (GOLD_CANDLES, {GOLD_MARKET_SUMMARY, GOLD_MANIFEST, GOLD_PORTFOLIO, GOLD_SENTIMENT_VS_PRICE, *FORECAST}),
        (
            BRONZE_DOCUMENTS,
            {
                SILVER_DOCUMENTS,
                SILVER_SCORES,
                SILVER_QUOTES,
                SILVER_DOCUMENT_FAULTS,
                GOLD_NEWS,
                GOLD_SENTIMENT_DAILY,
                GOLD_KEYWORDS_DAILY,
                GOLD_SENTIMENT_VS_PRICE,
            },
        ),
        (SILVER_SCORES, {GOLD_NEWS, GOLD_SENTIMENT_DAILY, GOLD_KEYWORDS_DAILY, GOLD_SENTIMENT_VS_PRICE}),
        (SILVER_QUOTES, set()),
        (GOLD_FORECAST, FORECAST - {GOLD_FORECAST}),
        (GOLD_MARKET_SUMMARY, set()),
        (GOLD_BARS, set()),
        (GOLD_DATA_QUALITY, set()),
    ],
    ids=lambda each: each.name if isinstance(each, Table) else "",
)
def test_what_hangs_on_a_table_is_rebuilt_with_it_and_nothing_else(table: Table, hangs: set[Table]) -> None:
    assert hanging_on(pipeline(), table) == {table, *hangs}


def test_the_writer_of_an_unknown_table_is_told_by_the_names_that_there_are() -> None:
    assert writer_of(pipeline(), "silver.gaps").name == "silver"
    with pytest.raises(TerminalError, match=r"no table is named 'silver\.nothing'.*gold\.market_summary"):
        writer_of(pipeline(), "silver.nothing")


@pytest.mark.parametrize(
    "queries",
    [
        [query("a", {SILVER_TRADES: (BRONZE_TRADES,)})],
        [query("a", {BRONZE_TRADES: ()}), query("b", {BRONZE_TRADES: ()})],
        [query("a", {BRONZE_TRADES: ()}), query("a", {SILVER_TRADES: (BRONZE_TRADES,)})],
        [query("a", {GOLD_MARKET_SUMMARY: (GOLD_CANDLES,), GOLD_CANDLES: (GOLD_MARKET_SUMMARY,)})],
        [query("a", {GOLD_MARKET_SUMMARY: (GOLD_CANDLES,)}), query("b", {GOLD_CANDLES: ()})],
    ],
    ids=["reads what nobody writes", "one table twice", "one name twice", "made of itself", "made of what comes later"],
)
def test_queries_that_contradict_each_other_are_refused(queries: list[Query]) -> None:
    with pytest.raises(TerminalError):
        tables_of(queries)
