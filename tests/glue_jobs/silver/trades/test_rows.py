"""Rows of silver's tables of judged rows, against plain Python: exact numbers, instants, and what stays out."""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_jobs.engine import schema_of
from glue_jobs.silver.trades import judged_rows
from glue_jobs.silver.trades.rows import coverage_of, gaps_of, rejected_of, trades_of
from tapehouse.market import MarketKey
from tapehouse.record import EARLIEST_US, LATEST_US, NOTIONAL_LIMIT, Record, encode
from tapehouse.tables import COORDINATE_NAMES, SILVER_COVERAGE, SILVER_GAPS, SILVER_REJECTED, SILVER_TRADES
from tests.factories import NOW_US, coverage, gap, gap_closed, trade
from tests.glue_jobs.silver.trades.test_judged import bronze

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
WIDE: Final = Context(prec=80)


def judged(*records: Record, arrived_us: int = NOW_US) -> pa.Table:
    return judged_rows(bronze([encode(record) for record in records], arrived_us))


def instant(at_us: int) -> datetime:
    return EPOCH + timedelta(microseconds=at_us)


def as_trade(row: Mapping[str, Any]) -> dict[str, Any]:
    """silver.trades' row of an accepted one."""
    base, quote = row["symbol"].split("-")
    exact = WIDE.multiply(row["price"], row["size"])
    made = {
        "base": base,
        "quote": quote,
        "quote_size": exact.quantize(Decimal("1e-18"), rounding=ROUND_HALF_UP, context=WIDE),
        "event_time": instant(row["event_time_us"]),
        "received_time": instant(row["received_time_us"]),
        "event_date": instant(row["event_time_us"]).date(),
    }
    return {name: made.get(name, row.get(name)) for name in SILVER_TRADES.column_names}


def quantity(chosen: random.Random) -> str:
    digits = "".join(chosen.choice("0123456789") for _ in range(chosen.randint(1, 16)))
    part = "".join(chosen.choice("0159") for _ in range(chosen.randint(0, 12)))
    return f"{digits}.{part}" if part else digits


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_trade_has_its_quote_units_exactly_and_its_instants(seed: int) -> None:
    chosen = random.Random(seed)
    records = []
    for number in range(100):
        market = MarketKey("kraken", chosen.choice(("BTC-USD", "1000.PEPE-USDC", "A-B", ".-.")), "kraken")
        at_us = chosen.choice((EARLIEST_US, NOW_US, LATEST_US, chosen.randrange(EARLIEST_US, LATEST_US)))
        size = f"0.{chosen.randint(1, 10**12 - 1):012d}"
        amounts = {"price": quantity(chosen), "size": chosen.choice((size, quantity(chosen)))}
        times = {"event_time_us": at_us, "received_time_us": chosen.choice((at_us, EARLIEST_US, LATEST_US))}
        side = chosen.choice(("buy", "sell", None))
        records.append(trade(number, market=market, side=side, trader=chosen.choice((None, "Ann")), **amounts, **times))
    rows = judged(*records, arrived_us=LATEST_US)
    accepted = rows.filter([not reasons for reasons in rows.column("reasons").to_pylist()])
    made = trades_of(accepted)
    assert made.schema == schema_of(SILVER_TRADES)
    made.validate(full=True)
    assert made.to_pylist() == [as_trade(row) for row in accepted.to_pylist()]


@pytest.mark.parametrize(
    ("price", "size", "quote_size"),
    [
        ("0.000000000001", "0.0000005", "0.000000000000000001"),  # half a digit is rounded up
        ("0.000000000001", "0.000000499999", "0.000000000000000000"),
        ("0.000000000001", "0.000000000001", "0.000000000000000000"),
        ("999999999999.999999999999", "0.999999999999", "999999999998.999999999999000000"),
        ("9999999999999999.999999999999", "0.000099999999", "999999989999.999999999999999900"),
        ("0.333333333333", "0.000001500000", "0.000000500000000000"),
        ("1.000000000001", "1.000000500001", "1.000000500002000001"),
        ("1.000000000001", "1.000000499999", "1.000000500000000000"),
    ],
)
def test_quote_units_are_rounded_half_up_once(price: str, size: str, quote_size: str) -> None:
    assert Decimal(price) * Decimal(size) < NOTIONAL_LIMIT
    (row,) = trades_of(judged(trade(price=price, size=size))).to_pylist()
    (turned,) = trades_of(judged(trade(price=size, size=price))).to_pylist()
    assert row["quote_size"] == turned["quote_size"] == Decimal(quote_size)


def test_a_gap_opens_or_closes() -> None:
    rows = judged(
        gap(from_id="1", to_id="2", from_us=5 + EARLIEST_US, to_us=NOW_US), gap_closed(), gap("h", from_us=NOW_US)
    )
    made = gaps_of(rows)
    assert made.schema == schema_of(SILVER_GAPS)
    events = ("opened", "closed", "opened")
    due = [{**row, "event": event} for row, event in zip(rows.to_pylist(), events, strict=True)]
    assert made.to_pylist() == [{name: row[name] for name in SILVER_GAPS.column_names} for row in due]


def test_coverage_is_as_it_was_told() -> None:
    rows = judged(coverage(), coverage(last_id="7"))
    made = coverage_of(rows)
    assert made.schema == schema_of(SILVER_COVERAGE)
    assert made.to_pylist() == rows.select(SILVER_COVERAGE.column_names).to_pylist()


def test_what_is_refused_keeps_its_reasons_and_its_bytes_but_for_a_duplicate() -> None:
    sound = [encode(record) for record in (trade(1), trade(2), gap_closed())]
    rows = judged_rows(bronze([*sound, b"\xff", b'{"v":1,"kind":"unparsed"}'], -1))
    verdicts = ["duplicate", "conflict", "duplicate", "quarantined", "quarantined"]
    made = rejected_of(rows.append_column("verdict", pa.array(verdicts)))
    assert made.schema == schema_of(SILVER_REJECTED)
    found = made.to_pylist()
    assert [row["verdict"] for row in found] == verdicts
    assert found[1]["reasons"] == ["trade.conflict"]
    assert found[3]["reasons"] == ["payload.utf8"]
    assert [row["kind"] for row in found] == ["trade", "trade", "gap_closed", None, "unparsed"]
    assert [row["source"] for row in found] == ["kraken", "kraken", "kraken", None, None]
    kept = [None, sound[1], None, b"\xff", b'{"v":1,"kind":"unparsed"}']
    assert [row["payload"] for row in found] == kept
    assert {row["arrival_date"] for row in found} == {date(1969, 12, 31)}
    for name in (*COORDINATE_NAMES, "arrival_time"):
        assert [row[name] for row in found] == rows.column(name).to_pylist()


def test_no_rows_make_no_rows_of_the_same_columns() -> None:
    nothing = judged().append_column("verdict", pa.array([], pa.string()))
    tables = (
        (trades_of, SILVER_TRADES),
        (gaps_of, SILVER_GAPS),
        (coverage_of, SILVER_COVERAGE),
        (rejected_of, SILVER_REJECTED),
    )
    for made, table in tables:
        assert made(nothing).schema == schema_of(table)
        assert made(nothing).num_rows == 0
