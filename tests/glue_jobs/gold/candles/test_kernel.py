"""Candles of many markets at once, against plain Python: exact, however the trades came in.

The oracle knows trades and nothing of parts: it looks at every window of every interval by itself.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import reduce
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glue_jobs.engine import schema_of
from glue_jobs.gold.candles.kernel import ENCODED, PARTS, TRADE_COLUMNS, finished, ladder, rolled_up, seconds, silent
from glue_jobs.gold.candles.wholeness import Lifetime, Span, Wholeness
from tapehouse.intervals import BY_NAME, DAY_US, HOUR_US, MINUTE_US, SECOND_US, WEEK_US, floor_us
from tapehouse.market import Market
from tapehouse.record import id_number
from tapehouse.tables import ALL_EXCHANGES, EVERYWHERE, GOLD_CANDLES, SILVER_TRADES

WEEK: Final = floor_us(1_760_000_000 * SECOND_US, WEEK_US)
EXACT: Final = Context(prec=200)
NOTHING_KNOWN: Final = Wholeness.of([], [], {})
Row = dict[str, Any]
Window = tuple[str, str, str, int]
"""Symbol, exchange, interval, start."""


@dataclass(frozen=True, slots=True)
class Trade:
    """A row of silver.trades, as far as candles ask."""

    exchange: str
    symbol: str
    at_us: int
    trade_id: str
    price: Decimal
    size: Decimal
    side: str | None = "buy"

    @property
    def order(self) -> tuple[int, int, bytes, bytes]:
        return (self.at_us, id_number(self.trade_id), self.trade_id.encode(), self.exchange.encode())

    @property
    def quote_size(self) -> Decimal:
        return rounded(Fraction(self.price) * Fraction(self.size), 18)

    @property
    def row(self) -> Row:
        return {
            "exchange": self.exchange,
            "symbol": self.symbol,
            "source": f"{self.exchange}-feed",
            "event_time_us": self.at_us,
            "trade_number": Decimal(id_number(self.trade_id)),
            "trade_id": self.trade_id,
            "price": self.price,
            "size": self.size,
            "quote_size": self.quote_size,
            "side": self.side,
        }


def trade(
    offset_us: int, price: str, size: str = "1", *, exchange: str = "kraken", symbol: str = "BTC-USD", of: str = "0"
) -> Trade:
    return Trade(exchange, symbol, WEEK + offset_us, of, Decimal(price), Decimal(size))


def tape(trades: Iterable[Trade]) -> pa.Table:
    schema = schema_of(SILVER_TRADES)
    rows = [each.row for each in trades]
    return pa.Table.from_pylist(rows, schema=pa.schema([schema.field(name) for name in TRADE_COLUMNS]))


def rounded(value: Fraction, places: int) -> Decimal:
    """Half up, by integers alone. For values that are not negative."""
    scaled = (value * 10**places * 2 + 1) // 2
    return EXACT.scaleb(Decimal(int(scaled)), -places)


def added(values: Iterable[Decimal]) -> Decimal:
    return reduce(EXACT.add, values, Decimal(0))


# --- the oracle


def candle(trades: Sequence[Trade]) -> Row:
    """What the trades of one window make; there is at least one."""
    ordered = sorted(trades, key=lambda each: each.order)
    return {
        "open": ordered[0].price,
        "high": max(each.price for each in trades),
        "low": min(each.price for each in trades),
        "close": ordered[-1].price,
        "volume": added(each.size for each in trades),
        "quote_volume": added(each.quote_size for each in trades),
        "trade_count": len(trades),
        "buy_volume": added(each.size for each in trades if each.side == "buy"),
        "sell_volume": added(each.size for each in trades if each.side == "sell"),
        "open_time_us": ordered[0].at_us,
        "close_time_us": ordered[-1].at_us,
    }


def oracle(trades: Iterable[Trade], intervals: Iterable[str] = BY_NAME) -> dict[Window, Row]:
    windows: dict[Window, list[Trade]] = {}
    for each in trades:
        for name in intervals:
            start = each.at_us - (each.at_us - WEEK) % BY_NAME[name].length_us
            for exchange in (each.exchange, ALL_EXCHANGES):
                windows.setdefault((each.symbol, exchange, name, start), []).append(each)
    return {
        window: {**candle(inside), "source": None if window[1] == ALL_EXCHANGES else f"{window[1]}-feed"}
        for window, inside in windows.items()
    }


def rows(table: pa.Table) -> dict[Window, Row]:
    """The rows of parts by window; a window that is there twice fails."""
    assert table.schema.equals(PARTS)
    found: dict[Window, Row] = {}
    for row in table.to_pylist():
        window = (row.pop("symbol"), row.pop("exchange"), row.pop("interval"), row.pop("start_us"))
        assert window not in found
        found[window] = row
    return found


def of(interval: str, tables: Iterable[pa.Table]) -> pa.Table:
    parts = pa.concat_tables(tables)
    return parts.filter(pc.equal(parts.column("interval"), interval))


def all_rows(tables: Iterable[pa.Table]) -> dict[Window, Row]:
    return rows(pa.concat_tables(tables))


# Crowded instants, so that trades share instants, seconds, minutes and hours; and some from anywhere.
offsets = st.one_of(
    st.integers(0, 2 * WEEK_US - 1),
    st.builds(
        lambda day, hour, minute, second, micro: (
            day * DAY_US + hour * HOUR_US + minute * MINUTE_US + second * SECOND_US + micro
        ),
        st.sampled_from([0, 1, 6, 7]),
        st.sampled_from([0, 1, 3, 4, 23]),
        st.sampled_from([0, 1, 4, 5, 29, 30, 59]),
        st.sampled_from([0, 1, 4, 5, 15, 59]),
        st.sampled_from([0, 1, 500_000, 999_999]),
    ),
    st.sampled_from([0, 1]),
)
amounts = st.one_of(
    st.sampled_from([Decimal("0.000000000001"), Decimal("1"), Decimal("3"), Decimal("999999.999999999999")]),
    st.decimals(Decimal("1E-12"), Decimal("999999.999999999999"), places=12),
)
great = st.sampled_from([Decimal("1"), Decimal("0.000000000001"), Decimal("9999999999999999.999999999999")])
ids = st.one_of(
    st.integers(0, 12).map(str),
    st.integers(0, 12).map("a:{}".format),
    st.sampled_from(["ab", "B", "é", "007", "7", "9" * 38]),
)


def tapes(amount: st.SearchStrategy[Decimal]) -> st.SearchStrategy[list[Trade]]:
    return st.lists(
        st.builds(
            Trade,
            st.sampled_from(["kraken", "coinbase", "binance"]),
            st.sampled_from(["BTC-USD", "ETH-USD"]),
            offsets.map(lambda offset: WEEK + offset),
            ids,
            amount,
            amount,
            st.sampled_from(["buy", "sell", None]),
        ),
        max_size=30,
        unique_by=lambda each: (each.exchange, each.symbol, each.trade_id),
    )


first, last = trade(0, "1"), trade(WEEK_US - 1, "2", of="1")


def encoded(trades: pa.Table) -> pa.Table:
    for name in ENCODED:
        at = trades.schema.get_field_index(name)
        trades = trades.set_column(at, name, trades.column(name).dictionary_encode())
    return trades


@settings(max_examples=150, deadline=None)
@given(tapes(amounts), st.integers(1, 5), st.booleans())
@example([], 1, False)
@example([first, last], 1, False)
def test_seconds_equal_the_oracle_in_any_order_and_any_chunks(
    trades: list[Trade], chunks: int, is_encoded: bool
) -> None:
    """And whether texts come as they are or as dictionaries, each chunk with its own."""
    pieces = [tape(trades[at::chunks]) for at in range(chunks)]
    pieces = [encoded(each) for each in pieces] if is_encoded else pieces
    assert rows(seconds(pa.concat_tables(pieces))) == oracle(trades, ["1s"])


@settings(max_examples=60, deadline=None)
@given(tapes(amounts))
def test_every_interval_equals_the_oracle(trades: list[Trade]) -> None:
    assert all_rows(ladder(seconds(tape(trades)))) == oracle(trades)


@settings(max_examples=40, deadline=None)
@given(tapes(great))
def test_the_greatest_numbers_are_added_up_exactly(trades: list[Trade]) -> None:
    """They need both limbs, and so do their sums."""
    trades = [each for each in trades if each.quote_size < 10**12]
    assert all_rows(ladder(seconds(tape(trades)))) == oracle(trades)


@settings(max_examples=60, deadline=None)
@given(tapes(amounts), st.sampled_from([("1s", "5s"), ("1s", "1m"), ("1m", "15m"), ("1m", "1h"), ("1h", "1w")]))
def test_parts_are_rolled_up_from_any_order(trades: list[Trade], rung: tuple[str, str]) -> None:
    below, above = rung
    parts = of(below, ladder(seconds(tape(trades))))
    shuffled = parts.take(pa.array(np.random.default_rng(7).permutation(parts.num_rows)))
    assert rows(rolled_up(shuffled, BY_NAME[above])) == oracle(trades, [above])


def test_what_is_made_lies_by_symbol_exchange_and_time() -> None:
    trades = [
        trade(offset * SECOND_US, "1", exchange=exchange, symbol=symbol, of=str(offset))
        for offset in (5, 3, 4)
        for exchange in ("kraken", "coinbase")
        for symbol in ("ETH-USD", "BTC-USD")
    ]
    for made in ladder(seconds(tape(trades))):
        keys = list(zip(*(made.column(name).to_pylist() for name in ("symbol", "exchange", "start_us")), strict=True))
        assert keys == sorted(keys)


def test_trades_of_one_microsecond_are_ordered_by_number_then_id_then_exchange() -> None:
    trades = [
        trade(5, "3", of="10"),
        trade(5, "1", of="9"),
        trade(5, "2", exchange="coinbase", of="9"),
        trade(5, "4", exchange="coinbase", of="10"),
        trade(5, "5", exchange="coinbase", of="a:10"),
    ]
    made = rows(seconds(tape(trades)))
    assert [made["BTC-USD", ALL_EXCHANGES, "1s", WEEK][name] for name in ("open", "close")] == [2, 5]
    assert [made["BTC-USD", "kraken", "1s", WEEK][name] for name in ("open", "close")] == [1, 3]


@pytest.mark.parametrize("ids", list(itertools.permutations(["007", "7", "a:7", "ab"])))
def test_ids_of_one_number_are_ordered_by_their_text_however_they_lie(ids: Sequence[str]) -> None:
    prices = {"ab": "1", "007": "2", "7": "3", "a:7": "4"}  # that without a number comes first
    made = rows(seconds(tape(trade(5, prices[each], of=each) for each in ids)))
    assert [made["BTC-USD", "kraken", "1s", WEEK][name] for name in ("open", "close")] == [1, 4]
    in_pieces = pa.concat_tables(tape([trade(5, prices[each], of=each)]) for each in ids)
    assert rows(seconds(in_pieces)) == made


def test_silent_parts_do_not_count() -> None:
    """What gold keeps of a gap has no prices; a trade that came later makes a candle, and nothing of the silence."""
    gap = Span("kraken", "BTC-USD", WEEK, WEEK + HOUR_US)
    kept = silent(PARTS.empty_table(), [gap], {}, from_us=WEEK, to_us=WEEK + WEEK_US, now_us=None)
    minutes = of("1m", [kept])
    assert minutes.num_rows == 60
    assert rolled_up(minutes, BY_NAME["1h"]).num_rows == 0
    made = of("1m", ladder(seconds(tape([trade(0, "7")]))))
    assert rows(rolled_up(pa.concat_tables([minutes, made]), BY_NAME["1h"])) == oracle([trade(0, "7")], ["1h"])


def test_columns_keep_their_types_with_and_without_rows() -> None:
    for made in (seconds(tape([])), seconds(tape([first])), rolled_up(PARTS.empty_table(), BY_NAME["1w"])):
        assert made.schema.equals(PARTS)
        assert finished(made, NOTHING_KNOWN).schema.equals(schema_of(GOLD_CANDLES))


# --- finished


@settings(max_examples=40, deadline=None)
@given(tapes(amounts))
def test_finished_rows_are_those_of_the_table(trades: list[Trade]) -> None:
    parts = pa.concat_tables(ladder(seconds(tape(trades))))
    made = finished(parts, NOTHING_KNOWN)
    expected = oracle(trades)
    assert made.num_rows == len(expected)
    for row in made.to_pylist():
        start, end = (row[name].timestamp() * SECOND_US for name in ("window_start", "window_end"))
        expect = expected[row["symbol"], row["exchange"], row["interval"], int(start)]
        assert end - start == BY_NAME[row["interval"]].length_us
        assert row["vwap"] == rounded(Fraction(expect["quote_volume"]) / Fraction(expect["volume"]), 12)
        assert {name: row[name] for name in expect} == expect


def test_complete_is_told_by_window() -> None:
    market = Market("kraken", "BTC-USD")
    known = Wholeness.of([Span(*market, WEEK, WEEK + 7 * MINUTE_US)], [], {market: Lifetime(WEEK, None)})
    made = finished(pa.concat_tables(ladder(seconds(tape([first])))), known).to_pylist()
    for exchange in ("kraken", ALL_EXCHANGES):
        whole = {row["interval"] for row in made if row["exchange"] == exchange and row["complete"]}
        assert whole == {"1s", "5s", "15s", "1m", "5m"}


# --- silent


def silence(
    gaps: Sequence[Span], there: pa.Table | None = None, *, now_us: int | None = None, to_us: int = WEEK + WEEK_US
) -> set[Window]:
    sources = {Market("kraken", "BTC-USD"): "kraken-feed"}
    made = silent(
        PARTS.empty_table() if there is None else there, gaps, sources, from_us=WEEK, to_us=to_us, now_us=now_us
    )
    for row in made.to_pylist():
        assert (row["open"], row["volume"], row["trade_count"]) == (None, 0, 0)
        assert row["source"] == sources.get(Market(row["exchange"], row["symbol"]))
    return set(rows(made))


def gap(from_us: int, to_us: int | None, exchange: str = "kraken", symbol: str = "BTC-USD") -> Span:
    return Span(exchange, symbol, WEEK + from_us, None if to_us is None else WEEK + to_us)


spans = st.builds(
    lambda at, length, exchange: gap(at, None if length is None else at + length, exchange),
    st.integers(-2 * HOUR_US, 3 * HOUR_US),
    st.one_of(st.none(), st.integers(0, 3 * HOUR_US), st.sampled_from([MINUTE_US, HOUR_US])),
    st.sampled_from(["kraken", "coinbase", EVERYWHERE]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(spans, max_size=5), st.one_of(st.none(), st.integers(0, 4 * HOUR_US)), st.lists(st.integers(0, 200)))
def test_silent_rows_are_the_windows_in_gaps_without_a_trade(
    gaps: list[Span], now: int | None, minutes: list[int]
) -> None:
    now_us = None if now is None else WEEK + now
    parts = pa.concat_tables(ladder(seconds(tape(trade(minute * MINUTE_US, "1") for minute in minutes))))
    expected = set()
    for hole in gaps:
        end = now_us if hole.to_us is None else hole.to_us
        for name, interval in BY_NAME.items():
            if interval.length_us < MINUTE_US or hole.exchange == EVERYWHERE or end is None:
                continue
            for start in range(WEEK, WEEK + 8 * HOUR_US, interval.length_us):
                if hole.from_us <= start and start + interval.length_us <= end:
                    expected.add((hole.symbol, hole.exchange, name, start))
    assert silence(gaps, parts, now_us=now_us) == expected - set(rows(parts))


def test_silent_rows_stay_within_the_time_that_is_asked_for() -> None:
    """A gap of years costs what the piece at hand costs."""
    made = silence([gap(-3 * 365 * DAY_US, None)], now_us=WEEK + 400 * DAY_US, to_us=WEEK + HOUR_US)
    assert {(name, start) for _, _, name, start in made} == {
        (name, WEEK + at)
        for name, interval in BY_NAME.items()
        if interval.length_us >= MINUTE_US
        for at in range(0, HOUR_US, interval.length_us)
    }


def test_a_gap_without_any_trade_in_the_lake_reaches_nowhere() -> None:
    assert silence([gap(0, None)]) == set()
