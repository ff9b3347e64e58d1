"""What a filter offers."""

import asyncio
from decimal import Decimal

from metabase.dashboard import Filter
from metabase.preview import choices
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake
from tapehouse.query import Result
from tapehouse.query.duckdb_port import DuckdbPort
from tests.metabase.preview.asked import answer
from tests.small_lake import WriteTable


class Engine:
    def __init__(self, result: Result | None) -> None:
        self.result = result

    async def ask(self, sql: str) -> Result:
        if self.result is None:
            raise TerminalError("there is no table")
        return self.result


class Here:
    """A lake, really asked."""

    def __init__(self, lake: Lake) -> None:
        self._port = DuckdbPort(lake)

    async def ask(self, sql: str) -> Result:
        return self._port.run(sql)


def offered(each: Filter, result: Result | None) -> list[str]:
    return asyncio.run(choices.offered(each, Engine(result)))


def test_it_offers_what_is_in_the_table_and_its_default_where_that_is_not() -> None:
    symbols = answer("symbol", ("BTC-USD",), (None,), ("ETH-USD",))
    assert offered(Filter("symbol", "Market", "text", "BTC-USD"), symbols) == ["BTC-USD", "ETH-USD"]
    assert offered(Filter("exchange", "Exchange", "text", "ALL"), answer("exchange", ("kraken",))) == ["ALL", "kraken"]


def test_of_more_markets_than_are_offered_the_most_traded_are(lake: Lake, write_table: WriteTable) -> None:
    rows = [(f"C{number:03}-USD", "ALL", Decimal(number)) for number in range(choices.MOST + 2)]
    columns = {"symbol": "string", "exchange": "string", "quote_volume_24h": "decimal(28,12)"}
    write_table("gold.market_summary", columns, rows)
    found = asyncio.run(choices.offered(Filter("symbol", "Market", "text"), Here(lake)))
    assert found == [symbol for symbol, _, _ in rows[2:]]


def test_of_more_assets_than_are_offered_those_with_most_stories_are(lake: Lake, write_table: WriteTable) -> None:
    rows = [(f"A{number:03}", day, 1 + number * day) for number in range(choices.MOST + 2) for day in range(2)]
    write_table("gold.sentiment_daily", {"symbol": "string", "day": "long", "documents": "long"}, rows)
    found = asyncio.run(choices.offered(Filter("asset", "Asset", "text"), Here(lake)))
    assert found == [f"A{number:03}" for number in range(2, choices.MOST + 2)]


def test_a_number_is_offered_as_it_is_typed() -> None:
    assert offered(Filter("horizon", "Horizon", "number"), answer("horizon_s", (3_600,))) == ["3600"]


def test_a_table_that_is_not_there_offers_nothing() -> None:
    assert offered(Filter("symbol", "Market", "text"), None) == []
    assert not choices.known(Filter("search", "Search", "text"))
