"""The command line of a producer as a typed value, and what of it means nothing for a source."""

import argparse
from dataclasses import fields
from pathlib import Path

from producers.run.arguments import ProduceOptions, SyntheticOptions, VenueOptions, add_arguments, options_of
from producers.sink import SinkConfig
from producers.synthetic import SyntheticConfig


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def test_nothing_said_is_the_defaults() -> None:
    assert options_of(parsed(), "kraken") == ProduceOptions()
    assert options_of(parsed(), "synthetic") == ProduceOptions()


def test_what_is_said_of_a_venue_is_kept() -> None:
    words = ("--url", "ws://a", "--rest-url", "http://b", "--finite", "--no-recovery", "--no-marks", "--report", "r")
    assert options_of(parsed(*words, "--origin", "recorded"), "kraken") == ProduceOptions(
        origin="recorded",
        report=Path("r"),
        venue=VenueOptions(url="ws://a", rest_url="http://b", finite=True, no_recovery=True, no_marks=True),
    )


def test_what_is_said_of_the_synthetic_market_is_kept() -> None:
    words = (
        "--rate",
        "5",
        "--count",
        "7",
        "--start",
        "2026-11-23T09:00:00+01:00",
        "--late",
        "0.1",
        "--late-s",
        "2",
        "--gap-trades",
        "3",
        "--truth",
        "t",
        "--history-h",
        "2",
    )
    assert options_of(parsed(*words), "synthetic").synthetic == SyntheticOptions(
        rate=5, count=7, start_us=1_795_420_800_000_000, late=0.1, late_s=2, gap_trades=3, truth=Path("t"), history_h=2
    )


def test_defaults_of_the_synthetic_market_are_those_of_its_config() -> None:
    config, options = SyntheticConfig(), SyntheticOptions()
    shared = {each.name for each in fields(SyntheticOptions)} - {"rate", "truth", "history_h"}
    assert {name: getattr(options, name) for name in shared} == {name: getattr(config, name) for name in shared}


def test_a_share_of_the_shards_limits_is_what_the_sink_takes() -> None:
    whole, part = SinkConfig.sharing("tape", 1.0), SinkConfig.sharing("tape", 0.25)
    assert (whole.shard_bytes_per_s, whole.shard_records_per_s) == (1_000_000, 1_000)
    assert (part.shard_bytes_per_s, part.shard_records_per_s) == (250_000, 250)
    least = SinkConfig.sharing("tape", 1e-9)
    assert least.shard_bytes_per_s > 0, "0 would be no limit at all"
    assert least.shard_records_per_s > 0, "0 would be no limit at all"
