"""The numbers that a producer tells of itself."""

from collections.abc import Sequence
from typing import Any

import pytest

from producers.counters import Counters
from producers.run.readout import WINDOW_S, Readout
from producers.run.runner import Progress, Watch
from producers.sink import Metrics

NOW_US = 1_760_000_000_123_456


def readout(symbols: Sequence[str] = ("BTC-USD", "ETH-USD")) -> Readout:
    return Readout("kraken", symbols, now_us=lambda: NOW_US)


def progress(at_s: float, *, watch: Watch | None = None, read: int = 0, **sink: Any) -> Progress:
    return Progress(source="kraken", read=read, elapsed_s=at_s, sink=Metrics(**sink), watch=watch)


def watch(*, unconfirmed: Sequence[str] = (), refused: Sequence[str] = (), **counters: Any) -> Watch:
    return Watch(counters=Counters(**counters), unconfirmed=frozenset(unconfirmed), refused=frozenset(refused))


def test_there_is_nothing_to_tell_before_the_first_progress() -> None:
    with pytest.raises(ValueError, match="nothing was taken"):
        readout().numbers()


def test_a_source_without_a_line_tells_of_none() -> None:
    told = readout(())
    told.take(progress(0.0, read=3, confirmed=2, buffered=1, put_units=5, sent_bytes=7))
    numbers = told.numbers()
    assert "connected" not in numbers
    assert numbers["time"] == "2025-10-09T08:53:20.123Z"
    assert (numbers["read"], numbers["confirmed"], numbers["waiting"]) == (3, 2, 1)
    assert (numbers["put_units"], numbers["sent_bytes"]) == (5, 7)


def test_rate_and_lag_are_those_of_the_last_seconds() -> None:
    told = readout()
    told.take(progress(0.0, confirmed=1_000, mean_lag_s=10.0))
    told.take(progress(100.0, confirmed=2_000, mean_lag_s=10.0))
    told.take(progress(100.0 + WINDOW_S, confirmed=3_000, mean_lag_s=7.0))
    numbers = told.numbers()
    assert numbers["confirmed_per_s"] == 100.0
    assert numbers["lag_s"] == 1.0  # (3000 × 7 − 2000 × 10) / 1000


def test_lag_is_unknown_while_nothing_is_confirmed() -> None:
    told = readout()
    told.take(progress(0.0, confirmed=5, mean_lag_s=1.0))
    told.take(progress(1.0, confirmed=5, mean_lag_s=1.0))
    assert told.numbers()["lag_s"] is None


def test_a_line_tells_what_it_does() -> None:
    told = readout()
    told.take(
        progress(
            1.0,
            watch=watch(reconnects=2, switches=1, gaps=3, open_gaps=1, filled=40, last_message_us=NOW_US - 1_500_000),
        )
    )
    numbers = told.numbers()
    assert (numbers["connected"], numbers["markets"], numbers["unconnected_s"]) == (True, 2, 0.0)
    assert (numbers["reconnects"], numbers["switches"], numbers["last_message_s"]) == (2, 1, 1.5)
    assert (numbers["gaps"], numbers["open_gaps"], numbers["filled"]) == (3, 1, 40)


def test_a_line_that_brings_no_market_is_none_however_many_were_refused() -> None:
    told = readout()
    told.take(progress(10.0, watch=watch(unconfirmed=["ETH-USD"], refused=["BTC-USD"])))
    told.take(progress(12.5, watch=watch(unconfirmed=["ETH-USD"], refused=["BTC-USD"])))
    numbers = told.numbers()
    assert (numbers["connected"], numbers["markets"], numbers["unconnected_s"]) == (False, 0, 12.5)
    assert numbers["refused_symbols"] == ["BTC-USD"]
    told.take(progress(13.0, watch=watch(refused=["BTC-USD"])))
    assert (told.numbers()["connected"], told.numbers()["unconnected_s"]) == (True, 0.0)


def test_it_stands_still_only_while_something_waits_and_nothing_is_confirmed() -> None:
    told = readout()
    told.take(progress(0.0, confirmed=5, buffered=3))
    told.take(progress(50.0, confirmed=5, buffered=3))
    assert told.numbers()["unmoved_s"] == 50.0
    told.take(progress(60.0, confirmed=6, buffered=2))
    assert told.numbers()["unmoved_s"] == 0.0
    told.take(progress(90.0, confirmed=6, buffered=0))
    assert told.numbers()["unmoved_s"] == 0.0


def test_two_producers_of_one_feed_are_told_apart() -> None:
    told = Readout("kraken", ("BTC-EUR",), producer="kraken-eur", now_us=lambda: NOW_US)
    told.take(progress(0.0))
    assert (told.numbers()["producer"], told.numbers()["feed"]) == ("kraken-eur", "kraken")
