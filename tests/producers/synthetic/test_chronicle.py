"""What is told of the market's time is known over stops and kills, and no more than that."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from producers.synthetic import Chronicle
from producers.synthetic.chronicle import LIVE_EVERY_US, BrokenChronicleError, End
from producers.synthetic.past import Stretch
from tapehouse.intervals import HOUR_US
from tapehouse.market import MarketKey

START_US = 1_760_000_000_000_000
SYMBOLS = ("BTC-USD", "ETH-USD")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "_producers" / "synthetic.json"


def chronicle(path: Path, *, hours: int = 26) -> Chronicle:
    return Chronicle(path, history_us=hours * HOUR_US)


def due(kept: Chronicle, start_us: int = START_US, *, seed: int = 1) -> Stretch | None:
    return kept.next(start_us, seed=seed, symbols=SYMBOLS, traders=5)


def marks(through_us: int | None, *others: int | None) -> dict[MarketKey, Any]:
    through = (through_us, *(others or (through_us,)))
    return {
        MarketKey("synthetic", symbol, "synthetic"): SimpleNamespace(covered_through_us=each)
        for symbol, each in zip(SYMBOLS, through, strict=True)
    }


def test_a_new_market_has_a_past_of_which_nothing_is_known(path: Path) -> None:
    assert due(chronicle(path)) == Stretch(
        from_us=START_US - 26 * HOUR_US, until_us=START_US, seed=1, symbols=SYMBOLS, traders=5, prices={}
    )


def test_what_was_begun_is_told_again_just_so_whatever_is_asked_for_then(path: Path) -> None:
    begun = due(chronicle(path))
    again = chronicle(path, hours=0)
    assert again.begins_us(START_US - HOUR_US) == START_US, "the live market begins behind it"
    assert due(again, START_US + HOUR_US, seed=7) == begun
    assert not again.is_told


def test_it_is_told_once_every_market_is_confirmed_to_its_end(path: Path) -> None:
    kept = chronicle(path)
    due(kept)
    for not_yet in (
        {},
        marks(None),
        marks(START_US - 1),
        marks(START_US, START_US - 1),
        {key: mark for key, mark in marks(START_US).items() if key.symbol == "BTC-USD"},
    ):
        assert not kept.save(not_yet)
        assert not kept.is_told
    assert kept.save(marks(START_US))
    assert kept.is_told
    assert not kept.save(marks(START_US)), "once"
    assert due(kept) is None
    assert due(chronicle(path)) is None


def test_what_lies_between_a_stretch_and_a_later_start_is_the_next_one(path: Path) -> None:
    kept = chronicle(path)
    due(kept)
    kept.save(marks(START_US))
    following = due(chronicle(path), START_US + HOUR_US)
    assert following is not None
    assert (following.from_us, following.until_us) == (START_US, START_US + HOUR_US)
    assert following.prices == {"BTC-USD": "64000.00", "ETH-USD": "3200.00"}


def test_after_an_end_in_order_the_stop_is_told_from_its_last_prices_on(path: Path) -> None:
    kept = chronicle(path)
    kept.close(End(at_us=START_US, prices={"BTC-USD": "61000.00"}))
    again = chronicle(path)
    assert again.begins_us(START_US - 1) == START_US
    assert again.begins_us(START_US + 1) == START_US + 1
    stop = due(again, START_US + HOUR_US)
    assert stop is not None
    assert (stop.from_us, stop.until_us) == (START_US, START_US + HOUR_US)
    assert stop.prices == {"BTC-USD": "61000.00", "ETH-USD": "3200.00"}


def test_a_stop_longer_than_the_history_leaves_what_is_older_unknown(path: Path) -> None:
    chronicle(path).close(End(at_us=START_US, prices={"BTC-USD": "61000.00"}))
    late_us = START_US + 27 * HOUR_US
    stop = due(chronicle(path), late_us)
    assert stop is not None
    assert (stop.from_us, stop.prices) == (late_us - 26 * HOUR_US, {})


def test_after_a_kill_of_the_live_market_nothing_is_told_of_the_time_till_the_next_start(path: Path) -> None:
    kept = chronicle(path)
    kept.go_live(START_US)
    assert due(chronicle(path), START_US + HOUR_US) is None


def test_what_a_live_market_has_told_is_not_told_again_by_a_clock_that_was_set_back(path: Path) -> None:
    kept = chronicle(path)
    kept.go_live(START_US)
    assert chronicle(path).begins_us(START_US - HOUR_US) == START_US
    assert not kept.save(marks(START_US + LIVE_EVERY_US - 1)), "a moment ago it was written"
    assert kept.save(marks(START_US + LIVE_EVERY_US, START_US))
    again = chronicle(path)
    assert again.begins_us(START_US - HOUR_US) == START_US + LIVE_EVERY_US
    assert due(again, START_US + LIVE_EVERY_US) is None


def test_without_history_there_is_none(path: Path) -> None:
    assert due(chronicle(path, hours=0)) is None
    chronicle(path, hours=0).close(End(at_us=START_US, prices={}))
    assert due(chronicle(path, hours=0), START_US + HOUR_US) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"format": 2}',
        b'{"format": 1, "stretch": {"from_us": 1}, "end": null}',
        b'{"format": 1, "stretch": null}',
    ],
)
def test_a_file_that_cannot_be_understood_stops_with_what_to_do(content: bytes, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(BrokenChronicleError, match=r"synthetic\.json: .*--history-h"):
        chronicle(path)


def test_a_disk_that_refuses_lets_nothing_begin_and_is_asked_again_for_what_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    kept = chronicle(path)
    with monkeypatch.context() as broken:
        broken.setattr("producers.synthetic.chronicle.write_over", full)
        with pytest.raises(BrokenChronicleError, match="No space left"):
            due(kept)
    begun = due(kept)
    with monkeypatch.context() as broken:
        broken.setattr("producers.synthetic.chronicle.write_over", full)
        assert not kept.save(marks(START_US))
        assert not kept.is_told
        assert due(chronicle(path)) == begun
    assert kept.save(marks(START_US))
    assert json.loads(path.read_text())["stretch"] is None
