"""What one bounded pass trades, and what of it is missed: a real market's truth, over tables written by hand."""

import argparse
import asyncio
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.bounded_pass import RATE_PER_S, TRADES, ends_us, missing, synthetic_words
from cli.command import target
from cli.processes import SPOILED
from cli.refresh import IN_DEMO, settings_of
from producers.run.arguments import add_arguments, options_of
from producers.source import Item, Raw
from producers.synthetic import SyntheticConfig, SyntheticSource
from producers.synthetic.market import market
from tapehouse.intervals import SECOND_US
from tapehouse.lake import Lake
from tapehouse.query.duckdb_port import DuckdbPort
from tapehouse.record import Gap, Trade, encode
from tapehouse.settings import Settings

BEGAN_US: Final = 1_795_000_000_000_000
SOONEST_US: Final = round(TRADES / RATE_PER_S * SECOND_US)
IN_A_DEMO: Final = Settings(**IN_DEMO)
TRADE = {**dict.fromkeys(("exchange", "symbol", "source", "trade_id"), "string"), "event_time_us": "long"}
GAP = {**dict.fromkeys(("gap_id", "event"), "string"), "to_us": "long"}
PLACE = {**dict.fromkeys(("stream_name", "shard_id", "sequence_number"), "string"), "sub_sequence_number": "long"}
BRONZE = {**PLACE, "arrival_time": "timestamp", "payload": "binary"}
REJECTED = {**BRONZE, **dict.fromkeys(("verdict", "exchange"), "string")}


# -- how long it trades


@given(start_us=st.integers(BEGAN_US, BEGAN_US + 3_600 * SECOND_US))
def test_in_a_demo_it_ends_where_the_newest_forecast_s_shortest_horizon_is_over(start_us: int) -> None:
    end_us = ends_us(IN_A_DEMO, start_us)
    assert SOONEST_US <= end_us - start_us < SOONEST_US + 30 * SECOND_US
    since_forecast_us = end_us % (30 * SECOND_US)
    assert 15 * SECOND_US < since_forecast_us < 30 * SECOND_US
    assert since_forecast_us == pytest.approx(22.5 * SECOND_US, abs=1)


@pytest.mark.parametrize("seed", range(1, 21))
def test_its_last_trades_are_near_that_end_whatever_the_dice_say(seed: int) -> None:
    start_us = BEGAN_US + seed * 1_700_000
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    told = options_of(parser.parse_args(synthetic_words(IN_A_DEMO, start_us)), "synthetic").synthetic
    assert (told.start_us, told.count) == (start_us, TRADES)
    config = SyntheticConfig(seed=seed, rate_per_s=told.rate, count=told.count)
    trades = [each for block in market(config, start_us) for each in block if isinstance(each, Trade)]
    assert 15 * SECOND_US < trades[-1].event_time_us % (30 * SECOND_US) < 30 * SECOND_US


@pytest.mark.parametrize(
    "asked",
    [
        {"forecast_every_s": 900.0},  # nobody waits for a quarter of an hour
        {"forecast_every_s": 15.0},  # a newer forecast is due when the horizon of the last is over
    ],
)
def test_it_does_not_wait_for_forecasts_that_it_cannot_see_come_true(asked: dict[str, Any]) -> None:
    settings = Settings(**{**IN_DEMO, **asked})
    lengths = {ends_us(settings, start_us) - start_us for start_us in range(BEGAN_US, BEGAN_US + 10**8, 999_983)}
    assert lengths == {SOONEST_US}


def test_who_sets_one_of_a_demo_s_forecasts_has_the_others_as_everywhere(tmp_path: Path) -> None:
    """Else the minute that is the default, spelled out, would be a step longer than the demo's horizons."""
    here = target(Settings(lake=str(tmp_path)))
    assert settings_of(here).forecast_horizons_s == (15.0, 30.0, 60.0)
    here = target(Settings(lake=str(tmp_path), forecast_interval="1m"))
    assert settings_of(here) == here.settings
    assert settings_of(here).forecast_horizons_s == (300.0, 900.0, 1800.0, 3600.0)


# -- what came of it


class Told:
    """A market that was spoiled as in a bounded pass, its truth, and a lake that has what was sent."""

    def __init__(self, folder: Path) -> None:
        self.truth = folder / "synthetic-truth.jsonl"
        faults: dict[str, Any] = dict(
            zip((each.removeprefix("--") for each in SPOILED[::2]), map(float, SPOILED[1::2]), strict=True)
        )
        config = SyntheticConfig(
            rate_per_s=500.0, count=TRADES, start_us=BEGAN_US, truth_path=self.truth, late_s=1.0, **faults
        )
        items = asyncio.run(_read(SyntheticSource(config)))
        trades = [each for each in items if isinstance(each, Trade)]
        self.trades = {(each.symbol, each.trade_id): each for each in trades}
        seen = Counter((each.symbol, each.trade_id) for each in trades)
        self.repeats = [self.trades[key] for key, count in seen.items() for _ in range(count - 1)]
        self.gaps = [each for each in items if isinstance(each, Gap)]
        self.malformed = [each.data for each in items if isinstance(each, Raw)]

    def lake(self, write: Callable[..., None], **without: int) -> None:
        """Written without so many trades, gaps, repeats or malformed records."""
        trades = list(self.trades.values())[without.get("trades", 0) :]
        rows = [(each.exchange, each.symbol, each.source, each.trade_id, each.event_time_us) for each in trades]
        write("silver.trades", TRADE, rows)
        gaps = [(each.gap_id, "opened", each.to_us) for each in self.gaps[without.get("gaps", 0) :]]
        write("silver.gaps", GAP, [*gaps, ("another", "opened", BEGAN_US - 1)])
        foreign = next(iter(self.trades.values()))
        told = [
            *((encode(each), "duplicate", "synthetic") for each in self.repeats[without.get("repeats", 0) :]),
            *((data, "quarantined", None) for data in self.malformed[without.get("malformed", 0) :]),
            *[(encode(replace(foreign, exchange="kraken")), "duplicate", "kraken")] * 99,
            *[(b"another one", "quarantined", None)] * 99,
        ]
        places = [("trades", "0", str(number), 0) for number in range(len(told))]
        arrived = [(*place, BEGAN_US, payload) for place, (payload, _, _) in zip(places, told, strict=True)]
        write("bronze.trades", BRONZE, arrived)
        rejected = [
            (*place, BEGAN_US, None if verdict == "duplicate" else payload, verdict, exchange)
            for place, (payload, verdict, exchange) in zip(places, told, strict=True)
        ]
        write("silver.rejected", REJECTED, rejected)


async def _read(source: SyntheticSource) -> list[Item]:
    return list(itertools.chain.from_iterable([list(batch) async for batch in source]))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(tmp_path_factory.mktemp("told"))


def test_the_market_suffers_everything_that_the_dashboards_show(told: Told) -> None:
    assert len(told.gaps) >= 2
    assert len(told.malformed) >= 2
    assert len(told.repeats) >= 2
    assert len(told.trades) < TRADES


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ({}, None),
        ({"trades": 3}, r"3 trades of synthetic-truth\.jsonl, the first of them synthetic:\w+-USD:\d+"),
        ({"gaps": 1}, r"1 gaps of synthetic-truth\.jsonl, the first of them synthetic:synthetic:\w+-USD:\d+-\d+"),
        ({"repeats": 1}, r"1 repeats of synthetic-truth\.jsonl in silver\.rejected, one of synthetic:\w+-USD:\d+"),
        ({"malformed": 1}, r"1 malformed records of synthetic-truth\.jsonl in silver\.rejected, one of them [0-9a-f]+"),
    ],
)
def test_what_was_sent_and_is_not_in_silver_is_named(
    told: Told, lake: Lake, write_table: Callable[..., None], without: dict[str, int], said: str | None
) -> None:
    told.lake(write_table, **without)
    found = list(missing(DuckdbPort(lake), told.truth))
    assert len(found) == (said is not None)
    assert all(re.fullmatch(said or "", each) for each in found)


def test_a_source_that_spoils_nothing_is_asked_for_its_trades_alone(
    lake: Lake, write_table: Callable[..., None], tmp_path: Path
) -> None:
    """As the simulated venues; their tables of faults need not be there."""
    names = {"exchange": "kraken", "source": "kraken", "symbol": "BTC-USD", "event_time_us": BEGAN_US}
    write_table("silver.trades", TRADE, [("kraken", "BTC-USD", "kraken", "8", BEGAN_US)])
    truth = tmp_path / "simulator-truth.jsonl"
    of_9 = "1 trades of simulator-truth.jsonl, the first of them kraken:BTC-USD:9"
    nothing = "simulator-truth.jsonl names no trade: what was made is not known"
    for ids, gone in (("8", []), ("", [nothing]), ("89", [of_9])):
        truth.write_text("".join(json.dumps({**names, "trade_id": each}) + "\n" for each in ids))
        assert list(missing(DuckdbPort(lake), truth)) == gone
