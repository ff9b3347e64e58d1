"""gold.portfolio from candles and a file, without Spark: held against plain Python, whatever came when."""

import random
from typing import Any

import pytest

from glue_jobs.engine.transaction import LostRaceError
from glue_jobs.gold.portfolio import PortfolioJob
from tapehouse.lake import Lake
from tapehouse.tables import GOLD_CANDLES, GOLD_PORTFOLIO
from tests.glue_jobs.gold.portfolio.lake import DAY, HOUR, T0, Clock, HeldLake, text

MARKETS = (("ALL", "BTC-USD"), ("kraken", "BTC-USD"), ("ALL", "ETH-USD"), ("binance", "BTC-USDT"), ("ALL", "SOL-USD"))


def buy(units: str, at: int, **more: str) -> dict[str, str]:
    return {"buy": units, "at": text(at), **more}


def sell(units: str, at: int, **more: str) -> dict[str, str]:
    return {"sell": units, "at": text(at), **more}


def held(*transactions: dict[str, str], symbol: str = "BTC-USD", **more: str) -> dict[str, Any]:
    return {"symbol": symbol, **more, "transactions": list(transactions)}


def some_holdings(dice: random.Random) -> list[dict[str, Any]]:
    """A book whose sales are never more than what is held then."""
    found = []
    for name in ("default", "other"):
        for exchange, symbol in dice.sample(MARKETS, dice.randrange(1, 4)):
            times = sorted(T0 + dice.randrange(-3 * DAY, 5 * DAY) // 1_800_000_000 * 1_800_000_000 for _ in range(6))
            units = 0
            told: list[dict[str, str]] = []
            for at in times[: dice.randrange(1, 7)]:
                more = {}
                if dice.random() < 0.6:
                    more["price"] = f"{dice.randrange(0, 99)}.{dice.randrange(10**12):012d}"
                if dice.random() < 0.5:
                    more["fee"] = f"0.{dice.randrange(10**12):012d}"
                if units and dice.random() < 0.5:
                    part = units if dice.random() < 0.5 else dice.randrange(1, units + 1)
                    if told and told[-1]["at"] == text(at):
                        continue  # of one instant, purchases count first: that is another test
                    told.append(sell(_amount(part), at, **more))
                    units -= part
                else:
                    part = dice.randrange(1, 3 * 10**12)
                    told.append(buy(_amount(part), at, **more))
                    units += part
            dice.shuffle(told)
            found.append(held(*told, symbol=symbol, exchange=exchange, portfolio=name))
    return found


def _amount(units: int) -> str:
    return f"{units // 10**12}.{units % 10**12:012d}"


@pytest.mark.parametrize("seed", range(10))
def test_any_candles_files_and_restarts_give_the_oracles_rows(lake: Lake, seed: int) -> None:
    dice = random.Random(seed)
    there = HeldLake(lake, piece_rows=dice.choice([1, 200, 50_000]))
    newest = T0 - 2 * DAY
    if dice.random() < 0.5:
        there.hold(some_holdings(dice))
    for _ in range(7):
        newest += dice.choice([0, HOUR, 5 * HOUR, 30 * HOUR])
        for _ in range(dice.randrange(1, 3)):
            back = dice.choice([HOUR, 6 * HOUR, 4 * DAY])
            there.trade(
                {
                    (*dice.choice(MARKETS), newest - dice.randrange(back) // HOUR * HOUR): dice.choice(
                        [None, "1.5", "2.000000000001", str(dice.randrange(1, 99_999))]
                    )
                    for _ in range(dice.randrange(1, 12))
                }
            )
        if dice.random() < 0.5:
            there.tick(newest)
        if dice.random() < 0.3 or not there.holdings:
            there.hold(some_holdings(dice))
        if dice.random() < 0.4:
            there.refresh(pieces=dice.randrange(3))
            there.begin()
        there.refresh()
        there.check()
    before, version = there.found(), there.version()
    there.begin()
    there.refresh()
    assert there.version() == version
    there.follower.forget()
    there.refresh()
    assert there.found() == before
    there.job.rebuild([GOLD_PORTFOLIO])
    assert there.found() == before


def test_weights_are_right_from_the_hour_of_a_purchase_on(lake: Lake) -> None:
    there = HeldLake(lake)
    there.trade(
        {("ALL", each, T0): "10" for each in ("BTC-USD", "ETH-USD")} | {("ALL", "BTC-USD", T0 + 3 * HOUR): "30"}
    )
    there.hold([held(buy("1", T0)), held(buy("3", T0 + 2 * HOUR + 59), symbol="ETH-USD")])
    there.refresh()
    weights = {(key[2], (key[3] - T0) // HOUR): str(row["weight_pct"]) for key, row in there.found().items()}
    assert weights == {
        ("BTC-USD", 0): "100.000000",
        ("BTC-USD", 1): "100.000000",
        ("BTC-USD", 2): "25.000000",
        ("BTC-USD", 3): "50.000000",
        ("ETH-USD", 2): "75.000000",
        ("ETH-USD", 3): "50.000000",
    }
    there.check()


def test_quotes_and_portfolios_are_weighed_apart(lake: Lake) -> None:
    there = HeldLake(lake)
    there.trade({("ALL", "BTC-USD", T0): "10", ("ALL", "BTC-USDT", T0): "10"})
    there.hold([held(buy("1", T0)), held(buy("1", T0), symbol="BTC-USDT"), held(buy("9", T0), portfolio="other")])
    there.refresh()
    assert {str(row["weight_pct"]) for row in there.found().values()} == {"100.000000"}
    there.check()


def test_before_the_first_candle_there_is_no_value_and_no_weight(lake: Lake) -> None:
    there = HeldLake(lake)
    there.trade({("ALL", "BTC-USD", T0): "10", ("ALL", "ETH-USD", T0 + HOUR): "10"})
    there.hold([held(buy("1", T0)), held(buy("1", T0, price="2"), symbol="ETH-USD")])
    there.refresh()
    row = there.found()["default", "ALL", "ETH-USD", T0]
    assert (row["price"], row["value"], row["unrealised"], row["weight_pct"]) == (None, None, None, None)
    assert (str(row["units"]), str(row["cost"])) == ("1.000000000000", "2.00000000")
    assert str(there.found()["default", "ALL", "BTC-USD", T0]["weight_pct"]) == "100.000000"
    there.check()


def test_what_is_sold_to_the_last_unit_ends_until_it_is_bought_again(lake: Lake) -> None:
    there = HeldLake(lake)
    there.trade({("ALL", "BTC-USD", T0): "10"})
    there.tick(T0 + 6 * HOUR)
    there.hold([held(buy("3", T0, price="1"), sell("3", T0 + HOUR, price="2", fee="0.5"), buy("1", T0 + 5 * HOUR))])
    there.refresh()
    rows = {(key[3] - T0) // HOUR: row for key, row in there.found().items()}
    assert sorted(rows) == [0, 1, 5, 6]
    assert [str(rows[1][name]) for name in ("units", "value", "cost", "realised")] == [
        "0E-12",
        "0E-8",
        "0E-8",
        "2.50000000",
    ]
    there.check()


def test_a_purchase_in_the_future_has_no_row_yet(lake: Lake) -> None:
    there = HeldLake(lake)
    there.trade({("ALL", "BTC-USD", T0): "10"})
    there.hold([held(buy("1", T0 + 2 * HOUR))])
    there.refresh()
    assert there.found() == {}
    there.tick(T0 + 2 * HOUR)
    there.refresh()
    assert [key[3] for key in there.found()] == [T0 + 2 * HOUR]
    there.check()


def test_a_late_candle_changes_all_that_it_is_the_price_of_and_no_other_day(lake: Lake) -> None:
    there = HeldLake(lake)
    there.trade({("ALL", "BTC-USD", T0): "10", ("ALL", "BTC-USD", T0 + 5 * DAY): "20"})
    there.trade({("ALL", "BTC-USD", T0 + 2 * DAY): "11"})
    there.hold([held(buy("1", T0, price="1"))])
    there.refresh()
    files = {each.path for each in there.workspace.state(GOLD_PORTFOLIO).files}
    there.trade({("ALL", "BTC-USD", T0 + 2 * DAY): "12"})
    there.refresh()
    there.check()
    assert len(files - {each.path for each in there.workspace.state(GOLD_PORTFOLIO).files}) == 3


def test_a_purchase_without_its_price_costs_the_close_of_its_hour_also_when_that_comes_late(lake: Lake) -> None:
    there = HeldLake(lake)
    there.tick(T0 + 3 * DAY)
    there.hold([held(buy("2", T0 + HOUR))])
    there.refresh()
    assert {row["cost"] for row in there.found().values()} == {None}
    there.check()
    there.trade({("ALL", "BTC-USD", T0): "7"})
    there.begin()
    there.refresh()
    there.check()
    assert {str(row["cost"]) for row in there.found().values()} == {"14.00000000"}


def test_a_close_that_is_taken_away_is_none_any_more(lake: Lake) -> None:
    there = HeldLake(lake)
    there.trade({("ALL", "BTC-USD", T0 + at * HOUR): str(at + 1) for at in range(3)})
    there.tick(T0 + 4 * HOUR)
    there.hold([held(buy("1", T0))])
    there.refresh()
    there.trade({("ALL", "BTC-USD", T0 + HOUR): None})
    there.refresh()
    there.check()


def test_a_long_span_is_done_in_pieces_newest_first_and_survives_kills(lake: Lake) -> None:
    there = HeldLake(lake, piece_rows=48)
    there.trade({("ALL", "BTC-USD", T0 + at * DAY): str(at + 1) for at in range(9)})
    there.hold([held(buy("1", T0, price="1"))])
    done = []
    while there.refresh(pieces=1):
        done.append(min(key[3] for key in there.found()))
        there.begin()
    assert done == sorted(done, reverse=True)
    assert len(done) > 3
    there.check()


def test_a_changed_file_leaves_nothing_of_the_one_before(lake: Lake) -> None:
    there = HeldLake(lake, piece_rows=24)
    there.trade({("ALL", each, T0 + at * DAY): "5" for at in range(4) for each in ("BTC-USD", "ETH-USD")})
    there.hold([held(buy("1", T0 - 9 * DAY)), held(buy("1", T0), portfolio="other")])
    there.refresh()
    there.check()
    there.hold([held(buy("4", T0 + 2 * DAY), symbol="ETH-USD")])
    there.refresh(pieces=1)
    there.begin()
    there.refresh()
    there.check()
    assert len(list(there.file.parent.iterdir())) == 2, "the file, and one copy"
    there.hold([])
    there.refresh()
    assert there.found() == {}


@pytest.mark.parametrize("again", [False, True])
def test_a_broken_file_is_noted_once_and_the_last_good_one_goes_on(lake: Lake, again: bool) -> None:
    there = HeldLake(lake)
    there.trade({("ALL", "BTC-USD", T0): "10"})
    there.hold([held(buy("1", T0))])
    there.refresh()
    there.write("holdings:\n  - symbol: BTC\n    transactions: []\n")
    there.refresh()
    version = there.version()
    assert "line 2: holding 1: 'BTC-' is no market" in (there.note() or "")
    assert "the last good file goes on" in (there.note() or "")
    if again:
        there.begin()
    there.refresh()
    assert there.version() == version
    there.trade({("ALL", "BTC-USD", T0 + HOUR): "12"})
    there.refresh()
    there.check()
    assert there.note() is not None
    there.hold(there.holdings)
    there.refresh()
    assert there.note() is None
    there.file.unlink()
    there.refresh()
    assert "is not there: the last good file goes on" in (there.note() or "")
    there.check()


def test_without_a_file_the_table_stays_empty_and_says_so_once(lake: Lake) -> None:
    there = HeldLake(lake)
    there.trade({("ALL", "BTC-USD", T0): "10"})
    there.refresh()
    assert (there.note() or "").endswith("portfolio.yaml is not there: nothing is held")
    version = there.version()
    there.begin()
    there.tick(T0 + HOUR)
    there.refresh()
    assert (there.version(), there.found()) == (version, {})


def test_a_lake_that_lost_its_copy_reads_the_file_anew(lake: Lake) -> None:
    there = HeldLake(lake)
    there.trade({("ALL", "BTC-USD", T0): "10"})
    there.hold([held(buy("1", T0))])
    there.refresh()
    for each in there.file.parent.iterdir():
        if each != there.file:
            each.write_bytes(b"")
    there.begin()
    there.trade({("ALL", "BTC-USD", T0 + HOUR): "12"})
    there.refresh()
    there.check()


def test_of_two_writers_one_loses_and_its_batch_comes_to_the_same(lake: Lake) -> None:
    there = HeldLake(lake)
    there.trade({("ALL", "BTC-USD", T0): "10"})
    there.hold([held(buy("1", T0))])
    there.refresh()
    there.trade({("ALL", "BTC-USD", T0): "11"})
    batch = there.follower.next()
    assert batch is not None
    real = there.workspace.log(GOLD_PORTFOLIO).state()
    other = PortfolioJob(there.workspace, clock=Clock())
    other.write(batch)
    log = there.workspace.log(GOLD_PORTFOLIO)
    log.state = lambda: real  # type: ignore[method-assign]
    with pytest.raises(LostRaceError):
        there.job.write(batch)
    del log.state
    version = there.version()
    there.job.write(batch)
    assert there.version() == version
    there.check()


def test_only_files_that_may_hold_the_hours_are_read(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    there = HeldLake(lake)
    for at in range(6):
        there.trade({("ALL", "BTC-USD", T0 + at * DAY): "10"})
    there.trade({("ALL", "XRP-EUR", T0): "10"})
    there.hold([held(buy("1", T0, price="1"))])
    there.refresh()
    there.trade({("ALL", "BTC-USD", T0 + 6 * DAY): "11", ("ALL", "ETH-USD", T0): "1"})
    there.begin()
    read: list[str] = []
    real = type(there.workspace).rows

    def noted(self: Any, of: Any, files: Any, *more: Any) -> Any:
        read.extend(each.path for each in files if getattr(of, "table", of) == GOLD_CANDLES)
        return real(self, of, files, *more)

    monkeypatch.setattr(type(there.workspace), "rows", noted)
    there.refresh()
    assert len(set(read)) == 2, "the new one, and that of the newest close before"
    there.check()
