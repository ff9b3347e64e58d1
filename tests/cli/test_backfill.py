"""backfill against the simulated venues, the embedded stream and a lake written by hand. No Spark."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.command import Target, target
from cli.main import main
from tapehouse.lake import Lake
from tapehouse.record import Trade
from tapehouse.settings import Settings
from tests.cli.venues import Venues, in_stream, simulated

GAPS = {
    **dict.fromkeys(("exchange", "symbol", "source", "gap_id", "event", "from_id", "to_id"), "string"),
    **{"from_us": "long", "to_us": "long", "reason": "string"},
}
TRADES = {**dict.fromkeys(("exchange", "symbol", "source", "trade_id"), "string"), "event_time_us": "long"}
WriteTable = Callable[..., None]


@pytest.fixture(autouse=True)
def quickly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tapehouse.logs.set_up", lambda **_: None)
    monkeypatch.setattr("producers.recovery.waits.BY_HAND_S", ())
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", "")  # put back at the end, whatever a command did to it
    monkeypatch.delenv("AWS_ENDPOINT_URL_KINESIS")


@pytest.fixture
def venues() -> Iterator[Venues]:
    with simulated() as found:
        yield found


@pytest.fixture
def here(lake: Lake) -> Iterator[Target]:
    found = target(Settings(lake=lake.uri))
    found.lake.check_origin("demo")
    found.stack.up()
    found.stack.ensure_stream("trades", 2)
    yield found
    found.stack.down()


def iso(us: int) -> str:
    return (dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=us)).isoformat()  # noqa: DTZ001 - of no zone: UTC


def gap(source: str, gap_id: str, first: Trade | None, last: Trade | None, *, event: str = "opened") -> tuple[Any, ...]:
    """A row of silver.gaps of a hole between two trades."""
    market = ("coinbase" if source == "coinbase-advanced" else source, "BTC-USD", source, gap_id, event)
    if first is None or last is None:
        return (*market, None, None, None, None, "filled")
    ids = (str(int(first.trade_id) + 1), str(int(last.trade_id) - 1))
    return (*market, *ids, first.event_time_us, last.event_time_us, "disconnected")


def backfill(here: Target, venues: Venues, feed: str, *words: str, symbol: str = "BTC-USD") -> int:
    exchange = "coinbase" if feed == "coinbase-advanced" else feed
    address = ["--rest-url", venues.simulator.rest_url(feed)]
    return main(["backfill", exchange, symbol, "--lake", here.lake.uri, *address, *words])


def span(first: Trade, last: Trade) -> list[str]:
    return ["--from", iso(first.event_time_us), "--to", iso(last.event_time_us) + "Z"]


def kinds(records: list[dict[str, Any]]) -> list[str]:
    return [record["kind"] for record in records if record["kind"] != "trade"]


def ids(records: list[dict[str, Any]]) -> list[int]:
    assert all(record["backfilled"] for record in records if record["kind"] == "trade")
    return sorted(int(record["trade_id"]) for record in records if record["kind"] == "trade")


def test_the_open_gaps_of_the_span_are_filled_and_closed(
    here: Target, venues: Venues, write_table: WriteTable, capsys: pytest.CaptureFixture[str]
) -> None:
    venues.trade("coinbase", 60, "BTC-USD")
    made = venues.truth("coinbase", "BTC-USD")
    rows = [
        gap("coinbase", "too early", made[0], made[3]),
        gap("coinbase", "first", made[10], made[15]),
        gap("coinbase", "closed already", made[20], made[25]),
        gap("coinbase", "closed already", None, None, event="closed"),
        gap("coinbase", "second", made[30], made[38]),
    ]
    write_table("silver.gaps", GAPS, rows)
    assert backfill(here, venues, "coinbase", *span(made[12], made[50])) == 0
    assert capsys.readouterr().out == "filled  first: 4 trades\nfilled  second: 7 trades\n"
    records = in_stream(here)
    assert ids(records) == [int(trade.trade_id) for trade in [*made[11:15], *made[31:38]]]
    assert sorted(kinds(records)) == ["coverage", "coverage", "gap_closed", "gap_closed"]
    assert {record["gap_id"] for record in records if record["kind"] == "gap_closed"} == {"first", "second"}


def test_one_gap_is_filled_by_its_id_and_by_the_feed_that_has_it(
    here: Target, venues: Venues, write_table: WriteTable, capsys: pytest.CaptureFixture[str]
) -> None:
    venues.trade("coinbase", 30, "BTC-USD")
    made = venues.truth("coinbase-advanced", "BTC-USD")
    write_table("silver.gaps", GAPS, [gap("coinbase-advanced", "it's", made[3], made[9])])
    assert backfill(here, venues, "coinbase-advanced", "--gap", "it's") == 0
    records = in_stream(here)
    assert {record["source"] for record in records} == {"coinbase-advanced"}
    assert ids(records) == [int(trade.trade_id) for trade in made[4:9]]
    assert backfill(here, venues, "coinbase", "--gap", "it's", "--feed", "coinbase") == 1
    assert "it's is no open gap of coinbase BTC-USD" in capsys.readouterr().err


def test_a_span_without_a_gap_is_filled_by_id_between_the_trades_that_are_known(
    here: Target, venues: Venues, write_table: WriteTable, capsys: pytest.CaptureFixture[str]
) -> None:
    venues.trade("binance", 60, "BTC-USDT")
    made = venues.truth("binance", "BTC-USDT")
    write_table("silver.gaps", GAPS, [])
    low, high = (made[4], made[5]), made[50]
    known = [("binance", "BTC-USDT", "binance", t.trade_id, t.event_time_us) for t in (*low, high, made[0], made[55])]
    other = ("binance", "BTC-USDT", "binance-agg", made[7].trade_id, made[7].event_time_us)
    write_table("silver.trades", TRADES, [*known, other])
    from_us, to_us = low[1].event_time_us + 1, high.event_time_us - 1
    words = ["--from", iso(from_us), "--to", iso(to_us)]
    assert backfill(here, venues, "binance", *words, symbol="BTC-USDT") == 0
    records = in_stream(here)
    assert ids(records) == list(range(int(low[1].trade_id) + 1, int(high.trade_id)))
    assert kinds(records) == ["coverage"]
    assert f"{len(ids(records))} trades" in capsys.readouterr().out


def test_a_span_without_a_gap_is_filled_by_time_where_the_venue_pages_so(
    here: Target, venues: Venues, write_table: WriteTable
) -> None:
    venues.trade("kraken", 60, "BTC-USD")
    made = venues.truth("kraken", "BTC-USD")
    write_table("silver.gaps", GAPS, [])
    assert backfill(here, venues, "kraken", *span(made[10], made[40])) == 0
    records = in_stream(here)
    missing = {int(t.trade_id) for t in made if made[10].event_time_us <= t.event_time_us <= made[40].event_time_us}
    assert missing <= set(ids(records))
    assert kinds(records) == ["coverage"]


def test_a_span_beside_which_nothing_is_known_cannot_be_asked_for_by_id(
    here: Target, venues: Venues, write_table: WriteTable, capsys: pytest.CaptureFixture[str]
) -> None:
    venues.trade("coinbase", 20, "BTC-USD")
    made = venues.truth("coinbase", "BTC-USD")
    write_table("silver.gaps", GAPS, [])
    below = ("coinbase", "BTC-USD", "coinbase", made[0].trade_id, made[0].event_time_us - 1)
    write_table("silver.trades", TRADES, [below])
    assert backfill(here, venues, "coinbase", *span(made[0], made[19])) == 1
    assert "has no trade of coinbase BTC-USD by coinbase after --to" in capsys.readouterr().err
    above = ("coinbase", "BTC-USD", "coinbase", str(int(made[0].trade_id) + 1), made[19].event_time_us + 1)
    write_table("silver.trades", TRADES, [above])
    assert backfill(here, venues, "coinbase", *span(made[0], made[19])) == 0
    assert "Nothing is missing" in capsys.readouterr().out
    assert in_stream(here) == []


def test_what_stays_open_is_told_and_makes_it_exit_with_1(
    here: Target, venues: Venues, write_table: WriteTable, capsys: pytest.CaptureFixture[str]
) -> None:
    venues.trade("coinbase", 20, "BTC-USD")
    made = venues.truth("coinbase", "BTC-USD")
    never = gap("coinbase", "never made", made[15], made[19])
    never = (*never[:6], str(int(made[19].trade_id) + 5), *never[7:])
    write_table("silver.gaps", GAPS, [never, gap("synthetic", "made on purpose", made[0], made[3])])
    assert backfill(here, venues, "coinbase", *span(made[0], made[19])) == 1
    lacking = int(made[19].trade_id) + 5 - int(made[15].trade_id)
    assert capsys.readouterr().out == (
        f"open    never made: 4 trades; the venue's pages lack {lacking - 4} of {lacking} trades\n"
    )
    assert "gap_closed" not in kinds(in_stream(here))
    assert backfill(here, venues, "synthetic", *span(made[0], made[19])) == 1
    assert "open    made on purpose: 0 trades; no feed reads synthetic" in capsys.readouterr().out


def test_a_demo_lake_takes_no_trades_of_a_real_venue(here: Target, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--from", "2026-01-01", "--to", "2026-01-02"]
    assert main(["backfill", "kraken", "BTC-USD", "--lake", here.lake.uri, *words]) == 1
    assert "holds demo trades, and this run would add live ones" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["kraken", "BTC-USD"], "Give --from and --to, or --gap"),
        (["kraken", "BTC-USD", "--from", "2026-01-01"], "Give --from and --to"),
        (["kraken", "BTC-USD", "--from", "soon", "--to", "2026-01-01"], "--from 'soon' is no time"),
        (["kraken", "BTC-USD", "--from", "2026-01-02", "--to", "2026-01-01"], "is not before --to"),
        (["kraken", "BTC-USD", "--from", "2026-01-02", "--to", "2999-01-01"], "has not come yet"),
        (["kraken", "BTCUSD", "--gap", "x"], "kraken BTCUSD is no market"),
        (["kr'aken", "BTC-USD", "--gap", "x"], "is no market"),
        (["kraken", "us:BTC-USD", "--gap", "x"], "is no market"),
    ],
)
def test_what_cannot_be_filled_is_told_before_anything_starts(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backfill", *words]) == 1
    assert said in capsys.readouterr().err
