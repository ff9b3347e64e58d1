"""Every dashboard in a real browser, each of its filters used once: on the lake of the questions' tests."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from embedded import port as ports
from metabase import book
from metabase.dashboard import Dashboard
from tests.metabase import question_lake
from tests.metabase.browser.chromium import NAMES, Browser, browser, command
from tests.metabase.browser.tab import DESK_PX, TabPage
from tests.metabase.browser.walk import Walk, few, filters_of, opened_at

ROOT: Final = Path(__file__).parents[3]
BOOK: Final = book.read()
WITHIN_S: Final = 60.0
ONE: Final = {"Portfolio", "Quote currency"}
"""Filters of which the lake has one value alone, so that nothing can be picked."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    name = command()
    if name is None:
        reason = os.environ.get("NO_BROWSER", f"none of {', '.join(NAMES)} is on this machine")
        if os.environ.get("CI") and "NO_BROWSER" not in os.environ:
            pytest.fail(reason)
        pytest.skip(reason)
    with browser(name) as page:
        yield page


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[str]:
    """The dashboards of the lake, as the command serves them."""
    lake = question_lake.write(tmp_path_factory.mktemp("walked"))
    port = ports.choose(0, purpose="the dashboards")
    patient = "from metabase.preview.answers import Answers as A; A.__init__.__kwdefaults__['timeout_s'] = 120.0"
    start = f"import sys; {patient}; from cli.main import main; sys.exit(main())"
    words = start, "dashboards", "--dashboards-port", str(port)
    environment = {**os.environ, "LAKE": lake.uri, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", *words], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield _answers(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait()


def _answers(address: str, process: "subprocess.Popen[bytes]") -> str:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with direct.open(address, timeout=5):
                return address
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{address} does not answer; the command's exit is {process.poll()}")


@pytest.mark.parametrize("dashboard", BOOK.dashboards.values(), ids=BOOK.dashboards)
def test_each_filter_does_what_it_says(chromium: Browser, address: str, dashboard: Dashboard) -> None:
    page = TabPage(chromium)
    chromium.size(1400, 900)
    walk = Walk(page, BOOK)
    faults = [fault for tab, names in few(BOOK, dashboard) for fault in walk.use(address, dashboard, tab, names)]
    assert faults == []
    assert {note.partition(" has ")[0] for note in walk.notes} <= ONE
    elsewhere = [each for each in chromium.asked if each.startswith("http") and not each.startswith(address)]
    assert elsewhere == []


@pytest.mark.parametrize("width", [1400, 390])
def test_no_word_is_cut_off_or_drawn_over(chromium: Browser, address: str, width: int) -> None:
    page = TabPage(chromium)
    chromium.size(width, 900)
    faults = []
    for dashboard in BOOK.dashboards.values():
        for tab in dashboard.tabs:
            page.go(opened_at(address, dashboard, tab))
            found = [*page.covered, *(page.cut if width >= DESK_PX else ())]
            faults += [f"{dashboard.name} / {tab.title}: {fault}" for fault in found]
    chromium.size(1400, 900)
    assert faults == []
    assert chromium.faults == []


def test_a_long_table_is_searched_and_sorted(chromium: Browser, address: str) -> None:
    page = TabPage(chromium)
    page.go(f"{address}/flow?_tab=One+market")
    before = page.cards()["biggest_trades"]
    at = before.heads.index("Total (USD)")
    assert {row[before.heads.index("Exchange")] for row in before.rows} == {"coinbase", "kraken"}
    page.search("biggest_trades", "kraken", rows="text => text.includes('kraken')")
    found = page.cards()["biggest_trades"]
    assert {row[found.heads.index("Exchange")] for row in found.seen} == {"kraken"}
    page.sort("biggest_trades", "Total (USD)")
    totals = [float(row[at].replace(",", "")) for row in page.cards()["biggest_trades"].seen]
    assert totals == sorted(totals) != totals[::-1]
    assert chromium.faults == []


def test_a_market_of_the_list_leads_to_its_chart(chromium: Browser, address: str) -> None:
    page = TabPage(chromium)
    page.go(f"{address}/markets?exchange=")
    listed = page.cards()["price_table"]
    market, venue = listed.heads.index("Market"), listed.heads.index("Exchange")
    symbol = next(row[market] for row in listed.seen if row[venue] == "coinbase" and row[market] != "BTC-USD")
    page.follow("price_table", symbol, beside="coinbase")
    assert [page.told(name) for name in ("symbol", "exchange", "_tab")] == [symbol, "coinbase", "Chart"]
    assert [page.value(name) for name in ("symbol", "exchange")] == [symbol, "coinbase"]
    cards = page.cards()
    assert {each.error for each in cards.values()} == {""}
    assert not cards["candles"].empty
    assert chromium.faults == []


def test_each_filter_is_used() -> None:
    for dashboard in BOOK.dashboards.values():
        used = [name for _, names in few(BOOK, dashboard) for name in names]
        assert sorted(used) == sorted(each.name for each in dashboard.filters)
        assert all(set(names) <= set(filters_of(BOOK, dashboard, tab)) for tab, names in few(BOOK, dashboard))
