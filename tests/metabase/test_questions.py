"""Each question that is shipped has an answer, at home and on Athena's engine, and the columns that it is drawn by."""

import datetime as dt
import itertools
import math
import re
import statistics
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import pytest

from metabase.question import Question
from tapehouse.lake import Lake
from tapehouse.query.duckdb_port import DuckdbPort
from tests.metabase import question_lake
from tests.metabase.drawn import BOOK, is_drawn_by, opened
from tests.metabase.question_lake import HOUR, MINUTE, NOW, TODAY
from tests.trino import Trino, trino

__all__ = ["trino"]

CHOSEN: Final[Mapping[str, str]] = {
    "symbol": "BTC-USD",
    "exchange": "kraken",
    "interval": "1m",
    "from": str(TODAY),
    "to": str(TODAY),
    "kind": "tick",
    "quote": "USD",
    "side": "buy",
    "horizon": "3600",
    "asset": "BTC",
    "search": "Etf",
    "source": "kraken",
    "portfolio": "default",
}
"""A value for each parameter; where a question has no row of it, see ``OTHERWISE``."""
OTHERWISE: Final[Mapping[str, Mapping[str, str]]] = {
    "latest_news": {"source": "CoinDesk"},
    "key_phrases": {"asset": "ALL"},
    "movers": {"exchange": "ALL"},
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return question_lake.write(tmp_path_factory.mktemp("questions"))


@pytest.fixture(scope="module")
def home(lake: Lake) -> Iterator[DuckdbPort]:
    port = DuckdbPort(lake)
    yield port
    port.close()


def answer(home: DuckdbPort, name: str, **values: str) -> list[dict[str, Any]]:
    found = home.run(BOOK.questions[name].asked(values))
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


# -- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", BOOK.questions.values(), ids=BOOK.questions)
def test_where_rows_are_capped_the_newest_stay(question: Question) -> None:
    """A chart of Metabase takes 2,000 rows: of more hours than that, those up to now."""
    orders = re.findall(r"ORDER BY ([^()]*?)\s+LIMIT 2000", question.sql)
    assert len(orders) == question.sql.count("LIMIT 2000")
    assert all(order.partition(",")[0].endswith(" DESC") for order in orders), orders


@pytest.mark.parametrize("question", BOOK.questions.values(), ids=BOOK.questions)
def test_a_question_has_rows_and_the_columns_that_it_is_drawn_by(home: DuckdbPort, question: Question) -> None:
    """By itself, as its dashboards open, and with everything chosen."""
    chosen = {**CHOSEN, **OTHERWISE.get(question.name, {})}
    asked = [question.asked(values) for values in ({}, *opened(question.name), chosen)]
    for sql in dict.fromkeys(asked):
        is_drawn_by(home.run(sql), question)


@pytest.mark.parametrize(
    "question", [each for each in BOOK.questions.values() if each.display == "table"], ids=lambda each: str(each.name)
)
def test_every_column_of_a_table_has_a_title_and_no_two_the_same(home: DuckdbPort, question: Question) -> None:
    """Metabase has it from the header: what that does not name is shown by its name in SQL."""
    found = home.run(question.asked({})).columns
    assert set(found) == set(question.columns)
    assert len({question.title_of(column) for column in found}) == len(found)


@pytest.mark.parametrize("question", BOOK.questions.values(), ids=BOOK.questions)
def test_a_question_names_its_columns_and_buckets_no_event_time(question: Question) -> None:
    """A scan reads what is named; a TIMESTAMP of an event is cut to milliseconds in one engine and not in the other."""
    assert not re.search(r"(?i)\bselect\s+(\w+\.)?\*", question.sql)
    assert not re.search(r"\bevent_time\b", question.sql)


def test_every_question_is_on_a_dashboard_and_every_dashboard_has_its_filters() -> None:
    assert set(BOOK.dashboards) == {"markets", "flow", "forecast", "news", "portfolio", "health"}
    shown = {name for each in BOOK.dashboards.values() for name in each.questions}
    assert shown == set(BOOK.questions)
    filters = {name: {each.name for each in board.filters} for name, board in BOOK.dashboards.items()}
    assert filters["markets"] >= {"symbol", "exchange", "interval", "from", "to"}
    assert filters["forecast"] >= {"symbol", "exchange", "horizon", "from", "to"}
    assert all({"from", "to"} <= names for names in filters.values())


@pytest.mark.athena
@pytest.mark.parametrize("question", BOOK.questions.values(), ids=BOOK.questions)
def test_trino_answers_the_same(home: DuckdbPort, athena: Trino, question: Question) -> None:
    sql = question.asked({})
    here = home.run(sql)
    there = [tuple(row.values()) for row in athena.rows(sql)]
    aged = {column for column in here.columns if column == "age_s"}  # by the clock
    assert len(there) == len(here.rows)
    for row, told in zip(here.rows, there, strict=True):
        for column, value, text in zip(here.columns, row, told, strict=True):
            assert column in aged or _agree(value, text), f"{column}: {value!r} at home, {text!r} there"


@pytest.fixture(scope="module")
def athena(lake: Lake, trino: Trino) -> Trino:
    for name in lake.existing_tables():
        trino.register(name, lake.table_uri(name))
    return trino


def _agree(value: Any, text: str | None) -> bool:
    if value is None or text is None:
        return value is None and text is None
    if isinstance(value, bool):
        return str(value).lower() == text
    if isinstance(value, int | float | Decimal):
        return float(value) == pytest.approx(float(text), rel=1e-9, abs=1e-12)
    if isinstance(value, dt.datetime):
        return value == dt.datetime.fromisoformat(text.removesuffix(" UTC")).replace(tzinfo=dt.UTC)
    return str(value) == text


# -- what they say ----------------------------------------------------------------------------------------------------


def test_candles_are_the_newest_400_windows_or_those_up_to_the_chosen_day(home: DuckdbPort) -> None:
    found = answer(home, "candles", symbol="BTC-USD", exchange="kraken")
    assert (len(found), found[-1]["window_start"]) == (400, MINUTE)
    assert found[-1]["open"] == 104 and found[-11]["open"] is None, "a gap is a window without a price"
    before = answer(home, "candles", to=str(TODAY - dt.timedelta(days=1)))
    assert before == [], "no candle is of the day before"
    assert len(answer(home, "candles", **{"from": str(TODAY)})) == 400


def test_means_of_closes_are_of_as_many_as_they_say_and_begin_before_what_is_shown(home: DuckdbPort) -> None:
    found = answer(home, "candles", exchange="kraken")
    closes = [row["close"] for row in found]
    for at, row in enumerate(found):
        for count in (7, 25, 99):
            last = closes[at - count + 1 : at + 1]
            if at >= count - 1:
                due = None if None in last else pytest.approx(statistics.fmean(last))
                assert row[f"ma_{count}"] == due, row["window_start"]
    assert found[0]["ma_7"] is not None and found[0]["ma_25"] is not None and found[0]["ma_99"] is None, "50 lie before"
    whole = answer(home, "vwap", exchange="kraken")
    assert (len(whole), whole[0]["mean_20"]) == (
        399,
        pytest.approx(statistics.fmean(104 + ago % 7 for ago in range(399, 419))),
    )
    for at, row in enumerate(whole[19:], start=19):
        assert row["mean_20"] == pytest.approx(statistics.fmean(each["close"] for each in whole[at - 19 : at + 1]))
    weekly = answer(home, "vwap", interval="1w")
    assert [row["mean_20"] for row in weekly] == [None], "no twenty weeks are there"


def test_the_mean_of_a_day_begins_with_the_closes_before_it(home: DuckdbPort) -> None:
    """As if the day had begun 30 minutes ago: the twenty closes before are read, and not shown."""
    shown = {row["window_start"]: row for row in answer(home, "vwap", exchange="kraken")}
    sql = BOOK.questions["vwap"].asked({"exchange": "kraken", "from": str(TODAY)})
    start = MINUTE - dt.timedelta(minutes=30)
    late = home.run(sql.replace(f"CAST(DATE '{TODAY}' AS date)", f"TIMESTAMP '{start:%Y-%m-%d %H:%M:%S} UTC'"))
    rows = [dict(zip(late.columns, row, strict=True)) for row in late.rows]
    assert (len(rows), rows[0]["window_start"]) == (30, start)
    assert [row["mean_20"] for row in rows] == [shown[row["window_start"]]["mean_20"] for row in rows]


def test_the_difference_of_venues_is_against_the_price_of_all(home: DuckdbPort) -> None:
    newest = [row for row in answer(home, "venue_difference") if row["window_start"] == MINUTE]
    assert [(row["exchange"], round(row["difference_bps"], 6)) for row in newest] == [
        ("coinbase", 200),
        ("kraken", 400),
    ]


def test_volatility_is_that_of_a_year_by_the_time_between_the_closes(home: DuckdbPort) -> None:
    newest = answer(home, "volatility", exchange="kraken")[-1]
    at = [ago for ago in range(32) if ago != 10]  # the newest first, as the lake has them
    returns = [math.log((104 + later % 7) / (104 + earlier % 7)) for later, earlier in itertools.pairwise(at)]
    assert len(returns) == 30
    elapsed_s = 31 * 60  # one of the minutes is without a trade
    due = math.sqrt(sum(each**2 for each in returns) / elapsed_s * 365 * 86_400) * 100
    assert (newest["window_start"], newest["volatility_pct"]) == (MINUTE, pytest.approx(due, rel=1e-9))
    assert answer(home, "volatility", interval="1w") == [], "one close has no return, and fewer than ten say nothing"


def test_volatility_needs_ten_returns_and_reads_those_before_a_day(home: DuckdbPort) -> None:
    """As if trading had begun half an hour ago, and then as if a day began there."""
    shown = answer(home, "volatility", exchange="kraken")
    assert len(shown) == 399, "those before are read, and not shown"
    start = f"TIMESTAMP '{MINUTE - dt.timedelta(minutes=30):%Y-%m-%d %H:%M:%S} UTC'"
    young = home.run(
        BOOK.questions["volatility"].asked({"exchange": "kraken"}).replace("(SELECT closes_begin FROM span)", start)
    )
    with_return = [MINUTE - dt.timedelta(minutes=ago) for ago in range(28, -1, -1) if ago != 10]
    assert [row[0] for row in young.rows] == with_return[9:]
    late = BOOK.questions["volatility"].asked({"exchange": "kraken", "from": str(TODAY)})
    rows = home.run(late.replace(f"CAST(DATE '{TODAY}' AS date)", start)).rows
    assert rows[0] == tuple(shown[-30].values())
    assert len(rows) == 30


def test_of_all_the_busiest_venue_is_asked_where_a_table_has_no_all(home: DuckdbPort) -> None:
    assert {row["exchange"] for row in answer(home, "bars", exchange="ALL")} == {"kraken"}
    assert {row["exchange"] for row in answer(home, "bars")} == {"kraken"}
    assert {row["exchange"] for row in answer(home, "bars", exchange="coinbase")} == {"coinbase"}


def test_the_shortest_horizon_is_shown_until_one_is_chosen(home: DuckdbPort) -> None:
    assert [row["target_time"] for row in answer(home, "forecast_bands")][-1] == HOUR + dt.timedelta(seconds=60)
    chosen = answer(home, "forecast_bands", horizon="3600")
    assert [row["actual"] for row in chosen] == [100, 100, 100, 100, None]


def test_the_fan_begins_with_the_last_price(home: DuckdbPort) -> None:
    found = answer(home, "forecast_fan")
    assert [(row["target_time"], row["p05"], row["p95"]) for row in found] == [
        (HOUR, 99, 99),
        (HOUR + dt.timedelta(minutes=1), 95, 103),
        (HOUR + dt.timedelta(hours=1), 95, 103),
    ]


def test_biggest_trades_are_of_the_feed_that_candles_count(home: DuckdbPort) -> None:
    found = answer(home, "biggest_trades", symbol="BTC-USD")
    assert [row["exchange"] for row in found[:4]] == ["coinbase", "kraken", "coinbase", "kraken"]
    assert len(found) == 20
    assert found[0]["traded_at"] == NOW - dt.timedelta(minutes=9)
    assert [row["trades"] for row in answer(home, "trade_sizes")] == [18, 2]


def test_purchases_and_sales_are_of_the_hours_asked_for(home: DuckdbPort) -> None:
    kraken = answer(home, "flow_table")[1]
    assert (kraken["exchange"], kraken["bought_pct"], kraken["mean_trade"]) == ("kraken", 75, 50)
    assert kraken["bought"] == 25 * 300, "of the last 24 hours and the running one"
    assert answer(home, "flow_table", to=str(TODAY))[1]["bought"] == 13 * 300, "of the day, up to now"
    assert len(answer(home, "flow_by_side")) == 61, "of seven days: all there are, and one of no known side"


def test_news_are_searched_in_all_their_text(home: DuckdbPort) -> None:
    assert [row["headline"] for row in answer(home, "latest_news", search="NUMBER 1")] == ["ETF number 1"]
    assert answer(home, "latest_news", search="100%") == [], "nothing of it means anything else"
    assert {row["headline"] for row in answer(home, "latest_news", search="of funds")} >= {"of funds"}
    assert answer(home, "latest_news", asset="ETH") == []


def test_days_without_a_score_do_not_weigh_on_a_phrases_mood(home: DuckdbPort) -> None:
    (phrase,) = answer(home, "key_phrases")
    assert (phrase["stories"], phrase["mean_sentiment"], phrase["last_day"]) == (6, pytest.approx(0.3), TODAY)


def test_the_portfolio_is_that_of_its_newest_hour(home: DuckdbPort) -> None:
    held = answer(home, "portfolio_holdings", portfolio="default")
    assert [(row["symbol"], row["value"]) for row in held] == [("BTC-USD", 150), ("ETH-USD", 50)]
    assert answer(home, "portfolio_worth")[-1] == {"hour": HOUR, "value": 200}
    assert answer(home, "portfolio_return") == [{"return_pct": 0.0}]


def test_what_a_sold_holding_brought_stays_in_the_profit(home: DuckdbPort) -> None:
    found = [(row["unrealised"], row["realised"]) for row in answer(home, "portfolio_profits")]
    assert found == [(-2, 10), (-1, 17), (0, 17)]
    assert [row["profit"] for row in answer(home, "portfolio_profit")] == [8, 16, 17]


def test_a_gap_is_open_until_something_says_that_it_is_no_more(home: DuckdbPort) -> None:
    """One of the stream is every market's."""
    assert answer(home, "open_gaps_count") == [{"open_gaps": 3}]
    for values, shown in (
        ({}, {"*", "BTC-USD", "ETH-USD"}),
        ({"symbol": "BTC-USD"}, {"*", "BTC-USD"}),
        ({"exchange": "coinbase"}, {"*", "ETH-USD"}),
        ({"exchange": "coinbase", "symbol": "BTC-USD"}, {"*"}),
    ):
        found = answer(home, "open_gaps", **values)
        assert {row["symbol"] for row in found} == shown
        assert {row["seconds"] for row in found} == {9.5}


# -- what has stopped, and what is not known --------------------------------------------------------------------------


def test_a_venue_that_has_stopped_is_compared_with_none(home: DuckdbPort) -> None:
    venues = {row["exchange"]: row for row in answer(home, "venues")}
    assert (venues["zaif"]["above_cheapest_bps"], venues["zaif"]["share_of_volume_pct"]) == (None, None)
    assert venues["zaif"]["behind_s"] == 10 * 86_400
    assert venues["coinbase"]["above_cheapest_bps"] == 0
    assert venues["coinbase"]["share_of_volume_pct"] + venues["kraken"]["share_of_volume_pct"] == pytest.approx(100)
    assert answer(home, "movers", exchange="zaif") == answer(home, "most_traded", exchange="zaif") == []


def test_a_venue_that_has_stopped_is_behind_also_where_it_alone_is_asked_for(home: DuckdbPort) -> None:
    (stopped,) = answer(home, "market_freshness", exchange="zaif")
    assert stopped["behind_s"] == 10 * 86_400


@pytest.mark.parametrize("name", ["forecast_actual", "forecast_bands", "forecast_histogram", "forecast_density"])
def test_the_busiest_venue_is_one_that_trades(home: DuckdbPort, name: str) -> None:
    assert answer(home, name, exchange="ALL") == answer(home, name, exchange="kraken") != []


def test_where_one_venue_alone_trades_there_is_no_difference(home: DuckdbPort) -> None:
    assert answer(home, "venue_difference", interval="4h") == []


def test_a_page_that_was_read_long_before_the_trade_is_not_compared_with_it(home: DuckdbPort) -> None:
    found = {row["source"]: row["difference_pct"] for row in answer(home, "page_quotes")}
    assert found["some-page"] is None
    assert found["new-page"] == pytest.approx(1)


def test_a_cost_that_is_not_known_is_not_left_out_of_a_sum(home: DuckdbPort) -> None:
    assert [(row["value"], row["cost"]) for row in answer(home, "portfolio_value", portfolio="old")] == [(2000, None)]


def test_the_calibration_is_that_of_the_band_it_names(home: DuckdbPort) -> None:
    assert {row["inside"] for row in answer(home, "forecast_calibration")} == {0.8}
    assert {(row["band"], row["inside"]) for row in answer(home, "forecast_scorecard")} == {
        (Decimal("0.9"), 0.8),
        (Decimal("0.5"), 0.5),
    }
    assert {row["too_high_pct"] for row in answer(home, "forecast_error")} == {0.0}


def test_what_no_taker_is_known_of_is_traded_too(home: DuckdbPort) -> None:
    assert sum(row["side_unknown"] for row in answer(home, "hour_of_day")) == 25, "50 in one of two such hours"


# -- health -----------------------------------------------------------------------------------------------------------


def test_refused_bytes_that_are_no_text_are_shown_in_hexadecimal(home: DuckdbPort) -> None:
    assert [row["payload"] for row in answer(home, "refused_records")] == ["FF00", '{"price": 1}']


def test_the_account_is_told_by_source(home: DuckdbPort) -> None:
    (kraken,) = answer(home, "account_by_source")
    assert (kraken["received"], kraken["accepted"]) == (30, 21)


# -- how they write it ------------------------------------------------------------------------------------------------

_OF_MARKETS: Final = re.compile(r"quote_volume|quote_size|volume_24h|bought$|sold$|net$|net_so_far|mean_trade")


@pytest.mark.parametrize("question", BOOK.questions.values(), ids=BOOK.questions)
def test_no_amount_of_a_market_has_fixed_decimals(question: Question) -> None:
    """A market in BTC turns over thousandths of what one in USD does."""
    amounts = [column for column in question.formats if _OF_MARKETS.match(column)]
    assert [column for column in amounts if question.format_of(column).style != "amount"] == []
