"""One symbol's week of candles, against plain Python: exact, however the trades came in.

The oracle knows trades and nothing of parts: it looks at every window of every interval by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, Final

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glue_jobs.gold.candles.week import PARTS, Counted, Span, vwap, week_candles
from tapehouse.intervals import BY_NAME, DAY_US, HOUR_US, INTERVALS, MINUTE_US, SECOND_US, WEEK_US, floor_us
from tapehouse.tables import ALL_EXCHANGES, EVERYWHERE

WEEK: Final = floor_us(1_760_000_000 * SECOND_US, WEEK_US)
EXACT: Final = Context(prec=200)
Row = dict[str, Any]
Window = tuple[str, str, int]
"""Exchange, interval, start."""


@dataclass(frozen=True, slots=True)
class Trade:
    """A row of silver.trades, as far as candles ask."""

    exchange: str
    at_us: int
    number: int
    price: Decimal
    size: Decimal
    side: str | None = "buy"

    @property
    def order(self) -> tuple[int, int, str, str]:
        return (self.at_us, self.number, str(self.number), self.exchange)

    @property
    def quote_size(self) -> Decimal:
        return rounded(Fraction(self.price) * Fraction(self.size), 18)


def trade(offset_us: int, price: str, size: str = "1", *, exchange: str = "kraken", number: int = 0) -> Trade:
    return Trade(exchange, WEEK + offset_us, number, Decimal(price), Decimal(size))


def rounded(value: Fraction, places: int) -> Decimal:
    """Half up, by integers alone. For values that are not negative."""
    scaled = (value * 10**places * 2 + 1) // 2
    return EXACT.scaleb(Decimal(int(scaled)), -places)


# --- the oracle


def candle(trades: Sequence[Trade]) -> Row:
    """What the trades of one window make; there is at least one."""
    ordered = sorted(trades, key=lambda each: each.order)
    volume = sum((each.size for each in trades), Decimal(0))
    quote_volume = sum((Fraction(each.quote_size) for each in trades), Fraction(0))
    return {
        "open": ordered[0].price,
        "high": max(each.price for each in trades),
        "low": min(each.price for each in trades),
        "close": ordered[-1].price,
        "volume": volume,
        "quote_volume": rounded(quote_volume, 18),
        "vwap": rounded(quote_volume / Fraction(volume), 12),
        "trade_count": len(trades),
        "buy_volume": sum((each.size for each in trades if each.side == "buy"), Decimal(0)),
        "sell_volume": sum((each.size for each in trades if each.side == "sell"), Decimal(0)),
        "open_time_us": ordered[0].at_us,
        "close_time_us": ordered[-1].at_us,
    }


def by_window(trades: Iterable[Trade], intervals: Iterable[str] = BY_NAME) -> dict[Window, list[Trade]]:
    windows: dict[Window, list[Trade]] = {}
    for each in trades:
        for name in intervals:
            start = each.at_us - (each.at_us - WEEK) % BY_NAME[name].length_us
            for exchange in (each.exchange, ALL_EXCHANGES):
                windows.setdefault((exchange, name, start), []).append(each)
    return windows


def oracle(trades: Iterable[Trade]) -> dict[Window, Row]:
    return {
        window: {**candle(inside), "source": None if window[0] == ALL_EXCHANGES else window[0]}
        for window, inside in by_window(trades).items()
    }


# --- what the engine is given and gives


def seconds(trades: Iterable[Trade]) -> pa.Table:
    """The one-second parts of the trades, as Spark makes them."""
    rows = [
        {"exchange": exchange, "interval": interval, "start_us": start, **candle(inside)}
        | {"source": None if exchange == ALL_EXCHANGES else exchange}
        for (exchange, interval, start), inside in by_window(trades, ["1s"]).items()
    ]
    for row in rows:
        del row["vwap"]
    return pa.Table.from_pylist(rows, schema=PARTS)


def run(
    fresh: Iterable[Trade],
    kept: pa.Table | None = None,
    *,
    covered: Sequence[Span] = (),
    gaps: Sequence[Span] = (),
    buckets: Mapping[str, frozenset[int]] | None = None,
    markets: Mapping[str, Counted] | None = None,
    now_us: int | None = None,
) -> pa.Table:
    """Without ``markets``: kraken and coinbase, since their first fresh trades, or, without any, this week's start."""
    fresh = list(fresh)
    return week_candles(
        WEEK,
        seconds(fresh),
        PARTS.empty_table() if kept is None else kept.select(PARTS.names),
        covered=covered,
        gaps=gaps,
        markets={name: counted(name, fresh) for name in ("kraken", "coinbase")} if markets is None else markets,
        now_us=now_us,
        buckets=buckets,
    )


def counted(exchange: str, trades: Sequence[Trade]) -> Counted:
    instants = [each.at_us for each in trades if each.exchange == exchange] or [WEEK]
    return Counted(exchange, min(instants), max(instants))


def rows(table: pa.Table) -> dict[Window, Row]:
    """The rows by window, without ``complete``; a window that is there twice fails."""
    assert table.schema.names == [*PARTS.names, "vwap", "complete"]
    found: dict[Window, Row] = {}
    for row in table.to_pylist():
        window = (row.pop("exchange"), row.pop("interval"), row.pop("start_us"))
        assert window not in found
        del row["complete"]
        found[window] = row
    return found


def complete(table: pa.Table) -> dict[Window, bool]:
    return {(row["exchange"], row["interval"], row["start_us"]): row["complete"] for row in table.to_pylist()}


def buckets_of(instants: Iterable[int]) -> dict[str, frozenset[int]]:
    instants = list(instants)
    return {interval.name: frozenset(map(interval.bucket_s, instants)) for interval in INTERVALS}


def in_buckets(table: pa.Table, buckets: Mapping[str, frozenset[int]]) -> pa.Table:
    inside = [
        BY_NAME[row["interval"]].bucket_s(row["start_us"]) in buckets[row["interval"]] for row in table.to_pylist()
    ]
    return table.filter(pa.array(inside, pa.bool_()))


def touched_seconds(trades: Iterable[Trade], news: Iterable[Trade]) -> list[Trade]:
    """Every trade of the seconds that the news fell into: what is read anew from silver."""
    touched = {floor_us(each.at_us, SECOND_US) for each in news}
    return [each for each in trades if floor_us(each.at_us, SECOND_US) in touched]


# Crowded instants, so that trades share seconds, minutes, hours and files; and some from anywhere.
offsets = st.one_of(
    st.integers(0, WEEK_US - 1),
    st.builds(
        lambda day, hour, minute, second, micro: (
            day * DAY_US + hour * HOUR_US + minute * MINUTE_US + second * SECOND_US + micro
        ),
        st.sampled_from([0, 1, 6]),
        st.sampled_from([0, 1, 3, 4, 23]),
        st.sampled_from([0, 1, 4, 5, 29, 30, 59]),
        st.sampled_from([0, 1, 4, 5, 15, 59]),
        st.sampled_from([0, 1, 500_000, 999_999]),
    ),
)
amounts = st.one_of(
    st.sampled_from([Decimal("0.000000000001"), Decimal("1"), Decimal("3"), Decimal("999999.999999999999")]),
    st.decimals(Decimal("1E-12"), Decimal("999999.999999999999"), places=12),
)
trades_of_a_week = st.lists(
    st.builds(
        Trade,
        st.sampled_from(["kraken", "coinbase"]),
        offsets.map(lambda offset: WEEK + offset),
        st.integers(-1, 20),
        amounts,
        amounts,
        st.sampled_from(["buy", "sell", None]),
    ),
    max_size=25,
    unique_by=lambda each: each.order,
)
first, last = trade(0, "1"), trade(WEEK_US - 1, "2", number=1)


@settings(max_examples=60, deadline=None)
@given(trades_of_a_week)
@example([])
@example([first, last])
def test_a_week_in_one_batch_equals_the_oracle(trades: list[Trade]) -> None:
    assert rows(run(trades)) == oracle(trades)


@settings(max_examples=80, deadline=None)
@given(trades_of_a_week, st.data())
@example([first, last], None)
def test_a_later_batch_of_touched_seconds_gives_what_all_trades_give(trades: list[Trade], data: Any) -> None:
    """With all that gold held of the week, and, as a refresh does, with the touched files alone."""
    early = [each for each in trades if data.draw(st.booleans())] if data else trades[:1]
    late = [each for each in trades if each not in early]
    held = run(early)
    fresh = touched_seconds(trades, late)

    assert rows(run(fresh, held)) == oracle(trades)

    buckets = buckets_of(each.at_us for each in late)
    kept = in_buckets(held, buckets)
    rewritten = run(fresh, kept, buckets=buckets)
    assert in_buckets(rewritten, buckets).num_rows == rewritten.num_rows, "a row outside of the rewritten files"
    beside = {window: row for window, row in rows(held).items() if window not in rows(kept)}
    assert beside | rows(rewritten) == oracle(trades)
    assert not beside.keys() & rows(rewritten).keys()


@settings(max_examples=40, deadline=None)
@given(trades_of_a_week, st.permutations(range(4)))
def test_the_order_of_batches_does_not_matter(trades: list[Trade], order: list[int]) -> None:
    held: pa.Table | None = None
    known: list[Trade] = []
    for number in order:
        news = trades[number::4]
        known += news
        held = run(touched_seconds(known, news), held)
    assert held is not None
    assert rows(held) == oracle(trades)


@settings(max_examples=30, deadline=None)
@given(trades_of_a_week)
def test_a_batch_that_runs_twice_changes_nothing(trades: list[Trade]) -> None:
    covered = [Span("kraken", WEEK, WEEK + WEEK_US)]
    markets = {name: counted(name, trades) for name in ("kraken", "coinbase")}
    once = run(trades, covered=covered, markets=markets)
    twice = run(trades, once, covered=covered, markets=markets)
    nothing = run([], once, covered=covered, markets=markets)
    assert rows(once) == rows(twice) == rows(nothing)
    assert complete(once) == complete(twice) == complete(nothing)


def test_an_empty_week_has_no_rows() -> None:
    made = run([])
    assert made.num_rows == 0
    assert made.schema.names == [*PARTS.names, "vwap", "complete"]


def test_columns_keep_their_types_with_and_without_rows() -> None:
    for made in (run([]), run([first]), run([], gaps=[Span("kraken", WEEK, WEEK + HOUR_US)])):
        assert [made.schema.field(field.name).type for field in PARTS] == [field.type for field in PARTS]
        assert made.schema.field("vwap").type == pa.decimal128(28, 12)
        assert made.schema.field("complete").type == pa.bool_()


def test_trades_of_one_microsecond_are_ordered_by_number_then_exchange() -> None:
    trades = [
        trade(5, "3", number=10),
        trade(5, "1", number=9),
        trade(5, "2", number=9, exchange="coinbase"),
        trade(5, "4", number=10, exchange="coinbase"),
    ]
    together = rows(run(trades))[ALL_EXCHANGES, "1w", WEEK]
    assert (together["open"], together["close"]) == (2, 3)


def test_a_late_trade_rewrites_open_and_close_up_to_its_week() -> None:
    held = run([trade(30 * MINUTE_US, "10")])
    late = [trade(1, "7"), trade(WEEK_US - 1, "9")]
    week = rows(run(late, held))["kraken", "1w", WEEK]
    assert (week["open"], week["close"], week["low"], week["high"], week["trade_count"]) == (7, 9, 7, 10, 3)


def test_sums_of_great_trades_are_exact() -> None:
    trades = [trade(n * MINUTE_US, "0.000000000001", "9999999999999999.999999999999", number=n) for n in range(50)]
    trades += [trade(n * MINUTE_US + 1, "999999999999.999999999999", "1", number=n) for n in range(50)]
    assert rows(run(trades)) == oracle(trades)


# --- vwap


def one_vwap(quote: str, volume: str) -> Decimal | None:
    quotes = pa.chunked_array([pa.array([Decimal(quote)], pa.decimal128(38, 18))])
    volumes = pa.chunked_array([pa.array([Decimal(volume)], pa.decimal128(38, 12))])
    found: list[Decimal | None] = vwap(quotes, volumes).to_pylist()
    return found[0]


@pytest.mark.parametrize(
    ("quote", "volume", "expected"),
    [
        ("0.000000000001", "2", "0.000000000001"),  # a tie goes up: to even it would be 0
        ("0.000000000003", "2", "0.000000000002"),
        ("0.000000000005", "2", "0.000000000003"),
        ("0.000000000000999999", "2", "0"),
        ("1", "3", "0.333333333333"),
        ("2", "3", "0.666666666667"),
        ("0.000000000000000001", "99999999999999999999999999", "0"),
        # just below a tie by 10^-36: rounded twice it would go up
        ("0.499999999999999999", "1000000000000", "0"),
        ("1", "0.000000000001", "1000000000000"),
        ("12345678901234567890.123456789012345678", "12345678901234567890.123456789012", "1"),
    ],
)
def test_vwap_is_rounded_half_up_once(quote: str, volume: str, expected: str) -> None:
    assert one_vwap(quote, volume) == Decimal(expected)
    assert rounded(Fraction(quote) / Fraction(volume), 12) == Decimal(expected)


def test_vwap_without_volume_is_null() -> None:
    assert one_vwap("0", "0") is None


def test_vwap_of_the_greatest_price_fits_its_column() -> None:
    """quote_size is rounded to 18 decimals: over a tiny size that lifts the quotient above the price itself."""
    greatest = "9999999999999999.999999999999"
    made = rows(run([trade(0, greatest, "0.000000000001")]))
    assert {row["vwap"] for row in made.values()} == {Decimal(greatest)}


# --- complete

WHOLE: Final = Span("kraken", WEEK, WEEK + WEEK_US)
KRAKEN: Final = Counted("kraken", WEEK, WEEK)
MINUTE: Final = ("kraken", "1m", WEEK)


def span(from_us: int, to_us: int | None, exchange: str = "kraken") -> Span:
    return Span(exchange, WEEK + from_us, None if to_us is None else WEEK + to_us)


@pytest.mark.parametrize(
    ("covered", "whole"),
    [
        ([], False),
        ([span(0, MINUTE_US)], True),
        ([span(1, MINUTE_US)], False),
        ([span(0, MINUTE_US - 1)], False),
        ([span(-5, 10 * MINUTE_US)], True),
        ([span(0, 30 * SECOND_US), span(30 * SECOND_US, MINUTE_US)], True),
        ([span(30 * SECOND_US, MINUTE_US), span(0, 30 * SECOND_US)], True),
        ([span(0, 40 * SECOND_US), span(20 * SECOND_US, MINUTE_US)], True),
        ([span(0, 30 * SECOND_US), span(30 * SECOND_US + 1, MINUTE_US)], False),
        ([span(-DAY_US, DAY_US), span(-5, 5)], True),
        ([span(-5, -1), span(0, MINUTE_US), span(2 * MINUTE_US, HOUR_US)], True),
        ([span(0, DAY_US, "coinbase")], False),
    ],
)
def test_a_window_is_complete_where_it_is_wholly_covered(covered: list[Span], whole: bool) -> None:
    assert complete(run([first], covered=covered))[MINUTE] is whole


def test_each_interval_asks_for_its_own_window() -> None:
    told = complete(run([first], covered=[span(0, 7 * MINUTE_US)]))
    whole = {interval for (exchange, interval, _), is_whole in told.items() if is_whole and exchange == "kraken"}
    assert whole == {"1s", "5s", "15s", "1m", "5m"}


@pytest.mark.parametrize(
    ("gap", "whole"),
    [
        (span(-5, 0), True),
        (span(-5, 1), False),
        (span(5, 6), False),
        (span(5, 5), False),
        (span(MINUTE_US - 1, DAY_US), False),
        (span(MINUTE_US, DAY_US), True),
        (span(-WEEK_US, WEEK_US), False),
        (span(-5, None), False),
        (span(MINUTE_US - 1, None), False),
        (span(MINUTE_US, None), True),
        (span(5, 6, "coinbase"), True),
        (span(5, 6, EVERYWHERE), False),
        (span(5, None, EVERYWHERE), False),
        (span(MINUTE_US, None, EVERYWHERE), True),
    ],
)
def test_an_open_gap_makes_the_windows_that_it_touches_incomplete(gap: Span, whole: bool) -> None:
    assert complete(run([first], covered=[WHOLE], gaps=[gap]))[MINUTE] is whole


def test_one_gap_is_enough() -> None:
    gaps = [span(-9, -5), span(5, 6), span(DAY_US, None)]
    assert complete(run([first], covered=[WHOLE], gaps=gaps))[MINUTE] is False


def test_all_is_complete_only_where_every_market_is() -> None:
    trades = [trade(0, "1"), trade(0, "1", exchange="coinbase"), trade(DAY_US, "1")]
    covered = [WHOLE, span(0, MINUTE_US, "coinbase")]
    told = complete(run(trades, covered=covered))
    assert told[ALL_EXCHANGES, "1m", WEEK] is True
    assert told[ALL_EXCHANGES, "5m", WEEK] is False
    assert told["kraken", "5m", WEEK] is True
    assert told["kraken", "1d", WEEK + DAY_US] is True
    assert told[ALL_EXCHANGES, "1d", WEEK + DAY_US] is False  # what coinbase did that day is not known
    assert told[ALL_EXCHANGES, "1w", WEEK] is False


def test_a_covered_market_that_was_quiet_leaves_all_complete() -> None:
    trades = [trade(0, "1", exchange="coinbase"), trade(DAY_US, "1")]
    told = complete(run(trades, covered=[WHOLE, span(0, 2 * DAY_US, "coinbase")]))
    assert told[ALL_EXCHANGES, "1d", WEEK + DAY_US] is True


def test_all_asks_for_a_market_from_its_first_trade_on() -> None:
    """Whether or not the market has a row in the window, and though its first trade was in another week."""
    early, later = trade(10, "1"), trade(DAY_US, "2")
    markets = {name: Counted(name, WEEK, WEEK + DAY_US) for name in ("kraken", "coinbase")}
    for first_us, whole in ((WEEK - WEEK_US, False), (WEEK + 9, False), (WEEK + MINUTE_US - 1, False),
                            (WEEK + MINUTE_US, True), (WEEK + WEEK_US, True)):  # fmt: skip
        markets["coinbase"] = Counted("coinbase", first_us, first_us)
        told = complete(run([early, later], covered=[WHOLE], markets=markets))
        assert told[ALL_EXCHANGES, "1m", WEEK] is whole, first_us
        assert told["kraken", "1m", WEEK] is True


def test_all_is_not_complete_in_a_gap_of_a_market_that_never_traded() -> None:
    told = complete(run([first], covered=[WHOLE], gaps=[span(5, 6, "gemini")], markets={"kraken": KRAKEN}))
    assert told["kraken", "1s", WEEK] is True
    assert told[ALL_EXCHANGES, "1s", WEEK] is False
    assert told[ALL_EXCHANGES, "1m", WEEK] is False


def test_a_market_that_fell_silent_in_a_gap_makes_all_incomplete() -> None:
    trades = [trade(10 * MINUTE_US, "1")]
    covered = [WHOLE, span(0, WEEK_US, "coinbase")]
    told = complete(run(trades, covered=covered, gaps=[span(0, HOUR_US, "coinbase")]))
    for interval in ("1s", "5s", "15s", "1m"):
        assert told["kraken", interval, WEEK + 10 * MINUTE_US] is True
        assert told[ALL_EXCHANGES, interval, WEEK + 10 * MINUTE_US] is False
    assert told["coinbase", "1m", WEEK + 10 * MINUTE_US] is False


@settings(max_examples=60, deadline=None)
@given(
    trades_of_a_week,
    st.lists(st.tuples(st.sampled_from(["kraken", "coinbase"]), offsets, offsets), max_size=6),
    st.lists(st.tuples(st.sampled_from(["kraken", "coinbase", EVERYWHERE]), offsets, st.none() | offsets), max_size=2),
)
def test_complete_equals_the_oracle(
    trades: list[Trade], covered: list[tuple[str, int, int]], gaps: list[tuple[str, int, int | None]]
) -> None:
    covering = [span(min(one, other), max(one, other), exchange) for exchange, one, other in covered]
    # Gaps of a few seconds at most: the rows of silent windows have tests of their own.
    open_ = [span(low, None if high is None else low + high % (59 * SECOND_US), of) for of, low, high in gaps]
    told = complete(run(trades, covered=covering, gaps=open_))

    def whole(exchange: str, start: int, end: int) -> bool:
        reached = start
        for each in sorted(covering, key=lambda s: s.from_us):
            if each.exchange == exchange and each.from_us <= reached:
                reached = max(reached, each.to_us or 0)
        touching = (
            gap
            for gap in open_
            if gap.exchange in (exchange, EVERYWHERE)
            if gap.from_us < end and (gap.to_us is None or gap.to_us > start)
        )
        return reached >= end and not any(touching)

    markets = {(e, i, s): whole(e, s, s + BY_NAME[i].length_us) for e, i, s in told if e != ALL_EXCHANGES}
    begun = {each.exchange: min(t.at_us for t in trades if t.exchange == each.exchange) for each in trades}
    begun = {"kraken": WEEK, "coinbase": WEEK} | begun

    def together(start: int, end: int) -> bool:
        holed = any(gap.from_us < end and (gap.to_us is None or gap.to_us > start) for gap in open_)
        return not holed and all(whole(name, start, end) for name, since in begun.items() if since < end)

    of_all = {(e, i, s): together(s, s + BY_NAME[i].length_us) for e, i, s in told if e == ALL_EXCHANGES}
    assert told == markets | of_all


# --- silent windows


def silent(table: pa.Table) -> set[Window]:
    return {window for window, row in rows(table).items() if not row["trade_count"]}


def test_windows_inside_a_gap_have_rows_without_prices() -> None:
    made = run([], gaps=[span(30 * SECOND_US, 7 * MINUTE_US + 5)])
    assert silent(made) == {("kraken", "1m", WEEK + n * MINUTE_US) for n in range(1, 7)}
    for row in rows(made).values():
        assert {row[name] for name in ("open", "high", "low", "close", "vwap", "open_time_us", "close_time_us")} == {
            None
        }
        assert {row[name] for name in ("volume", "quote_volume", "buy_volume", "sell_volume", "trade_count")} == {0}
        assert row["source"] == "kraken"
    assert set(complete(made).values()) == {False}


def test_no_window_of_less_than_a_minute_is_silent_and_every_longer_one_is() -> None:
    names = {interval for _, interval, _ in silent(run([], gaps=[span(-WEEK_US, 2 * WEEK_US)]))}
    assert names == {"1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w"}


def test_a_gap_of_years_fills_this_week_alone() -> None:
    starts = [
        start for _, interval, start in silent(run([], gaps=[span(-60 * WEEK_US, 60 * WEEK_US)])) if interval == "1d"
    ]
    assert sorted(starts) == [WEEK + n * DAY_US for n in range(7)]


def test_a_gap_that_goes_on_is_silent_up_to_the_newest_trade_of_any_market() -> None:
    gap = span(30 * SECOND_US, None)
    assert silent(run([], gaps=[gap])) == set()
    made = run([], gaps=[gap], now_us=WEEK + 4 * MINUTE_US - 1)
    assert silent(made) == {("kraken", "1m", WEEK + n * MINUTE_US) for n in (1, 2)}
    assert set(complete(made).values()) == {False}
    made = run([], gaps=[gap], now_us=WEEK + 10 * MINUTE_US)
    assert {start for _, interval, start in silent(made) if interval == "5m"} == {WEEK + 5 * MINUTE_US}


@pytest.mark.parametrize(
    "gap",
    [
        span(0, None),
        span(0, HOUR_US, EVERYWHERE),
        span(0, None, EVERYWHERE),
        span(0, MINUTE_US - 1),
        span(1, MINUTE_US + 59 * SECOND_US),
        span(-HOUR_US, 0),
        span(WEEK_US, WEEK_US + HOUR_US),
    ],
)
def test_what_holds_no_whole_minute_of_one_market_has_no_silent_row(gap: Span) -> None:
    assert run([], gaps=[gap]).num_rows == 0


def test_a_window_with_a_known_trade_is_not_silent() -> None:
    made = run([trade(MINUTE_US, "5")], gaps=[span(0, 5 * MINUTE_US)])
    assert silent(made) == {("kraken", "1m", WEEK + n * MINUTE_US) for n in (0, 2, 3, 4)}
    assert rows(made)["kraken", "5m", WEEK]["trade_count"] == 1


def test_overlapping_gaps_give_one_row_a_window() -> None:
    made = run([], gaps=[span(0, 3 * MINUTE_US), span(MINUTE_US, 4 * MINUTE_US), span(0, 2 * MINUTE_US, "coinbase")])
    assert len(silent(made)) == 4 + 2


def test_silent_rows_lie_in_rewritten_files_only() -> None:
    buckets = buckets_of([WEEK + DAY_US])
    made = run([], gaps=[span(0, 3 * DAY_US)], buckets=buckets)
    expected = silent(run([], gaps=[span(0, 3 * DAY_US)]))
    assert silent(made) == {
        window for window in expected if BY_NAME[window[1]].bucket_s(window[2]) in buckets[window[1]]
    }
    assert {start for _, interval, start in silent(made) if interval == "1m"} == {
        WEEK + DAY_US + n * MINUTE_US for n in range(1440)
    }


def test_silent_rows_vanish_when_the_gap_is_closed_or_filled() -> None:
    gap = span(0, 2 * MINUTE_US)
    held = run([], gaps=[gap])
    assert held.num_rows == 2
    assert run([], held).num_rows == 0
    filled = [trade(5, "7")]
    assert rows(run(filled, held)) == oracle(filled)
    assert silent(run(filled, held, gaps=[gap])) == {("kraken", "1m", WEEK + MINUTE_US)}


def test_a_market_that_never_traded_is_silent_without_a_source() -> None:
    made = run([], gaps=[span(0, MINUTE_US)], markets={})
    assert [row["source"] for row in rows(made).values()] == [None]
