"""What produce shows: a page for people, lines for programs."""

import io
import json
import logging
import sys
from typing import Any

import pytest
from rich.console import Console

from producers.counters import Counters
from producers.run.readout import Readout
from producers.run.runner import Progress, Watch
from producers.run.view import JsonLines, LiveView, view
from producers.sink import Metrics

NOW_US = 1_760_000_000_000_000


def numbers(*, at_s: float = 12.0, unconfirmed: frozenset[str] = frozenset(), **counters: Any) -> dict[str, Any]:
    told = Readout("coinbase", ("BTC-USD", "ETH-USD", "XYZ-USD"), now_us=lambda: NOW_US)
    counted = Counters(messages=1_234, bytes=5_000_000, trades=900, last_message_us=NOW_US - 250_000, **counters)
    watch = Watch(counters=counted, unconfirmed=unconfirmed, refused=frozenset({"XYZ-USD"}))
    sink = Metrics(confirmed=890, retried=3, throttled=2, buffered=10, sent_bytes=77_000, put_units=21, shards=2)
    told.take(Progress(source="coinbase", read=900, elapsed_s=at_s, sink=sink, watch=watch))
    return told.numbers()


def drawn(found: dict[str, Any] | None) -> str:
    shown = LiveView()
    if found is not None:
        shown.show(found)
    console = Console(file=io.StringIO(), width=140, record=True)
    console.print(shown.page())
    return console.export_text()


def test_the_page_shows_line_counts_and_holes() -> None:
    text = drawn(numbers(reconnects=4, switches=1, gaps=3, open_gaps=1, filled=1_500))
    assert "coinbase  BTC-USD, ETH-USD, XYZ-USD  00:00:12" in text
    assert "connected   reconnects 4   switches 1   last message 0.2 s ago   refused XYZ-USD" in text
    assert "1,234 messages, 5.0 MB   900 trades" in text
    assert "890   0/s   lag none yet" in text
    assert "retried 3   throttled 2   refused 0   77.0 KB in 0 calls   21 PUT units   2 shards" in text
    assert "told 3   open 1   filled 1,500 trades" in text


def test_the_page_tells_a_line_that_is_down_or_half_there() -> None:
    both = frozenset({"BTC-USD", "ETH-USD"})
    assert "not connected for 12 s" in drawn(numbers(unconfirmed=both))
    assert "connected, 1 of 2 markets" in drawn(numbers(unconfirmed=frozenset({"ETH-USD"})))
    assert drawn(None) == "starting\n"


def test_a_source_without_a_line_has_neither_line_nor_holes() -> None:
    told = Readout("synthetic", ("BTC-USD",))
    told.take(Progress(source="synthetic", read=5, elapsed_s=1.0, sink=Metrics(confirmed=5)))
    text = drawn(told.numbers())
    assert "confirmed" in text
    assert "holes" not in text
    assert "line" not in text


def test_lines_come_as_often_as_was_asked_and_once_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with JsonLines(10.0) as told:
        for at_s in (0.0, 5.0, 10.0, 15.0, 20.5):
            told.show(numbers(at_s=at_s))
        told.end({**numbers(at_s=21.0), "stopped": True})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["elapsed_s"] for line in lines] == [10.0, 20.5, 21.0]
    assert [line.get("final", False) for line in lines] == [False, False, True]
    assert lines[0]["confirmed"] == 890


def test_a_reader_that_has_gone_ends_no_producer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())
    told = JsonLines(0.0)
    told.show(numbers(at_s=1.0))
    told.show(numbers(at_s=2.0))
    assert len([each for each in caplog.records if "metrics_not_written" in each.message]) == 1


def test_without_a_terminal_lines_are_told() -> None:
    assert isinstance(view(10.0), JsonLines)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_page_stays_below_the_log_and_one_line_of_counts_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, err = Terminal(), Terminal()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    handler = logging.StreamHandler()
    logging.getLogger().addHandler(handler)
    try:
        shown = view(10.0)
        assert isinstance(shown, LiveView)
        with shown:
            shown.show(numbers())
            assert handler.stream is not err
            logging.getLogger("test").warning("a word of the log")
            shown.end({**numbers(), "stopped": False, "seconds": 12.0})
        assert handler.stream is err
    finally:
        logging.getLogger().removeHandler(handler)
    assert out.getvalue() == ("feed=coinbase read=900 confirmed=890 refused=0 retried=3 stopped=False seconds=12.0\n")
    assert "a word of the log" in err.getvalue()
