"""The pages, as NiceGUI makes them: without a browser, which ``scripts/screenshots.py`` brings."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from nicegui import ui
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

from metabase import book
from metabase.preview import page
from metabase.preview.holdings import HoldingsFile
from metabase.preview.versions import Versions
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake
from tapehouse.query import Result
from tests.metabase import samples
from tests.metabase.preview.asked import answer, minute

EVIL = "<img src=x onerror=alert(1)>"


class Engine:
    """Answers as the sample's questions want, and notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def ask(self, sql: str) -> Result:
        self.asked.append(sql)
        if sql.startswith("SELECT DISTINCT"):
            return answer("symbol", ("BTC-USD",), ("ETH-USD",))
        if "market_summary" in sql:
            return answer("symbol last_price change_24h volume_24h", (EVIL, 5, 1.5, 7))
        if "gold.candles" in sql:
            return answer("window_start open high low close", (minute(len(self.asked)), 1, 4, 1, 3))
        raise TerminalError("the hours are lost")


Test = Callable[[User, Engine, Path], Awaitable[None]]


class Visited(Protocol):
    def __call__(self, test: Test, **other: str) -> None: ...


@pytest.fixture
def visited(tmp_path: Path) -> Visited:
    """Runs a test in the server's loop, with a reader whose screen is dark and wide; ``other``: files of the book."""
    for table in ("candles", "market_summary", "exchange_activity"):
        log = tmp_path / "gold" / table / "_delta_log"
        log.mkdir(parents=True)
        (log / f"{0:020}.json").touch()

    def run(test: Test, **other: str) -> None:
        dashboards = book.read(samples.write(tmp_path, **other))

        async def whole() -> None:
            engine = Engine()
            holdings = HoldingsFile(tmp_path / "portfolio.yaml", check=lambda content: None)
            async with user_simulation() as user:
                page.register(page.Shared(dashboards, engine, Versions(Lake(tmp_path)), holdings))
                user.javascript_rules[re.compile(r".*matchMedia.*")] = lambda _: [True, 1400]
                await test(user, engine, tmp_path)

        asyncio.run(whole())

    return run


async def until(said: Callable[[], bool]) -> None:
    while not said():
        await asyncio.sleep(0.02)


def charts_in(user: User) -> list[ui.echart]:
    return [each for each in user.client.elements.values() if isinstance(each, ui.echart)] if user.client else []


async def chart_of(user: User) -> ui.echart:
    """The one chart of the page, once it is there."""
    await until(lambda: len(charts_in(user)) == 1)
    return charts_in(user)[0]


def test_the_first_dashboard_is_drawn_with_nothing_from_outside(visited: Visited) -> None:
    async def test(user: User, engine: Engine, _: Path) -> None:
        served: Any = await user.http_client.get("/")
        assert re.findall(r"https?://", served.text) == []
        await user.open("/")
        for words in ("Markets", "Prices", "Flow", "Markets now", "Hours"):
            await user.should_see(words)
        await user.should_see(kind=ui.table)
        chart = await chart_of(user)
        assert chart.options["series"][0]["type"] == "candlestick"
        (table,) = user.find(ui.table).elements
        assert table.rows[0]["c0"]["text"] == EVIL

    visited(test)


def test_the_address_chooses_the_tab_and_the_filters_and_an_error_is_its_card_s(
    visited: Visited,
) -> None:
    async def test(user: User, engine: Engine, _: Path) -> None:
        await user.open("/markets?_tab=Flow&symbol=ETH-USD")
        await user.should_see("volume: the hours are lost")
        (sql,) = [each for each in engine.asked if "exchange_activity" in each]
        assert "symbol = 'ETH-USD'" in sql

    visited(test)


def test_another_filter_asks_its_cards_anew_and_is_told_to_the_address(visited: Visited) -> None:
    async def test(user: User, engine: Engine, _: Path) -> None:
        client = await user.open("/markets")
        await chart_of(user)
        told: list[str] = []
        client.run_javascript = lambda code, **_: told.append(code)  # type: ignore[method-assign,assignment]
        (symbol,) = user.find(ui.toggle).elements
        before = len(engine.asked)
        symbol.set_value("ETH-USD")
        await until(lambda: sum("'ETH-USD'" in each for each in engine.asked[before:]) == 2)
        assert any(json.dumps("/markets?symbol=ETH-USD") in each for each in told)

    visited(test)


@pytest.mark.parametrize("value", ["x" * 201, "two\nlines"])
def test_what_a_filter_cannot_have_is_refused_with_a_message(visited: Visited, value: str) -> None:
    async def test(user: User, engine: Engine, _: Path) -> None:
        await user.open("/markets")
        await chart_of(user)
        (symbol,) = user.find(ui.select).elements
        await until(lambda: EVIL in symbol.options)
        before = len(engine.asked)
        symbol.set_options([*symbol.options, value], value=value)  # as a new value that was typed
        await user.should_see("letters" if len(value) > 200 else "is no text")
        assert (symbol.value, value in symbol.options, engine.asked[before:]) == ("BTC-USD", False, [])
        symbol.set_options([*symbol.options, "ETH-USD"], value="ETH-USD")
        await until(lambda: any("'ETH-USD'" in each for each in engine.asked[before:]))

    visited(test, markets=samples.MARKETS.replace(", values: [BTC-USD, ETH-USD]", ""))


def test_a_market_in_a_table_leads_to_the_first_tab_that_is_about_one(visited: Visited) -> None:
    """The one that lists them has a table and no filter of the market."""
    listed = samples.MARKETS.replace("  - {name: from, type: date}\n", "")
    listed = listed.replace("      - {question: candles, title: Hours, x: 0, y: 9, w: 18, h: 9}\n", "")
    listed = listed.replace("{question: summary, ", "{question: summary, filters: {symbol: null}, ")

    async def test(user: User, engine: Engine, _: Path) -> None:
        client = await user.open("/markets")
        await user.should_see(kind=ui.table)
        told: list[str] = []
        client.run_javascript = lambda code, **_: told.append(code)  # type: ignore[method-assign,assignment]
        nothing: Any
        for nothing in (None, [], {"symbol": 5}, {"symbol": "two\nlines"}, {"from": ""}, {"other": "x"}):
            user.find(ui.table).trigger("click", nothing)
        assert told == []
        user.find(ui.table).trigger("click", {"symbol": "ETH-USD"})
        await user.should_see("volume: the hours are lost")
        assert any(json.dumps("/markets?symbol=ETH-USD&_tab=Flow") in each for each in told)
        (sql,) = [each for each in engine.asked if "exchange_activity" in each]
        assert "symbol = 'ETH-USD'" in sql

    visited(test, markets=listed)


def test_a_market_in_a_table_is_chosen_where_its_tab_is_about_one(visited: Visited) -> None:
    async def test(user: User, engine: Engine, _: Path) -> None:
        client = await user.open("/markets")
        await user.should_see(kind=ui.table)
        told: list[str] = []
        client.run_javascript = lambda code, **_: told.append(code)  # type: ignore[method-assign,assignment]
        before = len(engine.asked)
        user.find(ui.table).trigger("click", {"symbol": "ETH-USD"})
        await until(lambda: sum("'ETH-USD'" in each for each in engine.asked[before:]) == 2)
        (symbol,) = user.find(ui.toggle).elements
        assert symbol.value == "ETH-USD"
        assert any(json.dumps("/markets?symbol=ETH-USD") in each for each in told)

    visited(test)


def test_a_commit_updates_the_same_chart_so_that_a_zoom_stays(visited: Visited) -> None:
    async def test(user: User, engine: Engine, folder: Path) -> None:
        await user.open("/markets")
        before = await chart_of(user)
        asked, shown = len(engine.asked), json.dumps(before.options)
        (folder / "gold" / "candles" / "_delta_log" / f"{1:020}.json").touch()
        await until(lambda: [json.dumps(each.options) for each in charts_in(user)] not in ([], [shown]))
        assert ["gold.candles" in each for each in engine.asked[asked:]] == [True]
        assert await chart_of(user) is before

    visited(test)


def test_a_dashboard_that_is_not_there_leads_to_those_that_are(visited: Visited) -> None:
    async def test(user: User, engine: Engine, _: Path) -> None:
        await user.open("/%3Cscript%3E")
        await user.should_see("There is no such dashboard.")

    visited(test)
