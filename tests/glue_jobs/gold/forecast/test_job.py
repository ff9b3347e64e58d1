"""Forecasts from candles, without Spark: what is made when, what came, and what a kill or a late candle changes."""

import math
import random
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from statistics import NormalDist
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from glue_jobs.engine import LostRaceError, Workspace
from glue_jobs.gold.forecast.model import estimate, rounded, seed_of
from tapehouse.intervals import BY_NAME, MINUTE_US, SECOND_US
from tapehouse.lake import Lake
from tapehouse.tables import (
    GOLD_CANDLES,
    GOLD_FORECAST,
    GOLD_FORECAST_CALIBRATION,
    GOLD_FORECAST_HISTOGRAM,
    Table,
)
from tests.glue_jobs.gold.forecast.candle_lake import ASKED, CAME, TABLES, CandleLake, candle, instant, micros
from tests.glue_jobs.tables_on_disk import rows_of


@pytest.fixture
def candles(lake: Lake) -> CandleLake:
    return CandleLake(lake)


def walked(first: int, last: int, *, seed: int = 1, market: str = "BTC-USD", **changes: Any) -> list[dict[str, Any]]:
    """Minutes [first, last) of a random price, the same at each minute however it is cut."""
    dice = random.Random(seed)
    price, found = 100.0, []
    for minute in range(last):
        price *= math.exp(dice.gauss(0, 0.001))
        if minute >= first:
            found.append(candle(minute, f"{price:.6f}", market=market, **changes))
    return found


def inputs(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in CAME}


def recounted(rows: list[dict[str, Any]]) -> dict[Any, tuple[int, int, int]]:
    """What gold.forecast_calibration must say: (judged, inside, stood still) by its key."""
    found: dict[Any, tuple[int, int, int]] = {}
    for row in (each for each in rows if each["judged"]):
        came = row["inside_band"] is not None
        for market in ((row["exchange"], row["symbol"]), ("ALL", "ALL")):
            key = (*market, row["as_of"].date(), row["horizon_s"], row["band"])
            one, two, three = found.get(key, (0, 0, 0))
            found[key] = (one + came, two + bool(row["inside_band"]), three + (not came))
    return found


def check_calibration(candles: CandleLake) -> None:
    key = GOLD_FORECAST_CALIBRATION.key
    rows = candles.rows(GOLD_FORECAST_CALIBRATION)
    told = {tuple(row[name] for name in key): (row["judged"], row["inside"], row["stood_still"]) for row in rows}
    assert told == recounted(candles.rows())
    for row in rows:
        assert row["share"] == (row["inside"] / row["judged"] if row["judged"] else None)


# --- what is forecast


def test_a_forecast_says_what_it_was_made_of(candles: CandleLake) -> None:
    rows = walked(0, 61)
    candles.pass_with(rows)
    found = candles.by_horizon(60)
    assert found.keys() == {5, 15}
    vwaps = np.array([float(each["vwap"]) for each in rows[:60]])
    due = estimate(np.arange(60), vwaps)
    assert due is not None
    for minutes, row in found.items():
        assert (row["mu"], row["sigma"], row["return_deviation"]) == (due.mu, due.sigma, due.return_deviation)
        assert (row["returns"], row["steps"], row["interval"]) == (59, minutes, "1m")
        assert (row["last_price"], row["target_time"]) == (rows[59]["close"], instant(60 + minutes))
        assert (row["seed"], row["paths"]) == (seed_of("kraken", "BTC-USD", micros(instant(60))), ASKED.paths)
        assert [row[name] for name in CAME] == [False, None, None, None]
        assert not row["bounded"]


@pytest.mark.parametrize("minutes", [5, 15])
def test_the_quantiles_of_a_row_are_those_of_the_closed_form(candles: CandleLake, minutes: int) -> None:
    """The share of true paths below each is binomial: six deviations, once in 500 million by chance."""
    candles.begin(paths=10_000)
    candles.pass_with(walked(0, 61))
    row = candles.by_horizon(60)[minutes]
    drift, spread = (row["mu"] - row["sigma"] ** 2 / 2) * minutes, row["sigma"] * math.sqrt(minutes)
    shares = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95, "band_low": 0.05, "band_high": 0.95}
    for name, share in shares.items():
        at = NormalDist().cdf((math.log(row[name] / row["last_price"]) - drift) / spread)
        assert abs(at - share) < 6 * math.sqrt(share * (1 - share) / 10_000), name


def test_bins_hold_every_path_of_the_newest_forecast_alone(candles: CandleLake) -> None:
    candles.pass_with(walked(0, 61))
    candles.pass_with(walked(61, 76))
    rows = candles.rows(GOLD_FORECAST_HISTOGRAM)
    assert {row["as_of"] for row in rows} == {instant(75)}
    for minutes, forecast in candles.by_horizon(75).items():
        bins = [row for row in rows if row["horizon_s"] == minutes * 60]
        assert sum(row["paths"] for row in bins) == ASKED.paths
        assert sum(row["density"] * float(row["high"] - row["low"]) for row in bins) == pytest.approx(1)
        assert [row["low"] for row in bins[1:]] == [row["high"] for row in bins[:-1]]
        below = sum(row["paths"] for row in bins if row["high"] <= forecast["p50"])
        around = max(row["paths"] for row in bins)
        assert ASKED.paths / 2 - around <= below <= ASKED.paths / 2


def test_the_bins_of_a_market_that_is_silent_for_a_day_go(candles: CandleLake) -> None:
    candles.pass_with([*walked(0, 61), *walked(0, 61, market="ETH-USD")])
    candles.pass_with(walked(1440, 1501))
    assert {row["symbol"] for row in candles.rows(GOLD_FORECAST_HISTOGRAM)} == {"BTC-USD"}


def test_no_market_is_forecast_before_it_passes_the_time(candles: CandleLake) -> None:
    candles.pass_with([*walked(0, 60), *walked(0, 61, market="ETH-USD")])
    assert candles.by_horizon(60) == {}
    assert candles.by_horizon(60, "ETH-USD").keys() == {5, 15}
    assert candles.by_horizon(45).keys() == {5, 15}


def test_nothing_later_than_as_of_goes_into_a_forecast(lake: Lake, candles: CandleLake) -> None:
    candles.pass_with(walked(0, 61))
    before = candles.by_horizon(60)
    other = CandleLake(Lake(f"{lake.uri}/other"))
    other.pass_with([*walked(0, 60), candle(60, 9_999), candle(61, 5_555)])
    assert other.by_horizon(60) == before


def test_only_the_newest_time_is_forecast_when_the_lake_catches_up(candles: CandleLake) -> None:
    candles.pass_with(walked(0, 200))
    assert {row["as_of"] for row in candles.rows()} == {instant(195)}


def test_a_backfill_makes_no_forecasts_of_its_past(candles: CandleLake) -> None:
    candles.pass_with(walked(2_000, 2_100))
    before = candles.rows()
    candles.pass_with(walked(1_900, 2_000))
    candles.pass_with(walked(100, 300))
    candles.pass_with(walked(100, 300, market="ETH-USD"))
    assert candles.rows() == before, "not of a market either that is silent for as long as a window"


def test_a_market_a_little_behind_the_others_has_its_whole_window(candles: CandleLake) -> None:
    candles.pass_with([*walked(0, 361), *walked(0, 301, market="ETH-USD")])
    assert candles.by_horizon(300, "ETH-USD")[5]["returns"] == 239
    assert candles.by_horizon(360)[5]["returns"] == 239


def test_all_is_not_forecast(candles: CandleLake) -> None:
    candles.pass_with([*walked(0, 61), *walked(0, 61, exchange="ALL")])
    assert {row["exchange"] for row in candles.rows()} == {"kraken"}


@pytest.mark.parametrize("count", [0, 1, 20])
def test_too_few_returns_are_not_forecast(candles: CandleLake, count: int) -> None:
    candles.pass_with([*walked(60 - count, 61)][:count])
    candles.pass_with([candle(60, 100)])
    assert candles.rows() == []
    assert candles.rows(GOLD_FORECAST_HISTOGRAM) == []


def test_gaps_and_windows_without_prices_are_passed_over(candles: CandleLake) -> None:
    rows = [each for each in walked(0, 61) if each["window_start"].minute not in (7, 8, 30)]
    nothing = dict.fromkeys(("open", "high", "low", "close", "vwap", "close_time_us"))
    silent = [{**candle(minute, 1), **nothing, "trade_count": 0, "complete": False} for minute in (7, 8)]
    candles.pass_with([*rows, *silent])
    found, places = candles.by_horizon(60)[5], [at for at in range(60) if at not in (7, 8, 30)]
    due = estimate(np.array(places), np.array([float(each["vwap"]) for each in rows[:-1]]))
    assert due is not None
    assert (found["mu"], found["sigma"], found["returns"]) == (due.mu, due.sigma, 56)


def test_a_price_that_stands_is_its_own_forecast_and_a_hit(candles: CandleLake) -> None:
    price = "60000.123456789012"
    candles.pass_with([candle(minute, price) for minute in range(61)])
    candles.pass_with([candle(minute, price) for minute in range(61, 81)])
    for row in candles.by_horizon(60).values():
        assert row["sigma"] == 0
        assert row["band_low"] == row["band_high"] == Decimal(str(rounded(float(price))))
        assert (row["actual_price"], row["inside_band"]) == (Decimal(price), True)
    assert {row["density"] for row in candles.rows(GOLD_FORECAST_HISTOGRAM)} == {None}


def test_a_price_that_jumps_over_all_decimals_is_bounded(candles: CandleLake) -> None:
    dice = random.Random(2)
    candles.pass_with([candle(minute, f"{10 ** dice.uniform(-11, 15):.12f}") for minute in range(61)])
    for row in candles.by_horizon(60).values():
        assert row["bounded"]
        assert Decimal("1e-12") <= row["p05"] <= row["p95"] <= Decimal("9.99e15")


def test_settings_that_change_leave_stored_forecasts_alone(candles: CandleLake) -> None:
    candles.pass_with(walked(0, 61))
    before = [inputs(row) for row in candles.rows()]
    candles.begin(band=0.5, horizons_us=(2 * MINUTE_US,), every_us=5 * MINUTE_US)
    candles.pass_with(walked(61, 80))
    rows = candles.rows()
    assert [inputs(row) for row in rows if row["as_of"] == instant(60)] == before
    assert [(row["horizon_s"], row["band"]) for row in rows if row["as_of"] == instant(75)] == [(120, Decimal("0.5"))]
    assert all(row["judged"] for row in rows if row["as_of"] == instant(60))
    check_calibration(candles)


def test_seconds_can_be_steps(lake: Lake) -> None:
    seconds = replace(
        ASKED, interval=BY_NAME["5s"], every_us=30 * SECOND_US, horizons_us=(15 * SECOND_US,), window_us=15 * MINUTE_US
    )
    candles = CandleLake(lake, seconds)
    dice = random.Random(1)
    rows = [candle(at / 12, f"{dice.uniform(99, 101):.3f}", interval="5s") for at in range(80)]
    candles.pass_with(rows[:37])
    candles.pass_with(rows[37:])
    (row,) = [each for each in candles.rows() if each["as_of"] == instant(3)]
    assert (row["interval"], row["steps"], row["horizon_s"], row["returns"]) == ("5s", 3, 15, 35)
    assert (row["judged"], row["actual_price"]) == (True, rows[38]["close"])


# --- what came


def test_the_price_that_came_is_the_last_before_the_target(candles: CandleLake) -> None:
    candles.pass_with(walked(0, 61))
    candles.pass_with(walked(61, 65))
    assert not candles.by_horizon(60)[5]["judged"], "the market did not trade behind the target yet"
    candles.pass_with(walked(65, 66))
    rows = walked(0, 66)
    row = candles.by_horizon(60)[5]
    assert (row["judged"], row["actual_price"], row["actual_time_us"]) == (
        True, rows[64]["close"], rows[64]["close_time_us"],
    )  # fmt: skip
    inside = row["band_low"] <= Decimal(str(rounded(float(row["actual_price"])))) <= row["band_high"]
    assert row["inside_band"] is inside
    assert not candles.by_horizon(60)[15]["judged"]
    check_calibration(candles)


def test_a_price_beyond_the_band_is_a_miss(candles: CandleLake) -> None:
    candles.pass_with(walked(0, 61))
    candles.pass_with([*walked(61, 64), candle(64, 500), candle(65, 100)])
    assert candles.by_horizon(60)[5]["inside_band"] is False
    check_calibration(candles)


def test_a_market_that_stood_still_is_neither_hit_nor_miss(candles: CandleLake) -> None:
    candles.pass_with(walked(0, 61))
    candles.pass_with([candle(61, 100), candle(90, 100)])
    for row in candles.by_horizon(60).values():
        assert [row[name] for name in CAME] == [True, None, None, None]
    assert {row["stood_still"] for row in candles.rows(GOLD_FORECAST_CALIBRATION)} == {1}
    check_calibration(candles)


def test_a_market_that_is_silent_for_two_days_is_not_judged(candles: CandleLake) -> None:
    candles.pass_with(walked(0, 65))
    before = candles.rows()
    candles.pass_with([candle(60 + 2 * 1440, 100)])
    assert candles.rows() == before
    candles.pass_with([candle(60 + 2 * 1440 - 1, 100)])
    assert all(row["judged"] for row in candles.by_horizon(60).values())


def test_late_candles_change_the_price_that_came_and_nothing_else(candles: CandleLake) -> None:
    candles.pass_with(walked(0, 61))
    candles.pass_with(walked(61, 90))
    before = candles.by_horizon(60)
    candles.pass_with([*(candle(minute, 777) for minute in (10, 59)), candle(64, 500), candle(300, 99)])
    after = candles.by_horizon(60)
    assert {at: inputs(row) for at, row in after.items()} == {at: inputs(row) for at, row in before.items()}
    assert (after[5]["actual_price"], after[5]["inside_band"]) == (Decimal(500), False)
    assert after[15] == before[15]
    check_calibration(candles)


def test_candles_that_are_taken_away_take_what_came_along(candles: CandleLake) -> None:
    candles.pass_with(walked(0, 61))
    candles.pass_with(walked(61, 81))
    candles.take_away([*walked(64, 65), *walked(74, 75)])
    candles.refresh()
    found = candles.by_horizon(60)
    assert found[15]["actual_price"] == walked(73, 74)[0]["close"], "a tenth of the horizon is not too old"
    assert (found[5]["judged"], found[5]["actual_price"]) == (True, None), "a minute is"
    check_calibration(candles)
    candles.take_away(walked(61, 81))
    candles.refresh()
    assert not any(row["judged"] for row in candles.by_horizon(60).values())
    check_calibration(candles)


def test_what_hangs_on_seconds_that_are_kept_no_longer_stays(lake: Lake) -> None:
    seconds = replace(
        ASKED, interval=BY_NAME["5s"], every_us=30 * SECOND_US, horizons_us=(15 * SECOND_US,), window_us=15 * MINUTE_US
    )
    candles = CandleLake(lake, seconds)
    rows = [candle(at / 12, 100 + at % 3, interval="5s") for at in range(80)]
    candles.pass_with(rows[:37])
    candles.pass_with(rows[37:])
    before = candles.rows()
    assert any(row["judged"] for row in before)
    candles.take_away(rows)
    candles.put([candle(1440, 1)], metadata={"short_from_us": micros(instant(1440))})
    candles.refresh()
    candles.job.rebuild(TABLES[1:])
    assert candles.rows() == before


def test_nine_in_ten_prices_of_a_true_brownian_motion_are_inside(lake: Lake) -> None:
    """60 markets of 20 trades a minute, 16 forecasts of each, 15 minutes ahead.

    Drift and volatility are known of 240 minutes alone, which costs 1.5 of the 90 %. Of 960 prices 88.5 % are inside,
    give or take 4 %: four deviations. The vwaps' plain deviation would give 81 %.
    """
    candles = CandleLake(lake, replace(ASKED, paths=1_000, horizons_us=(15 * MINUTE_US,)))
    pieces: list[pa.Table] = []
    dice, markets, minutes, trades = np.random.default_rng(11), 60, 240 + 16 * 15 + 1, 20
    moves = dice.standard_normal((markets, minutes * trades)) * 0.0005 / math.sqrt(trades)
    prices = (100 * np.exp(np.cumsum(moves, axis=1))).reshape(markets, minutes, trades)
    like = rows_of(GOLD_CANDLES, [candle(minute, 1) for minute in range(minutes)])
    for first, last in [(0, 241), *((at, at + 15) for at in range(241, minutes, 15))]:
        for number, of in enumerate(prices[:, first:last]):
            rows = like.slice(first, last - first)
            told = {"symbol": [f"M{number}-USD"] * len(of)}
            told["close"] = [f"{each:.9f}" for each in of[:, -1]]
            told["vwap"] = [f"{each:.9f}" for each in of.mean(axis=1)]
            for name, values in told.items():
                column = rows.schema.get_field_index(name)
                kind = rows.schema.field(name)
                rows = rows.set_column(column, kind, pc.cast(pa.array(values), kind.type))
            pieces.append(rows)
        candles.add(pa.concat_tables(pieces))
        pieces.clear()
        candles.refresh()
    (row,) = [each for each in candles.rows(GOLD_FORECAST_CALIBRATION) if each["exchange"] == "ALL"]
    assert row["judged"] == markets * 16
    assert 0.845 < row["share"] < 0.925
    check_calibration(candles)


# --- once, whatever happens


@pytest.mark.parametrize("seed", range(2))
def test_how_candles_are_cut_into_batches_changes_no_forecast(lake: Lake, seed: int) -> None:
    """Which times are forecast hangs on when the job looked; what is forecast of one does not."""
    dice = random.Random(seed)
    whole = CandleLake(Lake(f"{lake.uri}/whole"))
    cut = CandleLake(Lake(f"{lake.uri}/cut"))
    rows = sorted([*walked(0, 200), *walked(0, 200, seed=2, market="ETH-USD")], key=lambda each: each["window_start"])
    for first in range(0, 400, 20):
        whole.pass_with(rows[first : first + 20])
    at = 0
    while at < len(rows):
        step = dice.randrange(1, 60)
        cut.put(rows[at : at + step])
        at += step
        if dice.random() < 0.3:
            cut.begin()
        if dice.random() < 0.3:
            cut.follower.forget()
        if dice.random() < 0.7 or at >= len(rows):
            cut.refresh()
    expected = {tuple(row[name] for name in GOLD_FORECAST.key): row for row in whole.rows()}
    found = {tuple(row[name] for name in GOLD_FORECAST.key): row for row in cut.rows()}
    assert found.keys() & expected.keys()
    assert {key: row for key, row in found.items() if key in expected} == {
        key: row for key, row in expected.items() if key in found
    }
    check_calibration(cut)
    check_calibration(whole)


def test_a_batch_that_runs_again_writes_nothing(candles: CandleLake) -> None:
    candles.pass_with(walked(0, 61))
    candles.put(walked(61, 80))
    batch = candles.follower.next()
    assert batch is not None
    candles.job.write(batch)
    before = [candles.workspace.state(table).version for table in TABLES]
    candles.begin()
    candles.job.write(batch)
    assert [candles.workspace.state(table).version for table in TABLES] == before


@pytest.mark.parametrize("refused", TABLES[1:], ids=lambda table: table.name)
def test_a_kill_before_any_commit_is_put_right_by_the_same_batch(
    lake: Lake, refused: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(folder: str, killed: bool) -> list[list[dict[str, Any]]]:
        candles = CandleLake(Lake(f"{lake.uri}/{folder}"))
        candles.pass_with(walked(0, 61))
        candles.put(walked(61, 80))
        commit = Workspace.commit

        def killing(self: Workspace, base: Any, **given: Any) -> None:
            if base.table == refused:
                raise LostRaceError(base.table.name, base.turn)
            commit(self, base, **given)

        if killed:
            with monkeypatch.context() as patched:
                patched.setattr(Workspace, "commit", killing)
                with pytest.raises(LostRaceError):
                    candles.refresh()
            candles.begin()
            # What came says something else by now: what the killed one counted must not stay.
            candles.put([candle(64, 500)])
        else:
            candles.put([candle(64, 500)])
        candles.refresh()
        check_calibration(candles)
        return candles.everything()

    assert run("killed", killed=True) == run("whole", killed=False)


def test_a_count_before_rows_that_never_came_is_counted_again(candles: CandleLake, monkeypatch: Any) -> None:
    """Killed between the count and its rows; what came is no more when the batch runs again."""
    candles.pass_with(walked(0, 61))
    candles.put(walked(61, 80))
    batch = candles.follower.next()
    assert batch is not None
    commit = Workspace.commit

    def killing(self: Workspace, base: Any, **given: Any) -> None:
        if base.table == GOLD_FORECAST:
            raise LostRaceError(base.table.name, base.turn)
        commit(self, base, **given)

    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "commit", killing)
        with pytest.raises(LostRaceError):
            candles.job.write(batch)
    assert recounted(candles.rows()) == {}
    assert candles.rows(GOLD_FORECAST_CALIBRATION)
    candles.take_away(walked(61, 80))
    candles.refresh()
    check_calibration(candles)


def test_a_rebuild_keeps_forecasts_and_makes_the_rest_anew(candles: CandleLake) -> None:
    candles.pass_with(walked(0, 61))
    candles.pass_with(walked(61, 80))
    candles.pass_with(walked(1_400, 1_500))
    before = candles.everything()
    for table in TABLES[1:]:
        state = candles.workspace.state(table)
        rows = candles.workspace.rows(table, state.files).to_pylist()
        unjudged = [{**row, **dict.fromkeys(CAME), "judged": False} for row in rows]
        put_all(candles, table, unjudged if table == GOLD_FORECAST else rows[:3])
    candles.put([candle(30, 777)])
    assert candles.everything() != before
    candles.job.rebuild(TABLES[1:])
    assert candles.everything() == before
    versions = [candles.workspace.state(table).version for table in TABLES[1:2]]
    candles.job.rebuild([GOLD_FORECAST])
    assert [candles.workspace.state(table).version for table in TABLES[1:2]] == versions


def put_all(candles: CandleLake, table: Table, rows: list[dict[str, Any]]) -> None:
    state = candles.workspace.state(table)
    staged = candles.workspace.stage(table, rows_of(table, rows))
    candles.workspace.commit(state, add=[staged], remove=state.files, metadata=state.metadata)


def test_of_nothing_nothing_is_rebuilt(candles: CandleLake) -> None:
    candles.job.rebuild(TABLES[1:])
    assert candles.everything() == [[], [], []]


def test_a_look_reads_no_files_of_other_days(candles: CandleLake) -> None:
    for day in range(4):
        candles.pass_with(walked(day * 4_320, day * 4_320 + 61, seed=day))
    read: list[str] = []
    rows = Workspace.rows

    def watched(self: Workspace, of: Any, files: Any, *given: Any, **more: Any) -> Any:
        if of == GOLD_FORECAST:
            read.extend(each.path for each in files)
        return rows(self, of, files, *given, **more)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Workspace, "rows", watched)
        candles.pass_with(walked(3 * 4_320 + 61, 3 * 4_320 + 66, seed=3))
    assert len(candles.workspace.state(GOLD_FORECAST).files) == 4
    assert len(set(read)) == 1
