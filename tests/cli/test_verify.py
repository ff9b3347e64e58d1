"""verify against the simulated venues and gold candles that the job made of what they traded. No Spark."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from cli.main import main
from embedded.venues import Simulator
from producers.feeds import FEEDS
from tapehouse.intervals import MINUTE_US, floor_us
from tapehouse.lake import Lake
from tapehouse.market import MarketKey
from tapehouse.record import Record, Trade
from tapehouse.tables import GOLD_CANDLES
from tests.cli.venues import Venues, turned
from tests.factories import coverage, gap
from tests.glue_jobs.gold.silver_lake import SilverLake
from tests.glue_jobs.tables_on_disk import rows_of

MINUTES: Final = 30
SYMBOLS: Final = {"binance": "BTC-USDT", "okx": "BTC-USDT", "bybit": "BTC-USDT"}
WITH_KLINES: Final = [name for name, feed in FEEDS.items() if feed.traits.klines is not None]


class Market:
    """One simulated market, and its gold."""

    def __init__(self, venues: Venues, clock: list[int], lake: Lake) -> None:
        self.venues, self.clock, self.lake = venues, clock, lake
        self.silver = SilverLake(lake)
        now_us = time.time_ns() // 1000
        self.now_us, self.feed, self.symbol = now_us, "", ""
        self.from_us = self.to_us = 0

    def trade(self, feed: str, minutes: int = MINUTES, *, every: int = 1) -> list[Trade]:
        """Trades in every so many minutes, up to the last whole one."""
        self.feed, self.symbol = feed, SYMBOLS.get(feed, "BTC-USD")
        self.to_us = floor_us(self.now_us, MINUTE_US)
        self.from_us = self.to_us - minutes * MINUTE_US
        for minute in range(0, minutes, every):
            self.clock[0] = self.from_us + minute * MINUTE_US + 30_000_000
            self.venues.trade(FEEDS[feed].exchange, 1 + minute % 3, self.symbol)
        self.clock[0] = self.now_us
        return self.venues.truth(feed, self.symbol)

    @property
    def key(self) -> MarketKey:
        return MarketKey(FEEDS[self.feed].exchange, self.symbol, self.feed)

    def to_gold(self, trades: list[Trade], *, source: str | None = None) -> None:
        market = self.key._replace(source=source or self.feed)
        seen = coverage(self.from_us - MINUTE_US, self.to_us + MINUTE_US, market=market)
        self.arrive(*trades, seen)

    def arrive(self, *records: Record) -> None:
        """Into silver, and on to gold."""
        self.silver.arrive(records, arrival_us=self.now_us)
        self.silver.refresh()

    def verify(self, *words: str, from_us: int | None = None, to_us: int | None = None) -> int:
        from_us, to_us = (self.from_us if from_us is None else from_us), (self.to_us if to_us is None else to_us)
        span = ["--from", iso(from_us), "--to", iso(to_us)]
        address = [] if "--rest-url" in words else ["--rest-url", self.venues.simulator.rest_url(self.feed)]
        feed = ["--feed", self.feed] if "-" in self.feed else []
        named = ["verify", self.key.exchange, self.symbol, "--lake", self.lake.uri]
        return main([*named, *span, *address, *feed, "--feed-limits", quick(self.feed), *words])

    def change(self, window: int, **values: Any) -> None:
        """Other values in one minute of gold."""
        rows, state = self.silver.rows(), self.silver.workspace.state(GOLD_CANDLES)
        at = dt.datetime.fromtimestamp((self.from_us + window * MINUTE_US) // 10**6, dt.UTC)
        listed = rows.to_pylist()
        for row in listed:
            if (row["exchange"], row["interval"], row["window_start"]) == (self.key.exchange, "1m", at):
                row.update(values)
        kept = [row for row in listed if "gone" not in row]
        file = self.silver.workspace.stage(GOLD_CANDLES, rows_of(GOLD_CANDLES, kept))
        self.silver.workspace.commit(state, add=[file], remove=state.files)


def quick(feed: str) -> str:
    limits = {"calls_per_s": "10000", "burst": "1000", "backoff_base_s": "0", "attempts": "3"}
    return ",".join(f"{feed}.rest.{name}={value}" for name, value in limits.items())


def iso(us: int) -> str:
    return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=us)).isoformat()


@pytest.fixture(autouse=True)
def quietly(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tapehouse.logs.set_up", lambda **_: None)


@pytest.fixture
def market(lake: Lake) -> Iterator[Market]:
    clock = [1]
    with turned(Simulator(clock=lambda: clock[0])) as venues:
        yield Market(venues, clock, lake)


Told = Callable[[], str]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    return lambda: capsys.readouterr().out


@pytest.mark.parametrize("feed", WITH_KLINES)
def test_what_was_read_whole_is_equal(market: Market, told: Told, feed: str) -> None:
    market.to_gold(market.trade(feed, every=2))
    assert market.verify() == 0
    assert f"1m: {MINUTES // 2} windows compared, {MINUTES // 2} equal, 0 differ" in told()
    assert market.verify("--interval", "5m", from_us=market.from_us + 1) == 0
    assert "5m: " in told()


@pytest.mark.parametrize("feed", WITH_KLINES)
def test_a_trade_that_is_missing_in_gold_is_named(market: Market, told: Told, feed: str) -> None:
    trades = market.trade(feed)
    lost = next(each for each in trades if each.event_time_us >= market.from_us + 5 * MINUTE_US)
    market.to_gold([each for each in trades if each != lost])
    assert market.verify() == 1
    window = iso(floor_us(lost.event_time_us, MINUTE_US)).replace("+00:00", "Z")
    *named, summary = (line for line in told().splitlines() if line[:2] == "20" or "compared" in line)
    assert {line.partition("  ")[0] for line in named} == {window}
    assert any("  volume: ours " in line or "  the venue's alone: " in line for line in named)
    assert f"{MINUTES} windows compared, {MINUTES - 1} equal, " in summary


@pytest.mark.parametrize(("name", "value"), [
    ("open", Decimal("1.5")), ("high", Decimal("1e9")), ("low", Decimal("0.1")), ("close", Decimal("1.5")),
    ("volume", Decimal("0.000000000001")), ("quote_volume", Decimal("0.1")), ("trade_count", 77),
])  # fmt: skip
def test_each_field_of_binance_is_compared(market: Market, told: Told, name: str, value: Any) -> None:
    market.to_gold(market.trade("binance"))
    market.change(3, **{name: value})
    assert market.verify() == 1
    lines = [line for line in told().splitlines() if "ours " in line and "Z  " in line]
    assert len(lines) == 1
    assert f"Z  {name}: ours {Decimal(value).normalize():f}, the venue's " in lines[0]


def test_a_window_that_only_one_side_has_is_named(market: Market, told: Told) -> None:
    market.to_gold(market.trade("coinbase", every=2))
    first = market.venues.truth("coinbase", market.symbol)[0]
    market.arrive(replace(first, trade_id="1", size="3.5", event_time_us=market.from_us + 7 * MINUTE_US))
    market.change(4, gone=True)
    assert market.verify() == 1
    said = told()
    assert "the venue's alone: volume " in said
    assert "ours alone: volume 3.5" in said
    assert "0 differ, 1 ours alone, 1 the venue's alone" in said


def test_incomplete_windows_are_counted_and_left_out(market: Market, told: Told) -> None:
    trades = market.trade("kraken")
    market.to_gold(trades[:10] + trades[14:])
    hole = gap(market=market.key, from_us=trades[9].event_time_us, to_us=trades[14].event_time_us)
    market.arrive(hole)
    assert market.verify() == 0
    assert "of ours that are not complete" in told()
    market.arrive(gap("all", market=market.key, from_us=market.from_us, to_us=market.to_us))
    assert market.verify() == 1
    assert "0 windows compared" in told()


@pytest.mark.parametrize("feed", ["okx", "coinbase"])
def test_pages_go_on_across_the_venues_limit(market: Market, told: Told, feed: str) -> None:
    minutes = 2 * (FEEDS[feed].traits.klines or pytest.fail()).page_candles + 7
    market.to_gold(market.trade(feed, minutes, every=3))
    calls: list[str] = []
    answer = market.venues.simulator._answers.answer
    market.venues.simulator._answers.answer = lambda request: (calls.append(request.path), answer(request))[1]  # type: ignore[method-assign,func-returns-value]
    assert market.verify() == 0
    assert len(calls) == 3
    assert f"1m: {-(-minutes // 3)} windows compared" in told()


def test_what_kraken_no_longer_gives_is_counted_and_left_out(market: Market, told: Told) -> None:
    market.to_gold(market.trade("kraken", 730))
    assert market.verify() == 0
    assert "windows compared" in (said := told())
    assert "of ours that are older than what kraken gives" in said


@pytest.mark.parametrize("fault", [{"rest_status": "429", "rest_times": "2"}, {"rest_status": "500", "rest_times": "2"},
                                   {"rest_half_body": "2"}])  # fmt: skip
def test_what_passes_is_asked_again(market: Market, fault: dict[str, str]) -> None:
    market.to_gold(market.trade("bitstamp"))
    market.venues.simulator.faults.set(fault)
    assert market.verify() == 0


@pytest.mark.parametrize("fault", [{"rest_status": "429", "rest_times": "9"}, {"rest_status": "500", "rest_times": "9"},
                                   {"rest_half_body": "9"}])  # fmt: skip
def test_a_venue_that_never_answers_is_an_error(
    market: Market, fault: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    market.to_gold(market.trade("bybit"))
    market.venues.simulator.faults.set(fault)
    assert market.verify() == 1
    shown = capsys.readouterr()
    assert "no answer from /bybit/v5/market/kline in 3 tries" in shown.err
    assert "equal" not in shown.out


def test_nobody_there_is_an_error(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    market.to_gold(market.trade("okx"))
    assert market.verify("--rest-url", "http://127.0.0.1:9") == 1
    assert "in 3 tries" in capsys.readouterr().err


@pytest.mark.parametrize("feed", ["coinbase", "kraken", "binance", "bitstamp", "okx", "bybit"])
def test_a_market_that_the_venue_does_not_know_is_refused(
    market: Market, feed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    market.to_gold(market.trade(feed))
    market.symbol = "ABC-USDT"
    assert market.verify() == 1
    assert "refused /" in capsys.readouterr().err


def test_nothing_to_compare_is_no_success(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    market.to_gold(market.trade("coinbase"))
    early = market.from_us - 100 * MINUTE_US
    assert market.verify(from_us=early, to_us=early + 9 * MINUTE_US) == 1
    assert "Nothing was compared" in capsys.readouterr().err
    assert market.verify(to_us=market.from_us + 1) == 1
    assert "No window of 1m begins and ends in the span" in capsys.readouterr().err
    assert market.verify(to_us=market.to_us + 10**15) == 1
    assert "has not come yet" in capsys.readouterr().err


def test_what_cannot_be_asked_is_one_sentence(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    market.to_gold(market.trade("kraken"))
    for words, said in [
        (["--interval", "1w"], "kraken has no 1w candles that can be compared; it has 1m, 5m"),
        (["--feed", "finnhub"], "finnhub has no candles of kraken's own to compare with"),
        (["--feed", "coinbase"], "coinbase has no candles of kraken's own to compare with"),
        (["--feed", "nobody"], "there is no feed 'nobody'"),
    ]:
        assert market.verify(*words) == 1
        assert said in capsys.readouterr().err
    words = ["--lake", market.lake.uri, "--from", "2026-01-01", "--to", "2026-01-02"]
    assert main(["verify", "us", "AAPL-USD", *words]) == 1
    assert "No feed reads candles of us itself; there are those of binance, bitstamp, " in capsys.readouterr().err


def test_a_simulated_lake_is_never_compared_with_the_real_venue(
    market: Market, capsys: pytest.CaptureFixture[str]
) -> None:
    market.lake.check_origin("demo")
    words = ["--lake", market.lake.uri, "--from", "2026-01-01", "--to", "2026-01-02"]
    assert main(["verify", "kraken", "BTC-USD", *words]) == 1
    assert "holds demo trades, which are not the venue's" in capsys.readouterr().err


def test_counts_of_aggregates_are_not_compared(market: Market, told: Told) -> None:
    market.trade("binance")
    aggregates = [each for each in market.venues.simulator.truth_of("binance-agg") if each.symbol == market.symbol]
    market.to_gold(aggregates, source="binance-agg")
    assert market.verify() == 0
    assert "of each: open, high, low, close, volume, quote_volume\n" in told()
