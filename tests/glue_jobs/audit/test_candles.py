"""What the audit computes of a candle by itself: the exact vwap, and which windows are complete. No Spark."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from glue_jobs.audit.candles import _divided
from glue_jobs.audit.wholeness import FOREVER, Spans, Wholeness

MARKET = ("kraken", "BTC-USD")
OTHER = ("coinbase", "BTC-USD")


@pytest.mark.parametrize(
    ("quote_volume", "volume", "vwap"),
    [
        ("1", "3", "0.333333333333"),
        ("2", "3", "0.666666666667"),
        ("0.000000000001500000", "3", "0.000000000001"),  # half a digit is rounded up
        ("0.000000000001499997", "3", "0.000000000000"),
        ("99999999999999999999.999999999999999999", "0.000000000001", "9999999999999999.999999999999"),  # the greatest
        ("12345678901234567890.123456789012345678", "12345678901234567.890123456789", "1000.000000000000"),
    ],
)
def test_vwap_is_rounded_half_up_once(quote_volume: str, volume: str, vwap: str) -> None:
    assert _divided(Decimal(quote_volume), Decimal(volume)) == Decimal(vwap)


def test_without_volume_there_is_no_vwap() -> None:
    assert _divided(Decimal(0), Decimal(0)) is None
    assert _divided(None, Decimal(1)) is None


def test_spans_that_meet_are_one_and_a_hole_of_one_microsecond_is_seen() -> None:
    spans = Spans([(20, 30), (0, 10), (10, 20), (31, 40)])
    assert spans.hold(0, 30)
    assert not spans.hold(0, 31)
    assert not spans.hold(25, 35)
    assert spans.meet(30, 32)
    assert not spans.meet(30, 31)
    assert not Spans([]).meet(0, FOREVER)


def known(*, gaps: Mapping[str, Mapping[str, Spans]] | None = None, everywhere: Spans | None = None) -> Wholeness:
    return Wholeness(
        lives={"BTC-USD": {"kraken": (5, 80), "coinbase": (50, FOREVER)}},
        seen={MARKET: Spans([(0, 80)]), OTHER: Spans([(60, 100)])},
        gaps=gaps or {},
        everywhere=everywhere or Spans([]),
    )


def test_all_asks_for_a_market_from_the_first_that_is_known_of_it_to_the_last() -> None:
    assert known().complete("ALL", "BTC-USD", 40, 50)
    assert not known().complete("ALL", "BTC-USD", 50, 60)
    assert known().complete("kraken", "BTC-USD", 50, 60)
    assert known().complete("ALL", "BTC-USD", 60, 70)
    assert not known().complete("ALL", "BTC-USD", 75, 90)
    assert known().complete("ALL", "BTC-USD", 80, 90)


def test_no_window_that_an_open_gap_touches_is_complete() -> None:
    holed = known(gaps={"BTC-USD": {"okx": Spans([(70, FOREVER)])}})  # a market that never traded
    assert holed.complete("ALL", "BTC-USD", 60, 70)
    assert not holed.complete("ALL", "BTC-USD", 70, 80)
    assert holed.complete("kraken", "BTC-USD", 70, 80)
    assert not known(everywhere=Spans([(75, 76)])).complete("kraken", "BTC-USD", 70, 80)
