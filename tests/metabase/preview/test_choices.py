"""What a filter offers."""

import asyncio

from metabase.dashboard import Filter
from metabase.preview import choices
from tapehouse.errors import TerminalError
from tapehouse.query import Result
from tests.metabase.preview.asked import answer


class Engine:
    def __init__(self, result: Result | None) -> None:
        self.result = result

    async def ask(self, sql: str) -> Result:
        if self.result is None:
            raise TerminalError("there is no table")
        return self.result


def offered(each: Filter, result: Result | None) -> list[str]:
    return asyncio.run(choices.offered(each, Engine(result)))


def test_it_offers_what_is_in_the_table_and_its_default_where_that_is_not() -> None:
    symbols = answer("symbol", ("BTC-USD",), (None,), ("ETH-USD",))
    assert offered(Filter("symbol", "Market", "text", "BTC-USD"), symbols) == ["BTC-USD", "ETH-USD"]
    assert offered(Filter("exchange", "Exchange", "text", "ALL"), answer("exchange", ("kraken",))) == ["ALL", "kraken"]


def test_a_number_is_offered_as_it_is_typed() -> None:
    assert offered(Filter("horizon", "Horizon", "number"), answer("horizon_s", (3_600,))) == ["3600"]


def test_a_table_that_is_not_there_offers_nothing() -> None:
    assert offered(Filter("symbol", "Market", "text"), None) == []
    assert not choices.known(Filter("search", "Search", "text"))
