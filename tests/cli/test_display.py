"""What run-app displays: the page that people see, the lines that a pipe gets."""

import datetime as dt
import io
import logging
import threading
from decimal import Decimal

import pytest
from rich.console import Console

from cli.display import LiveDisplay, LogDisplay
from cli.market_view import MarketView
from glue_jobs.engine import Step
from glue_jobs.refresh import RefreshReport
from tapehouse.query.port import Result

MINUTE = dt.datetime(2026, 1, 1, 12, 34, tzinfo=dt.UTC)
ROW = ("kraken", "BTC-USD", MINUTE, *[Decimal("1.500000000000")] * 5, 1_234, False)
MARKETS = MarketView(Result(("exchange",), [ROW]), 1.26)
REPORT = RefreshReport(steps=(), rows=3, seconds=1.5)


def page(display: LiveDisplay) -> str:
    out = io.StringIO()
    Console(file=out, width=120).print(display._page())
    return " ".join(out.getvalue().split())


def test_the_page_shows_the_markets_what_goes_on_and_how_to_end_it() -> None:
    stop = threading.Event()
    display = LiveDisplay("the lake", "the logs", stop)
    assert "no candles yet" in page(display)
    display.dashboards("http://127.0.0.1:8200")
    assert page(display).startswith("Tapehouse dashboards http://127.0.0.1:8200")
    display.status("starting Spark")
    display.step_done(Step("silver.trades", 2.25, 5))
    assert "refreshing: silver.trades done (Ctrl-C drains and ends)" in page(display)
    display.refreshed(REPORT, MARKETS, total_rows=12_345, producers="3 of 4")
    shown = page(display)
    assert "kraken BTC-USD │ 12:34 │ 1.5 │ 1.5 │ 1.5 │ 1.5 │ 1.5 │ 1,234 │ no" in shown
    assert "12,345 records in, 3 by the last pass of 1.5 s newest trade 1.3 s ago producers 3 of 4" in shown
    assert "silver.trades 2.2 s" in shown
    assert "lake the lake logs the logs" in shown
    stop.set()
    assert "ending: what runs is finished first" in page(display)


def test_a_pipe_gets_a_line_a_refresh(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), LogDisplay() as display:
        for _ in range(2):
            display.dashboards("http://127.0.0.1:8200")
        display.status("auditing")
        display.step_done(Step("silver.trades", 2.25, 5))
        display.refreshed(REPORT, MARKETS, total_rows=12_345, producers="3 of 4")
        display.refreshed(REPORT, MarketView(Result((), ()), None), total_rows=12_345, producers="3 of 4")
    where, first, second, third = (record.message for record in caplog.records)
    assert where == "event=dashboards address=http://127.0.0.1:8200"
    assert first == "event=run_app doing=auditing"
    assert "rows=3 total_rows=12345 seconds=1.5 lag_s=1.3 markets=1" in second
    assert "lag_s=none markets=0" in third
