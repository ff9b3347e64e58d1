"""Bars from trades in memory: their cuts, their order, and their sums at the bounds of what a record may hold."""

import random
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from glue_jobs.engine import schema_of
from glue_jobs.gold.bars import kernel
from glue_jobs.gold.bars.kernel import continued, parted
from glue_jobs.gold.bars.running import Running
from glue_jobs.gold.candles.kernel import TRADE_COLUMNS
from glue_jobs.gold.candles.units import Units
from tapehouse.bars import DEFAULTS, KINDS, BarSizes
from tapehouse.errors import TerminalError
from tapehouse.market import Market
from tapehouse.record import NOTIONAL_LIMIT
from tapehouse.tables import GOLD_BARS, SILVER_TRADES
from tests import oracle
from tests.factories import NOW_US
from tests.glue_jobs.tables_on_disk import rows_of

NONE = schema_of(GOLD_BARS).empty_table()
MOST_SIZE = Decimal("9999999999999999.999999999999")
LEAST = Decimal(1).scaleb(-12)


def made(trades: list[dict[str, Any]], sizes: BarSizes, *, calls: int = 1, encoded: bool = False) -> pa.Table:
    """Their bars, by so many calls."""
    newest, found = NONE, [NONE]
    step = -(-len(trades) // calls)
    for at in range(0, len(trades), step):
        some = trades[at : at + step]
        random.Random(at).shuffle(some)
        rows = rows_of(SILVER_TRADES, some).select(TRADE_COLUMNS)
        if encoded:
            for name in ("exchange", "symbol", "source", "side"):
                rows = rows.set_column(rows.schema.get_field_index(name), name, rows.column(name).dictionary_encode())
        newest, others = parted(continued(newest, rows, sizes))
        found.append(others)
    return pa.concat_tables([*found, newest])


def sold(number: int, price: Decimal, size: Decimal, *, at_us: int = NOW_US, symbol: str = "BTC-USD") -> dict[str, Any]:
    quote_size = oracle.exact_product(price, size)
    return {"exchange": "kraken", "symbol": symbol, "source": "kraken", "trade_id": str(number), "price": price,
            "trade_number": number, "size": size, "quote_size": quote_size, "side": "buy" if number % 2 else "sell",
            "event_time_us": at_us + number}  # fmt: skip


def check(trades: list[dict[str, Any]], rows: pa.Table, sizes: BarSizes) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The rows are the oracle's, to the last decimal."""
    layer = oracle.Silver({(*(each[name] for name in SILVER_TRADES.key),): each for each in trades})
    sources = {(each["exchange"], each["symbol"]): each["source"] for each in trades}
    wanted = oracle.bars(layer, sources, lambda *market: sizes.of(Market(*market)))
    names = [name for name in GOLD_BARS.column_names if name not in ("open_time", "close_time", "growing")]
    found = {tuple(row.pop(name) for name in GOLD_BARS.key): row for row in rows.select(names).to_pylist()}
    for row in wanted.values():
        del row["growing"]
    assert found == wanted
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kinds", ["ordinary", "greatest", "mixed"])
def test_sums_and_cuts_are_exact_at_the_bounds_of_what_a_trade_may_be(seed: int, kinds: str) -> None:
    dice = random.Random(seed)

    def drawn() -> tuple[Decimal, Decimal]:
        kind = dice.choice(["ordinary", "greatest", "tiny", "dear"]) if kinds == "mixed" else kinds
        match kind:
            case "greatest":  # price × size just below the limit
                size = MOST_SIZE - dice.randrange(3) * LEAST
                return (NOTIONAL_LIMIT / size).quantize(LEAST, "ROUND_DOWN"), size
            case "tiny":
                return LEAST, LEAST
            case "dear":
                return Decimal(10) ** 15 - LEAST * dice.randrange(3), LEAST * dice.randrange(1, 1000)
        return Decimal(dice.randrange(1, 10**8)).scaleb(-4), Decimal(dice.randrange(1, 10**10)).scaleb(-8)

    trades = [sold(number, *drawn(), symbol=dice.choice(["BTC-USD", "ETH-USD"])) for number in range(200)]
    volume, dollar = (
        dice.choice([Decimal(10), MOST_SIZE, LEAST]),
        dice.choice([Decimal(10_000), NOTIONAL_LIMIT * 3, LEAST]),
    )
    sizes = BarSizes({"tick": Decimal(dice.choice([1, 7, 1000])), "volume.BTC": volume, "dollar": dollar})
    check(trades, made(trades, sizes, calls=dice.choice([1, 5, 200]), encoded=dice.random() < 0.5), sizes)


def test_a_bar_holds_less_than_its_size_and_one_trade_more() -> None:
    trades = [sold(number, Decimal(1), MOST_SIZE / 10 ** (number % 20) // LEAST * LEAST) for number in range(300)]
    trades = [each for each in trades if each["quote_size"] < NOTIONAL_LIMIT]
    sizes = BarSizes({"volume.BTC": Decimal(10) ** 12, "dollar": Decimal(10) ** 12})
    most = max(each["size"] for each in trades)
    found = check(trades, made(trades, sizes, calls=3), sizes)
    wholes = [row for key, row in found.items() if key[2] != "tick"]
    assert all(row["volume"] < row["size"] + most for row in wholes)
    assert any(row["volume"] > row["size"] for row in wholes)


def test_a_hundred_million_of_the_greatest_trades_fit_and_more_are_refused() -> None:
    """As running totals see them: the column's own numbers, repeated."""
    greatest = int(NOTIONAL_LIMIT.scaleb(18)) - 1
    units = Units(np.array([greatest & (2**64 - 1)], np.uint64).view(np.int64), np.array([greatest >> 64]))
    many = units.take(np.zeros(1_000, np.int64))
    whole = Running.of(many)
    assert [whole.at(rows) for rows in (0, 1, 999, 1_000)] == [0, greatest, 999 * greatest, 1_000 * greatest]
    assert 10**8 * greatest < 10**38  # what the column holds: a day's, whatever the kind of its bars
    high = Units(np.zeros(10, np.int64), np.full(10, 10**37 >> 64))
    assert Running.of(high).at(9) == 9 * (10**37 >> 64 << 64)
    with pytest.raises(TerminalError, match="38 digits"):
        Running.of(Units(np.zeros(10, np.int64), np.full(10, 2 * 10**37 >> 64)))
    with pytest.raises(TerminalError, match="38 digits"):
        eleven = Running.of(Units(np.zeros(11, np.int64), np.full(11, 10**37 >> 64)))
        eleven.between(np.array([0]), np.array([11]))


@pytest.mark.parametrize("most", [2**62, 2**90, 2**100])
def test_where_a_total_is_reached_is_found_whatever_it_takes_to_hold_it(most: int) -> None:
    dice = random.Random(most)
    numbers = [dice.choice([0, 1, 2, most, most - 1, dice.randrange(most)]) for _ in range(60)]
    low = np.array([each & (2**64 - 1) for each in numbers], np.uint64).view(np.int64)
    running = Running.of(Units(low, np.array([each >> 64 for each in numbers])))
    totals = [sum(numbers[:rows]) for rows in range(61)]
    for total in {each + off for each in totals for off in (-1, 0, 1)} | {totals[-1] * 4}:
        wanted = next((rows for rows, reached in enumerate(totals) if reached >= total), 61)
        assert running.reached(total) == wanted, total
    between = running.between(np.array([0, 3, 60]), np.array([61 - 1, 3, 60]))
    assert [int(high) << 64 | int(low) for low, high in zip(*between.limbs(), strict=True)] == [totals[60], 0, 0]


def test_trades_that_are_counted_are_not_counted_again_by_any_kind() -> None:
    sizes = BarSizes({"tick": Decimal(3), "volume.BTC": Decimal(2), "dollar": Decimal(0)})
    trades = [sold(number, Decimal(5), Decimal(1)) for number in range(10)]
    rows = rows_of(SILVER_TRADES, trades).select(TRADE_COLUMNS)
    newest, _ = parted(continued(NONE, rows, sizes))
    assert continued(newest, rows, sizes).equals(newest)
    assert continued(newest, rows.slice(0, 0), sizes).equals(newest)


def test_nothing_makes_nothing() -> None:
    assert continued(NONE, rows_of(SILVER_TRADES, []).select(TRADE_COLUMNS), BarSizes()).num_rows == 0
    assert parted(NONE)[0].num_rows == 0


def test_kinds_are_numbered_in_their_order() -> None:
    rows = made([sold(1, Decimal(5), Decimal(1))], BarSizes())
    assert rows.column("kind").to_pylist() == list(KINDS)
    assert kernel.kinds_of(rows).tolist() == [0, 1, 2]


def test_the_declared_sizes_are_those_of_the_narrowest_name() -> None:
    btc = Market("kraken", "BTC-USD")
    assert BarSizes().of(btc) == {
        "tick": DEFAULTS["tick"],
        "volume": DEFAULTS["volume.BTC"],
        "dollar": DEFAULTS["dollar"],
    }
    assert BarSizes().of(Market("kraken", "SHIB-JPY")) == {"tick": DEFAULTS["tick"], "dollar": DEFAULTS["dollar.JPY"]}
    given = {
        "tick": Decimal(9),
        "tick.BTC-USD": Decimal(8),
        "tick.kraken:BTC-USD": Decimal(7),
        "dollar.USD": Decimal(0),
    }
    assert BarSizes(given).of(btc) == {"tick": Decimal(7), "volume": DEFAULTS["volume.BTC"]}
    assert BarSizes(given).of(Market("coinbase", "BTC-USD"))["tick"] == 8
    assert BarSizes(given).of(Market("coinbase", "ETH-EUR"))["tick"] == 9
