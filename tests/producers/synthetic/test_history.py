"""The market with its past: told before it is live, once, and gone on with after stops and kills wherever they fall."""

import asyncio
import datetime as dt
import itertools
import re
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.source import Item
from producers.synthetic import Chronicle, SyntheticConfig, SyntheticSource
from tapehouse.intervals import HOUR_US, SECOND_US, instant_of
from tapehouse.market import MarketKey
from tapehouse.record import Coverage, Trade, encode

START_US = 1_760_000_000_000_000
HISTORY_US = 2 * HOUR_US
SYMBOLS = ("BTC-USD", "ETH-USD")


class Runs:
    """Runs of one producer after each other, on a clock of their own; ``stream`` is what all of them sent."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self._path = folder / "synthetic.json"
        self._config = {"seed": 1, "symbols": SYMBOLS, "traders": 20, "rate_per_s": 2.0, **config}
        self.now_us = START_US
        self.stream: list[Item] = []

    def _now(self) -> int:
        return self.now_us

    async def _sleep(self, seconds: float) -> None:
        self.now_us += max(1, round(seconds * 1e6))
        await asyncio.sleep(0)

    def run(self, *, stop_after: int | None = None, kill_after: int | None = None, confirms: bool = True) -> list[Item]:
        """What one run sends: to its end, or until it is told to stop or is killed behind so many batches."""
        return asyncio.run(self._run(stop_after, kill_after, confirms))

    async def _run(self, stop_after: int | None, kill_after: int | None, confirms: bool) -> list[Item]:
        kept = Chronicle(self._path, history_us=HISTORY_US)
        source = SyntheticSource(SyntheticConfig(**self._config), chronicle=kept, now_us=self._now, sleep=self._sleep)
        sent: list[Item] = []
        through: dict[MarketKey, Any] = {}

        async def confirm() -> None:
            while True:
                kept.save(dict(through))
                await asyncio.sleep(0)

        confirming = asyncio.ensure_future(confirm()) if confirms else None
        batches = aiter(source)
        try:
            for number in itertools.count():
                if number == stop_after:
                    source.stop()
                async with asyncio.timeout(10):
                    batch = await anext(batches, None)
                if batch is None:
                    break
                sent += batch
                for each in batch:
                    if isinstance(each, Coverage):
                        key = MarketKey("synthetic", each.symbol, "synthetic")
                        through[key] = SimpleNamespace(covered_through_us=each.through_us)
                if number == kill_after:
                    return sent
            if source.end is not None and confirms:
                kept.close(source.end)
            return sent
        finally:
            self.stream += sent
            if confirming is not None:
                confirming.cancel()
                await asyncio.gather(confirming, return_exceptions=True)


def trades(records: list[Item], symbol: str) -> list[Trade]:
    return [each for each in records if isinstance(each, Trade) and each.symbol == symbol]


def seen_us(records: list[Item], symbol: str) -> list[tuple[int, int]]:
    """The spans that are covered, as few as they can be."""
    spans = sorted({(c.from_us, c.through_us) for c in records if isinstance(c, Coverage) and c.symbol == symbol})
    found: list[tuple[int, int]] = []
    for from_us, through_us in spans:
        if found and from_us <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], through_us)
        else:
            found.append((from_us, through_us))
    return found


def told_once(records: list[Item]) -> None:
    """Each trade is one, whoever told it again, and no time has two tapes: ids and times rise together."""
    for symbol in SYMBOLS:
        by_id: dict[int, set[bytes]] = {}
        for each in trades(records, symbol):
            by_id.setdefault(int(each.trade_id), set()).add(encode(each))
        assert {len(told) for told in by_id.values()} <= {1}
        pairs = {int(each.trade_id): each.event_time_us for each in trades(records, symbol)}
        times = [pairs[number] for number in sorted(pairs)]
        assert times == sorted(times)


def test_the_past_comes_before_the_live_market_and_ends_where_it_begins(tmp_path: Path) -> None:
    sent = Runs(tmp_path, count=200).run()
    live = list(
        SyntheticSource(SyntheticConfig(symbols=SYMBOLS, traders=20, rate_per_s=2.0, count=200)).records(START_US)
    )
    assert sent[-len(live) :] == live, "the live market is the same with a past and without one"
    told_once(sent)
    for symbol in SYMBOLS:
        of_past = trades(sent[: -len(live)], symbol)
        assert len(of_past) > 500
        assert all(each.backfilled and each.event_time_us < START_US for each in of_past)
        first = trades(list(live), symbol)[0]
        assert abs(Decimal(first.price) / Decimal(of_past[-1].price) - 1) < Decimal("0.001")
        ((from_us, through_us),) = seen_us(sent, symbol)
        assert from_us == START_US - HISTORY_US
        assert through_us > START_US + 80 * SECOND_US


def test_nothing_live_is_sent_before_the_past_is_confirmed(tmp_path: Path) -> None:
    runs = Runs(tmp_path)

    async def work() -> None:
        source = SyntheticSource(
            SyntheticConfig(rate_per_s=1000.0),
            chronicle=Chronicle(tmp_path / "synthetic.json", history_us=HISTORY_US),
            now_us=runs._now,
            sleep=runs._sleep,
        )
        reading = aiter(source)
        while True:
            waiting = asyncio.ensure_future(anext(reading))
            done, _ = await asyncio.wait([waiting], timeout=0.2)
            if not done:
                break
            assert all(each.event_time_us < START_US for each in waiting.result() if isinstance(each, Trade))
        source.stop()
        async with asyncio.timeout(5):
            await asyncio.gather(waiting, return_exceptions=True)
        assert source.end is not None

    asyncio.run(work())


def test_a_restart_goes_on_and_tells_what_it_was_stopped_for(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    first = runs.run(stop_after=60)
    stopped_us = runs.now_us
    runs.now_us += 20 * 60 * SECOND_US
    second = runs.run(stop_after=60)
    told_once(runs.stream)
    assert len({encode(each) for each in runs.stream if isinstance(each, Trade)}) == sum(
        isinstance(each, Trade) for each in runs.stream
    ), "nothing is told again"
    for symbol in SYMBOLS:
        ((from_us, through_us),) = seen_us(runs.stream, symbol)
        assert from_us == START_US - HISTORY_US
        assert through_us > stopped_us + 20 * 60 * SECOND_US
        fill = [each for each in trades(second, symbol) if each.backfilled]
        assert len(fill) > 100
        last, next_one = trades(first, symbol)[-1], fill[0]
        assert abs(Decimal(next_one.price) / Decimal(last.price) - 1) < Decimal("0.003")


def test_a_stop_while_the_past_is_told_gives_it_wholly(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    first = runs.run(stop_after=1)
    assert all(each.backfilled for each in first if isinstance(each, Trade))
    for symbol in SYMBOLS:
        assert seen_us(first, symbol) == [(START_US - HISTORY_US, START_US)]
    runs.now_us += 60 * SECOND_US
    second = runs.run(stop_after=20)
    assert min(each.event_time_us for each in second if isinstance(each, Trade)) >= START_US
    told_once(runs.stream)


def test_after_a_kill_of_the_live_market_the_stop_is_a_hole_that_no_coverage_spans(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    first = runs.run(kill_after=60)
    killed_us = max(each.event_time_us for each in first if isinstance(each, Trade))
    runs.now_us += HOUR_US
    began_us = runs.now_us
    second = runs.run(stop_after=20)
    assert min(each.event_time_us for each in second if isinstance(each, Trade)) >= began_us
    for symbol in SYMBOLS:
        before, after = seen_us(runs.stream, symbol)
        assert before[1] <= killed_us + 1
        assert after[0] == began_us
    told_once(runs.stream)


def test_a_clock_that_was_set_back_is_waited_for_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    runs = Runs(tmp_path)
    runs.run(stop_after=60)
    stopped_us = runs.now_us
    assert "market_waits" not in caplog.text
    runs.now_us -= HOUR_US
    second = runs.run(stop_after=20)
    assert runs.now_us > stopped_us, "what was told is not told once more"
    told_once(runs.stream)
    assert min(each.event_time_us for each in second if isinstance(each, Trade)) >= stopped_us - SECOND_US
    (warning,) = [each.getMessage() for each in caplog.records if "market_waits" in each.getMessage()]
    assert "the clock was set back" in warning
    until = re.search(r"until=(\S+)", warning)
    assert until is not None
    assert abs(dt.datetime.fromisoformat(until[1]) - instant_of(stopped_us)) < dt.timedelta(seconds=2)


moments = st.lists(
    st.tuples(
        st.sampled_from(["stop", "kill", "kill unconfirmed"]),
        st.integers(0, 40),
        st.integers(0, 3 * HISTORY_US),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=30, deadline=None)
@given(moments=moments, faults=st.booleans())
def test_stopped_and_killed_anywhere_nothing_is_told_twice(moments: list[tuple[str, int, int]], faults: bool) -> None:
    spoiled = {"duplicates": 0.05, "late": 0.05, "late_s": 3.0, "malformed": 0.05, "gaps": 0.01} if faults else {}
    with TemporaryDirectory() as folder:
        runs = Runs(Path(folder), **spoiled)
        for how, batches, later_us in moments:
            if how == "stop":
                runs.run(stop_after=batches)
            else:
                runs.run(kill_after=batches, confirms=how == "kill" or batches > 2)
            runs.now_us += later_us
        runs.run(stop_after=30)
        told_once(runs.stream)
        from_us, through_us = seen_us(runs.stream, "BTC-USD")[0]
        assert through_us - from_us >= HISTORY_US, "the past is whole, whoever was killed while it was told"
