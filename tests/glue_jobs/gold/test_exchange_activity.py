"""gold.exchange_activity held against a count of one trade after another, without Spark."""

import random
from decimal import Context, Decimal
from typing import Any

import pytest

from glue_jobs.engine import LostRaceError, Workspace
from glue_jobs.engine.follow import BatchLimits, Follower
from glue_jobs.engine.retention import forget
from glue_jobs.gold.candles import SourceChoice
from glue_jobs.gold.exchange_activity import ExchangeActivityJob
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake
from tapehouse.tables import GOLD_EXCHANGE_ACTIVITY, SILVER_TRADES
from tests import oracle
from tests.glue_jobs.gold.candles.test_job import DAY, HOUR, MINUTE, T0, sold
from tests.glue_jobs.gold.silver_lake import SilverLake

EXACT = Context(prec=76)
CHOICE = SourceChoice({"binance": "binance-agg"})
Rows = dict[tuple[int, str, str, str], dict[str, Any]]


class Counted(SilverLake):
    """With the activity behind silver."""

    def begin(self) -> None:
        super().begin()
        self.counting = ExchangeActivityJob(self.workspace, choice=CHOICE)
        self.behind = Follower(self.workspace, "exchange_activity", (SILVER_TRADES,), BatchLimits(max_rows=20))

    def count(self, batches: int = 1_000) -> None:
        self.counting.prepare()
        for _ in range(batches):
            if (batch := self.behind.next()) is None:
                return
            self.counting.write(batch)
            self.behind.done(batch)

    def activity(self) -> Rows:
        rows = self.workspace.rows(GOLD_EXCHANGE_ACTIVITY, self.workspace.state(GOLD_EXCHANGE_ACTIVITY).files)
        found = {
            (round(row["hour"].timestamp() * 1e6), row["exchange"], row["quote"], row["side"]): {
                name: row[name] for name in ("trades", "quote_volume")
            }
            for row in rows.to_pylist()
        }
        assert len(found) == rows.num_rows
        return found

    def due_activity(self) -> Rows:
        trades = [(key, trade) for key, of in oracle.silver(self.arrived).trades.items() for trade in [of]]
        sources: dict[tuple[str, str], set[str]] = {}
        for key, _ in trades:
            sources.setdefault((key[0], key[1]), set()).add(key[2])
        found: Rows = {}
        for key, trade in trades:
            exchange, symbol, source = key[:3]
            own = ["binance-agg"] if exchange == "binance" else []
            own += [exchange, f"{exchange}-agg"]
            names = sources[exchange, symbol]
            if source != next((each for each in own if each in names), min(names)):
                continue
            hour = trade["event_time_us"] // HOUR * HOUR
            row = found.setdefault(
                (hour, exchange, symbol.partition("-")[2], trade["side"] or "none"),
                {"trades": 0, "quote_volume": Decimal(0)},
            )
            row["trades"] += 1
            row["quote_volume"] = EXACT.add(row["quote_volume"], trade["quote_size"])
        return found

    def check_activity(self) -> None:
        assert self.activity() == self.due_activity()


def some(dice: random.Random, first: int, many: int) -> list[Any]:
    return [
        sold(
            number,
            T0 - dice.randrange(dice.choice([MINUTE, HOUR, 3 * DAY])),
            exchange=(exchange := dice.choice(["kraken", "binance"])),
            symbol=dice.choice(["BTC-USD", "ETH-USD", "BTC-USDT"]),
            source=dice.choice([exchange, exchange, f"{exchange}-agg", "finnhub"]),
            price=f"{dice.randrange(1, 10**9)}.{dice.randrange(10**9)}",
            size=f"0.{dice.randrange(1, 10**9):012}",
            side=dice.choice(["buy", "sell", None]),
        )
        for number in range(first, first + many)
    ]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_order_batches_and_ends_of_processes_the_sums_are_the_oracles(lake: Lake, seed: int) -> None:
    dice, silver, number = random.Random(seed), Counted(lake), 0
    for _ in range(5):
        silver.arrive(some(dice, number, many := dice.randrange(60)), split=dice.choice([0, 7]))
        number += many
        silver.count(dice.choice([0, 1, 1_000]))
        match dice.randrange(4):
            case 0:
                silver.begin()
            case 1:
                silver.behind.forget()
            case 2 if (batch := silver.behind.next()) is not None:  # killed between the commit and the note of it
                silver.counting.prepare()
                silver.counting.write(batch)
                silver.begin()
    silver.count()
    silver.check_activity()
    before = silver.activity()
    silver.counting.rebuild([GOLD_EXCHANGE_ACTIVITY])
    assert silver.activity() == before


def test_a_batch_that_loses_the_race_is_counted_once(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    dice, silver = random.Random(1), Counted(lake)
    silver.arrive(some(dice, 0, 15))
    silver.count()
    silver.arrive(some(dice, 15, 15))
    batch = silver.behind.next()
    assert batch is not None
    stale, state = silver.workspace.state(GOLD_EXCHANGE_ACTIVITY), Workspace.state
    ExchangeActivityJob(silver.workspace, choice=CHOICE).write(batch)  # another process
    with monkeypatch.context() as late:
        late.setattr(Workspace, "state", lambda self, table: stale if table == stale.table else state(self, table))
        with pytest.raises(LostRaceError):
            silver.counting.write(batch)
    silver.counting.write(batch)
    silver.check_activity()


def test_where_a_venues_own_feed_joins_a_vendors_it_counts_from_the_first_trade_on(lake: Lake) -> None:
    silver = Counted(lake)
    silver.arrive([sold(1, T0, source="finnhub"), sold(2, T0 + HOUR, source="finnhub"), sold(3, T0, symbol="ETH-USD")])
    silver.count()
    assert sum(row["trades"] for row in silver.activity().values()) == 3
    silver.arrive([sold(4, T0 - DAY, source="kraken")])
    silver.count()
    assert sum(row["trades"] for row in silver.activity().values()) == 2
    silver.check_activity()


def test_a_quiet_batch_changes_no_file_of_other_days(lake: Lake) -> None:
    silver = Counted(lake)
    silver.arrive([sold(number, T0 - number * DAY) for number in range(10)])
    silver.count()
    before = {each.path for each in silver.workspace.state(GOLD_EXCHANGE_ACTIVITY).files}
    silver.arrive([sold(99, T0 + 1)])
    silver.count()
    after = {each.path for each in silver.workspace.state(GOLD_EXCHANGE_ACTIVITY).files}
    assert len(before - after) == 1
    silver.check_activity()


def test_a_sum_holds_to_its_last_digit_and_is_refused_beyond(lake: Lake) -> None:
    """38 digits are as much as 10^8 of the greatest trades there are."""
    silver = Counted(lake)
    silver.arrive([sold(1, T0, price="999999999999.999999999999", size="0.999999999999", side="buy")])
    silver.count()
    silver.check_activity()
    base = silver.workspace.state(GOLD_EXCHANGE_ACTIVITY)
    rows = silver.workspace.rows(GOLD_EXCHANGE_ACTIVITY, base.files)
    there = Decimal("99999999000000000000.999999999999999999")
    full = rows.set_column(rows.schema.get_field_index("quote_volume"), "quote_volume", [[there]])
    file = silver.workspace.stage(GOLD_EXCHANGE_ACTIVITY, full)
    silver.workspace.commit(base, add=[file], remove=base.files, metadata=base.metadata)
    silver.arrive([sold(2, T0, price="999999999998", size="1", side="buy")])
    silver.count()
    (row,) = silver.activity().values()
    assert row["quote_volume"] == EXACT.add(there, Decimal(999_999_999_998))
    silver.arrive([sold(3, T0, price="2", size="1", side="buy")])
    with pytest.raises(TerminalError, match=r"exchange_activity: a sum of quote_volume has more than 38 digits"):
        silver.count()


@pytest.mark.parametrize("anew", [False, True])
def test_what_silver_keeps_no_longer_stays_counted_and_what_comes_too_late_is_not(lake: Lake, anew: bool) -> None:
    silver = Counted(lake)
    silver.arrive([sold(number, T0 - number * DAY) for number in range(30)], split=7)
    silver.count()
    before = silver.activity()
    while forget(silver.workspace, SILVER_TRADES, 14, unread=(), most_bytes=1):
        pass
    silver.count()
    assert silver.activity() == before
    came = list(silver.arrived)
    silver.arrive([sold(100, T0 - 20 * DAY), sold(101, T0 + 1)])
    if anew:
        silver.counting.rebuild([GOLD_EXCHANGE_ACTIVITY])
    silver.count()
    assert silver.activity() != before
    silver.arrived = [*came, silver.arrived[-1]]
    assert silver.activity() == silver.due_activity()
