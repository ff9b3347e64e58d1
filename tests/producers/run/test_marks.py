"""The durable marks survive restarts and kills, and never speak for another stream."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from producers.run.marks import BrokenStateError, MarkStore, StreamIdentity
from producers.sink import Mark
from tapehouse.market import MarketKey
from tapehouse.record import Gap

A, B, C = (MarketKey("kraken", symbol, "kraken") for symbol in ("BTC-USD", "ETH-USD", "SOL-USD"))
STREAM = StreamIdentity("tape", 1_760_000_000_000_000)
GAP = Gap(
    exchange="kraken",
    symbol="BTC-USD",
    source="kraken",
    gap_id="kraken:kraken:BTC-USD:3-4",
    from_id="3",
    to_id="4",
    from_us=30,
    to_us=None,
    reason="skipped",
    received_time_us=50,
)
MARK = Mark(confirmed=3, trade_id="7", event_time_us=70, covered_through_us=60, gaps=(GAP,))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def store(path: Path, stream: StreamIdentity = STREAM, clock: Clock | None = None) -> MarkStore:
    return MarkStore(path, stream, clock=clock or Clock())


def test_marks_are_found_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state" / "kraken.json"
    assert store(path).load() == {}
    assert store(path).save({A: MARK})
    assert store(path).load() == {A: MARK}


WRITTEN = b"""{
 "format": 1,
 "stream": "tape",
 "created_at_us": 1760000000000000,
 "marks": {
  "kraken::kraken": {
   "confirmed": 2,
   "trade_id": null,
   "event_time_us": null,
   "covered_through_us": null,
   "gaps": []
  },
  "kraken:BTC-USD:kraken": {
   "confirmed": 3,
   "trade_id": "7",
   "event_time_us": 70,
   "covered_through_us": 60,
   "gaps": [
    {
     "exchange": "kraken",
     "symbol": "BTC-USD",
     "source": "kraken",
     "gap_id": "kraken:kraken:BTC-USD:3-4",
     "from_id": "3",
     "to_id": "4",
     "from_us": 30,
     "to_us": null,
     "reason": "skipped",
     "received_time_us": 50
    }
   ]
  },
  "kraken:BTC:kraken": {
   "confirmed": 1,
   "trade_id": "8",
   "event_time_us": 80,
   "covered_through_us": null,
   "gaps": []
  }
 }
}"""
"""As it was written before markets were a type: sorted by the whole text; an ``Unparsed`` may have no symbol."""


def test_file_of_marks_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    marks = {
        MarketKey("kraken", "BTC", "kraken"): Mark(confirmed=1, trade_id="8", event_time_us=80),
        MarketKey("kraken", "", "kraken"): Mark(confirmed=2),
        A: MARK,
    }
    path = tmp_path / "marks.json"
    path.write_bytes(WRITTEN)
    assert store(path).load() == marks
    assert store(tmp_path / "again.json").save(marks)
    assert (tmp_path / "again.json").read_bytes() == WRITTEN


def test_markets_of_earlier_runs_stay(tmp_path: Path) -> None:
    path = tmp_path / "marks.json"
    store(path).save({A: MARK, B: MARK})
    newer = Mark(confirmed=1, covered_through_us=99)
    store(path).save({B: newer, C: Mark()})
    assert store(path).load() == {A: MARK, B: newer.over(MARK)}


def test_marks_of_a_stream_made_again_are_not_used(tmp_path: Path) -> None:
    path = tmp_path / "marks.json"
    store(path).save({A: MARK})
    again = StreamIdentity("tape", STREAM.created_at_us + 1)
    assert store(path, again).load() == {}
    store(path, again).save({B: MARK})
    assert store(path, again).load() == {B: MARK}


def test_marks_are_written_at_most_once_a_second_and_only_when_they_moved(tmp_path: Path) -> None:
    clock = Clock()
    marks = store(tmp_path / "marks.json", clock=clock)
    later = Mark(confirmed=4, trade_id="8", event_time_us=80)
    assert marks.save({A: MARK})
    clock.now = 0.9
    assert not marks.save({A: later})
    assert marks.save({A: later}, now=True)
    clock.now = 5
    assert not marks.save({A: later})


def test_a_kill_while_writing_leaves_the_old_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "marks.json"
    store(path).save({A: MARK})

    def killed(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        store(path).save({A: Mark(confirmed=9, trade_id="99", event_time_us=99)})
    assert store(path).load() == {A: MARK}


def test_a_disk_that_refuses_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    marks = store(tmp_path / "marks.json", clock=clock)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert not marks.save({A: MARK})
    clock.now = 2
    assert marks.save({A: MARK})


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 2}', b'{"format": 1, "stream": "tape"}', b"\xff"])
def test_a_file_that_cannot_be_understood_stops_with_what_to_do(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "marks.json"
    path.write_bytes(content)
    with pytest.raises(BrokenStateError, match="Delete the file"):
        store(path).load()
    with pytest.raises(BrokenStateError):
        store(path).save({A: MARK})
    assert path.read_bytes() == content


def test_a_gap_that_was_closed_is_not_taken_up_again(tmp_path: Path) -> None:
    path = tmp_path / "marks.json"
    store(path).save({A: MARK})
    store(path).save({A: Mark(confirmed=1, closed=frozenset({GAP.gap_id}))})
    assert store(path).load()[A].gaps == ()


def test_market_that_begins_is_owed_until_it_is_saved_and_moves_no_mark(tmp_path: Path) -> None:
    path = tmp_path / "marks.json"
    first = store(path)
    first.save({A: MARK})
    first.begin(A, 99)
    first.begin(B, 99)
    first.begin(B, 100)
    assert first.owes()
    assert first.save({A: MARK}, now=True)
    assert not first.owes()
    assert store(path).load() == {A: MARK, B: Mark(covered_through_us=99)}
    first.save({B: Mark(confirmed=1, trade_id="5", event_time_us=120)}, now=True)
    assert store(path).load()[B] == Mark(confirmed=1, trade_id="5", event_time_us=120, covered_through_us=99)


def test_market_that_an_earlier_run_knew_does_not_begin_again(tmp_path: Path) -> None:
    path = tmp_path / "marks.json"
    store(path).save({A: MARK})
    second = store(path)
    second.begin(A, 99)
    assert not second.owes()


def test_a_thousand_markets_that_begin_are_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "marks.json"
    marks, synced = store(path), list[int]()
    monkeypatch.setattr(os, "fsync", synced.append)
    for number in range(1000):
        marks.begin(MarketKey("kraken", f"A{number}-USD", "kraken"), 99)
    assert synced == []
    assert marks.save({}, now=True)
    assert len(synced) == 2  # the file, and its folder
    assert len(store(path).load()) == 1000


def test_a_full_disk_when_a_market_begins_is_logged_and_the_next_save_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock, path = Clock(), tmp_path / "marks.json"
    marks = store(path, clock=clock)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        marks.begin(A, 99)
        assert not marks.save({}, now=True)
    assert "No space left on device" in caplog.text
    assert not marks.owes()  # it was tried: whoever sends does not wait for a disk that refuses
    clock.now = 2
    assert marks.save({})
    assert store(path).load() == {A: Mark(covered_through_us=99)}


class Disk:
    """The first ``fsync`` waits until it is let go, and says when it came."""

    def __init__(self) -> None:
        self.reached, self.go = threading.Event(), threading.Event()
        self._calls = 0

    def fsync(self, _: int) -> None:
        self._calls += 1
        if self._calls == 1:
            self.reached.set()
            assert self.go.wait(30)


def test_market_may_begin_while_a_slow_disk_takes_a_save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, disk = tmp_path / "marks.json", Disk()
    marks = store(path)
    marks.load()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    with ThreadPoolExecutor(1) as threads:
        saving = threads.submit(marks.save, {A: MARK})
        assert disk.reached.wait(30)
        marks.begin(B, 99)
        assert marks.owes()  # the write that is under way does not hold it
        disk.go.set()
        assert saving.result()
    assert marks.owes()
    assert marks.save({A: MARK}, now=True)
    assert store(path).load() == {A: MARK, B: Mark(covered_through_us=99)}


def test_of_two_saves_at_once_the_newer_marks_stay_and_the_file_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, disk = tmp_path / "marks.json", Disk()
    older = {MarketKey("kraken", f"A{n}-USD", "kraken"): Mark(confirmed=1, trade_id="1" * 30) for n in range(300)}
    newer = {name: Mark(confirmed=2, trade_id="2") for name in older}
    marks = store(path)
    monkeypatch.setattr(os, "fsync", disk.fsync)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(marks.save, older)
        assert disk.reached.wait(30)
        last = threads.submit(marks.save, newer, now=True)
        assert wait([last], timeout=0.05).not_done  # it waits for the other
        disk.go.set()
        assert first.result()
        assert last.result()
    assert {mark.trade_id for mark in store(path).load().values()} == {"2"}


def test_marks_that_come_late_from_another_thread_move_nothing_back(tmp_path: Path) -> None:
    path = tmp_path / "marks.json"
    marks = store(path)
    newer = Mark(confirmed=4, trade_id="8", event_time_us=80)
    assert marks.save({A: newer})
    assert not marks.save({A: MARK}, now=True)
    assert store(path).load() == {A: newer}
