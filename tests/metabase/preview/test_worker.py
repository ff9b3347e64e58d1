"""A real process over a small lake."""

import tempfile
import threading
from pathlib import Path

import pytest

from metabase.preview.worker import ProcessWorker, WorkerEndedError
from tapehouse.errors import TerminalError
from tapehouse.lake import Lake
from tests.small_lake import WriteTable

_MANY = "UNNEST(sequence(1, 10000))"
NEVER_ENDS = f"SELECT sum(x * y * z) AS n FROM {_MANY} AS a(x), {_MANY} AS b(y), {_MANY} AS c(z)"


def test_it_answers_tells_faults_goes_on_and_is_ended_in_the_middle_of_a_question(
    lake: Lake, write_table: WriteTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_table("gold.candles", {"symbol": "string", "close": "long"}, [("BTC-USD", 5)])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    worker = ProcessWorker(lake, memory_mb=128)
    try:
        assert worker.ask("SELECT symbol, close FROM gold.candles").rows == [("BTC-USD", 5)]
        with pytest.raises(TerminalError, match=r"There is no table gold\.nothing"):
            worker.ask("SELECT 1 FROM gold.nothing")
        write_table("gold.candles", {"symbol": "string", "close": "long"}, [("ETH-USD", 6)])
        assert worker.ask("SELECT count(*) AS n FROM gold.candles").rows == [(2,)]
        ending = threading.Timer(0.3, worker.end)
        ending.start()
        with pytest.raises(WorkerEndedError):
            worker.ask(NEVER_ENDS)
        ending.join()
    finally:
        worker.end()
    assert list((tmp_path / "temporary").iterdir()) == []  # what did not fit into memory went with it
